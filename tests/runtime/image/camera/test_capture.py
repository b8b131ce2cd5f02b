"""What is asked of OpenCV, and why a camera of this machine cannot be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.image.camera import capture as capture_module
from edgehuman.runtime.image.camera.address import live_address
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.camera.capture import (
    as_rgb,
    open_capture,
    position_s,
    require_there,
    stated,
)


class Recorded:
    """A `cv2.VideoCapture` that keeps what it is told."""

    def __init__(self, *words: Any) -> None:
        self.words, self.told = words, list[tuple[int, Any]]()
        self.says: dict[int, float] = {}

    def isOpened(self) -> bool:
        return True

    def set(self, name: int, value: float) -> bool:
        self.told.append((name, value))
        return False

    def get(self, name: int) -> float:
        return self.says.get(name, 0.0)


def opened(source: str, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    monkeypatch.setattr(cv2, "VideoCapture", Recorded)
    address = live_address(source, pipelines=True)
    assert address is not None
    found = open_capture(address, 4.0, 2.5)
    assert isinstance(found, Recorded)
    return found


def test_time_outs_are_parameters_of_the_constructor(monkeypatch: pytest.MonkeyPatch) -> None:
    address, backend, parameters = opened("rtsp://me:pw@door/1", monkeypatch).words
    assert (address, backend) == ("rtsp://me:pw@door/1", cv2.CAP_FFMPEG)
    pairs = dict(zip(parameters[::2], parameters[1::2], strict=True))
    assert pairs == {cv2.CAP_PROP_OPEN_TIMEOUT_MSEC: 4000, cv2.CAP_PROP_READ_TIMEOUT_MSEC: 2500}


def test_devices_and_pipelines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert opened("3", monkeypatch).words == (3, cv2.CAP_V4L2)
    assert opened("/dev/video3", monkeypatch).words == ("/dev/video3", cv2.CAP_V4L2)
    assert opened("gst:a ! appsink", monkeypatch).words == ("a ! appsink", cv2.CAP_GSTREAMER)
    monkeypatch.setattr("sys.platform", "win32")
    camera = opened("camera:3?fps=30&height=720&width=1280&format=MJPG", monkeypatch)
    assert camera.words == (3, cv2.CAP_ANY)
    assert camera.told == [  # a camera offers sizes for its format, and rates for its size
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30),
    ]


def test_what_a_camera_states_of_itself_may_be_nonsense() -> None:
    camera = Recorded()
    for count, fps in ((-9.2e18, float("nan")), (float("inf"), -1), (float("nan"), 1e9)):
        camera.says = {cv2.CAP_PROP_FRAME_COUNT: count, cv2.CAP_PROP_FPS: fps}
        assert (stated(camera).count, stated(camera).fps) == (0, 0.0)
    camera.says = {cv2.CAP_PROP_FRAME_COUNT: 30, cv2.CAP_PROP_FPS: 25, cv2.CAP_PROP_POS_MSEC: 40}
    assert (stated(camera).count, stated(camera).fps, position_s(camera)) == (30, 25.0, 0.04)
    camera.says = {cv2.CAP_PROP_POS_MSEC: -1e18}
    assert np.isnan(position_s(camera))


def test_every_kind_of_picture_becomes_rgb() -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    bgr = np.stack([grey, grey + 1, grey + 2], axis=-1)
    rgb = bgr[..., ::-1]
    np.testing.assert_array_equal(as_rgb(bgr), rgb)
    np.testing.assert_array_equal(as_rgb(np.dstack([bgr, grey])), rgb)
    np.testing.assert_array_equal(as_rgb(bgr.astype(np.uint16) << 8), rgb)
    for one in (grey, grey[..., None]):
        np.testing.assert_array_equal(as_rgb(one), np.dstack([grey] * 3))
    with pytest.raises(ValueError):
        as_rgb(np.zeros((8, 8, 2), np.uint8))


# A device that is not here, or not for us ---------------------------------------------------------


@pytest.mark.parametrize("source", ["/dev/video97", "97", "camera:97", "/dev/v4l/by-id/none"])
def test_a_camera_that_is_not_here_is_told_with_those_that_are(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(capture_module, "cameras", lambda: ["/dev/video0 (HD Webcam)"])
    with pytest.raises(DataError, match=r"no such camera \(/dev/v.* /dev/video0 \(HD Webcam\)$"):
        Camera(source)


def test_a_camera_that_may_not_be_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = live_address("/dev/video0")
    assert address is not None
    monkeypatch.setattr(capture_module, "device_path", lambda opened: "/dev/null")
    require_there(address)
    monkeypatch.setattr(capture_module, "may_open", lambda path: False)
    with pytest.raises(DataError, match="no permission to open /dev/null; run `sudo usermod"):
        require_there(address)
    monkeypatch.setattr(capture_module, "device_path", lambda opened: str(tmp_path))
    with pytest.raises(DataError, match="is no camera; cameras of this machine"):
        require_there(address)
    network = live_address("rtsp://door/1")
    assert network is not None
    require_there(network)
