"""What a track has shown of outlines of late: how good they are to know somebody by, whether
somebody walks there, and its newest windows, to enrol them.

Axes: T frames, H and W pixels, D dimensions.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from edgehuman.metrics.gait.vectors import halves_alike, mean_vector
from edgehuman.preprocess.quality import Quality
from edgehuman.preprocess.silhouette.quality import evened, legs_of, quality_of
from edgehuman.records import Float32, Float64, Uint8

# How well somebody walks is judged by the newest so many seconds.
_LOOKED_AT_S = 4.0
_WINDOWS_KEPT = 48
# Whether a body goes anywhere takes so long to see. Heights that it goes by errors alone: measured
# once over 2.56 s, three of four windows are below 0.05 where people mostly stand, and above 0.35
# where they walk (PETS); growth counts twice, as whoever comes closer is some heights away.
_SHORTEST_S, _ERRS, _GROWTH, _PARTS = 2.0, 0.1, 2.0, 4
ON_THE_SPOT = (
    "the body stays where it is: somebody stands, or walks on the spot, or before a camera that "
    "follows; gait needs a walk: use a recording of walking"
)


class OutlinesShown:
    """The newest outlines and windows of one track since it began or broke.

    Args:
        blocks: of a window; the next one shares all but one of them with it.
        began_s: when, by the source's clock.
    """

    def __init__(self, blocks: int, began_s: float) -> None:
        self.began_s = began_s
        self._blocks = blocks
        self._outlines: deque[tuple[float, tuple[float, float] | None]] = deque()
        self._places: deque[tuple[float, float, float]] = deque()
        self._vectors: deque[Float32] = deque(maxlen=_WINDOWS_KEPT)

    @property
    def windows(self) -> int:
        """How many are kept."""
        return len(self._vectors)

    def take(self, t_s: float, record_HW: Uint8 | None, box_4: Float32) -> None:
        """Add an outline; None: one that cannot be used.

        Args:
            box_4: where the person is, pixels.
        """
        x0, y0, x1, y1 = (float(value) for value in box_4)
        self._outlines.append((t_s, None if record_HW is None else legs_of(record_HW)))
        self._places.append(((x0 + x1) / 2, y1, max(y1 - y0, 1.0)))
        while self._outlines[0][0] < t_s - _LOOKED_AT_S:
            self._outlines.popleft()
            self._places.popleft()

    def add(self, vector: Float32) -> None:
        """Add the model's vector of a window, (D,) or (P, D)."""
        self._vectors.append(vector)

    @property
    def can_tell(self) -> bool:
        """Whether enough was seen to tell whether somebody goes anywhere."""
        if len(self._places) < _PARTS:
            return False
        return self._outlines[-1][0] - self._outlines[0][0] >= _SHORTEST_S

    def idle(self) -> str:
        """Why nobody walks there, in words; empty for who walks, or if it cannot be told."""
        if not self.can_tell:
            return ""
        parts = np.array_split(np.array(self._places), _PARTS)
        place_43 = np.stack([np.median(part_T3, axis=0) for part_T3 in parts])
        aside, down, _ = np.ptp(place_43, axis=0) / np.median(place_43[:, 2])
        goes = np.hypot(aside, down) + _GROWTH * np.ptp(np.log(place_43[:, 2]))
        return ON_THE_SPOT if goes < _ERRS else ""

    def forget(self) -> None:
        """What came before is no walk: begin the windows anew."""
        self._vectors.clear()

    def quality(self, joined: int | None = None) -> Quality:
        """How good what was seen is to know somebody by.

        Args:
            joined: so many of the newest windows are compared, half with half; None: all.
        """
        vectors = [*self._vectors][-(joined or _WINDOWS_KEPT) :]
        alike = halves_alike(_flat(vectors), self._blocks - 1) if vectors else None
        legs_T2, rate_hz = self._legs()
        return quality_of(legs_T2, rate_hz, len(legs_T2) / max(len(self._outlines), 1), alike)

    def vector(self, distance: str) -> Float32:
        """The mean of the windows that are kept."""
        return mean_vector(np.stack(self._vectors), distance)

    def _legs(self) -> tuple[Float64, float]:
        """The legs of usable outlines at equal steps of time; frames a second."""
        usable = [(t_s, *own) for t_s, own in self._outlines if own is not None]
        row_T3 = np.array(usable, np.float64).reshape(-1, 3)
        return evened(row_T3[:, 0], row_T3[:, 1:])


def _flat(vectors: list[Float32]) -> Float32:
    """Windows (N, D); of vectors of parts, each part counts the same."""
    stacked = np.stack(vectors)
    length = np.maximum(np.linalg.norm(stacked, axis=-1, keepdims=True), 1e-12)
    return np.asarray((stacked / length).reshape(len(vectors), -1), np.float32)
