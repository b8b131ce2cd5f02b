"""`edgehuman run` on whole frames: photos, videos, networks of others, and models of one person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.geometry import COCO_17
from edgehuman.records import Uint8
from edgehuman.runtime.silhouette.source import walks_in
from tests.runtime.frame_models import (
    HEIGHT,
    WIDTH,
    frame_card,
    street,
    write_detector,
    write_foreign,
    write_rows,
    write_video,
)
from tests.runtime.image_models import write_image_model
from tests.runtime.photos import photo

ONE, TWO = (20, 30, 60, 110), (100, 10, 140, 90)


def rows(capsys: Any, *words: object) -> list[dict[str, Any]]:
    assert main(["run", *map(str, words), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def walking(count: int = 6) -> list[Uint8]:
    """A red person who walks to the right, 4 pixels a frame."""
    return [street(128, 192, (20 + 4 * k, 30, 60 + 4 * k, 110)) for k in range(count)]


def test_photos_have_boxes_in_their_own_pixels(tmp_path: Path, capsys: Any) -> None:
    """The frame is twice the model's input; (20, 30, 60, 110) becomes (10, 15, 30, 55) there."""
    photo(tmp_path / "in" / "a.png", street(128, 192, ONE, TWO))
    photo(tmp_path / "in" / "b.png", street())
    found = rows(capsys, write_detector(tmp_path), "--source", tmp_path / "in")
    assert [row["frame"] for row in found] == ["a.png", "b.png"]
    boxes = [person["box"] for person in found[0]["people"]]
    assert boxes == [[20, 30, 60, 110], [100, 10, 140, 90]]
    assert [person["score"] for person in found[0]["people"]] == [1.0, 1.0]
    assert found[0]["latency_ms"] > 0
    assert found[1]["people"] == []


def test_a_video_has_times_and_tracks_and_is_saved_with_what_was_found(
    tmp_path: Path, capsys: Any
) -> None:
    video = write_video(tmp_path / "door.avi", walking())
    out = tmp_path / "out"
    found = rows(capsys, write_detector(tmp_path), "--source", video, "--every", 2, "--save", out)
    assert [(row["frame"], row["t_s"]) for row in found] == [(0, 0.0), (2, 0.2), (4, 0.4)]
    assert [row["people"][0]["id"] for row in found] == ["1", "1", "1"]
    first = found[0]["people"][0]["box"]
    assert np.abs(np.array(first) - ONE).max() <= 2  # JPEG's edges
    assert [json.loads(line) for line in (out / "frames.jsonl").read_text().splitlines()] == found
    saved = cv2.VideoCapture(str(out / "door.mp4"))
    assert saved.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert saved.get(cv2.CAP_PROP_FPS) == pytest.approx(5)
    assert not list(out.glob(".*"))


def test_saved_photos_keep_their_names_and_show_boxes(tmp_path: Path, capsys: Any) -> None:
    frame = street(128, 192, ONE)
    photo(tmp_path / "in" / "deep" / "a.jpg", frame)
    rows(capsys, write_detector(tmp_path), "--source", tmp_path / "in", "--save", tmp_path / "out")
    drawn = cv2.imread(str(tmp_path / "out" / "deep" / "a.png"))
    assert drawn is not None
    assert drawn.shape == frame.shape
    assert not np.array_equal(drawn[70, 20], frame[70, 20, ::-1])
    photo(tmp_path / "b.png", frame)
    words = ["run", str(tmp_path / "detector.onnx"), "--source", str(tmp_path / "b.png")]
    assert main([*words, "--save", str(tmp_path)]) == 2
    assert "would overwrite" in capsys.readouterr().err


