"""What a walk's frames come to in a network, frame by frame.

A network that takes its frames as a set, with its two parts beside its file, keeps the maximum of
each number over the frames: a new frame costs the same however long the walk is, and the answer is
that to the whole walk. Any other network looks at windows: a walk of up to 60 frames at once, a
longer one every 30 frames, and their vectors are averaged.

A walk that goes on, before a camera, is asked for its newest seconds again and again: `Recent`
keeps them in blocks, the oldest of which is dropped, so that memory and cost stay the same.

Axes: T frames, H and W pixels, M numbers of a frame, P parts, D dimensions, N windows.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.engine.parts import Parts
from edgehuman.runtime.loop.play import require_cut
from edgehuman.runtime.model import Model

WINDOW, HOP = 60, 30
BROKEN_OUTPUT = "the model's output is not finite, or zero; export it again"
# Frames that pass the frame part in one call, of a walk that is all there.
_AT_ONCE = 8
# Blocks of so many, and windows, that are kept to compare the halves of a walk.
_BLOCKS_KEPT, _WINDOWS_KEPT = 36, 24


class Memory(Protocol):
    """What is kept of one walk.

    Attributes:
        used: frames so far.
        due: whether the newest frame brought something new to answer.
        how: what the answer is made of, in words.
    """

    used: int

    @property
    def due(self) -> bool: ...
    @property
    def how(self) -> str: ...
    def add(self, record_HW: Uint8) -> None:
        """Take one frame."""

    def answer(self) -> Float32:
        """The embedding (P, D), or (D,), of the frames so far; needs at least the model's least."""

    def halves(self) -> tuple[Float32, Float32] | None:
        """The embeddings of the earlier and the later half of a walk, of its first twelve seconds
        or so; None: too short to have two.
        """


