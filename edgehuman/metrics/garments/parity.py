"""Two answers about what people wear, compared item by item: partners overlap by half and have the
same label.

Axes: N pictures, K items of one, M of the other, A attributes, X numbers of a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.metrics.boxes.overlap import ious
from edgehuman.metrics.boxes.sets import FOUND, slack_of
from edgehuman.metrics.garments.answers import sure_of
from edgehuman.metrics.garments.outside import HEAD, LABEL, SCORE
from edgehuman.records import Float32, Float64

_HARDLY = 0.05
"""Detections below this score are left out of the metrics, too."""


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """Attributes:
    items: share of the items that have a partner, by the square of their scores; without those
        that the other network may have cut off (`metrics.boxes.sets`).
    masks: mean IoU of partners' masks; attributes: share of the attributes of partners with the
        same answer; both weighted likewise.
    """

    items: float
    masks: float
    attributes: float


def compare_items(
    reference_NKX: Float32, candidate_NMX: Float32, num_attributes: int
) -> ItemAgreement:
    """Compare the items of two networks for the same pictures."""
    there = total = masks = attributes = 0.0
    mask = HEAD + num_attributes
    for one_KX, two_MX in zip(reference_NKX, candidate_NMX, strict=True):
        at_KM = ious(one_KX[:, :4], two_MX[:, :4])
        iou_KM = np.where(one_KX[:, None, LABEL] == two_MX[None, :, LABEL], at_KM, 0)
        partner_K = iou_KM.argmax(axis=1)
        has_K = iou_KM.max(axis=1) >= FOUND.iou
        score_K = one_KX[:, SCORE].astype(np.float64)
        other_M = two_MX[:, SCORE].astype(np.float64)
        gap_KM = np.abs(score_K[:, None] - other_M[None])
        is_there_K = at_KM.max(axis=1) >= FOUND.iou
        slack = slack_of(gap_KM[np.arange(len(at_KM)), at_KM.argmax(axis=1)][is_there_K])
        weight_K: Float64 = score_K**2
        # An item that the other network may have cut off says nothing, nor does one of hardly any
        # score there where another label has the same: a network that has learnt nothing yet.
        is_same_KM = (at_KM >= FOUND.iou) & (gap_KM <= slack)
        is_tied_K = (score_K < _HARDLY) & is_same_KM.any(axis=1)
        counts_K = has_K | (~is_tied_K & (score_K > other_M.min(initial=np.inf) + slack))
        total += float(weight_K[counts_K].sum())
        own_K = weight_K[has_K]
        mine_KX, other_KX = one_KX[has_K], two_MX[partner_K[has_K]]
        there += float(own_K.sum())
        masks += float((own_K * _mask_ious(mine_KX[:, mask:], other_KX[:, mask:])).sum())
        if num_attributes:
            sure_KA, other_KA = (sure_of(each[:, HEAD:mask]) for each in (mine_KX, other_KX))
            attributes += float((own_K * (sure_KA == other_KA).mean(axis=1)).sum())
    if not there:
        return ItemAgreement(0.0 if total else 1.0, 1.0, 1.0)
    same = attributes / there if num_attributes else 1.0
    return ItemAgreement(there / total, masks / there, same)


def _mask_ious(one_KX: Float32, two_KX: Float32) -> Float64:
    here_KX, there_KX = one_KX > 0, two_KX > 0
    either_K = (here_KX | there_KX).sum(axis=1)
    both_K = np.where(either_K > 0, (here_KX & there_KX).sum(axis=1), 1)
    return np.asarray(both_K / np.maximum(either_K, 1), np.float64)
