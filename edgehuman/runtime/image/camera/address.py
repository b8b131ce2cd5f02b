"""How a camera is named, wherever frames are read.

live_address("rtsp://door/1")      an Address; None for what is no camera: a path, a pattern

0, camera:0, camera:0?width=1280   a camera by its number; on Linux that of /dev/video0
/dev/video0                        the same by its path
rtsp:// rtsps:// http:// https://  a network camera, or a video that a server has
csi://0?width=1280&height=720      a camera of a Jetson, through GStreamer
gst:PIPELINE                       a pipeline of GStreamer's own words, which ends in an appsink
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from edgehuman.errors import UsageError
from edgehuman.reading.secrets import without_secrets

Kind = Literal["device", "network", "pipeline"]
NETWORK = ("rtsp", "rtsps", "http", "https")
PIPELINE = "gst:"
_CAMERA, _CSI, _DEVICES = "camera:", "csi://", ("/dev/video", "/dev/v4l/")
# Option -> its default in csi://, smallest, largest.
_CSI_OPTIONS = {
    "width": (1280, 16, 16384),
    "height": (720, 16, 16384),
    "fps": (30, 1, 1000),
    "flip": (0, 0, 7),
}
_CAMERA_OPTIONS = ("width", "height", "fps", "format")
# Source: NVIDIA's Jetson Linux guide, "Accelerated GStreamer"; one frame waits at most.
_CSI_PIPELINE = (
    "nvarguscamerasrc sensor-id={number} ! video/x-raw(memory:NVMM),width={width},height={height},"
    "format=NV12,framerate={fps}/1 ! nvvidconv flip-method={flip} ! video/x-raw,format=BGRx ! "
    "videoconvert ! video/x-raw,format=BGR ! appsink drop=true max-buffers=1 sync=false"
)
_MOST_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Address:
    """A camera as it was named.

    Attributes:
        kind: a device of this machine, something on the network, or a pipeline of GStreamer.
        opened: what OpenCV opens; may hold a password.
        shown: its name, without passwords: for messages, results and files.
        options: of a device: width, height, fps, and format, four letters such as "MJPG".
    """

    kind: Kind
    opened: str
    shown: str
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def live_address(source: str, pipelines: bool = False) -> Address | None:
    """The camera that a source names; None if it names none.

    Args:
        pipelines: whether `gst:` is allowed: a pipeline can write files and run what is installed.

    Raises:
        UsageError: it begins as a camera, and is none that can be opened.
    """
    scheme = source.partition(":")[0].lower()
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in source):
        raise UsageError(f"source {without_secrets(source)!r} holds a control character; remove it")
    if source.startswith(PIPELINE):
        return _pipeline(source, pipelines)
    if source.startswith(_CSI):
        return _csi(source)
    if scheme in NETWORK and "://" in source:
        return _network(source)
    if source.startswith(_CAMERA):
        number, options = _split(source, source.removeprefix(_CAMERA), _CAMERA_OPTIONS)
        return Address("device", number, source, MappingProxyType(options))
    if _is_number(source) and not os.path.exists(source):
        return Address("device", str(int(source)), f"{_CAMERA}{int(source)}")
    if source.startswith(_DEVICES) and not os.path.isdir(source):
        return Address("device", source, source)
    return None


def device_path(opened: str) -> str | None:
    """The device of a camera's number or path; None where numbers have no path (not Linux)."""
    if not _is_number(opened):
        return opened
    return f"/dev/video{opened}" if sys.platform == "linux" else None


def _pipeline(source: str, allowed: bool) -> Address:
    shown = without_secrets(source)
    if not allowed:
        raise UsageError(
            f"source {shown} is a pipeline, which can write files and open what it likes; it is "
            "taken only where somebody types it: `edgehuman run MODEL --source 'gst:...'`, or "
            "Camera(..., pipelines=True) in Python"
        )
    words = source.removeprefix(PIPELINE).strip()
    if "appsink" not in words:
        raise UsageError(
            f"source {shown} has no appsink, from which frames are taken; end the pipeline in "
            "`! videoconvert ! video/x-raw,format=BGR ! appsink drop=true max-buffers=1 sync=false`"
        )
    return Address("pipeline", words, shown)


def _csi(source: str) -> Address:
    number, given = _split(source, source.removeprefix(_CSI), tuple(_CSI_OPTIONS))
    values = {name: default for name, (default, _, _) in _CSI_OPTIONS.items()}
    for name, value in given.items():
        _, least, most = _CSI_OPTIONS[name]
        if not _is_number(value) or not least <= int(value) <= most:
            raise UsageError(
                f"source {source}: {name} is {value!r}; give a whole number from {least} to {most}"
            )
        values[name] = int(value)
    return Address("pipeline", _CSI_PIPELINE.format(number=number, **values), source)


def _network(source: str) -> Address:
    shown = without_secrets(source)
    try:
        parts = urlsplit(source)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or any(letter.isspace() for letter in source) or port == 0:
        raise UsageError(
            f"source {shown} is no address; write SCHEME://HOST[:PORT]/PATH, and %XX for blanks, "
            "@, / and : inside a user's name or password"
        )
    return Address("network", source, shown)


def _split(source: str, rest: str, known: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The number and the options of NUMBER?name=value&name=value.

    Raises:
        UsageError: no number, or an option that is not known, is given twice or has no value.
    """
    number, _, query = rest.partition("?")
    if not _is_number(number):
        raise UsageError(f"source {source}: {number!r} is no number of a camera; the first is 0")
    options: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(
                f"source {source}: unknown option {name!r}; known are {', '.join(known)}.{hint}"
            )
        if not value or name in options:
            raise UsageError(f"source {source}: give {name} once, with a value: {name}=...")
        if name == "format":
            is_right = len(value) == 4 and value.isascii() and value.isalnum()
        else:
            is_right = _is_number(value)
        if not is_right:
            wanted = "four letters, such as MJPG" if name == "format" else "a whole number"
            raise UsageError(f"source {source}: {name} is {value!r}; give {wanted}")
        options[name] = value
    return str(int(number)), options


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
