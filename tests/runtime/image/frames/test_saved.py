"""What is written of frames, and what is never written over."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import COCO_17
from edgehuman.preprocess.skeleton.line import parse_line
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.saved import Film, filming, pose_line, saving
from edgehuman.runtime.image.frames.several import open_sources
from tests.runtime.frame_models import street, write_video


def test_a_pose_is_a_line_that_gait_models_read() -> None:
    joint_J3 = np.zeros((17, 3), np.float32)
    joint_J3[:, 0], joint_J3[:, 1], joint_J3[:, 2] = range(10, 27), range(30, 47), 0.8
    joint_J3[16, 2] = 0
    person = Person(np.array((0, 0, 9, 9), np.float32), 0.9, joint_J3, COCO_17, track="3")
    text = pose_line(FrameResult("12", None, 0.48, 100, 200, (person,)), person)
    line = parse_line(text, "here")
    assert (line.t_s, line.track, line.width_px, line.height_px) == (0.48, "3", 200, 100)
    np.testing.assert_allclose(line.joints_J3[0], (10, 30, 0.8), atol=1e-6)
    assert json.loads(text)["joints"][16] is None


@pytest.mark.parametrize("error", [KeyError, BrokenPipeError])
def test_an_earlier_run_stays_after_an_error(tmp_path: Path, error: type[Exception]) -> None:
    """Also where the reader of the lines on standard output has left, which is no full disk."""
    source = open_sources([write_video(tmp_path / "a.avi", [street(32, 48)] * 2)])
    out = tmp_path / "out"
    out.mkdir()
    (out / "frames.jsonl").write_text("earlier\n")
    taken = next(iter(source))

    def fail() -> None:
        with saving(out, source.kept(), "m.onnx") as saved:
            saved.add(taken, FrameResult("0", None, 0.0, 32, 48), "{}")
            raise error

    with pytest.raises(error):
        fail()
    assert (out / "frames.jsonl").read_text() == "earlier\n"
    assert not (out / "a.mp4").exists()
    assert not [*out.glob(".*")]


def test_somebody_without_a_joint_has_no_line(tmp_path: Path) -> None:
    source = open_sources([write_video(tmp_path / "a.avi", [street(32, 48)] * 3)])
    box_4 = np.array((0, 0, 9, 9), np.float32)
    with saving(tmp_path / "out", source.kept(), "m.onnx") as saved:
        for number, (taken, score) in enumerate(zip(source, (0.0, 0.8, 0.0), strict=True)):
            joint_J3 = np.full((17, 3), 5, np.float32)
            joint_J3[:, 2] = score
            person = Person(box_4, 0.9, joint_J3, COCO_17, track="1")
            saved.add(taken, FrameResult(str(number), None, 0.1 * number, 32, 48, (person,)), "{}")
    lines = (tmp_path / "out" / "poses.jsonl").read_text().splitlines()
    assert [json.loads(line)["t"] for line in lines] == [0.1]
    parse_line(lines[0], "here")


@pytest.mark.parametrize("gives", [set(), {"joints"}, {"mask"}, {"joints", "mask"}])
def test_only_what_the_model_gives_is_written(tmp_path: Path, gives: set[str]) -> None:
    """Poses of an earlier run, of another model, do not stay beside the frames of this one."""
    source = open_sources([write_video(tmp_path / "a.avi", [street(32, 48)] * 2)])
    out = tmp_path / "out"
    out.mkdir()
    (out / "poses.jsonl").write_text("earlier\n")
    mask_HW = np.ones((32, 48), bool) if "mask" in gives else None
    joint_J3 = np.ones((17, 3), np.float32) if "joints" in gives else None
    names = COCO_17 if "joints" in gives else ()
    person = Person(np.array((0, 0, 9, 9), np.float32), 0.9, joint_J3, names, mask_HW, track="1")
    with saving(out, source.kept(), "m.onnx") as saved:
        for number, taken in enumerate(source):
            people = (person,) if number else ()
            saved.add(taken, FrameResult(taken.name, None, 0.1 * number, 32, 48, people), "{}")
    assert (out / "poses.jsonl").exists() == ("joints" in gives)
    assert (out / "masks").exists() == ("mask" in gives)
    if "joints" in gives:
        assert json.loads((out / "poses.jsonl").read_text())["id"] == "1"
    assert len((out / "frames.jsonl").read_text().splitlines()) == 2
    assert not [*out.glob(".*"), *out.glob("*.partial")]


def test_the_video_itself_is_never_replaced(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", [street(32, 48)]).rename(tmp_path / "a.mp4")
    with (
        pytest.raises(UsageError, match="would overwrite the video"),
        saving(tmp_path, open_sources([video]).kept(), "m.onnx"),
    ):
        pass
    assert video.stat().st_size


def test_frames_of_another_size_take_that_of_the_first(tmp_path: Path) -> None:
    film = Film(tmp_path / "a.mp4", 10.0)
    film.add(street(32, 48))
    film.add(street(64, 64))
    film.close()
    video = cv2.VideoCapture(str(film.path))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 2
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 48


def test_what_a_killed_filming_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """A film may be as large as a disk."""
    path = tmp_path / "seen.mp4"
    with filming(path, 10.0) as film:
        own = film.path.parent
        assert own.parent == tmp_path
        dead = re.sub(r"\.\d+-", f".{2**22 + 1}-", own.name, count=1)  # over the largest id
        own.with_name(dead).mkdir()
        (own.with_name(dead) / "film.mp4").write_bytes(b"frames")
        film.add(street(32, 48))
    assert [each.name for each in tmp_path.iterdir()] == ["seen.mp4"]


def test_a_film_that_was_not_written_whole_takes_no_place(tmp_path: Path) -> None:
    path = tmp_path / "seen.mp4"
    path.write_bytes(b"earlier")
    with pytest.raises(UsageError, match=r"0 of 3 frames .* unchanged\. Free some space"):
        _film(path, cut=200)
    assert [each.name for each in tmp_path.iterdir()] == ["seen.mp4"]
    assert path.read_bytes() == b"earlier"
    _film(path)
    assert int(cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)) == 3


def _film(path: Path, cut: int | None = None) -> None:
    """Three frames, of whose file the disk keeps `cut` bytes."""
    with filming(path, 10) as film:
        for _ in range(3):
            film.add(street(32, 48))
        film.close()
        if cut is not None:
            film.path.write_bytes(film.path.read_bytes()[:cut])
            film._writer = None
