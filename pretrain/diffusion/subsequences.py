"""Which frames of a walk the latent encoder and the gait network see.

The encoder gets consecutive frames (s_E), because the denoiser models a video; the gait network
gets frames drawn as its own authors draw them (s_G). The two are never the same frames, unless
asked: the condition could then describe the video instead of the gait (paper, section 3.1.5 and
Fig. 5). Source of each network's sampling: its OpenGait configuration.
"""

from __future__ import annotations

import numpy as np

from edgehuman.data.silhouette.sampling import SKIPS, Sampling
from edgehuman.records import Index


def sampling_of(family: str, frames: int) -> Sampling:
    """Return how the authors of a family of networks draw frames, at this number of them."""
    if family in SKIPS:
        return Sampling("fixed_ordered", frames, SKIPS[family])
    return Sampling("fixed_unordered", frames)


def consecutive(length: int, frames: int, rng: np.random.Generator) -> Index:
    """Return the indices of consecutive frames of a walk, at a random place."""
    return rng.integers(length - frames + 1) + np.arange(frames)


def two_subsequences(
    length: int, sampling: Sampling, rng: np.random.Generator
) -> tuple[Index, Index]:
    """Return the frames of s_E and of s_G; at least one frame differs.

    Args:
        length: frames of the walk, more than those of a subsequence.
    """
    assert length > sampling.frames
    target = consecutive(length, sampling.frames, rng)
    seen = target
    while np.array_equal(np.sort(seen), target):
        seen = sampling.draw(np.array([length]), rng)[0]
    return target, seen
