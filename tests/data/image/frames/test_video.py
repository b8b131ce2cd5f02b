"""Frames of a video by index: in any order, by several threads, and in another process."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.frames.video import Joined, VideoFrames, open_video
from edgehuman.errors import DataError, ImageError
from edgehuman.records import Uint8
from tests.data.frame_trees import HEIGHT, WIDTH, mot_video


@pytest.fixture
def video(tmp_path: Path) -> VideoFrames:
    return open_video(mot_video(tmp_path) / "door.avi")


def number_of(frame_HWC: Uint8) -> int:
    """The number that a made frame has in its red pixels, 1 for the first."""
    return round(float(frame_HWC[:, :3, 0].mean()) / 40)


def test_frames_come_in_any_order(video: VideoFrames) -> None:
    assert len(video) == 5
    assert video[0].shape == (HEIGHT, WIDTH, 3)
    assert [number_of(video[i]) for i in (0, 1, 2, 4, 3, 3, 0)] == [1, 2, 3, 5, 4, 4, 1]
    again = pickle.loads(pickle.dumps(video))
    assert number_of(again[2]) == 3


def test_threads_may_share_a_video(video: VideoFrames) -> None:
    order = [0, 3, 1, 4, 2] * 4
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda index: number_of(video[index]), order))
    assert numbers == [index + 1 for index in order]


def test_the_end_is_an_error_and_not_a_frame(video: VideoFrames) -> None:
    with pytest.raises(IndexError):
        video[5]
    longer = VideoFrames(video.path, 9)
    assert number_of(longer[4]) == 5
    with pytest.raises(ImageError, match=r"door\.avi: ends before frame 8"):
        longer[7]
    assert number_of(longer[1]) == 2


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(b"RIFF and no more")
    with pytest.raises(DataError, match=r"a\.avi: no readable video"):
        open_video(tmp_path / "a.avi")


def test_sources_one_after_another(video: VideoFrames) -> None:
    grey = np.full((4, 4, 3), 9, np.uint8)
    joined = Joined([[grey], video, [grey]])
    assert len(joined) == 7
    assert [joined[i].shape[0] for i in (0, 1, 5, 6)] == [4, HEIGHT, HEIGHT, 4]
    assert number_of(joined[5]) == 5
    with pytest.raises(IndexError):
        joined[7]
    assert len(Joined([])) == 0
