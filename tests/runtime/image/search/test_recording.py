"""The tracks of a recording: who, when, from which crops, and what it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.search.look import open_eye
from edgehuman.runtime.image.search.recording import (
    Seen,
    look_through,
    open_recording,
    pictures_of,
    stamp_of,
)
from tests.runtime.frame_models import street, write_detector, write_video
from tests.runtime.image.search.colours import write_colours
from tests.runtime.image.search.recordings import write_walks
from tests.runtime.photos import photo


def seen(tmp_path: Path, recording: Path, every: int = 1) -> Seen:
    eye = open_eye(str(write_colours(tmp_path / "words.onnx")), str(write_detector(tmp_path)))
    assert eye.watching is not None
    return look_through(str(recording), eye.watching, every)


def test_everybody_is_one_track_with_the_mean_of_the_crops(tmp_path: Path) -> None:
    found = seen(tmp_path, write_walks(tmp_path))
    assert found.frames == 12
    red, blue = found.tracks
    assert (red.number, red.looks, red.from_s, round(red.to_s, 1)) == ("1", 12, 0.0, 1.1)
    assert (blue.looks, round(blue.from_s, 1)) == (3, 0.9)
    assert [int(each.vector_D.argmax()) for each in (red, blue)] == [0, 2]
    for track in found.tracks:
        assert np.linalg.norm(track.vector_D) == pytest.approx(1, abs=1e-6)
    assert blue.best == 11  # the largest
    assert blue.box == pytest.approx((140 / 192, 29 / 128, 180 / 192, 110 / 128), abs=0.02)


def test_every_third_frame_and_a_recording_of_run(tmp_path: Path, capsys: Any) -> None:
    film = write_walks(tmp_path)
    assert seen(tmp_path, film, every=3).frames == 4
    words = ["--source", str(film), "--record", str(tmp_path / "day"), "--json"]
    assert main(["run", str(write_detector(tmp_path)), *words]) == 0
    first, again = seen(tmp_path, film), seen(tmp_path, tmp_path / "day")
    for one, other in zip(first.tracks, again.tracks, strict=True):
        assert np.array_equal(one.vector_D, other.vector_D)
        assert (one.number, one.from_s, one.best) == (other.number, other.from_s, other.best)


def test_a_recording_that_was_killed_goes_to_its_last_line(tmp_path: Path, capsys: Any) -> None:
    words = ["--source", str(write_walks(tmp_path)), "--record", str(tmp_path / "day"), "--json"]
    assert main(["run", str(write_detector(tmp_path)), *words]) == 0
    lines = tmp_path / "day" / "000000" / "lines.jsonl"
    before = stamp_of(str(tmp_path / "day"))
    lines.write_bytes(lines.read_bytes()[:-40])
    assert stamp_of(str(tmp_path / "day")) != before
    assert seen(tmp_path, tmp_path / "day").frames == 11


def test_the_pictures_of_the_best_moments(tmp_path: Path) -> None:
    film = write_walks(tmp_path)
    found = seen(tmp_path, film)
    pictures = pictures_of(str(film), found.tracks)
    assert pictures[1].shape == (128, 192, 3)
    assert pictures[1][60, 160].argmax() == 2


def test_what_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    photo(tmp_path / "photos" / "a.png", street(128, 192, (20, 30, 60, 110)))
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(UsageError, match="holds photos, which have no times"):
        open_recording(str(tmp_path / "photos"))
    for camera in ("0", "rtsp://door/1"):
        with pytest.raises(UsageError, match="is a camera, which has no end"):
            open_recording(camera)
    with pytest.raises(DataError, match="no such"):
        open_recording(str(tmp_path / "absent.mp4"))
    with pytest.raises(DataError, match="is empty"):
        seen(tmp_path, tmp_path / "empty.mp4")


def test_nobody_and_who_is_seen_but_for_a_moment(tmp_path: Path) -> None:
    frames = [street(128, 192) for _ in range(6)]
    found = seen(tmp_path, write_video(tmp_path / "empty.avi", frames))
    assert (found.frames, found.tracks) == (6, [])
