"""What a track has shown of late: the windows that its answer is made of, how good they are to know
somebody by, and whether somebody walks there.

Axes: T frames, D dimensions.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from edgehuman.metrics.gait.vectors import halves_alike
from edgehuman.preprocess.quality import Quality
from edgehuman.preprocess.skeleton.motion.quality import quality_of
from edgehuman.preprocess.skeleton.motion.walking import ON_THE_SPOT, not_walking
from edgehuman.records import Float32
from edgehuman.runtime.skeleton.windows import PoseWindow

# Whether and how well somebody walks is judged by the newest so many seconds.
_LOOKED_AT_S = 4.0


class Shown:
    """The newest windows of one track since it began or broke.

    Args:
        frames, hop: of a window, and from one to the next.
        rate_hz: frames a second.
        on_the_spot: whether who walks on the spot walks, as on a treadmill.
    """

    def __init__(self, frames: int, hop: int, rate_hz: float, on_the_spot: bool = False) -> None:
        self._hop, self._rate_hz = hop, rate_hz
        self._on_the_spot = on_the_spot
        self._overlap = overlap_of(frames, hop)
        kept = max(frames, round(_LOOKED_AT_S * rate_hz))
        windows = 1 + max(kept - frames, 0) // hop
        self._vectors: deque[Float32] = deque(maxlen=windows)
        self._frames: deque[Float32] = deque(maxlen=kept)
        self._there: deque[float] = deque(maxlen=windows)

    def take(self, window: PoseWindow, vector_D: Float32) -> None:
        """Add a window and the model's vector of it."""
        skeleton_TJ3 = window.skeleton.skeleton_TJ3
        new = skeleton_TJ3[-self._hop :] if self._frames else skeleton_TJ3
        self._frames.extend(new)
        self._there.append(window.there)
        self._vectors.append(vector_D)

    def quality(self) -> Quality:
        """How good what was seen is to know somebody by."""
        alike = halves_alike(np.stack(self._vectors), self._overlap)
        there = sum(self._there) / max(len(self._there), 1)
        return quality_of(np.stack(self._frames), self._rate_hz, alike, there)

    def idle(self) -> str:
        """What somebody does who does not walk; empty for who does, or if it is not known."""
        said = not_walking(np.stack(self._frames), self._rate_hz)
        return idle_of(said, self._on_the_spot)


def overlap_of(frames: int, hop: int) -> int:
    """How many windows after one share frames with it."""
    return math.ceil(frames / hop) - 1


def idle_of(said: str, on_the_spot: bool) -> str:
    """What somebody does who does not walk, where who walks on the spot may walk."""
    return "" if on_the_spot and said == ON_THE_SPOT else said
