"""Frames of a video by index, decoded when asked for: one after another is quick, going back opens
the video again. Axes: H height, W width.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.image.frames.set import Frames
from edgehuman.errors import DataError, ImageError
from edgehuman.preprocess.image.room import MOST_PIXELS
from edgehuman.reading.parsers import foreign
from edgehuman.records import Index, Uint8

VIDEOS = (".avi", ".mp4", ".mkv", ".mov", ".webm", ".mpg", ".mpeg")
# Half a day at 25 frames a second.
_MOST_FRAMES = 1 << 20
_FIX = "convert it again, e.g. to MP4 with H.264"


class VideoFrames:
    """Frames of one video; threads may share it, and it can be pickled."""

    def __init__(self, path: Path, count: int) -> None:
        """Args:
        count: number of frames; reading more of them is an error.
        """
        self.path, self._count = path, count
        self._capture: Any = None
        self._next = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> Uint8:
        """Decode one, uint8 RGB (H, W, 3); raise ImageError if it cannot be read."""
        if not 0 <= index < self._count:
            raise IndexError(index)
        with self._lock:
            if self._capture is None or index < self._next:
                self.close()
                self._capture = _opened(self.path)
            try:
                return self._read(index)
            except ImageError:
                self.close()
                raise

    def close(self) -> None:
        """Let the file go; the next frame opens it again."""
        if self._capture is not None:
            self._capture.release()
        self._capture, self._next = None, 0

    def _read(self, index: int) -> Uint8:
        import cv2

        frame = None
        try:
            with foreign():
                while self._next < index and self._capture.grab():
                    self._next += 1
                if self._next == index and self._capture.grab():
                    there, frame = self._capture.retrieve()
                    frame = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) if there else None
        except ValueError as error:
            raise ImageError(f"{self.path}, frame {index + 1}: {error}; {_FIX}") from None
        if frame is None:
            raise ImageError(f"{self.path}: ends before frame {index + 1}; {_FIX}")
        self._next = index + 1
        return np.asarray(frame, np.uint8)

    def __getstate__(self) -> tuple[Path, int]:
        return self.path, self._count

    def __setstate__(self, state: tuple[Path, int]) -> None:
        self.__init__(*state)  # type: ignore[misc]


def open_video(path: Path, least: int = 0) -> VideoFrames:
    """The frames of a video, as many as its container states.

    Args:
        least: the number that its labels reach, where the container states none.

    Raises:
        DataError: no readable video, or frames too large.
    """
    import cv2

    capture = _opened(path)
    try:
        with foreign():
            count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    except ValueError as error:
        raise DataError(f"{path}: no readable video ({error}); {_FIX}") from None
    finally:
        capture.release()
    count = count if 0 < count <= _MOST_FRAMES else least
    return VideoFrames(path, min(count, _MOST_FRAMES))


def _opened(path: Path) -> Any:
    import cv2

    try:
        with foreign():
            capture = cv2.VideoCapture(str(path))
            is_open = capture.isOpened()
            width, height = (
                capture.get(each) for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
            )
    except ValueError as error:
        raise DataError(f"{path}: no readable video ({error}); {_FIX}") from None
    if not is_open:
        raise DataError(f"{path}: no readable video; {_FIX}")
    if not 0 < width * height <= MOST_PIXELS:
        capture.release()
        raise DataError(
            f"{path}: has frames of {width:.0f}x{height:.0f} pixels; at most {MOST_PIXELS:,} are "
            "taken. Shrink them"
        )
    return capture


class Joined:
    """Frames of several sources, one after another."""

    def __init__(self, parts: Sequence[Frames]) -> None:
        self._parts = parts
        self._end_P: Index = np.cumsum([len(part) for part in parts], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._end_P[-1]) if len(self._parts) else 0

    def __getitem__(self, index: int, /) -> Uint8:
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = int(np.searchsorted(self._end_P, index, side="right"))
        before = int(self._end_P[part - 1]) if part else 0
        return self._parts[part][index - before]
