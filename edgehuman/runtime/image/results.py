"""The model's answer for one photo, and the totals of a folder.

Axes: H height, W width, J joints, A questions, D dimensions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.records import Float32, Index, Uint8
from edgehuman.runtime.loop.results import LatencyHistogram

_STRIP = 1_000_000  # pixels


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """The model's answer for one photo: one of four, by the kind of the model's output.

    Attributes:
        path: of the photo; None if it came as an array.
        photo: its name: the path inside the folder, or the file's name; the number of an array.
        height, width: of the photo, pixels; 0 if it cannot be read.
        latency_ms: from the file, or the array, to the answer.
        reason: why there is no answer; empty if there is one.
        remark: what makes the answer doubtful, such as a photo that is not one person's crop.
        labels: names of the questions, joints or parts, in the order of the answer.
        vector_D: float32 (D,), of an embedding.
        prob_A: float32 (A,), the probability of each attribute.
        joint_J3: float32 (J, 3): x, y in pixels of the photo and confidence 0..1 (0: not
            there), of heatmaps or simcc.
        part_HW: uint8 (H, W), the part of every pixel of the photo, of a segmentation.
    """

    path: Path | None
    photo: str
    height: int = 0
    width: int = 0
    latency_ms: float = 0.0
    reason: str = ""
    remark: str = ""
    labels: tuple[str, ...] = ()
    vector_D: Float32 | None = None
    prob_A: Float32 | None = None
    joint_J3: Float32 | None = None
    part_HW: Uint8 | None = None


def to_row(result: PhotoResult) -> dict[str, Any]:
    """A result as one JSON object; with "error" if there is no answer."""
    if result.reason:
        return {"photo": result.photo, "error": result.reason}
    return {
        "photo": result.photo,
        "height": result.height,
        "width": result.width,
        "latency_ms": round(result.latency_ms, 3),
        **_answer(result),
        **({"remark": result.remark} if result.remark else {}),
    }


def _answer(result: PhotoResult) -> dict[str, Any]:
    labels = result.labels
    if result.vector_D is not None:
        return {"embedding": [round(float(value), 6) for value in result.vector_D]}
    if result.prob_A is not None:
        prob_A = result.prob_A
        return {
            "attributes": {name: round(float(p), 4) for name, p in zip(labels, prob_A, strict=True)}
        }
    if result.joint_J3 is not None:
        rows = zip(labels, result.joint_J3, strict=True)
        return {
            "joints": {
                name: [round(float(x), 2), round(float(y), 2), round(float(confidence), 4)]
                for name, (x, y, confidence) in rows
            }
        }
    assert result.part_HW is not None
    share_C = _counts(result.part_HW, len(labels)) / result.part_HW.size
    return {
        "parts": {name: round(float(share_C[i]), 5) for i, name in enumerate(labels) if share_C[i]}
    }


def _counts(part_HW: Uint8, parts: int) -> Index:
    """Pixels of each part; `bincount` makes int64 of them, so in strips of rows."""
    if parts == 2:
        ahead = np.count_nonzero(part_HW)
        return np.array([part_HW.size - ahead, ahead])
    rows = max(1, _STRIP // part_HW.shape[1])
    strips = (part_HW[top : top + rows].ravel() for top in range(0, len(part_HW), rows))
    return sum((np.bincount(strip, minlength=parts) for strip in strips), np.zeros(parts, np.int64))


@dataclass(slots=True)
class PhotoTally:
    """Totals over the photos so far.

    Attributes:
        photos, unreadable: number of photos, and of those without an answer.
        remarked: of those with an answer and a remark.
        others: files of the folder that are no pictures.
        latency: from the file to the answer, for those that have one.
    """

    photos: int = 0
    unreadable: int = 0
    remarked: int = 0
    others: int = 0
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)

    def add(self, result: PhotoResult) -> None:
        """Count one photo."""
        self.photos += 1
        if result.reason:
            self.unreadable += 1
        else:
            self.latency.add(result.latency_ms)
            self.remarked += bool(result.remark)

    def summary(self) -> dict[str, Any]:
        """The photos in numbers; None for what was not measured."""
        return {
            "photos": self.photos,
            "unreadable": self.unreadable,
            "remarked": self.remarked,
            "other_files": self.others,
            "latency_ms": {
                "p50": _milliseconds(self.latency.percentile_ms(50)),
                "p95": _milliseconds(self.latency.percentile_ms(95)),
                "max": round(self.latency.max_ms, 3),
            },
        }


def _milliseconds(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)
