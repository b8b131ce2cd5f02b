"""Which frames of a walk a network sees, as OpenGait draws them.

    sampling = Sampling("fixed_unordered", frames=30)
    frame_S, length_N = sampling.draw(walks.length_N[chosen_N], rng)
    silhouette_SHW, length_N = cut(walks, chosen_N, sampling, rng)      frames of a batch

- fixed: `frames` of every walk; unfixed: a number between `least` and `most`, drawn for each walk.
- unordered: drawn without replacement if the walk is long enough, else with, in the order drawn.
- ordered: of a stretch of frames + `skip` consecutive frames at a random place, that many without
  replacement, sorted; a shorter walk is repeated until it is long enough.
- all_ordered: the whole walk, at most its first `longest` frames; for tests.

All draws of a batch are made at once. Axes: N walks, S frames of all of them, T of one, H, W.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgehuman.data.gait.walks import frame_rows
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Bool, Index, Uint8

Kind = Literal[
    "fixed_unordered", "fixed_ordered", "unfixed_unordered", "unfixed_ordered", "all_ordered"
]
KINDS: tuple[Kind, ...] = (
    "fixed_unordered", "fixed_ordered", "unfixed_unordered", "unfixed_ordered", "all_ordered"
)  # fmt: skip
SKIPS: Mapping[str, int] = {"gaitpart": 10, "gaitgl": 0, "deepgaitv2": 4}
"""Of the families of networks that see order, the frames that OpenGait's draws leave out of their
stretch; the others are trained on shuffled frames."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How frames are drawn.

    Attributes:
        kind: see the module.
        frames: of every walk, if fixed.
        skip: frames that an ordered draw leaves out of its stretch.
        least, most: of a walk, if unfixed.
        longest: of a walk, if all are taken; 0: no limit.

    Raises:
        UsageError: an unknown kind, or a number out of range.
    """

    kind: Kind = "fixed_unordered"
    frames: int = 30
    skip: int = 0
    least: int = 10
    most: int = 50
    longest: int = 720

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"kind is {self.kind!r}; it must be one of: {', '.join(KINDS)}")
        if self.frames < 1 or self.skip < 0 or self.longest < 0:
            raise UsageError(
                f"frames is {self.frames}, skip {self.skip}, longest {self.longest}; frames must "
                "be at least 1, the others at least 0"
            )
        if not 1 <= self.least <= self.most:
            raise UsageError(
                f"least is {self.least}, most {self.most}; they must be at least 1, in this order"
            )

    @property
    def fixed(self) -> bool:
        """Whether every walk gives the same number of frames."""
        return self.kind.startswith("fixed")

    def draw(self, length_N: Index, rng: np.random.Generator) -> tuple[Index, Index]:
        """Frames (S,) of walks of these lengths, one walk after another, and how many of each (N,).

        Raises:
            DataError: a walk without frames.
        """
        if not len(length_N) or length_N.min() < 1:
            raise DataError("a walk has no frames; every walk needs at least one")
        if self.kind == "all_ordered":
            count_N = np.minimum(length_N, self.longest or length_N.max())
            return frame_rows(np.zeros_like(count_N), count_N), count_N
        if self.fixed:
            count_N = np.full(len(length_N), self.frames, np.int64)
        else:
            count_N = rng.integers(self.least, self.most, size=len(length_N), endpoint=True)
        if self.kind.endswith("unordered"):
            return _unordered(length_N, count_N, rng), count_N
        return _ordered(length_N, count_N, self.skip, rng), count_N


def _unordered(length_N: Index, count_N: Index, rng: np.random.Generator) -> Index:
    """Frames in the order drawn."""
    most = int(count_N.max())
    drawn_NT = np.floor(rng.random((len(length_N), most)) * length_N[:, None]).astype(np.int64)
    long_N = np.flatnonzero(length_N >= count_N)
    if len(long_N):
        found = _without_replacement(length_N[long_N], most, rng)
        drawn_NT[long_N, : found.shape[1]] = found
    return drawn_NT[_first(count_N, most)]


def _ordered(length_N: Index, count_N: Index, skip: int, rng: np.random.Generator) -> Index:
    """Frames of one stretch of each walk, sorted."""
    most = int(count_N.max())
    stretch_N = count_N + skip
    # A walk repeated until it is as long as the stretch.
    whole_N = length_N * np.maximum(-(-stretch_N // length_N), 1)
    start_N = np.floor(rng.random(len(length_N)) * (whole_N - stretch_N + 1)).astype(np.int64)
    if skip:
        taken_NT = _without_replacement(stretch_N, most, rng)
        taken_NT[~_first(count_N, most)] = np.iinfo(np.int64).max
        taken_NT.sort(axis=1)
    else:
        taken_NT = np.broadcast_to(np.arange(most), (len(length_N), most))
    chosen = _first(count_N, most)
    walk_S = np.repeat(np.arange(len(length_N)), count_N)
    frames: Index = (start_N[walk_S] + taken_NT[chosen]) % length_N[walk_S]
    return frames


def _without_replacement(length_N: Index, most: int, rng: np.random.Generator) -> Index:
    """(N, up to `most`) different frames of each walk in random order; of a shorter walk, the
    columns from its length on mean nothing.
    """
    longest = int(length_N.max())
    key_NL = rng.random((len(length_N), longest), np.float32)
    key_NL[np.arange(longest) >= length_N[:, None]] = 2.0
    if longest > most:
        near_NT = np.argpartition(key_NL, most - 1, axis=1)[:, :most]
        order_NT = np.take_along_axis(key_NL, near_NT, axis=1).argsort(axis=1)
        found: Index = np.take_along_axis(near_NT, order_NT, axis=1)
        return found
    return key_NL.argsort(axis=1)


def _first(count_N: Index, most: int) -> Bool:
    """(N, most) the first `count` of each row."""
    first: Bool = np.arange(most) < count_N[:, None]
    return first


def cut(
    walks: SilhouetteSet, chosen_N: Index, sampling: Sampling, rng: np.random.Generator
) -> tuple[Uint8, Index]:
    """The drawn frames of some walks: uint8 (S, 64, 64), one walk after another, and how many of
    each (N,). Of a fixed sampling, `reshape(N, frames, 64, 64)` parts them.
    """
    frame_S, count_N = sampling.draw(walks.length_N[chosen_N], rng)
    rows_S = frame_S + np.repeat(walks.start_N[chosen_N], count_N)
    return np.asarray(walks.silhouette_SHW[rows_S]), count_N
