"""Two detectors' answers for the same pictures, compared as sets of boxes, never row by row: TopK
may give boxes of equal scores in any order, and exchange those at its end.

Three agreements, each the share of the boxes that have a partner of their own in the other set:

boxes_kept    IoU at least 0.99, score within 0.001      the same numbers, but for rounding
boxes_near    IoU at least 0.9, score within 0.05        the same answers
boxes_found   IoU at least 0.5, score within 0.3         the same people

Boxes weigh their score squared, so that hundreds of boxes of nearly no score weigh less than one
person. A box without a partner does not count against the other set where that set may have cut it
off: where its score is within rounding of the other set's lowest. Of more than 600 boxes of a
picture, as a network without TopK gives them, the 600 of the highest scores are compared.

Axes: N pictures, K boxes of one, 5: x1, y1, x2, y2, score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.errors import ParityError
from edgehuman.metrics.boxes.overlap import ious
from edgehuman.records import Float32, Float64, Index


@dataclass(frozen=True, slots=True)
class Closeness:
    """How near a partner must be: overlap, and difference of the scores."""

    iou: float
    score: float


KEPT, NEAR, FOUND = Closeness(0.99, 1e-3), Closeness(0.9, 0.05), Closeness(0.5, 0.3)
_COLUMNS, _MOST = 5, 600
# By how much the score may differ at which a set is cut off.
_MOST_SLACK = 0.02


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """Attributes:
    kept, near, found: as above, 0..1, over all pictures.
    cosine_N: of each picture, between the scores of the boxes of both, partners at `FOUND` beside
        each other, and 0 for those without.
    max_abs: largest difference of partners' scores.
    error: 0 to 1, how far the boxes of the first set are from their partners at `FOUND`: 1 - IoU,
        1 for those without, weighted likewise.
    """

    kept: float
    near: float
    found: float
    cosine_N: Float64
    max_abs: float
    error: float


def compare_sets(reference_NK5: Float32, candidate_NK5: Float32) -> SetAgreement:
    """Compare the boxes of two detectors for the same pictures.

    Raises:
        ParityError: not boxes.
    """
    for array in (reference_NK5, candidate_NK5):
        if array.ndim != 3 or array.shape[2] != _COLUMNS:
            raise ParityError(
                f"boxes have the shape {array.shape}, not (N, boxes, 5); nothing was written"
            )
    weights = np.zeros((3, 2))
    cosine_N, max_abs = np.ones(len(reference_NK5)), 0.0
    away = weight = 0.0
    for index, (one_K5, two_K5) in enumerate(zip(reference_NK5, candidate_NK5, strict=True)):
        one_K5, two_K5 = _by_score(one_K5), _by_score(two_K5)
        iou_KM = ious(one_K5[:, :4], two_K5[:, :4])
        gap_KM = np.abs(one_K5[:, None, 4] - two_K5[None, :, 4])
        for row, how in zip(weights, (KEPT, NEAR, FOUND), strict=True):
            partner_K = partners(iou_KM, gap_KM, how)
            row += _weights(one_K5[:, 4], two_K5[:, 4], partner_K)
        cosine_N[index] = _cosine(one_K5[:, 4], two_K5[:, 4], partner_K)
        has_K = partner_K >= 0
        gaps = gap_KM[np.flatnonzero(has_K), partner_K[has_K]]
        max_abs = max(max_abs, float(gaps.max(initial=0)))
        iou_K = np.where(has_K, iou_KM[np.arange(len(one_K5)), partner_K], 0)
        away += float(np.sum((1 - iou_K) * one_K5[:, 4] ** 2))
        weight += float(np.sum(one_K5[:, 4] ** 2))
    shares = [float(there / total) if total else 1.0 for there, total in weights]
    error = away / weight if weight else 0.0
    return SetAgreement(shares[0], shares[1], shares[2], cosine_N, max_abs, error)


def partners(iou_KM: Float64, gap_KM: Float64, how: Closeness) -> Index:
    """The partner of each box (K,) in the other set; -1: none. Both sets are by falling score:
    boxes at the same place are partners if they are close; each other box in turn takes the free
    one of the nearest score.
    """
    close_KM = (iou_KM >= how.iou) & (gap_KM <= how.score)
    partner_K = np.full(len(close_KM), -1, np.int64)
    same = np.flatnonzero(np.diagonal(close_KM))
    partner_K[same] = same
    is_free_M = np.ones(close_KM.shape[1], np.bool_)
    is_free_M[same] = False
    for row in np.flatnonzero((partner_K < 0) & close_KM.any(axis=1)):
        free = np.flatnonzero(close_KM[row] & is_free_M)
        if len(free):
            partner_K[row] = free[gap_KM[row, free].argmin()]
            is_free_M[partner_K[row]] = False
    return partner_K


def _by_score(box_K5: Float32) -> Float64:
    sorted_K5 = box_K5[np.argsort(-box_K5[:, 4], kind="stable")[:_MOST]]
    return np.asarray(sorted_K5, np.float64)


def _weights(one_K: Float64, two_M: Float64, partner_K: Index) -> tuple[float, float]:
    """Weight of the boxes of both sets with a partner, and of all that count."""
    has_K, has_M = partner_K >= 0, np.zeros(len(two_M), np.bool_)
    has_M[partner_K[has_K]] = True
    slack = slack_of(np.abs(one_K[has_K] - two_M[partner_K[has_K]]))
    there = total = 0.0
    for score, has, other in ((one_K, has_K, two_M), (two_M, has_M, one_K)):
        least = float(other.min(initial=np.inf)) + slack
        weight = score**2
        there += float(weight[has].sum())
        total += float(weight[has | (score > least)].sum())
    return there, total


def slack_of(gap_K: Float64) -> float:
    """By how much the score at which a set is cut off may differ, given how far those of partners
    do: that of a box and the cut may each have moved by as much.
    """
    return min(2 * float(gap_K.max(initial=0)), _MOST_SLACK) + 1e-6


def _cosine(one_K: Float64, two_M: Float64, partner_K: Index) -> float:
    has_K = partner_K >= 0
    product = float(np.sum(one_K[has_K] * two_M[partner_K[has_K]]))
    norm = float(np.linalg.norm(one_K) * np.linalg.norm(two_M))
    if norm > 0:
        return product / norm
    return 1.0 if not one_K.any() and not two_M.any() else 0.0
