"""Several sources at once: files and cameras, in Python and on the command line."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import edgehuman
from edgehuman.cli import main
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.several import open_sources, stem_of
from tests.runtime.frame_models import street, write_detector, write_video
from tests.runtime.image.camera.cameras import Mjpeg, at_once, stage
from tests.runtime.image_models import write_image_model
from tests.runtime.photos import photo

__all__ = ["at_once", "stage"]
ONE = (20, 30, 60, 110)


def numbers(sources: Any) -> dict[str, list[int]]:
    found = defaultdict(list)
    for taken in sources:
        found[taken.source].append(taken.index)
    return found


def rows(capsys: Any, *words: object) -> list[dict[str, Any]]:
    assert main(["run", *map(str, words), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_file_has_no_name_and_several_have(tmp_path: Path) -> None:
    one = write_video(tmp_path / "a.avi", [street(32, 48)] * 3)
    two = write_video(tmp_path / "b.avi", [street(32, 48)] * 2)
    photo(tmp_path / "in" / "c.png", street(32, 48))
    assert numbers(open_sources([one])) == {"": [0, 1, 2]}
    sources = open_sources([one, two, tmp_path / "in"])
    in_order = [taken.source for taken in sources]
    assert in_order[:3] == [str(one), str(two), str(tmp_path / "in")]  # in turns
    assert sorted(in_order[3:]) == [str(one), str(one), str(two)]
    assert [row["source"] for row in sources.report()["sources"]] == in_order[:3]
    with pytest.raises(UsageError, match=r"a\.avi is given twice"):
        open_sources([one, two, one])


def test_cameras_and_a_video_take_turns_and_each_counts_for_itself(
    stage: str, tmp_path: Path
) -> None:
    video = write_video(tmp_path / "a.avi", [street(32, 48)] * 4)
    names = [f"{stage}file?count=5", f"{stage}file?count=3", str(video)]
    sources = open_sources(names)
    assert sources.has_camera
    shown = [name.replace("me:secret", "***") for name in names]
    assert numbers(sources) == {
        shown[0]: [*range(5)],
        shown[1]: [*range(3)],
        str(video): [*range(4)],
    }
    assert [row["source"] for row in sources.report()["sources"]] == shown
    assert "secret" not in str(sources.report())


@pytest.mark.slow
def test_a_camera_that_fails_holds_nobody_up(stage: str, at_once: None) -> None:
    sources = open_sources([f"{stage}absent", f"{stage}steady"], seconds=1.5)
    found = numbers(sources)
    lost, steady = (
        name.replace("me:secret", "***") for name in (f"{stage}absent", f"{stage}steady")
    )
    assert len(found[lost]) == 1  # told once, tried again and again
    assert len(found[steady]) > 20


@pytest.mark.slow
def test_seconds_end_a_camera_and_cut_a_video(stage: str, tmp_path: Path) -> None:
    begin_s = time.monotonic()
    assert list(open_sources([f"{stage}absent"], seconds=1.0))[-1].event == "lost"
    assert 1 <= time.monotonic() - begin_s < 5
    video = write_video(tmp_path / "a.avi", [street(32, 48)] * 8)  # 10 a second
    assert [taken.index for taken in open_sources([video], seconds=0.35)] == [0, 1, 2, 3]
    with pytest.raises(UsageError, match="seconds is 0"):
        open_sources([video], seconds=0)


@pytest.mark.slow
def test_the_newest_of_a_video_is_that_of_its_clock(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", [street(32, 48)] * 10, fps=25)
    begin_s, taken_s = time.monotonic(), []
    sources = open_sources([video], "latest")
    for taken in sources:
        taken_s.append((taken.index, time.monotonic() - begin_s))
        time.sleep(0.09)
    assert len(taken_s) < 8
    assert all(at_s > index / 25 - 0.01 for index, at_s in taken_s)  # none before its time
    assert sources.report()["passed_over"] >= 2
    photo(tmp_path / "in" / "c.png", street(32, 48))
    with pytest.raises(UsageError, match="photos have no times"):
        open_sources([tmp_path / "in"], "latest")


def test_files_of_several_have_names_of_their_own(tmp_path: Path, stage: str) -> None:
    (tmp_path / "a").mkdir()
    folders = (tmp_path / "a", tmp_path)
    videos = [write_video(folder / "door.avi", [street(32, 48)]) for folder in folders]
    kept = open_sources([*videos, f"{stage}live/1?token=a"]).kept()
    assert [each.stem for each in kept.values()] == ["door", "door-2", "http-stage-live-1-token"]
    assert [each.live for each in kept.values()] == [False, False, True]
    assert stem_of("rtsp://***@door:554/1") == "rtsp-door-554-1"
    assert stem_of("/dev/video0") == "dev-video0"


# On the command line ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_camera_on_the_command_line(tmp_path: Path, capsys: Any) -> None:
    """A camera and a video: who is in each, ids for each, one folder each, and no password."""
    video = write_video(tmp_path / "door.avi", [street(128, 192, ONE)] * 3)
    out = tmp_path / "out"
    with Mjpeg(25, street(128, 192, ONE)) as server:
        found = rows(
            capsys, write_detector(tmp_path), "--source", server.url, "--also", video,
            "--seconds", 1.5, "--save", out,
        )  # fmt: skip
        assert main(["run", str(tmp_path / "detector.onnx"), "--source", server.url,
                     "--seconds", "1"]) == 0  # fmt: skip
        said = "".join(capsys.readouterr())
    assert "camera to answer: p50" in said
    camera = server.url.replace("me:secret", "***")
    assert {row["source"] for row in found} == {camera, str(video)}
    live = [row for row in found if row["source"] == camera]
    assert len(live) > 5
    # Somebody keeps a number, which nobody before another camera has.
    ids = {
        source: {each["id"] for row in found if row["source"] == source for each in row["people"]}
        for source in (camera, str(video))
    }
    assert sorted(map(sorted, ids.values())) == [["1"], ["2"]]
    for row in found:
        assert len(row["people"]) == 1
        assert row["age_ms"] >= row["latency_ms"]
    assert [row["frame"] for row in live] == sorted({row["frame"] for row in live})
    assert live[0]["wall_s"] == pytest.approx(time.time(), abs=60)
    assert "stream_s" in live[0] or cv2.__version__.startswith("4.8.")  # the floor does not say it
    assert "wall_s" not in next(row for row in found if row["source"] == str(video))
    folder = out / stem_of(camera)
    saved = cv2.VideoCapture(str(folder / f"{stem_of(camera)}.mp4"))
    shown_s = saved.get(cv2.CAP_PROP_FRAME_COUNT) / saved.get(cv2.CAP_PROP_FPS)
    assert shown_s == pytest.approx(live[-1]["t_s"] - live[0]["t_s"], abs=0.15)
    assert (out / "door" / "door.mp4").is_file()
    assert len((folder / "frames.jsonl").read_text().splitlines()) == len(live)
    written = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert b"secret" not in written
    assert "secret" not in said + json.dumps(found)
    assert not any("secret" in str(path) for path in out.rglob("*"))


@pytest.mark.slow
def test_what_happens_to_a_camera_is_a_line(stage: str, tmp_path: Path, capsys: Any) -> None:
    model = str(write_detector(tmp_path))
    words = ["run", model, "--source", f"{stage}black", "--seconds", "1.5"]
    assert main([*words, "--json"]) == 0
    done = capsys.readouterr()
    found = [json.loads(line) for line in done.out.splitlines()]
    black, back = (row for row in found if "event" in row)
    assert (black["event"], back["event"]) == ("black", "back")
    assert black["source"] == "http://***@stage/black"
    assert {"t_s", "wall_s", "said"} <= set(black)
    assert "frame" not in black
    assert ", 17 black" in done.err
    assert main(words) == 0
    assert "s)  black: the picture is black; its lens may be covered" in capsys.readouterr().out


@pytest.mark.slow
def test_a_camera_that_never_comes_is_an_error_with_the_reason(
    stage: str, tmp_path: Path, capsys: Any
) -> None:
    model = str(write_detector(tmp_path))
    assert main(["run", model, "--source", f"{stage}talks", "--seconds", "1"]) == 1
    err = capsys.readouterr().err
    assert "http://***@stage/talks: stopped before any frame came; it cannot be opened" in err
    assert "401" in err
    assert "secret" not in err
    assert main(["run", model, "--source", "/dev/video97"]) == 1
    assert "no such camera (/dev/video97); cameras of this machine" in capsys.readouterr().err


@pytest.mark.slow
def test_a_model_of_one_person_needs_a_detector_for_a_camera(tmp_path: Path, capsys: Any) -> None:
    model, detector = str(write_image_model(tmp_path, "parsing")), write_detector(tmp_path)
    assert main(["run", model, "--source", "rtsp://door/1"]) == 2
    assert "with `--detector zoo:person-detector-int8` it answers" in capsys.readouterr().err
    for flag, value in (("--policy", "all"), ("--also", "1"), ("--seconds", "3")):
        assert main(["run", model, "--source", str(tmp_path), flag, value]) == 2
        assert f"{flag} is for frames in which --detector" in capsys.readouterr().err
    with Mjpeg(25, street(128, 192, ONE)) as server:
        found = rows(capsys, model, "--source", server.url, "--detector", detector, "--seconds", 1)
    assert found[0]["people"][0]["parts"]


def test_a_pipeline_is_taken_from_the_command_line_alone(tmp_path: Path, capsys: Any) -> None:
    pipeline = "gst:videotestsrc ! appsink"
    model = str(write_detector(tmp_path))
    (tmp_path / "r.toml").write_text(f'model = "{model}"\nsource = "{pipeline}"\n')
    assert main(["run", model, "--recipe", str(tmp_path / "r.toml")]) == 2
    assert "commands run only where you type them" in capsys.readouterr().err
    with pytest.raises(UsageError, match="only where somebody types it"):
        edgehuman.stream(model, pipeline)
    assert main(["run", model, "--source", pipeline]) == 1
    assert "needs GStreamer, which this OpenCV has not" in capsys.readouterr().err


# In Python ----------------------------------------------------------------------------------------


def test_cameras_in_python(tmp_path: Path) -> None:
    model = edgehuman.load(write_detector(tmp_path))
    with Mjpeg(25, street(128, 192, ONE)) as server:
        with edgehuman.stream(model, server.url, policy="all") as live:
            found = [next(live) for _ in range(3)]
        assert [result.people[0].track for result in found] == ["1"] * 3
        assert found[-1].age_ms is not None
        assert live.report()["sources"][0]["grabbed"] >= 3


@pytest.mark.slow
def test_ids_and_times_go_on_over_a_gap(tmp_path: Path, at_once: None) -> None:
    model = edgehuman.load(write_detector(tmp_path))
    server = Mjpeg(25, street(128, 192, ONE))
    with server:
        live = edgehuman.stream(model, server.url)
        before = next(result for result in live if not result.event)
    lost = next(result for result in live if result.event)
    assert (lost.event, lost.people) == ("lost", ())
    with server, live:
        after = next(result for result in live if not result.event)
        assert live.report()["events"] == {"lost": 1, "back": 1}
    assert before.people[0].track == "1"
    assert after.people[0].track in ("1", "2")  # 2 if it took over a second
    assert before.t_s is not None
    assert after.t_s is not None
    assert after.t_s > before.t_s
    assert int(after.frame) > int(before.frame)


@pytest.mark.slow
def test_cameras_in_python_several_or_none(tmp_path: Path, stage: str) -> None:
    model = edgehuman.load(write_detector(tmp_path))
    both = [Camera(f"{stage}black"), f"{stage}file?count=3"]
    results = edgehuman.stream(model, both, seconds=1.0)
    names = {result.source for result in results}
    assert names == {"http://***@stage/black", "http://***@stage/file?count=3"}
    with edgehuman.stream(model, Camera(f"{stage}steady")) as unread:
        pass
    assert unread.report()["frames"] == 0
    parsing = edgehuman.load(write_image_model(tmp_path, "parsing"))
    with pytest.raises(UsageError, match='detector="zoo:person-detector-int8"'):
        edgehuman.stream(parsing, Camera(f"{stage}steady"))
    with pytest.raises(UsageError, match="policy and seconds are for videos and cameras"):
        edgehuman.stream(model, [np.zeros((9, 9, 3), np.uint8)], policy="all")
    with pytest.raises(UsageError, match="--policy is 'newest'"):
        edgehuman.stream(model, f"{stage}steady", policy="newest")
    with pytest.raises(DataError, match="no such camera"):
        edgehuman.stream(model, ["97", f"{stage}steady"])
