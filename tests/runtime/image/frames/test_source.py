"""Frames of folders, photos, videos and arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.image.frames.source import FrameSource, array_frame, is_video
from tests.runtime.frame_models import street, write_video
from tests.runtime.photos import photo


def test_a_folder_gives_its_photos_by_name_and_says_what_it_left_out(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "deep/c.png"):
        photo(tmp_path / name, street(32, 48))
    (tmp_path / "d.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no photo")
    source = FrameSource(tmp_path)
    taken = list(source)
    assert [frame.name for frame in taken] == ["a.png", "b.png", "d.png", "deep/c.png"]
    assert [frame.image_HWC is None for frame in taken] == [False, False, True, False]
    assert "d.png is empty" in taken[2].reason
    assert (taken[0].height, taken[0].width, taken[0].t_s) == (32, 48, None)
    assert source.report() == {"other_files": 1}
    assert [frame.name for frame in FrameSource(tmp_path, every=2)] == ["a.png", "d.png"]


def test_a_video_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", [street(32, 48)] * 3)
    plain = video.rename(tmp_path / "plain")
    assert is_video(plain)
    source = FrameSource(plain)
    assert [(frame.name, frame.t_s) for frame in source] == [("0", 0.0), ("1", 0.1), ("2", 0.2)]
    assert source.report() == {"missing_frames": 0}
    assert source.fps == 10


def test_colours_are_red_first(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi", [street(64, 64, (0, 0, 64, 64))])
    (taken,) = FrameSource(video)
    assert taken.image_HWC is not None
    red, _, blue = taken.image_HWC[32, 32]
    assert red > 200
    assert blue < 50


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("0", "source 0: models of frames take .* or a camera: 0, /dev/video0, rtsp"),
        ("udp://:5555", "source udp://:5555: models of frames take"),
        ("rtmp://me:pw@camera/1", r"source rtmp://\*\*\*@camera/1: models of frames take"),
        ("-", "source -: models of frames take"),
        ("", "source is empty"),
    ],
)
def test_what_is_no_file_is_refused(source: str, said: str) -> None:
    """Cameras come through `several`."""
    with pytest.raises(UsageError, match=said):
        FrameSource(source)


def test_a_video_in_a_folder_of_photos_is_told_where_it_belongs(tmp_path: Path) -> None:
    photo(tmp_path / "a.png", street(32, 48))
    write_video(tmp_path / "b.avi", [street(32, 48)])
    _, video = FrameSource(tmp_path)
    assert video.image_HWC is None
    assert video.reason.endswith("b.avi is a video among photos; give it as the source by itself")


def test_no_such_path(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder, photo or video"):
        FrameSource(tmp_path / "none")


def test_arrays_are_uint8_rgb() -> None:
    assert array_frame(street(8, 8), 3).name == "3"
    for wrong, said in (
        (np.zeros((8, 8), np.uint8), r"is uint8 \(8, 8\); give uint8 RGB"),
        (np.zeros((8, 8, 3), np.uint16), "is uint16"),
        (np.zeros((7, 8, 3), np.uint8), "each side must be at least 8"),
    ):
        with pytest.raises(DataError, match=said):
            array_frame(wrong, 0)
