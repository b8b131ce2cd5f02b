"""What a pose estimator's third number means, and its value as a confidence 0 to 1.

Most write 0 to 1. SimCC heads (RTMPose) and AlphaPose go a little over 1; COCO writes visibility 0,
1 or 2; others write scores of 0 to 10 or 0 to 100, or logits. The meaning is decided from the first
lines of a source and then kept, so a live stream needs no look ahead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float64

# Lines from which the meaning is decided.
DECIDING_LINES = 24
# Visibility 1 of COCO: labelled, but hidden by something.
OCCLUDED = 0.3
# Up to here values are confidences that overshoot; beyond, another unit.
_OVERSHOOT = 1.5
# This share of values may lie elsewhere, as mistakes of a tool do.
_FEW = 0.1
# Values up to the first are scores of 0 to the second; heat scores rarely pass 8.
_SCALES = ((10.0, 8.0), (100.0, 100.0), (255.0, 255.0), (1000.0, 1000.0))


@dataclass(frozen=True, slots=True)
class _Meaning:
    """How values become confidences.

    Attributes:
        kind: share (0 to 1, cut there), flags, score (of 0 to `largest`) or logit.
        said: the remark that describes it; empty for 0 to 1.
    """

    kind: str = "share"
    largest: float = 1.0
    said: str = ""

    def apply(self, sure: Float64) -> Float64:
        """Confidences 0 to 1."""
        if self.kind == "flags":
            return np.where(sure >= 2.0, 1.0, np.where(sure > 0.0, OCCLUDED, 0.0))
        if self.kind == "logit":
            return np.asarray(1.0 / (1.0 + np.exp(-np.clip(sure, -60.0, 60.0))))
        return np.clip(sure / self.largest, 0.0, 1.0)

    def fits(self, sure: Float64) -> bool:
        """Whether no value lies outside."""
        if self.kind == "logit" or not sure.size:
            return True
        largest = 2.0 if self.kind == "flags" else max(self.largest, _OVERSHOOT)
        return bool((sure.max() <= largest) and ((sure >= 0.0) | (sure == -1.0)).all())


def _meaning_of(sure: Float64, largest: float) -> _Meaning:
    """The meaning of a source's values, all finite.

    Args:
        largest: the largest value of a tool that is known to write more than 1; 0: not known.
    """
    known = sure[sure != -1.0]  # often written for a joint that was not seen
    if not known.size:
        return _Meaning()
    low, high = float(known.min()), float(known.max())
    if high == 2.0 and np.isin(known, (0.0, 1.0, 2.0)).all():
        said = (
            "confidences are 0, 1 and 2, the visibility of COCO: 2 is read as 1, 1 (hidden) as "
            f"{OCCLUDED:g}, 0 as not seen"
        )
        return _Meaning("flags", 2.0, said)
    if ((known < 0.0) | (known > _OVERSHOOT)).mean() <= _FEW:
        over = f"confidences reach {high:.4g}: those over 1 are read as 1"
        return _Meaning(said=over if high > 1.0 else "")
    if low < 0.0:
        said = f"confidences go down to {low:.3g}: read as logits, 1 / (1 + exp(-c))"
        return _Meaning("logit", 1.0, said)
    if low == high:
        return _Meaning("score", high, f"all confidences are {high:.4g}: read as 1")
    scales = (((largest, largest),) if largest else ()) + _SCALES
    scale = next((each for limit, each in scales if high <= limit), high)
    said = f"confidences reach {high:.4g}: read as scores of 0 to {scale:g}, divided by {scale:g}"
    return _Meaning("score", scale, said)


class Confidences:
    """The confidences of one source.

    Args:
        largest: as of `_meaning_of`.

    Attributes:
        remarks: what was decided, in words.
    """

    def __init__(self, largest: float = 0.0) -> None:
        self.remarks: list[str] = []
        self._largest = largest
        self._meaning: _Meaning | None = None
        self._seen: list[Float64] = []
        self._lines = 0
        self._settled = False
        self._whole = False

    def decide(self, frames: Iterable[NDArray[np.floating]]) -> None:
        """Decide from all frames (J,), or walks (T, J), of a source that is known whole; NaN is
        passed over.
        """
        values, lines = [np.empty(0)], 0
        for each in frames:
            lines += len(each) if each.ndim > 1 else 1
            values.append(each[np.isfinite(each)])
        sure = np.concatenate(values)
        self._meaning = _meaning_of(sure, self._largest)
        self._settled = self._whole = True
        self._say(self._meaning.said)
        if lines >= DECIDING_LINES:
            self._say_constant(sure)

    def read(self, sure_J: Float64) -> Float64:
        """The confidences 0 to 1 of a frame's joints (J,); NaN stays. After `decide`, of any number
        of frames (T, J).
        """
        finite = sure_J[np.isfinite(sure_J)]
        self._lines += 1
        if not self._settled and finite.size:
            self._look(finite)
        meaning = self._meaning or _Meaning()
        if self._settled and not self._whole and not meaning.fits(finite):
            self._say(
                "confidences outside the range that the first lines had are cut to it, e.g. "
                f"{float(finite[np.argmax(np.abs(finite))]):.4g} in line {self._lines}",
                once="confidences outside",
            )
        return meaning.apply(sure_J)

    def _look(self, finite: Float64) -> None:
        """Decide, or decide again, by one more of the first lines."""
        self._seen.append(finite)
        sure = np.concatenate(self._seen)
        found = _meaning_of(sure, self._largest)
        before = self._meaning
        if before is not None and (before.kind, before.largest) != (found.kind, found.largest):
            self._say(f"from line {self._lines} on, {found.said or 'confidences are 0 to 1'}")
        elif before is None or not before.said:
            self._say(found.said)
        self._meaning = found
        if len(self._seen) >= DECIDING_LINES:
            self._settled = True
            self._seen = []
            self._say_constant(sure)

    def _say_constant(self, sure: Float64) -> None:
        if sure.size and sure.min() == sure.max() and self._meaning == _Meaning():
            self._say(
                f"all confidences are {float(sure[0]):.4g}, so joints that are guessed cannot be "
                "told from others; turn the confidences of the pose estimator on"
            )

    def _say(self, remark: str, once: str = "") -> None:
        if remark and not any(said.startswith(once or remark) for said in self.remarks):
            self.remarks.append(remark)
