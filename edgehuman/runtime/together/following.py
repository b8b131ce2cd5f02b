"""A sensor that never ends, a simulated one, beside a video: it ends with the video.

    video = Pace()
    frames = video.through(frames)              in the camera's thread
    source = Following(source, video)           in the sensor's

It stays a few seconds ahead of the frames, as windows are answered after their last sample.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import numpy as np

from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.loop.play import Playable

AHEAD_S = 10.0
_LOOK_S = 0.02


class Pace:
    """How far a video has got.

    Attributes:
        t_s: time of the newest frame.
        ended: whether there are no more.
    """

    def __init__(self) -> None:
        self.t_s = 0.0
        self.ended = threading.Event()

    def through(self, frames: Iterable[TakenFrame]) -> Generator[TakenFrame, None, None]:
        """The frames, as they are taken."""
        try:
            for taken in frames:
                self.t_s = max(self.t_s, taken.t_s or 0.0)
                yield taken
        finally:
            self.ended.set()


class Following:
    """A `Playable` of samples.

    Args:
        source: is read; its stamps begin with the video.
        video: ends it.
    """

    def __init__(self, source: Playable[SampleBlock], video: Pace) -> None:
        self.name, self.live = source.name, source.live
        self._source, self._video = source, video

    def __enter__(self) -> Following:
        self._source.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._source.__exit__(*exception)

    def __iter__(self) -> Iterator[SampleBlock]:
        """The samples up to the end of the video, some at a time."""
        first_s: float | None = None
        for block in self._source:
            for piece in _pieces(block):
                stamp_s = float(piece.stamp_s_T[0])
                first_s = stamp_s if first_s is None else first_s
                if not self._is_wanted(stamp_s - first_s):
                    return
                yield piece

    def report(self) -> dict[str, Any]:
        """What was read."""
        return self._source.report()

    def _is_wanted(self, t_s: float) -> bool:
        """Wait until the video has got near; False: it ended before."""
        while t_s > self._video.t_s + AHEAD_S and not self._video.ended.is_set():
            self._video.ended.wait(_LOOK_S)
        return t_s <= self._video.t_s or not self._video.ended.is_set()


def _pieces(block: SampleBlock) -> Iterator[SampleBlock]:
    """The samples of a block, of which a simulated one is long, a second or so at a time."""
    if not len(block):
        return
    second_T = np.floor(block.stamp_s_T)
    begin_K = np.flatnonzero(np.diff(second_T, prepend=np.nan) != 0).tolist()
    for begin, end in zip(begin_K, [*begin_K[1:], len(block)], strict=True):
        yield block.part(begin, end)
