"""What the installed OpenCV can read."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from edgehuman.errors import MissingDependencyError, UsageError
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.loop import opencv
from edgehuman.runtime.loop.opencv import backends, backends_of, camera_advice, readable

OF_A_WHEEL = """
  Video I/O:
    DC1394:                      NO
    FFMPEG:                      YES
      avcodec:                   YES (59.37.100)
    GStreamer:                   NO
    v4l/v4l2:                    YES (linux/videodev2.h)
"""
OF_DEBIAN = """
    FFMPEG:                      YES
    GStreamer:                   YES (1.22.0)
"""


def test_the_build_information_is_read() -> None:
    assert backends_of(OF_A_WHEEL) == {"ffmpeg": True, "gstreamer": False, "v4l2": True}
    assert backends_of(OF_DEBIAN) == {"ffmpeg": True, "gstreamer": True, "v4l2": False}
    assert backends() == backends_of(cv2.getBuildInformation())


def test_what_is_missing_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = {"ffmpeg": False, "gstreamer": False, "v4l2": True}
    monkeypatch.setattr(opencv, "backends", lambda: found)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video3").touch()
    monkeypatch.setattr(opencv, "may_open", lambda path: False)
    ffmpeg, gstreamer, denied = camera_advice(tmp_path)
    assert "so no rtsp://, http:// and most videos: pip install" in ffmpeg
    assert "apt-get install python3-opencv" in gstreamer
    assert "video3: run `sudo usermod -aG video $USER`" in denied
    assert readable(found).startswith("no rtsp://")
    assert "cannot be imported" in readable(None)
    monkeypatch.setattr(opencv, "backends", lambda: None)
    assert camera_advice(tmp_path / "none") == []


def test_a_pipeline_needs_gstreamer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencv, "backends", lambda: {"gstreamer": False})
    with pytest.raises(MissingDependencyError, match="source csi://0 needs GStreamer, which this"):
        Camera("csi://0")
    with pytest.raises(MissingDependencyError, match="needs GStreamer"):
        Camera("gst:videotestsrc ! appsink", pipelines=True)
    with pytest.raises(UsageError, match="only where somebody types it"):
        Camera("gst:videotestsrc ! appsink")
    monkeypatch.setattr(opencv, "backends", lambda: {"gstreamer": True})
    Camera("csi://0")
