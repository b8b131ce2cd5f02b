"""A recorded video frame by frame, in order, through OpenCV.

    with Video(Path("door.mp4"), MOST_PIXELS, "a frame") as video:
        for frame in video.frames(every=5):
            frame.t_s, frame.bgr_HWC

Axes: H height, W width, C colour (blue, green, red, as OpenCV has it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.reading.parsers import foreign

MOST_PIXELS = 1 << 26
"""Of a frame; 8K video has 33 M pixels."""
SUFFIXES = (".avi", ".mp4", ".mkv", ".mov", ".webm", ".mpg", ".mpeg")
"""Of the files that are taken for videos."""
_USUAL_FPS = 25.0
_MOST_FPS = 1000.0


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One frame.

    Attributes:
        index: of the frame in the video, from 0.
        t_s: its time in the video, seconds; rises from frame to frame.
        bgr_HWC: its picture; None if it cannot be decoded.
    """

    index: int
    t_s: float
    bgr_HWC: NDArray[Any] | None


class Video:
    """A video that is open.

    Args:
        path: of the file.
        most_pixels: of a frame; seen before one is decoded.
        what: a picture of it is called, with an article, for messages.

    Attributes:
        fps: frames per second; 25 where the file states none.
        height, width: of a frame, pixels, as the file states them.
        expected: frames that the file states; 0: it states none.
        read: frames that came so far, also those passed over.

    Raises:
        DataError: OpenCV ends with an error, or the frames are larger.
    """

    def __init__(self, path: Path, most_pixels: int = MOST_PIXELS, what: str = "a frame") -> None:
        import cv2

        self.path = path
        try:
            with foreign():
                self._capture = cv2.VideoCapture(str(path))
        except ValueError as error:
            raise self._unreadable(error) from None
        self.width, self.height = (
            self._number(name) for name in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if not 0 <= self.width * self.height <= most_pixels:
            self._capture.release()
            raise DataError(
                f"{path}: has frames of {self.width}x{self.height} pixels; {what} has at most "
                f"{most_pixels:,} pixels. Shrink them"
            )
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = float(fps) if math.isfinite(fps) and 0 < fps <= _MOST_FPS else _USUAL_FPS
        self.expected = max(0, self._number(cv2.CAP_PROP_FRAME_COUNT))
        self.read = 0

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._capture.release()

    @property
    def is_open(self) -> bool:
        """Whether OpenCV takes the file for a video at all."""
        return bool(self._capture.isOpened())

    @property
    def missing(self) -> int:
        """Frames that the file states and that did not come, after the last one: a file that was
        cut short. Files state one or two too many.
        """
        return max(0, self.expected - self.read) if self.expected - self.read > 2 else 0

    def frames(
        self, every: int = 1, wanted: Callable[[float], bool] = lambda t_s: True
    ) -> Iterator[VideoFrame]:
        """The frames 0, every, 2 every, ...; those between are not decoded to pictures.

        Args:
            wanted: asked with the time of each of these; those that are not are passed over too.

        Raises:
            DataError: OpenCV ends with an error.
        """
        import cv2

        t_s = -1.0 / self.fps
        while self.pass_on():
            index = self.read - 1
            stated_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
            t_s = stated_s if t_s < stated_s < math.inf else t_s + 1.0 / self.fps
            if index % every == 0 and wanted(t_s):
                yield VideoFrame(index, t_s, self.decoded())

    def pass_on(self) -> bool:
        """Go to the next frame, without decoding it to a picture; whether there is one.

        Raises:
            DataError: OpenCV ends with an error.
        """
        try:
            with foreign():
                there = bool(self._capture.grab())
        except ValueError as error:
            raise self._unreadable(error) from None
        self.read += there
        return there

    def decoded(self) -> NDArray[Any] | None:
        """The picture (H, W, C) of the frame that was passed on to; None: it cannot be decoded."""
        try:
            with foreign():
                there, bgr_HWC = self._capture.retrieve()
        except ValueError:
            return None
        return bgr_HWC if there and bgr_HWC is not None and bgr_HWC.size else None

    def _number(self, name: int) -> int:
        value = self._capture.get(name)
        return int(value) if math.isfinite(value) else 0

    def _unreadable(self, error: ValueError) -> DataError:
        return DataError(f"{self.path}: no readable video ({error}); convert it again")