def test_words_for_people(tmp_path: Path, capsys: Any) -> None:
    photo(tmp_path / "in" / "a.png", street(128, 192, ONE, TWO))
    photo(tmp_path / "in" / "b.png", street())
    (tmp_path / "in" / "c.png").write_bytes(b"")
    assert main(["run", str(write_detector(tmp_path)), "--source", str(tmp_path / "in")]) == 0
    out = capsys.readouterr().out
    assert "2 people: 20 30 60 110 at 1.00; 100 10 140 90 at 1.00" in out
    assert "nobody" in out
    assert "c.png: unreadable: " in out
    assert "3 frames, 1 of them unreadable; people in 1, 2 in all, at most 2 at once" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--score", "1.5"], "--score must be from 0 to 1"),
        (["--most", "0"], "--most must be at least 1"),
        (["--every", "0"], "--every must be at least 1"),
        (["--family", "movenet"], "detector.onnx is none; leave it out"),
        (["--detector", "SELF"], "finds people itself; leave --detector out"),
        (["--gallery", "k.npz"], "this one takes Frame: photos or a video of any size"),
    ],
)
def test_wrong_words_are_refused(words: list[str], said: str, tmp_path: Path, capsys: Any) -> None:
    photo(tmp_path / "a.png", street())
    model = str(write_detector(tmp_path))
    given = [model if word == "SELF" else word for word in words]
    assert main(["run", model, "--source", str(tmp_path / "a.png"), *given]) == 2
    assert said in capsys.readouterr().err


def test_the_card_or_the_user_says_how_sure_and_how_many(tmp_path: Path, capsys: Any) -> None:
    frame = street(128, 192, ONE, TWO)
    frame[frame == 255] = 204  # a score of 0.8
    source = photo(tmp_path / "a.png", frame)
    from edgehuman.card import Decision

    model = write_detector(tmp_path, decision=Decision(threshold=0.9))
    assert rows(capsys, model, "--source", source)[0]["people"] == []
    assert len(rows(capsys, model, "--source", source, "--score", 0.7)[0]["people"]) == 2
    assert (
        len(rows(capsys, model, "--source", source, "--score", 0.7, "--most", 1)[0]["people"]) == 1
    )


def test_each_person_of_a_frame_is_answered_for(tmp_path: Path, capsys: Any) -> None:
    """The crops are 1.25 times the box, so the model of colours sees mostly one."""
    source = write_video(tmp_path / "door.avi", [street(128, 192, ONE, TWO)] * 2)
    detector = write_detector(tmp_path)
    model = write_image_model(tmp_path, "parsing")
    found = rows(capsys, model, "--source", source, "--detector", detector)
    first, second = sorted(found[0]["people"], key=lambda person: person["box"][0])
    assert max(first["parts"], key=first["parts"].get) == "red"
    assert max(second["parts"], key=second["parts"].get) == "green"
    assert main(["run", str(model), "--source", str(source), "--detector", str(detector)]) == 0
    assert "ms a frame, and " in capsys.readouterr().out
    photo(tmp_path / "a.png", street())
    assert main(["run", str(model), "--source", str(tmp_path / "a.png"), "--score", "0.4"]) == 2
    assert "--score is for frames in which --detector finds people" in capsys.readouterr().err
    for flag, value in (("--serve", "0"), ("--record", "day"), ("--webhook", "http://a/"),
                        ("--metrics", "a.prom")):  # fmt: skip
        assert main(["run", str(model), "--source", str(tmp_path / "a.png"), flag, value]) == 2
        assert f"{flag} is for frames in which" in capsys.readouterr().err
    asked = ["run", str(model), "--source", str(tmp_path / "a.png"), "--detector"]
    assert main([*asked, "none", "--score", "0.4"]) == 2
    assert "Give --detector a model, or leave --score out" in capsys.readouterr().err
    assert main([*asked, ""]) == 2
    assert "--detector is ''; give a model that finds people" in capsys.readouterr().err


def test_joints_of_a_crop_are_told_in_pixels_of_the_frame(tmp_path: Path, capsys: Any) -> None:
    """The model's joints are the brightest red and the brightest green cell of a crop."""
    frame = street(256, 384, (200, 60, 240, 140))
    frame[100:108, 216:224] = (255, 255, 0)
    source = photo(tmp_path / "a.png", frame)
    model = write_image_model(tmp_path, "pose")
    found = rows(capsys, model, "--source", source, "--detector", write_detector(tmp_path),
                 "--most", 1)  # fmt: skip
    x, y, score = found[0]["people"][0]["joints"]["r_eye"]
    assert (x, y) == (pytest.approx(220, abs=6), pytest.approx(104, abs=6))
    assert score > 0.1