def memory_of(model: Model) -> Memory:
    """An empty memory for a walk: the running maximum where the model has parts for it."""
    if model.parts is not None:
        return RunningMaximum(model.parts)
    frames = model.card.input.shape[0]  # 0: any number
    require_cut(frames, model.card.input.rate_hz)
    return Windows(model, frames, max(frames // 2, 1)) if frames else Windows(model)


class RunningMaximum:
    """The maxima over the frames of what the frame part gives."""

    how = "running maximum"

    def __init__(self, parts: Parts) -> None:
        self.used = 0
        self._parts = parts
        self._waiting: list[Uint8] = []
        self._maxima_M: Float32 | None = None
        self._first: list[Float32] = []

    @property
    def due(self) -> bool:
        """Every frame may raise a maximum."""
        return True

    def add(self, record_HW: Uint8) -> None:
        """Take one frame."""
        self.used += 1
        self._waiting.append(record_HW)
        if len(self._waiting) >= _AT_ONCE:
            self._take()

    def answer(self) -> Float32:
        """The embedding (P, D) of the frames so far.

        Raises:
            ArtefactError: it is not finite, or zero.
        """
        return sound(self._parts.answer(self.maxima()))

    def halves(self) -> tuple[Float32, Float32] | None:
        """Of blocks of eight frames."""
        self._take()
        half = len(self._first) // 2
        if half < 1:
            return None
        earlier_M, later_M = (
            np.maximum.reduce(part) for part in (self._first[:half], self._first[-half:])
        )
        return sound(self._parts.answer(earlier_M)), sound(self._parts.answer(later_M))

    def maxima(self) -> Float32:
        """The maxima (M,) over the frames so far, of which there is one at least."""
        self._take()
        assert self._maxima_M is not None
        return self._maxima_M

    def _take(self) -> None:
        if not self._waiting:
            return
        maxima_M = self._parts.numbers(np.stack(self._waiting)).max(axis=0)
        if len(self._first) < _BLOCKS_KEPT:
            self._first.append(maxima_M)
        self._waiting.clear()
        before_M = self._maxima_M
        self._maxima_M = maxima_M if before_M is None else np.maximum(before_M, maxima_M)


class Windows:
    """The newest frames, and the sum of the vectors of the windows that were full."""

    def __init__(self, model: Model, frames: int = WINDOW, hop: int = HOP) -> None:
        self.used = 0
        self._model = model
        self._frames, self._hop = frames, hop
        self._newest: deque[Uint8] = deque(maxlen=frames)
        self._since = 0  # frames since the last full window
        self._full = 0  # windows in the sum
        self._sum: Float32 | None = None
        self._first: list[Float32] = []

    @property
    def due(self) -> bool:
        """After each full window, and every hop before the first."""
        return self._since == 0 or (not self._full and self.used % self._hop == 0)

    @property
    def how(self) -> str:
        """Number and length of the windows."""
        windows = self._full + bool(self._since)
        if windows <= 1 and self.used <= self._frames:
            return "whole walk at once"
        return f"mean of {windows} windows of {self._frames} frames, one every {self._hop}"

    def add(self, record_HW: Uint8) -> None:
        """Take one frame; run the model if it fills a window."""
        self.used += 1
        self._since += 1
        self._newest.append(record_HW)
        if self._since == (self._hop if self._full else self._frames):
            vector = self._newest_vector()
            self._sum = vector if self._sum is None else self._sum + vector
            if len(self._first) < _WINDOWS_KEPT:
                self._first.append(vector)
            self._full += 1
            self._since = 0

    def answer(self) -> Float32:
        """The embedding of the frames so far; the last window ends with the newest frame.

        Raises:
            ArtefactError: it is not finite, or zero.
        """
        total = None if self._since else self._sum
        count = self._full
        if total is None:
            vector, count = self._newest_vector(), count + 1
            total = vector if self._sum is None else self._sum + vector
        return np.asarray(total / np.float32(count), np.float32)

    def halves(self) -> tuple[Float32, Float32] | None:
        """Of full windows; they overlap by half, so one in the middle is in neither."""
        half = (len(self._first) - 1) // 2
        if half < 1:
            return None
        return np.mean(self._first[:half], axis=0), np.mean(self._first[-half:], axis=0)

    def _newest_vector(self) -> Float32:
        """Of the window of the newest frames; under the cosine each part has length 1."""
        vector = sound(self._model.logits(np.stack(self._newest)[None])[0])
        if self._model.card.output.distance != "euclidean":
            vector = vector / np.linalg.norm(vector, axis=-1, keepdims=True)
        return vector


class Recent(Protocol):
    """The newest frames of a walk that goes on, in blocks."""

    @property
    def used(self) -> int:
        """Frames that are kept."""

    def add(self, record_HW: Uint8) -> None:
        """Take one frame into the newest block."""

    def turn(self) -> None:
        """Begin a new block; the oldest is dropped if there are as many as are kept."""

    def answer(self) -> Float32:
        """The embedding (P, D), or (D,), of the frames that are kept.

        Raises:
            ArtefactError: it is not finite, or zero.
        """


def recent_of(model: Model, blocks: int) -> Recent:
    """An empty memory of so many blocks: of their running maxima, where the model has parts for it.

    Raises:
        ArtefactError: the model takes more frames than any does.
    """
    if model.parts is not None:
        return RecentMaximum(model.parts, blocks)
    frames = model.card.input.shape[0]
    require_cut(frames, model.card.input.rate_hz)
    return RecentFrames(model, blocks, frames)


class RecentMaximum:
    """A running maximum for each block: a frame passes the frame part once."""

    def __init__(self, parts: Parts, blocks: int) -> None:
        self._parts = parts
        self._blocks = deque([RunningMaximum(parts)], blocks)

    @property
    def used(self) -> int:
        return sum(block.used for block in self._blocks)

    def add(self, record_HW: Uint8) -> None:
        self._blocks[-1].add(record_HW)

    def turn(self) -> None:
        self._blocks.append(RunningMaximum(self._parts))

    def answer(self) -> Float32:
        maxima = [block.maxima() for block in self._blocks if block.used]
        return sound(self._parts.answer(np.max(maxima, axis=0)))


class RecentFrames:
    """The frames of each block, all of which pass the network at each answer.

    Args:
        frames: that the model takes, the newest ones; 0: any number.
    """

    def __init__(self, model: Model, blocks: int, frames: int = 0) -> None:
        self._model, self._frames = model, frames
        self._blocks: deque[list[Uint8]] = deque([[]], blocks)
        self._newest: deque[Uint8] = deque(maxlen=frames or None)

    @property
    def used(self) -> int:
        return len(self._newest) if self._frames else sum(map(len, self._blocks))

    def add(self, record_HW: Uint8) -> None:
        (self._newest if self._frames else self._blocks[-1]).append(record_HW)

    def turn(self) -> None:
        self._blocks.append([])

    def answer(self) -> Float32:
        kept = self._newest if self._frames else [each for block in self._blocks for each in block]
        return sound(self._model.logits(np.stack([*kept])[None])[0])


def sound(vector: Float32) -> Float32:
    """The embedding itself.

    Raises:
        ArtefactError: it is not finite, or a part is zero.
    """
    if not np.isfinite(vector).all() or not np.linalg.norm(vector, axis=-1).all():
        raise ArtefactError(BROKEN_OUTPUT)
    return vector
