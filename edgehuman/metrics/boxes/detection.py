"""Average precision of boxes of people, as COCO computes it.

    found = average_precision([(box_K4, score_K), ...], people)
    found.ap50, found.ap

Source: the COCO detection task (cocodataset.org, "Detection Evaluation"; pycocotools): IoU
thresholds .50:.05:.95, 101 recalls, 100 detections per picture, one class, all sizes. Regions to
ignore are COCO's crowds: they absorb any number of detections, by the share of a detection that
lies within. Left out: sizes and recall.

Axes: N pictures, K detections of one, M people of one, T thresholds, D detections of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.metrics.boxes.overlap import ious, shares_within
from edgehuman.records import Bool, Float32

Found = tuple[NDArray[np.floating], NDArray[np.floating]]
"""Of one picture: boxes (K, 4) x1, y1, x2, y2 in continuous pixels, and their scores (K,)."""

THRESHOLDS = np.linspace(0.5, 0.95, 10, dtype=np.float64)
RECALLS = np.linspace(0, 1, 101, dtype=np.float64)
MOST_DETECTIONS = 100


class Labelled(Protocol):
    """The people of one picture, such as `data.image.frames.set.People`."""

    @property
    def box_M4(self) -> Float32:
        """float32 (M, 4)."""

    @property
    def ignore_M(self) -> Bool:
        """Whether a box counts neither for nor against a detector."""


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """Attributes:
    ap50, ap75: at an IoU of 0.5 and of 0.75, 0..1.
    ap: mean over the ten thresholds.
    people: number that counted.
    best_score: the score from which on detections count where F1 at an IoU of 0.5 is highest; 0
        where nothing is found.
    """

    ap50: float
    ap75: float
    ap: float
    people: int
    best_score: float = 0.0


def average_precision(
    found: Sequence[Found], people: Sequence[Labelled], most: int = MOST_DETECTIONS
) -> AveragePrecision:
    """COCO's box AP of one class over pictures.

    Args:
        found: the detections of each picture, in any order.
        people: of the same pictures.
        most: detections of a picture that count, those of the highest scores.

    Raises:
        DataError: other numbers of pictures, wrong shapes, scores that are not finite, or no people
            to find.
    """
    require_pairs(found, people)
    total = sum(int(np.count_nonzero(~each.ignore_M)) for each in people)
    score_parts, hit_parts, counts_parts = [], [], []
    for (box_K4, score_K), truth in zip(found, people, strict=True):
        order_K = np.argsort(-score_K, kind="stable")[:most]
        hit_TK, counts_TK = _matched(box_K4[order_K], truth)
        score_parts.append(score_K[order_K])
        hit_parts.append(hit_TK)
        counts_parts.append(counts_TK)
    score_D = np.concatenate(score_parts)
    order_D = np.argsort(-score_D, kind="stable")
    hit_TD = np.concatenate(hit_parts, axis=1)[:, order_D]
    counts_TD = np.concatenate(counts_parts, axis=1)[:, order_D]
    ap_T = [
        _area(hit_D[counts_D], total) for hit_D, counts_D in zip(hit_TD, counts_TD, strict=True)
    ]
    best = _best_score(score_D[order_D][counts_TD[0]], hit_TD[0][counts_TD[0]], total)
    return AveragePrecision(ap_T[0], ap_T[5], float(np.mean(ap_T)), total, best)


def require_pairs(found: Sequence[Found], people: Sequence[Labelled]) -> None:
    """Raise DataError unless these are detections and people of the same pictures, and there are
    people to find."""
    if len(found) != len(people):
        raise DataError(f"found detections of {len(found)} pictures and people of {len(people)}")
    for box_K4, score_K in found:
        if box_K4.shape != (len(score_K), 4) or score_K.ndim != 1:
            raise DataError(
                f"found boxes {box_K4.shape} and scores {score_K.shape}; give (K, 4) and (K,)"
            )
        if not (np.isfinite(box_K4).all() and np.isfinite(score_K).all()):
            raise DataError("found detections that are not finite; check the network")
    if all(each.ignore_M.all() for each in people):
        raise DataError(f"found no people to find in {len(people)} pictures; give other data")


def _matched(box_K4: NDArray[np.floating], truth: Labelled) -> tuple[Bool, Bool]:
    """Whether each detection, by falling score, finds a person, and whether it counts (T, K)."""
    person_M4, region_M4 = truth.box_M4[~truth.ignore_M], truth.box_M4[truth.ignore_M]
    iou_KM = ious(box_K4, person_M4)
    shape = (len(THRESHOLDS), len(box_K4))
    hit_TK, every_T = np.zeros(shape, np.bool_), np.arange(len(THRESHOLDS))
    is_free_TM = np.ones((len(THRESHOLDS), len(person_M4)), np.bool_)
    for k in np.flatnonzero((iou_KM >= THRESHOLDS[0]).any(axis=1)):
        # The last of equal ones, as in pycocotools.
        open_TM = np.where(is_free_TM, iou_KM[k], -1)[:, ::-1]
        best_T = len(person_M4) - 1 - open_TM.argmax(axis=1)
        hit_TK[:, k] = open_TM.max(axis=1) >= THRESHOLDS
        is_free_TM[every_T[hit_TK[:, k]], best_T[hit_TK[:, k]]] = False
    within_K = shares_within(box_K4, region_M4).max(axis=1, initial=0)
    return hit_TK, hit_TK | (within_K < THRESHOLDS[:, None])


def _best_score(score_D: NDArray[np.floating], hit_D: Bool, total: int) -> float:
    """The lowest score that counts where F1 is highest; of falling scores."""
    if not hit_D.any():
        return 0.0
    hits_D = np.cumsum(hit_D)
    f1_D = 2 * hits_D / (np.arange(1, len(hit_D) + 1) + total)
    # Detections of one score count together.
    is_last_D = np.append(score_D[1:] < score_D[:-1], True)
    return float(score_D[np.where(is_last_D, f1_D, -1.0).argmax()])


def _area(hit_D: Bool, total: int) -> float:
    """Mean precision at the 101 recalls: the best of any recall at least as high."""
    if not len(hit_D):
        return 0.0
    hits_D = np.cumsum(hit_D)
    precision_D = hits_D / np.arange(1, len(hit_D) + 1)
    best_D = np.maximum.accumulate(precision_D[::-1])[::-1]
    place_R = np.searchsorted(hits_D / total, RECALLS, side="left")
    return float(np.append(best_D, 0.0)[place_R].mean())