def test_poses_of_a_video_go_to_a_gait_model(tmp_path: Path, capsys: Any, nose: Path) -> None:
    """From a video to gait in files: a pose network of others, then the gait model."""
    joint_J3 = np.zeros((17, 3), np.float32)
    joint_J3[:, 0], joint_J3[:, 1] = 40 + 2 * np.arange(17), 20 + 5 * np.arange(17)
    joint_J3[:, 2] = 0.9
    dets = np.array([[[30, 10, 90, 110, 0.9]]], np.float32)
    rtmo = write_foreign(
        tmp_path / "rtmo.onnx",
        (1, 3, 128, 192),
        {"dets": dets, "keypoints": joint_J3[None, None]},
    )
    video = write_video(tmp_path / "door.avi", walking(60), fps=25)
    found = rows(capsys, rtmo, "--source", video, "--save", tmp_path / "out")
    assert set(found[0]["people"][0]["joints"]) == set(COCO_17)
    poses = tmp_path / "out" / "poses.jsonl"
    line = json.loads(poses.read_text().splitlines()[1])
    assert (line["t"], line["id"], line["width"], line["height"]) == (0.04, "1", 192, 128)
    assert line["joints"][0] == [40, 20, 0.9]
    assert main(["run", str(nose), "--source", str(poses), "--json"]) == 0
    out = capsys.readouterr().out
    windows = [json.loads(row) for row in out.splitlines()]
    assert windows
    assert {window["id"] for window in windows} == {"1"}


def test_masks_of_a_video_go_to_a_silhouette_model_as_walks(tmp_path: Path, capsys: Any) -> None:
    """A network of others gives the mask of the person in each box: the middle half of it."""
    middle = np.zeros((1, 1, 16, 16), np.float32)
    middle[..., 4:12] = 1
    mask = write_foreign(tmp_path / "mask.onnx", (1, 3, 32, 32), {"mask": middle})
    video = write_video(tmp_path / "door.avi", walking(4))
    words = ["--source", video, "--detector", write_detector(tmp_path), "--save", tmp_path / "out"]
    found = rows(capsys, mask, *words)
    assert found[0]["people"][0]["mask_pixels"] == pytest.approx(20 * 80, rel=0.2)
    (walk,) = walks_in(tmp_path / "out" / "masks")
    assert [frame.record_HW is not None for frame in walk.frames()] == [True] * 4
    assert main(["run", *map(str, (mask, *words))]) == 2
    assert "holds masks of an earlier run" in capsys.readouterr().err


# Bad input ---------------------------------------------------------------------------------------


