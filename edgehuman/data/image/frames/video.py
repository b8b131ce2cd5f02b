"""Frames of a video by index, decoded when asked for: one after another is quick, going back opens
the video again. Axes: H height, W width.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgehuman.data.image.frames.set import Frames
from edgehuman.errors import DataError, ImageError
from edgehuman.preprocess.image.room import MOST_PIXELS
from edgehuman.preprocess.video import Video
from edgehuman.records import Index, Uint8

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
        self._video: Video | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> Uint8:
        """Decode one, uint8 RGB (H, W, 3); raise ImageError if it cannot be read."""
        if not 0 <= index < self._count:
            raise IndexError(index)
        with self._lock:
            if self._video is None or index < self._video.read:
                self.close()
                self._video = _opened(self.path)
            try:
                return self._frame(self._video, index)
            except ImageError:
                self.close()
                raise

    def close(self) -> None:
        """Let the file go; the next frame opens it again."""
        if self._video is not None:
            self._video.close()
        self._video = None

    def _frame(self, video: Video, index: int) -> Uint8:
        import cv2

        try:
            while video.read <= index:
                if not video.pass_on():
                    raise ImageError(f"{self.path}: ends before frame {index + 1}; {_FIX}")
            bgr_HWC = video.decoded()
        except DataError as error:
            if isinstance(error, ImageError):
                raise
            raise ImageError(f"{error}; frame {index + 1}") from None
        if bgr_HWC is None:
            raise ImageError(f"{self.path}: frame {index + 1} cannot be decoded; {_FIX}")
        return np.asarray(cv2.cvtColor(bgr_HWC, cv2.COLOR_BGR2RGB), np.uint8)

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
    with _opened(path) as video:
        count = video.expected if 0 < video.expected <= _MOST_FRAMES else least
    return VideoFrames(path, min(count, _MOST_FRAMES))


def _opened(path: Path) -> Video:
    video = Video(path, MOST_PIXELS)
    if not video.is_open or not video.width * video.height:
        video.close()
        raise DataError(f"{path}: no readable video; {_FIX}")
    return video


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
