"""What speaks for a track and a box besides their overlap: direction and looks.

Axes: K tracks, M boxes, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float64

# Of the height: a track that has moved less stands, and its direction is the detector's noise.
_STANDS = 0.05


def directions(old_K4: Float64, last_K4: Float64, box_M4: Float64) -> Float64:
    """How well each box lies in the direction of each track (K, M): 0.5 straight on, 0 at a right
    angle or where the track stands, -0.5 straight back; (pi/2 - angle) / pi.

    OC-SORT's observation-centric momentum: the angle between the ways from an old box of the track
    to its last one, and from the old box to the new.

    Args:
        old_K4, last_K4: boxes of the tracks, the same where there is but one.
    """
    old_K2 = _middle(old_K4)
    way_K2 = _middle(last_K4) - old_K2
    way_KM2 = _middle(box_M4)[None] - old_K2[:, None]
    length_K, length_KM = np.hypot(*way_K2.T), np.hypot(way_KM2[..., 0], way_KM2[..., 1])
    dot_KM = np.einsum("kd,kmd->km", way_K2, way_KM2)
    product_KM = length_K[:, None] * length_KM
    cosine_KM = np.divide(dot_KM, product_KM, out=np.zeros_like(dot_KM), where=product_KM > 0)
    share_KM = 0.5 - np.arccos(np.clip(cosine_KM, -1, 1)) / np.pi
    stands_K = length_K <= _STANDS * (last_K4[:, 3] - last_K4[:, 1])
    share_KM[stands_K] = 0
    return np.asarray(share_KM)


def unlike(look_K: Sequence[Float64 | None], look_MD: Float64) -> Float64:
    """How unlike looks are (K, M): half of 1 - cosine, as BoT-SORT has it; 1: not known.

    Args:
        look_K: of the tracks, of length 1; None: not known.
        look_MD: of the boxes, of length 1 or 0: not known.
    """
    nobody_D = np.zeros(look_MD.shape[1])
    look_KD = np.stack([nobody_D if each is None else each for each in look_K])
    cost_KM = (1 - look_KD @ look_MD.T) / 2
    cost_KM[~look_KD.any(axis=1)] = 1
    cost_KM[:, ~look_MD.any(axis=1)] = 1
    return np.asarray(cost_KM)


def unit(look_MD: NDArray[Any]) -> Float64:
    """Vectors of length 1 (M, D); zeros for those without a length, or not finite."""
    found_MD = np.array(look_MD, np.float64)
    found_MD[~np.isfinite(found_MD).all(axis=1)] = 0
    length_M1 = np.linalg.norm(found_MD, axis=1, keepdims=True)
    unit_MD = np.divide(found_MD, length_M1, out=np.zeros_like(found_MD), where=length_M1 > 0)
    return np.asarray(unit_MD)


def _middle(box_K4: Float64) -> Float64:
    return (box_K4[:, :2] + box_K4[:, 2:]) / 2
