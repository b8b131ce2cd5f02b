"""AP_IoU+F1: how well garments and their parts are found, and their attributes with them.

    judge = GarmentJudge(described)
    judge.add(found, truth, iou_KM)        for each picture
    judge.scores().ap_iou_f1

COCO's average precision with a second threshold. A detection of a category that has attributes is
right if both its IoU and the F1 of its attributes reach the thresholds; of the other categories, if
its IoU does. AP is the mean over ten IoU thresholds, 101 recalls and columns: one for each of the
ten F1 thresholds of a category with attributes, and one for each other category. So Fashionpedia's
18 categories with attributes and 28 without have 208 columns. Categories that no picture shows are
left out.

By falling score, a detection takes a free truth; a later one replaces the best so far only where
both its IoU and its F1 are as high. This holds for `ap_iou` too, where no F1 is asked for: it is
not quite COCO's number. A crowd (`iscrowd`) absorbs any number of detections of a category without
attributes, and one of the others.

F1 is the mean of that of the attributes that are there and that of those that are not; 1 where
neither has any.

Source: Jia et al., "Fashionpedia" (ECCV 2020), section 5, and its released evaluation
(KMnP/fashionpedia-api). Left out: sizes, recall, super-categories.

Axes: K detections of a picture, M truths of it, A attributes, C categories, T IoU thresholds, U F1
thresholds, D detections of all pictures, R recalls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.boxes.detection import RECALLS, THRESHOLDS
from edgehuman.records import Bool, Float32, Float64, Index

MOST_DETECTIONS = 100
"""Of a category of a picture; those of lower scores do not count."""
_F1S = np.linspace(0.5, 0.95, 10, dtype=np.float64)
# Never a threshold; where it stands, only the other one is asked for.
_ANY = -1.0
_IOU_T = np.append(THRESHOLDS, _ANY)
_F1_U = np.append(_F1S, _ANY)
_HALF, _THREE_QUARTERS = 0, 5
_BELOW_ONE = 1 - 1e-10


@dataclass(frozen=True, slots=True)
class FoundGarments:
    """What a network says is in a picture.

    Attributes:
        category_K: indices of the categories.
        score_K: 0 to 1.
        attribute_KA: which attributes each has.
    """

    category_K: Index
    score_K: Float32
    attribute_KA: Bool


@dataclass(frozen=True, slots=True)
class TrueGarments:
    """What is in a picture.

    Attributes:
        category_M: indices of the categories.
        attribute_MA: which attributes each has.
        crowd_M: regions that count neither for nor against a detection.
    """

    category_M: Index
    attribute_MA: Bool
    crowd_M: Bool


@dataclass(frozen=True, slots=True)
class GarmentScores:
    """Attributes, all 0 to 1:
    ap_iou_f1: the mean over IoU and F1 thresholds, "AP_IoU+F1".
    ap_iou: over IoU thresholds alone; ap_f1: over F1 thresholds alone.
    ap_iou50, ap_iou75: of `ap_iou`; ap_f1_50, ap_f1_75: of `ap_f1`, at one threshold.
    ap_iou50_f1_50, ap_iou75_f1_75: at one threshold of each.
    garments: number of truths that count.
    """

    ap_iou_f1: float
    ap_iou: float
    ap_f1: float
    ap_iou50: float
    ap_iou75: float
    ap_f1_50: float
    ap_f1_75: float
    ap_iou50_f1_50: float
    ap_iou75_f1_75: float
    garments: int

    def as_metrics(self, of: str) -> dict[str, float]:
        """The numbers by name, such as "box_ap_iou_f1" of "box", the first of them first."""
        names = ("ap_iou_f1", "ap_iou", "ap_f1", "ap_iou50", "ap_iou50_f1_50")
        return {f"{of}_{name}": float(getattr(self, name)) for name in names}


@dataclass(slots=True)
class _Category:
    """What became of the detections of one category so far, picture by picture."""

    scores: list[Float32] = field(default_factory=list)
    right: list[Bool] = field(default_factory=list)
    lost: list[Bool] = field(default_factory=list)
    total: int = 0


class GarmentJudge:
    """Compares pictures one by one, and scores them together.

    Args:
        described: of each category, whether it has attributes.
    """

    def __init__(self, described: Sequence[bool]) -> None:
        self._described = tuple(described)
        self._categories = [_Category() for _ in self._described]

    def add(self, found: FoundGarments, truth: TrueGarments, iou_KM: Float64) -> None:
        """Compare the detections of a picture with its truths.

        Args:
            iou_KM: of their boxes or masks; with a crowd, the share of the detection within it.

        Raises:
            DataError: numbers that are not finite, or arrays that do not fit.
        """
        shape = len(found.score_K), len(truth.crowd_M)
        if iou_KM.shape != shape or not np.isfinite(found.score_K).all():
            raise DataError(
                f"found overlaps of shape {iou_KM.shape} of {shape[0]} detections and {shape[1]} "
                "truths, or scores that are not finite; check the network"
            )
        f1_KM = macro_f1(found.attribute_KA, truth.attribute_MA)
        for category in np.union1d(found.category_K, truth.category_M).tolist():
            of_K = np.flatnonzero(found.category_K == category)
            of_K = of_K[np.argsort(-found.score_K[of_K], kind="stable")][:MOST_DETECTIONS]
            of_M = np.flatnonzero(truth.category_M == category)
            of_M = of_M[np.argsort(truth.crowd_M[of_M], kind="stable")]
            iou, f1 = iou_KM[np.ix_(of_K, of_M)], f1_KM[np.ix_(of_K, of_M)]
            is_described = self._described[category]
            right, lost = matched(iou, f1 if is_described else None, truth.crowd_M[of_M])
            one = self._categories[category]
            one.scores.append(found.score_K[of_K])
            one.right.append(right)
            one.lost.append(lost)
            one.total += int(np.count_nonzero(~truth.crowd_M[of_M]))

    def scores(self) -> GarmentScores:
        """The scores of all pictures.

        Raises:
            DataError: there is nothing to find.
        """
        each = [
            (_precision(one), is_described)
            for one, is_described in zip(self._categories, self._described, strict=True)
            if one.total
        ]
        if not each:
            raise DataError("found no garment to find in these pictures; give other data")

        def mean(t: slice, columns: slice) -> float:
            """Over IoU thresholds, recalls, and the columns of all categories."""
            parts = [
                (found_TUR[t, columns] if is_described else found_TUR[t, :1]).swapaxes(0, 1)
                for found_TUR, is_described in each
            ]
            return float(np.concatenate([part.reshape(len(part), -1) for part in parts]).mean())

        all_t, no_t, no_u = slice(0, -1), slice(-1, None), slice(-1, None)
        half, quarters = slice(_HALF, 1), slice(_THREE_QUARTERS, _THREE_QUARTERS + 1)
        return GarmentScores(
            ap_iou_f1=mean(all_t, slice(0, -1)),
            ap_iou=mean(all_t, no_u),
            ap_f1=mean(no_t, slice(0, -1)),
            ap_iou50=mean(half, no_u),
            ap_iou75=mean(quarters, no_u),
            ap_f1_50=mean(no_t, half),
            ap_f1_75=mean(no_t, quarters),
            ap_iou50_f1_50=mean(half, half),
            ap_iou75_f1_75=mean(quarters, quarters),
            garments=sum(one.total for one in self._categories),
        )


def macro_f1(one_KA: Bool, other_MA: Bool) -> Float64:
    """F1 of each pair (K, M): the mean of that of what is there and of what is not, of those of the
    two that either has.
    """
    one, other = one_KA.astype(np.float64), other_MA.astype(np.float64)
    both_KM = one @ other.T
    differ_KM = one.sum(axis=1)[:, None] + other.sum(axis=1)[None] - 2 * both_KM
    neither_KM = one_KA.shape[1] - both_KM - differ_KM
    total, shares = np.zeros_like(both_KM), np.zeros_like(both_KM)
    for same_KM in (both_KM, neither_KM):
        size_KM = 2 * same_KM + differ_KM
        total += np.divide(2 * same_KM, size_KM, out=np.zeros_like(size_KM), where=size_KM > 0)
        shares += size_KM > 0
    return np.asarray(total / np.maximum(shares, 1))


def matched(iou_KM: Float64, f1_KM: Float64 | None, crowd_M: Bool) -> tuple[Bool, Bool]:
    """Which detections, by falling score, are right, and which count neither way, (T, U, K).

    Args:
        f1_KM: None: the category has no attributes, and U is 1.
        crowd_M: those that are, behind the others.
    """
    is_described = f1_KM is not None
    f1_U = _F1_U if is_described else _F1_U[-1:]
    if f1_KM is None:
        f1_KM = np.zeros_like(iou_KM)
    least_T1 = np.minimum(_IOU_T, _BELOW_ONE)[:, None]
    least_1U = np.minimum(f1_U, _BELOW_ONE)[None]
    shape = len(_IOU_T), len(f1_U)
    taken_MTU = np.zeros((len(crowd_M), *shape), np.bool_)
    right = np.zeros((*shape, len(iou_KM)), np.bool_)
    lost = np.zeros_like(right)
    for k in range(len(iou_KM) if len(crowd_M) else 0):
        best_TU = np.full(shape, -1, np.int64)
        iou_TU, f1_TU = np.broadcast_to(least_T1, shape), np.broadcast_to(least_1U, shape)
        for m, is_crowd in enumerate(crowd_M.tolist()):
            iou, f1 = float(iou_KM[k, m]), float(f1_KM[k, m])
            takes_TU = (iou >= iou_TU) & (f1 >= f1_TU)
            if not is_crowd or is_described:
                takes_TU &= ~taken_MTU[m]
            if is_crowd:  # who has found a truth is not lost in a crowd
                takes_TU &= (best_TU < 0) | crowd_M[best_TU]
            iou_TU, f1_TU = np.where(takes_TU, iou, iou_TU), np.where(takes_TU, f1, f1_TU)
            best_TU[takes_TU] = m
        for m in np.unique(best_TU[best_TU >= 0]).tolist():
            is_best_TU = best_TU == m
            taken_MTU[m] |= is_best_TU
            (lost if crowd_M[m] else right)[..., k] |= is_best_TU
    return right, lost


def _precision(one: _Category) -> Float64:
    """Precision at 101 recalls, (T, U, R)."""
    score_D = np.concatenate(one.scores)
    order_D = np.argsort(-score_D, kind="stable")
    right = np.concatenate(one.right, axis=2)[..., order_D]
    counts = ~np.concatenate(one.lost, axis=2)[..., order_D]
    hits = np.cumsum(right, axis=2, dtype=np.float64)
    false = np.cumsum(counts & ~right, axis=2, dtype=np.float64)
    recall, precision = hits / one.total, hits / (hits + false + np.spacing(1))
    precision = np.maximum.accumulate(precision[..., ::-1], axis=2)[..., ::-1]
    found_TUR = np.zeros((*right.shape[:2], len(RECALLS)))
    for t, u in np.ndindex(*right.shape[:2]):
        at_R = np.searchsorted(recall[t, u], RECALLS, side="left")
        is_there_R = at_R < len(order_D)
        found_TUR[t, u, is_there_R] = precision[t, u, at_R[is_there_R]]
    return found_TUR
