"""What a source holds: frames with people, poses, or masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.records import Uint8
from edgehuman.runtime.gait.source import is_frames, is_people
from edgehuman.runtime.replay.folder import About, Recorder
from tests.runtime.gait.scenes import pictures, video
from tests.runtime.outlines import mask

NEITHER = ("-", "simulated", "simulated:3", "udp://127.0.0.1:0", "nothing")
CAMERAS = ("0", "camera:0", "/dev/video0", "rtsp://me:pw@door/1", "http://door/a.mjpg", "csi://0")


def film(path: Path, frames: list[Uint8]) -> Path:
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (width, height))
    for each in frames:
        writer.write(each if each.ndim == 3 else np.dstack([each] * 3))
    writer.release()
    return path


@pytest.mark.parametrize("name", [*CAMERAS, "gst:videotestsrc ! appsink"])
def test_cameras_are_frames_of_people(name: str) -> None:
    assert is_frames(name)
    assert is_people(name)


@pytest.mark.parametrize("name", NEITHER)
def test_what_is_no_picture_is_neither(name: str) -> None:
    assert not is_frames(name)
    assert not is_people(name)


def test_a_camera_that_is_none_is_told_of() -> None:
    for asks in (is_frames, is_people):
        for empty in ("", " "):
            with pytest.raises(UsageError, match=r"--source is ' ?'; give a camera"):
                asks(empty)
        with pytest.raises(UsageError, match="is no address"):
            asks("rtsp://")


def test_videos_folders_and_patterns_of_pictures(tmp_path: Path) -> None:
    assert is_frames(str(video(tmp_path / "door.avi", 2)))
    assert is_frames(str(pictures(tmp_path / "pictures", 2)))
    assert is_frames(f"{tmp_path}/pictures/*.png")
    (tmp_path / "poses").mkdir()
    (tmp_path / "poses" / "a_000000000012_keypoints.json").write_text('{"people": []}')
    (tmp_path / "poses" / "a.png").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "poses.jsonl").write_text("{}")
    for other in ("poses", "empty", "poses.jsonl"):
        assert not is_frames(str(tmp_path / other))


def test_masks_are_told_from_people(tmp_path: Path) -> None:
    body = mask((20, 12))
    noisy = np.random.default_rng(0).integers(0, 40, body.shape).astype(np.uint8)
    grey = np.full((80, 100), 110, np.uint8)  # a camera at night
    assert not is_people(str(film(tmp_path / "masks.avi", [body] * 12)))
    assert not is_people(str(film(tmp_path / "noisy.avi", [np.where(body, body, noisy)] * 12)))
    assert not is_people(str(film(tmp_path / "black.avi", [body * 0] * 12)))
    assert is_people(str(film(tmp_path / "grey.avi", [grey] * 12)))
    assert is_people(str(film(tmp_path / "colour.avi", [np.dstack([body, body * 0, body])] * 2)))
    assert is_people(str(film(tmp_path / "later.avi", [*[body * 0] * 15, *[grey] * 9])))
    assert not is_people(str(pictures(tmp_path / "png", 2)))
    assert is_people(str(pictures(tmp_path / "jpg", 2, ".jpg")))
    assert is_people(f"{tmp_path}/jpg/*.jpg")
    assert not is_people(f"{tmp_path}/png/*.png")


def test_a_video_that_is_not_there_or_damaged_is_for_what_reads_videos(tmp_path: Path) -> None:
    for data in (None, b"", b"hello"):
        door = tmp_path / "door.mp4"
        if data is not None:
            door.write_bytes(data)
        assert is_frames(str(door))
        assert is_people(str(door))


def test_what_a_run_recorded_is_frames(tmp_path: Path) -> None:
    Recorder(tmp_path / "day", About("frames", "door", {"kept": []}), 1.0).close()
    assert is_frames(str(tmp_path / "day"))
    assert is_people(str(tmp_path / "day"))
