"""A camera through OpenCV, in the process that reads it (`child`), and why one cannot be opened.

The time-outs of FFmpeg are parameters of the constructor: set later, they have no effect.
"""

from __future__ import annotations

import math
import os
import stat
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.reading.parsers import foreign
from edgehuman.records import Uint8
from edgehuman.runtime.image.camera.address import Address, device_path
from edgehuman.runtime.loop.opencv import PERMIT, may_open
from edgehuman.runtime.machine import cameras

_MOST_FRAMES = 1e9
_MOST_FPS = 1000.0
# The order counts: a camera offers sizes for its format, and rates for its size.
_SET = {"format": "CAP_PROP_FOURCC", "width": "CAP_PROP_FRAME_WIDTH",
        "height": "CAP_PROP_FRAME_HEIGHT", "fps": "CAP_PROP_FPS"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """What an open camera says of itself.

    Attributes:
        count: frames of a video that a server has; 0 of what has no end.
        fps: frames per second; 0: it does not say.
    """

    count: int
    fps: float


def open_capture(address: Address, open_s: float, read_s: float) -> Any:
    """A `cv2.VideoCapture`, which may not be open.

    Args:
        open_s, read_s: time-outs of what comes over the network.

    Raises:
        ValueError: OpenCV raised.
    """
    import cv2

    with foreign():
        if address.kind == "network":
            timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1e3 * open_s)]
            timeouts += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1e3 * read_s)]
            return cv2.VideoCapture(address.opened, cv2.CAP_FFMPEG, timeouts)
        if address.kind == "pipeline":
            return cv2.VideoCapture(address.opened, cv2.CAP_GSTREAMER)
        backend = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
        opened = address.opened
        capture = cv2.VideoCapture(int(opened) if opened.isdigit() else opened, backend)
        for name in _SET if capture.isOpened() else ():
            if value := address.options.get(name):
                number = cv2.VideoWriter.fourcc(*value) if name == "format" else int(value)
                capture.set(getattr(cv2, _SET[name]), number)
        return capture


def stated(capture: Any) -> Stated:
    """What an open camera says of itself."""
    import cv2

    count, fps = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    return Stated(
        int(count) if 0 < count < _MOST_FRAMES else 0, float(fps) if 0 < fps <= _MOST_FPS else 0.0
    )


def position_s(capture: Any) -> float:
    """The time of the last frame as the stream states it; NaN if it does not."""
    import cv2

    value = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1e3
    return value if math.isfinite(value) and value >= 0 else math.nan


def as_rgb(picture: NDArray[Any], room_HWC: Uint8 | None = None) -> Uint8:
    """What OpenCV gives (grey, BGR or BGRA; 8 or 16 bits) as uint8 RGB (H, W, 3).

    Args:
        room_HWC: where it is to be written; None: into new memory.

    Raises:
        ValueError: OpenCV raised.
    """
    import cv2

    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[..., 0]
    code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
    if picture.ndim == 3 and picture.shape[2] == 4:
        code = cv2.COLOR_BGRA2RGB
    with foreign():
        if room_HWC is None:
            return np.asarray(cv2.cvtColor(picture, code), np.uint8)
        rgb_HWC = cv2.cvtColor(picture, code, room_HWC)
        if not np.shares_memory(rgb_HWC, room_HWC):
            room_HWC[:] = rgb_HWC
        return room_HWC


def why_not(address: Address) -> str:
    """Why a device of this machine cannot be opened, and the fix; "" if nothing speaks against it,
    or it is no device.
    """
    path = device_path(address.opened) if address.kind == "device" else None
    if path is None:
        return ""
    here = ", ".join(cameras()) or "none"
    try:
        found = os.stat(path)
    except OSError:
        return f"no such camera ({path}); cameras of this machine: {here}"
    if not stat.S_ISCHR(found.st_mode):
        return f"{path} is no camera; cameras of this machine: {here}"
    if not may_open(path):
        return (
            f"no permission to open {path}; {PERMIT} "
            "(in a container: give it the device, e.g. `--device /dev/video0`)"
        )
    return ""


def require_there(address: Address) -> None:
    """Raises DataError for a device that is not here or may not be opened."""
    if said := why_not(address):
        raise DataError(f"source {address.shown}: {said}")