def test_three_hundred_people_are_told(tmp_path: Path, capsys: Any) -> None:
    row_R5 = np.zeros((2730, 5), np.float32)  # without TopK inside: every anchor
    for k in range(400):
        x, y = 4 * (k % 24), 3.5 * (k // 24)
        row_R5[k] = x, y, x + 3, y + 3, 0.9 - k / 1000
    source = photo(tmp_path / "a.png", street(HEIGHT, WIDTH))
    found = rows(capsys, write_rows(tmp_path, row_R5), "--source", source)
    scores = [person["score"] for person in found[0]["people"]]
    assert len(scores) == 300
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 3000), (6000, 800)])
def test_tiny_and_huge_frames(height: int, width: int, tmp_path: Path, capsys: Any) -> None:
    frame = street(height, width)
    frame[: height // 2, : width // 2] = (255, 0, 0)
    source = photo(tmp_path / "a.png", frame)
    found = rows(capsys, write_detector(tmp_path), "--source", source)
    (person,) = found[0]["people"]
    slack = max(height / HEIGHT, width / WIDTH, 1) * 2
    assert np.abs(np.array(person["box"]) - (0, 0, width // 2, height // 2)).max() <= slack


def test_grey_and_16_bit_night_and_upside_down(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "in").mkdir()
    grey = np.full((128, 192), 9000, np.uint16)
    grey[30:110, 20:60] = 65535
    cv2.imwrite(str(tmp_path / "in" / "a16.png"), grey)
    cv2.imwrite(str(tmp_path / "in" / "b8.png"), (grey >> 8).astype(np.uint8))
    photo(tmp_path / "in" / "c_night.png", np.zeros((128, 192, 3), np.uint8))
    photo(tmp_path / "in" / "d_turned.png", street(128, 192, ONE)[::-1, ::-1])
    found = rows(capsys, write_detector(tmp_path), "--source", tmp_path / "in")
    counts = [len(row["people"]) for row in found]
    assert counts == [3, 3, 0, 1]  # white is a person in each colour
    assert found[3]["people"][0]["box"] == [132, 18, 172, 98]


def test_a_poster_keeps_its_own_track(tmp_path: Path, capsys: Any) -> None:
    """A picture of somebody on a wall is somebody who never moves; who passes it is another."""
    frames = [
        street(128, 192, (10 + 4 * k, 30, 50 + 4 * k, 110), (140, 10, 180, 90)) for k in range(6)
    ]
    video = write_video(tmp_path / "door.avi", frames)
    found = rows(capsys, write_detector(tmp_path), "--source", video)
    tracks = [{person["id"]: person["box"] for person in row["people"]} for row in found]
    assert [set(each) for each in tracks] == [{"1", "2"}] * 6
    moved = {track: abs(tracks[-1][track][0] - tracks[0][track][0]) for track in tracks[0]}
    assert sorted(moved.values()) == pytest.approx([0, 20], abs=3)


def test_the_poses_of_a_statue_give_no_gait(tmp_path: Path, capsys: Any, nose: Path) -> None:
    """With a detector's noise somebody who stands is refused by the ankles: `test_enrolment`."""
    joint_J3 = np.full((17, 3), 0.9, np.float32)
    joint_J3[:, 0], joint_J3[:, 1] = 40 + 2 * np.arange(17), 20 + 5 * np.arange(17)
    dets = np.array([[[30, 10, 90, 110, 0.9]]], np.float32)
    names = {"dets": dets, "keypoints": joint_J3[None, None]}
    rtmo = write_foreign(tmp_path / "rtmo.onnx", (1, 3, 128, 192), names)
    video = write_video(tmp_path / "square.avi", [street(128, 192)] * 60, fps=25)
    rows(capsys, rtmo, "--source", video, "--save", tmp_path / "out")
    words = ["--source", tmp_path / "out" / "poses.jsonl", "--name", "S", "--gallery"]
    assert main(["gallery", "enroll", *map(str, (nose, *words, tmp_path / "g.npz"))]) == 1
    err = capsys.readouterr().err
    assert "the joints of track 1 do not move; its frozen windows are not used" in err
    windows = rows(capsys, nose, *words[:2])
    assert {(window["label"], window["reason"]) for window in windows} == {(None, "frozen")}


def test_an_output_that_is_not_finite_is_told_and_counted(tmp_path: Path, capsys: Any) -> None:
    source = photo(tmp_path / "a.png", street(128, 192, ONE))
    model = write_detector(tmp_path, broken=True)
    assert main(["run", str(model), "--source", str(source), "--json"]) == 1
    out, err = capsys.readouterr()
    assert "output is not finite" in json.loads(out)["error"]
    assert "none of its 1 frames has an answer" in err


def test_a_video_that_is_cut_short_is_told(tmp_path: Path, capsys: Any) -> None:
    video = write_video(tmp_path / "a.avi", walking(30))
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    assert main(["run", str(write_detector(tmp_path)), "--source", str(video)]) == 0
    assert "the video states " in capsys.readouterr().out
    (tmp_path / "b.mp4").write_bytes(b"\0\0\0\x18ftypmp42no video")
    assert main(["run", str(tmp_path / "detector.onnx"), "--source", str(tmp_path / "b.mp4")]) == 1
    assert "no frame of the video can be read; it was cut short" in capsys.readouterr().err
    (tmp_path / "c.mp4").touch()
    assert main(["run", str(tmp_path / "detector.onnx"), "--source", str(tmp_path / "c.mp4")]) == 1
    assert "c.mp4 is empty (0 bytes); copy or record" in capsys.readouterr().err


def test_models_of_other_records_and_unknown_networks_are_refused(
    tmp_path: Path, capsys: Any
) -> None:
    source = str(photo(tmp_path / "a.png", street()))
    crops = str(write_image_model(tmp_path, "reid"))
    wrong = str(write_detector(tmp_path, output=frame_card().output.__class__("embedding", dim=5)))
    assert main(["run", wrong, "--source", source]) == 1
    assert "gives embedding, not boxes of people" in capsys.readouterr().err
    assert main(["run", crops, "--source", source, "--detector", crops]) == 1
    assert "gives embedding, not boxes of people" in capsys.readouterr().err
    odd = write_foreign(tmp_path / "odd.onnx", (1, 7), {"y": np.zeros((1, 3), np.float32)})
    assert main(["run", str(odd), "--source", source]) == 1
    err = capsys.readouterr().err
    assert "has no card, so it is a network of others, and none that is known here" in err
    assert "takes tensor(float) (1, 7) and gives y (1, 3)" in err


def test_models_of_crops_have_a_detector_unless_there_shall_be_none(
    tmp_path: Path, capsys: Any
) -> None:
    """SimCC reads crops as a detector gives them: photos and videos need no further word."""
    model = write_image_model(tmp_path, "simcc")
    photo(tmp_path / "in" / "a.png", street())
    for source in (tmp_path / "in", write_video(tmp_path / "door.avi", walking(2))):
        assert main(["run", str(model), "--source", str(source), "--json"]) == 0
        done = capsys.readouterr()
        assert all("people" in json.loads(line) for line in done.out.splitlines())
        assert "found by zoo:person-detector-int8; with --detector none" in done.err
    alone = rows(capsys, model, "--source", tmp_path / "in", "--detector", "none")
    assert [row["photo"] for row in alone] == ["a.png"]
    assert main(["run", str(model), "--source", str(tmp_path / "door.avi"), "--detector", "none"])
    assert "--detector zoo:person-detector" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--score", "1.5"], "--score must be from 0 to 1"),
        (["--most", "0"], "--most must be at least 1"),
        (["--every", "0"], "--every must be at least 1"),
        (["--family", "movenet"], "--family movenet says what a network of others is, but"),
    ],
)
def test_wrong_words_are_refused_beside_the_usual_detector_too(
    words: list[str], said: str, tmp_path: Path, capsys: Any
) -> None:
    model = write_image_model(tmp_path, "simcc")
    source = photo(tmp_path / "in" / "a.png", street())
    assert main(["run", str(model), "--source", str(source), *words]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert not out


def test_no_detector_is_none_for_what_finds_people_itself(tmp_path: Path, capsys: Any) -> None:
    source = photo(tmp_path / "a.png", street(128, 192, ONE))
    detector = write_detector(tmp_path)
    (found,) = rows(capsys, detector, "--source", source, "--detector", "none")
    assert [person["box"] for person in found["people"]] == [[*ONE]]
    model = write_image_model(tmp_path, "parsing")
    words = ["--source", str(source), "--detector", str(detector), "--family", "movenet"]
    assert main(["run", str(model), *words]) == 2
    assert "detector.onnx are none; leave it out" in capsys.readouterr().err


def test_frames_without_people_have_no_milliseconds_a_person(tmp_path: Path, capsys: Any) -> None:
    model = write_image_model(tmp_path, "parsing")
    photo(tmp_path / "in" / "a.png", street())
    words = ["run", str(model), "--source", str(tmp_path / "in")]
    assert main([*words, "--detector", str(write_detector(tmp_path))]) == 0
    assert "people in 0" in capsys.readouterr().out
