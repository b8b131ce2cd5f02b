"""Non-maximum suppression, for networks that give a person more than once."""

from __future__ import annotations

import numpy as np

from edgehuman.metrics.boxes.overlap import ious
from edgehuman.records import Float32, Index

_MOST = 1000


def kept(box_M4: Float32, score_M: Float32, least: float) -> Index:
    """Places of the boxes that no better one overlaps by more than `least`, the best first.

    Of more than a thousand boxes the best thousand are looked at.
    """
    order_K = np.argsort(-score_M, kind="stable")[:_MOST]
    over_KK = ious(box_M4[order_K], box_M4[order_K]) > least
    free_K = np.ones(len(order_K), bool)
    for place in range(len(order_K)):
        if free_K[place]:
            free_K[place + 1 :] &= ~over_KK[place, place + 1 :]
    return np.asarray(order_K[free_K], np.int64)
