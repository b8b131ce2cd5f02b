"""Errors of pose detectors against a reference: size, how long they last, exchanged sides, doubt.

Places are in shares of the person's height; a joint without a reference is NaN.

Axes: N looks at a person, J joints of COCO, 2: x and y.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.geometry import COCO_17
from edgehuman.records import Bool, Float64, Index

SURE = 0.3
"""From this confidence on, a joint counts as found."""
PARTS = ("nose", "eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
LEGS, ARMS = ("knee", "ankle"), ("elbow", "wrist")
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# Sides count as exchanged if that brings both joints together nearer by this share of the height.
_NEARER = 0.04


@dataclass(frozen=True, slots=True)
class Looks:
    """What one detector made of many looks, and what is taken for true.

    Attributes:
        found_NJ2, true_NJ2: places; NaN in `true_NJ2` where nobody knows.
        sure_NJ: confidence, 0 to 1.
        next_N: the look of the same person a frame later, or -1.
    """

    found_NJ2: Float64
    sure_NJ: Float64
    true_NJ2: Float64
    next_N: Index

    def errors(self) -> Float64:
        """Distances (N, J), NaN where there is no reference or the joint was not found."""
        error_NJ = np.linalg.norm(self.found_NJ2 - self.true_NJ2, axis=2)
        return np.asarray(np.where(self.sure_NJ >= SURE, error_NJ, np.nan))


def agreed(places: Sequence[Float64], sure: Sequence[Float64], within: float) -> Float64:
    """Return the mean (N, J, 2) of several detectors; NaN where one is in doubt, or two are further
    apart than `within`.
    """
    place_KNJ2, sure_KNJ = np.stack(places), np.stack(sure)
    mean_NJ2 = place_KNJ2.mean(axis=0)
    apart_NJ = np.linalg.norm(place_KNJ2[:, None] - place_KNJ2[None], axis=4).max(axis=(0, 1))
    is_known_NJ = (sure_KNJ >= SURE).all(axis=0) & (apart_NJ <= within)
    return np.asarray(np.where(is_known_NJ[..., None], mean_NJ2, np.nan))


def summary(looks: Looks) -> dict[str, float]:
    """Return the errors of a detector over all joints, in percent (of the height, of looks).

    median, p90: of the distance. lasting: correlation of an error with that of the next frame, the
    mean of each joint taken out. legs, arms: pairs whose sides are exchanged. missing: joints with
    a reference that were not found.
    """
    error_NJ = looks.errors()
    has_NJ = np.isfinite(looks.true_NJ2).all(axis=2)
    known = error_NJ[np.isfinite(error_NJ)]
    return {
        "median": 100 * float(np.median(known)),
        "p90": 100 * float(np.percentile(known, 90)),
        "lasting": 100 * lasting(looks),
        "legs": 100 * exchanged(looks, LEGS),
        "arms": 100 * exchanged(looks, ARMS),
        "missing": 100 * float((looks.sure_NJ < SURE)[has_NJ].mean()),
    }


def lasting(looks: Looks) -> float:
    """Return the correlation of errors in x and y with those of the next frame, -1..1; NaN where
    they do not vary.
    """
    off_NJ2 = np.where((looks.errors() >= 0)[..., None], looks.found_NJ2 - looks.true_NJ2, np.nan)
    off_NJ2 = off_NJ2 - middle_of(off_NJ2)
    has_next_N = looks.next_N >= 0
    now, then = off_NJ2[has_next_N], off_NJ2[looks.next_N[has_next_N]]
    both = np.isfinite(now) & np.isfinite(then)
    if both.sum() < 2 or min(np.ptp(now[both]), np.ptp(then[both])) < 1e-9:
        return float("nan")
    return float(np.corrcoef(now[both], then[both])[0, 1])


def middle_of(value_NX: Float64 | Sequence[Float64]) -> Float64:
    """Return the mean over the first axis of what is no NaN; NaN where nothing is."""
    array_NX = np.asarray(value_NX)
    is_known_NX = np.isfinite(array_NX)
    count_X = is_known_NX.sum(axis=0)
    total_X = np.where(is_known_NX, array_NX, 0.0).sum(axis=0)
    return np.asarray(np.where(count_X > 0, total_X / np.maximum(count_X, 1), np.nan))


def exchanged(looks: Looks, parts: Sequence[str]) -> float:
    """Return the share of looks whose pair of limbs fits better with left and right exchanged."""
    right, left = ([COCO_17.index(f"{side}_{part}") for part in parts] for side in "rl")
    own, other = [*right, *left], [*left, *right]
    straight_NJ, crossed_NJ = (
        np.linalg.norm(looks.found_NJ2[:, order] - looks.true_NJ2[:, own], axis=2)
        for order in (own, other)
    )
    judged_N = np.isfinite(straight_NJ).all(axis=1) & (looks.sure_NJ[:, own] >= SURE).all(axis=1)
    if not judged_N.any():
        return float("nan")
    gain_N = (straight_NJ - crossed_NJ).mean(axis=1)[judged_N]
    return float((gain_N > _NEARER).mean())


def by_part(looks: Looks, chosen_N: Bool | None = None) -> Mapping[str, tuple[float, float, float]]:
    """Return for each part of the body, both sides together, in percent of the height: the bias
    along x (positive: ahead, if looks are turned so) and y (positive: down), and the spread about
    it, robust: 1.48 medians of the distance from the median, the mean of x and y.
    """
    off_NJ2 = np.where((looks.errors() >= 0)[..., None], looks.found_NJ2 - looks.true_NJ2, np.nan)
    off_NJ2 = off_NJ2 if chosen_N is None else off_NJ2[chosen_N]
    found = {}
    for part in PARTS:
        columns = [i for i, name in enumerate(COCO_17) if name.split("_")[-1] == part]
        off_K2 = off_NJ2[:, columns].reshape(-1, 2)
        off_K2 = off_K2[np.isfinite(off_K2).all(axis=1)]
        if len(off_K2):
            middle_2 = np.median(off_K2, axis=0)
            spread = 1.48 * float(np.median(np.abs(off_K2 - middle_2), axis=0).mean())
            found[part] = (100 * float(middle_2[0]), 100 * float(middle_2[1]), 100 * spread)
    return found


def by_confidence(looks: Looks) -> list[tuple[float, int]]:
    """Return for each of `BINS` the median distance of its joints, in percent of the height, and
    how many there are; the doubtful ones count here.
    """
    error_NJ = np.linalg.norm(looks.found_NJ2 - looks.true_NJ2, axis=2)
    known_NJ = np.isfinite(error_NJ)
    rows = []
    for low, high in itertools.pairwise(BINS):
        inside = known_NJ & (looks.sure_NJ >= low) & (looks.sure_NJ < high + (high == BINS[-1]))
        median = 100 * float(np.median(error_NJ[inside])) if inside.any() else float("nan")
        rows.append((median, int(inside.sum())))
    return rows


def from_the_side(true_NJ2: Float64) -> Bool:
    """(N,) whether the shoulders are seen nearer to each other than 0.35 trunks; False where nobody
    knows.
    """
    at = {name: true_NJ2[:, COCO_17.index(name)] for name in COCO_17}
    wide_N = np.linalg.norm(at["r_shoulder"] - at["l_shoulder"], axis=1)
    trunk_N2 = at["r_shoulder"] + at["l_shoulder"] - at["r_hip"] - at["l_hip"]
    return np.asarray(wide_N < 0.35 * 0.5 * np.linalg.norm(trunk_N2, axis=1))
