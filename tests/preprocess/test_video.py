"""A video frame by frame: times that rise, frames that cannot be decoded, sizes and ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.video import Video


class Played:
    """OpenCV's video, played: frames of one level, the third of which cannot be decoded."""

    def __init__(self, stated: dict[int, float]) -> None:
        self._stated, self._place = stated, -1

    def get(self, name: int) -> float:
        if name == cv2.CAP_PROP_POS_MSEC:
            return self._stated.get(-1, 1000.0 * self._place / 10)
        return self._stated.get(name, 8.0)

    def grab(self) -> bool:
        self._place += 1
        return self._place < 4

    def retrieve(self) -> tuple[bool, Any]:
        if self._place == 2:
            return False, None
        return True, np.full((8, 8, 3), self._place, np.uint8)

    def release(self) -> None:
        pass


def played(monkeypatch: pytest.MonkeyPatch, stated: dict[int, float]) -> Video:
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Played(stated))
    return Video(Path("a.avi"))


def test_frames_have_numbers_and_times_and_one_that_cannot_be_decoded_has_no_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with played(monkeypatch, {cv2.CAP_PROP_FPS: 10, cv2.CAP_PROP_FRAME_COUNT: 9}) as video:
        frames = list(video.frames())
    assert [(frame.index, frame.t_s) for frame in frames] == [(0, 0), (1, 0.1), (2, 0.2), (3, 0.3)]
    assert [frame.bgr_HWC is None for frame in frames] == [False, False, True, False]
    assert (video.fps, video.height, video.read, video.missing) == (10, 8, 4, 5)


def test_every_second_frame_and_no_stated_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a rate and with a clock that stands, frames are 1/25 s apart."""
    stated = {cv2.CAP_PROP_FPS: float("nan"), cv2.CAP_PROP_FRAME_COUNT: -1.0, -1: 0.0}
    with played(monkeypatch, stated) as video:
        frames = list(video.frames(every=2))
    assert [frame.index for frame in frames] == [0, 2]
    assert [frame.t_s for frame in frames] == pytest.approx([0, 0.08])
    assert video.missing == 0


def test_frames_that_are_too_large_are_refused_before_one_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: Played({cv2.CAP_PROP_FRAME_WIDTH: 70000}))
    with pytest.raises(DataError, match="frames of 70000x8 pixels; a frame has at most"):
        Video(Path("a.avi"), most_pixels=1 << 16)


def test_a_file_that_is_no_video_has_no_frames(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(b"no video")
    with Video(tmp_path / "a.avi") as video:
        assert list(video.frames()) == []
