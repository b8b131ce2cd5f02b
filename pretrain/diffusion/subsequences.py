"""Which frames of a walk the latent encoder and the gait network see.

The encoder gets consecutive frames (s_E), because the denoiser models a video; the gait network
gets frames drawn as its own authors draw them (s_G). The two are never the same frames, unless
asked: the condition could then describe the video instead of the gait (paper, section 3.1.5 and
Fig. 5). Source of each network's sampling: its OpenGait configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.records import Index


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a network's frames are drawn.

    Attributes:
        ordered: frames in order, or shuffled from the whole walk.
        skip: ordered frames come from a window of this many frames more.
    """

    ordered: bool = False
    skip: int = 0


UNORDERED = Sampling()
OF_FAMILY = {
    "gaitpart": Sampling(ordered=True, skip=10),
    "gaitgl": Sampling(ordered=True),
    "deepgaitv2": Sampling(ordered=True, skip=4),
}
"""Of the networks that see order; the others are trained on shuffled frames."""


def consecutive(length: int, frames: int, rng: np.random.Generator) -> Index:
    """Return the indices of consecutive frames of a walk, at a random place."""
    return rng.integers(length - frames + 1) + np.arange(frames)


def drawn(length: int, frames: int, sampling: Sampling, rng: np.random.Generator) -> Index:
    """Return the indices of a walk's frames as `sampling` draws them, each frame once."""
    if not sampling.ordered:
        return rng.permutation(length)[:frames]
    window = min(length, frames + sampling.skip)
    chosen = np.sort(rng.choice(window, frames, replace=False))
    return np.asarray(rng.integers(length - window + 1) + chosen)


def two_subsequences(
    length: int, frames: int, sampling: Sampling, rng: np.random.Generator
) -> tuple[Index, Index]:
    """Return the frames of s_E and of s_G; at least one frame differs.

    Args:
        length: frames of the walk, more than `frames`.
    """
    assert length > frames
    target = consecutive(length, frames, rng)
    seen = drawn(length, frames, sampling, rng)
    while np.array_equal(np.sort(seen), target):
        seen = drawn(length, frames, sampling, rng)
    return target, seen
