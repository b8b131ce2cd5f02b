"""Overlap of boxes: x1, y1, x2, y2 in continuous pixels. Axes: K boxes, M others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float64


def ious(box_K4: NDArray[Any], other_M4: NDArray[Any]) -> Float64:
    """Intersection over union (K, M), 0 to 1; 0 for two boxes without area."""
    shared_KM = _shared(box_K4, other_M4)
    union_KM = areas(box_K4)[:, None] + areas(other_M4)[None] - shared_KM
    return _share(shared_KM, union_KM)


def shares_within(box_K4: NDArray[Any], other_M4: NDArray[Any]) -> Float64:
    """Intersection over the area of the first (K, M): how much of a box lies within another."""
    shared_KM = _shared(box_K4, other_M4)
    return _share(shared_KM, np.broadcast_to(areas(box_K4)[:, None], shared_KM.shape))


def areas(box_K4: NDArray[Any]) -> Float64:
    """Square pixels (K,); 0 for a box whose sides are exchanged."""
    side_K2 = np.maximum(box_K4[:, 2:].astype(np.float64) - box_K4[:, :2], 0)
    return np.asarray(side_K2[:, 0] * side_K2[:, 1])


def _shared(box_K4: NDArray[Any], other_M4: NDArray[Any]) -> Float64:
    one_K14, two_1M4 = (
        box_K4[:, None].astype(np.float64),
        other_M4[None].astype(np.float64),
    )
    low_KM2 = np.maximum(one_K14[..., :2], two_1M4[..., :2])
    high_KM2 = np.minimum(one_K14[..., 2:], two_1M4[..., 2:])
    side_KM2 = np.maximum(high_KM2 - low_KM2, 0)
    return np.asarray(side_KM2[..., 0] * side_KM2[..., 1])


def _share(part: Float64, whole: Float64) -> Float64:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))
