"""The grammar of cameras."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.image.camera.address import device_path, live_address


@pytest.mark.parametrize(
    ("source", "kind", "opened", "shown"),
    [
        ("0", "device", "0", "camera:0"),
        ("007", "device", "7", "camera:7"),
        ("camera:1", "device", "1", "camera:1"),
        ("/dev/video0", "device", "/dev/video0", "/dev/video0"),
        ("/dev/v4l/by-id/usb-A-index0", "device", "/dev/v4l/by-id/usb-A-index0", None),
        ("rtsp://me:pw@door/1", "network", "rtsp://me:pw@door/1", "rtsp://***@door/1"),
        ("RTSPS://door:322/1", "network", "RTSPS://door:322/1", None),
        ("http://[::1]:80/a.mjpg?b=c", "network", "http://[::1]:80/a.mjpg?b=c", None),
        ("https://door/a.mp4", "network", "https://door/a.mp4", None),
        ("gst:videotestsrc ! appsink", "pipeline", "videotestsrc ! appsink", None),
    ],
)
def test_cameras(source: str, kind: str, opened: str, shown: str | None) -> None:
    found = live_address(source, pipelines=True)
    assert found is not None
    assert (found.kind, found.opened, found.shown) == (kind, opened, shown or source)


def test_a_jetson_s_camera_is_a_pipeline() -> None:
    found = live_address("csi://1?width=640&height=480&fps=60&flip=2")
    assert found is not None
    assert found.opened == (
        "nvarguscamerasrc sensor-id=1 ! video/x-raw(memory:NVMM),width=640,height=480,format=NV12,"
        "framerate=60/1 ! nvvidconv flip-method=2 ! video/x-raw,format=BGRx ! videoconvert ! "
        "video/x-raw,format=BGR ! appsink drop=true max-buffers=1 sync=false"
    )
    plain = live_address("csi://0")
    assert plain is not None
    assert "width=1280,height=720" in plain.opened


def test_options_of_a_camera() -> None:
    found = live_address("camera:2?width=1280&format=MJPG")
    assert found is not None
    assert (found.opened, dict(found.options)) == ("2", {"width": "1280", "format": "MJPG"})


@pytest.mark.parametrize(
    "source",
    ["photos", "door.mp4", "frames/*.jpg", "", "-", "udp://:5555", "C:\\door.mp4", "123456", "²",
     "camera", "http.mp4", "rtsp.avi"],
)  # fmt: skip
def test_everything_else_is_no_camera(source: str) -> None:
    assert live_address(source) is None


def test_a_file_or_folder_of_that_name_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "0").mkdir()
    assert live_address("0") is None
    assert live_address("camera:0") is not None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("camera:", "'' is no number of a camera"),
        ("camera:-1", "'-1' is no number"),
        ("camera:door", "'door' is no number"),
        ("camera:0?widht=3", r"unknown option 'widht'.* Did you mean width\?"),
        ("camera:0?width=wide", "width is 'wide'; give a whole number"),
        ("camera:0?width=", "give width once, with a value"),
        ("camera:0?width=1&width=2", "give width once"),
        ("camera:0?format=H.264", "format is 'H.264'; give four letters"),
        ("csi://", "'' is no number"),
        ("csi://0?flip=8", "flip is '8'; give a whole number from 0 to 7"),
        ("csi://0?width=99999", "from 16 to 16384"),
        ("csi://0?width=1 ! filesink", "width is '1 ! filesink'"),
        ("csi://0 ! filesink location=a", "is no number"),
        ("rtsp://", "is no address; write SCHEME://HOST"),
        ("rtsp://me:pw@/1", r"source rtsp://\*\*\*@/1 is no address"),
        ("http://door:port/1", "is no address"),
        ("http://door:99999/1", "is no address"),
        ("http://do or/1", "is no address"),
        ("http://[::1/1", "is no address"),
        ("http://door/\r\nX-Other: 1", "holds a control character"),
        ("rtsp://me:pw@door/\x00", r"\*\*\*@door.*control character"),
        ("gst:", "has no appsink"),
        ("gst:videotestsrc ! autovideosink", "has no appsink"),
    ],
)
def test_what_begins_as_a_camera_and_is_none(source: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        live_address(source, pipelines=True)
    assert "pw" not in str(caught.value)


def test_a_pipeline_has_to_be_allowed() -> None:
    with pytest.raises(UsageError, match="only where somebody types it"):
        live_address("gst:filesrc location=a ! appsink")


def test_a_number_has_a_device_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert device_path("3") == "/dev/video3"
    assert device_path("/dev/v4l/by-id/a") == "/dev/v4l/by-id/a"
    monkeypatch.setattr("sys.platform", "darwin")
    assert device_path("3") is None
