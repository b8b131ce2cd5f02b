"""Crowd detection: AP, MR^-2 and the Jaccard index, as CrowdDet's evaluation computes them.

    found = crowd_scores([(box_K4, score_K), ...], people, sizes)
    found.ap, found.miss_rate
    jaccard_index(detections, people, sizes)

Source: Shao et al., "CrowdHuman", arXiv 1805.00123; Chu et al., "Detection in Crowded Scenes",
CVPR 2020, and its released evaluation. Per picture, by falling score, a detection takes the free
person of the best IoU above 0.5; else it vanishes if more than half of it lies within a region to
ignore; else it is false.

AP      the area below precision over recall, by trapezia between its points, from the first on,
        without an envelope: not COCO's
MR^-2   log-average of the miss rate at nine rates of false detections per picture, each at the
        first point that reaches it; 0 if a miss rate is 0
JI      the best over ten score thresholds of the mean over pictures of
        matched / (detections + people - matched), matched by the greatest sum of IoUs

Axes: N pictures, K detections of one, M people of one, D detections of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.install import not_installed
from edgehuman.metrics.boxes.detection import Found, Labelled, require_pairs
from edgehuman.metrics.boxes.overlap import ious, shares_within
from edgehuman.records import Bool, Float64, Intp

LEAST = 0.5
FALSE_PER_PICTURE = (0.01, 0.0178, 0.0316, 0.0562, 0.1, 0.1778, 0.3162, 0.5623, 1.0)
SCORES: tuple[float, ...] = tuple(step * 0.1 for step in range(10))

Size = tuple[int, int]
"""Height and width of a picture."""


@dataclass(frozen=True, slots=True)
class CrowdScores:
    """Attributes:
    ap: 0..1, higher is better.
    miss_rate: MR^-2, 0..1, lower is better.
    people: number that counted.
    """

    ap: float
    miss_rate: float
    people: int


@dataclass(frozen=True, slots=True)
class _Picture:
    """Detections by falling score, and people, clipped to their picture."""

    box_K4: Float64
    score_K: Float64
    person_M4: Float64
    region_R4: Float64


def crowd_scores(
    found: Sequence[Found], people: Sequence[Labelled], sizes: Sequence[Size]
) -> CrowdScores:
    """AP and MR^-2 over pictures.

    Args:
        found: the detections of each picture, in any order.
        people: of the same pictures.
        sizes: of the same pictures; boxes are clipped to them.

    Raises:
        DataError: other numbers of pictures, wrong shapes, scores that are not finite, or no people
            to find.
    """
    pictures = list(_pictures(found, people, sizes))
    total = sum(len(picture.person_M4) for picture in pictures)
    score_parts, hit_parts = [], []
    for picture in pictures:
        hit_K, counts_K = _taken(picture)
        score_parts.append(picture.score_K[counts_K])
        hit_parts.append(hit_K[counts_K])
    order_D = np.argsort(-np.concatenate(score_parts), kind="stable")
    hit_D = np.concatenate(hit_parts)[order_D]
    if not len(hit_D):
        return CrowdScores(0.0, 1.0, total)
    true_D = np.cumsum(hit_D)
    recall_D = true_D / total
    precision_D = true_D / np.arange(1, len(hit_D) + 1)
    mean_D = (precision_D[1:] + precision_D[:-1]) / 2
    ap = float(np.sum(mean_D * np.diff(recall_D)))
    return CrowdScores(ap, _miss_rate(1 - recall_D, np.cumsum(~hit_D) / len(pictures)), total)


def jaccard_index(
    found: Sequence[Found], people: Sequence[Labelled], sizes: Sequence[Size]
) -> float:
    """JI over pictures, of the best of the score thresholds.

    Raises:
        DataError: as `crowd_scores`.
        MissingDependencyError: scipy is not installed.
    """
    return max(jaccard_by_score(found, people, sizes))


def jaccard_by_score(
    found: Sequence[Found], people: Sequence[Labelled], sizes: Sequence[Size]
) -> list[float]:
    """The ratio at each of `SCORES`; see `jaccard_index`."""
    pictures = list(_pictures(found, people, sizes))
    means = []
    for least in SCORES:
        ratios = [ratio for picture in pictures if (ratio := _ratio(picture, least)) is not None]
        means.append(float(np.mean(ratios)) if ratios else 0.0)
    return means


def _pictures(
    found: Sequence[Found], people: Sequence[Labelled], sizes: Sequence[Size]
) -> Iterable[_Picture]:
    require_pairs(found, people)
    if len(sizes) != len(people):
        raise DataError(f"found the sizes of {len(sizes)} pictures for {len(people)}")
    for (box_K4, score_K), truth, size in zip(found, people, sizes, strict=True):
        order_K = np.argsort(-score_K, kind="stable")
        box_M4 = _clipped(truth.box_M4, size)
        yield _Picture(
            _clipped(box_K4[order_K], size),
            score_K[order_K].astype(np.float64),
            box_M4[~truth.ignore_M],
            box_M4[truth.ignore_M],
        )


def _clipped(box_K4: NDArray[np.floating], size: Size) -> Float64:
    height, width = size
    limit_4 = np.array((width - 1, height - 1, width, height), np.float64)
    return np.asarray(np.clip(box_K4.astype(np.float64), 0, limit_4))


def _taken(picture: _Picture) -> tuple[Bool, Bool]:
    """Whether each detection finds a person, and whether it counts (K,)."""
    iou_KM = ious(picture.box_K4, picture.person_M4)
    is_free_M = np.ones(len(picture.person_M4), np.bool_)
    hit_K = np.zeros(len(iou_KM), np.bool_)
    for k in np.flatnonzero((iou_KM > LEAST).any(axis=1)):
        open_M = np.where(is_free_M, iou_KM[k], 0)
        best = int(open_M.argmax())
        if open_M[best] > LEAST:
            hit_K[k], is_free_M[best] = True, False
    return hit_K, hit_K | ~_is_within(picture.box_K4, picture.region_R4)


def _is_within(box_K4: Float64, region_R4: Float64) -> Bool:
    """Whether more than half of a box lies within one of the regions."""
    return np.asarray((shares_within(box_K4, region_R4) > LEAST).any(axis=1))


def _miss_rate(missed_D: Float64, false_D: Float64) -> float:
    at = np.searchsorted(false_D, FALSE_PER_PICTURE, side="left")
    chosen = missed_D[np.minimum(at, len(missed_D) - 1)]
    with np.errstate(divide="ignore"):  # a miss rate of 0: exp(-inf) is 0
        return float(np.exp(np.mean(np.log(chosen))))


def _ratio(picture: _Picture, least: float) -> float | None:
    """Of the detections above a score; None if there is neither a detection nor a person."""
    box_K4, person_M4 = picture.box_K4[picture.score_K > least], picture.person_M4
    row_J, column_J = _matching(ious(box_K4, person_M4))
    rest_K, rest_M = np.ones(len(box_K4), np.bool_), np.ones(len(person_M4), np.bool_)
    rest_K[row_J], rest_M[column_J] = False, False
    away = np.count_nonzero(_is_within(box_K4[rest_K], picture.region_R4))
    hidden = np.count_nonzero(_is_within(person_M4[rest_M], picture.region_R4))
    boxes, persons = len(box_K4) - away, len(person_M4) - hidden
    if not boxes and not persons:
        return None
    return float(len(row_J) / (boxes + persons - len(row_J) + 1e-6))


def _matching(iou_KM: Float64) -> tuple[Intp, Intp]:
    """Pairs of the greatest sum of IoUs, each above 0.5."""
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise not_installed("scipy", "the Jaccard index") from None
    edge_KM = np.where(iou_KM > LEAST, iou_KM, 0)
    row_J, column_J = linear_sum_assignment(edge_KM, maximize=True)
    is_edge_J = edge_KM[row_J, column_J] > 0
    return row_J[is_edge_J], column_J[is_edge_J]
