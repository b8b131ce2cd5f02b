"""Stands for OpenCV in the process that reads a camera: what the camera does is its address.

http://stage/steady?count=5&fps=100     so many frames, each of another brightness; 0: no end
                /black /frozen          pictures that show nothing, after three that do
                /sizes                  each frame of another size
                /hang /hang-open        never comes back from `grab`, or from the constructor
                /crash                  the process ends by SIGABRT at the third frame
                /broken                 no frame can be decoded
                /raises                 `grab` raises
                /absent                 cannot be opened
                /file?count=5           a video of so many frames
                /file?count=900&at=4    its server breaks off at that frame, whenever it is opened
                ...&at=4&once=FILE      ... the first time alone, which makes the file
                /talks                  prints on standard output and error
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from numpy.typing import NDArray

CAP_FFMPEG, CAP_GSTREAMER, CAP_V4L2, CAP_ANY = 1900, 1800, 200, 0
CAP_PROP_OPEN_TIMEOUT_MSEC, CAP_PROP_READ_TIMEOUT_MSEC = 53, 54
CAP_PROP_POS_MSEC, CAP_PROP_FPS, CAP_PROP_FRAME_COUNT = 0, 5, 7
COLOR_BGR2RGB, COLOR_GRAY2RGB, COLOR_BGRA2RGB = 4, 8, 3
HEIGHT, WIDTH = 48, 64


def setNumThreads(count: int) -> None:
    """Nothing runs in threads here."""


def cvtColor(picture: NDArray[Any], code: int, room: NDArray[Any] | None = None) -> NDArray[Any]:
    """Blue and red change places."""
    turned = np.ascontiguousarray(picture[..., ::-1])
    if room is None:
        return turned
    room[:] = turned
    return room


class VideoCapture:
    """A camera that does what its address says."""

    def __init__(self, address: str, backend: int, parameters: list[int]) -> None:
        parts = urlsplit(address)
        words = dict(parse_qsl(parts.query))
        self._does = parts.path.strip("/")
        self._count, self._fps = int(words.get("count", 0)), float(words.get("fps", 100))
        self._at, once = int(words.get("at", 0)), words.get("once", "")
        if once and os.path.exists(once):
            self._at = 0
        elif once:
            open(once, "w").close()
        self._index = -1
        self._due_s = time.monotonic()
        if self._does == "hang-open":
            time.sleep(600)
        if self._does == "talks":
            os.write(1, b"GST_ARGUS: Creating output stream\n")
            os.write(2, b"[rtsp @ 0x55d0] method DESCRIBE failed: 401 for rtsp://me:pw@stage/\n")
            self._does = "absent"

    def isOpened(self) -> bool:
        """All but one can be opened."""
        return self._does != "absent"

    def get(self, name: int) -> float:
        """What is asked of a camera."""
        if name == CAP_PROP_FRAME_COUNT:
            return float(self._count) if self._does == "file" else -9e18
        return {CAP_PROP_POS_MSEC: 10.0 * self._index, CAP_PROP_FPS: self._fps}[name]

    def grab(self) -> bool:
        """Wait for the next frame."""
        self._index += 1
        if self._count and self._index >= self._count:
            return False
        if self._at and self._index >= self._at:
            return False
        if self._does == "hang" and self._index == 3:
            time.sleep(600)
        if self._does == "crash" and self._index == 3:
            os.abort()
        if self._does == "raises":
            raise RuntimeError("error: (-215) what OpenCV says")
        self._due_s += 1 / self._fps if self._does != "file" else 0
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        return True

    def retrieve(self) -> tuple[bool, NDArray[Any] | None]:
        """The frame."""
        if self._does == "broken":
            return False, None
        if self._does == "black" and 3 <= self._index < 20:
            return True, np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        shown = min(self._index, 3) if self._does == "frozen" else self._index
        height = HEIGHT + shown % 7 if self._does == "sizes" else HEIGHT
        picture = np.full((height, WIDTH, 3), 40 + shown % 200, np.uint8)
        picture[..., 0] = 0  # blue, which is last in what comes out
        return True, picture

    def release(self) -> None:
        """Let go."""


assert "torch" not in sys.modules
