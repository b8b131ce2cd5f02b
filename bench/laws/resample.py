"""Bootstrap intervals of a fit: whole cells are drawn, all seeds of a cell together.

    residual_BP = draw_residuals(residual_P, jacobian_PK, 1000, seed)       fewer than 30 cells
    weight_BP = draw_weights(cluster_P, 1000, seed, enough)                 more, and folds
    interval(estimates_B, level=0.9, points=8, parameters=2)

A sweep's amounts are chosen. Of few cells, draws that leave out an end of the range make intervals
far too wide, so the cells' residuals are drawn onto the amounts as they are; from 30 cells on the
cells themselves are, and the interval is corrected for bias and acceleration (BCa: Efron, JASA 82,
1987). Percentile intervals of few points are expanded to what Student's t asks for (Hesterberg,
"What Teachers Should Know About the Bootstrap", The American Statistician 69, 2015). Axes: B draws,
P points, K parameters or clusters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.records import Float64

DRAWS = 1000
BCA_FROM, FEW = 30, 2
"""Points from which BCa intervals are given; degrees of freedom up to which Student's t is."""
_ROUNDS = 60
_OFF = 0.05


@dataclass(frozen=True, slots=True)
class Interval:
    """Attributes:
    low, high: its ends.
    method: percentile (expanded for few points) or BCa.
    """

    low: float
    high: float
    method: str = "percentile"


def draw_weights(
    cluster_P: Sequence[object],
    draws: int,
    seed: int,
    enough: Callable[[Float64], NDArray[np.bool_]] | None = None,
) -> Float64:
    """How often each point is in each draw of as many clusters as there are, B x P.

    Args:
        cluster_P: what is drawn together: the points of equal values here.
        enough: weights B x P -> whether a draw can be fitted; others are drawn again.

    Raises:
        DataError: nearly no draw can be fitted.
    """
    number, of_P = np.unique(np.asarray([str(each) for each in cluster_P]), return_inverse=True)
    clusters = len(number)
    rng = np.random.default_rng(seed)
    even = np.full(clusters, 1.0 / clusters)
    kept: Float64 = np.empty((0, len(of_P)))
    for _ in range(_ROUNDS):
        counts_BK = rng.multinomial(clusters, even, size=draws)
        weight_BP = counts_BK[:, of_P].astype(np.float64)
        if enough is not None:
            weight_BP = weight_BP[enough(weight_BP)]
        kept = np.concatenate([kept, weight_BP])[:draws]
        if len(kept) == draws:
            return kept
    raise DataError(
        f"{clusters} cells or folds cannot be drawn again so that a law can be fitted; measure more"
    )


def draw_residuals(residual_P: Float64, jacobian_PK: Float64, draws: int, seed: int) -> Float64:
    """Residuals drawn with replacement, B x P: centred, and each divided by the square root of one
    less its leverage, as a fit makes the residuals of its own points too small.

    Args:
        jacobian_PK: derivatives of the fitted values by the parameters.
    """
    basis_PK = np.linalg.qr(jacobian_PK)[0]
    left_P = np.maximum(1.0 - np.sum(basis_PK**2, axis=1), 1e-3)
    wide_P = residual_P / np.sqrt(left_P)
    wide_P -= wide_P.mean()
    points = len(residual_P)
    picked_BP = np.random.default_rng(seed).integers(0, points, (draws, points))
    return np.asarray(wide_P[picked_BP])


def distinct(x_P: Float64, at_least: int) -> Callable[[Float64], NDArray[np.bool_]]:
    """For `draw_weights`: whether a draw has points at so many values of x."""
    _, of_P = np.unique(x_P, return_inverse=True)
    member_PV = np.eye(of_P.max() + 1)[of_P]

    def enough(weight_BP: Float64) -> NDArray[np.bool_]:
        return np.asarray(((weight_BP @ member_PV) > 0).sum(axis=1) >= at_least)

    return enough


def leave_one_out(cluster_P: Sequence[object]) -> Float64:
    """The weights of the jackknife, K x P: all clusters but one."""
    number, of_P = np.unique(np.asarray([str(each) for each in cluster_P]), return_inverse=True)
    return 1.0 - np.eye(len(number))[:, of_P]


def interval(
    estimates_B: Float64,
    level: float,
    points: int,
    parameters: int,
    estimate: float | None = None,
    jackknife_K: Float64 | None = None,
    of_residuals: bool = False,
) -> Interval:
    """The interval of an estimate from its draws; those that are not finite are left out.

    Args:
        level: 0.9 for 90 %.
        points: clusters that were drawn of. parameters: of the fit.
        estimate, jackknife_K: of all points, and without each cluster: for BCa.
        of_residuals: the draws are of `draw_residuals`, whose spread is right already.
    """
    held = np.sort(estimates_B[np.isfinite(estimates_B)])
    if len(held) < 2:
        return Interval(float("nan"), float("nan"))
    if estimate is not None and points - parameters <= FEW:
        return student(held, estimate, level, points, parameters, of_residuals)
    low = expanded_level(level, points, parameters, of_residuals)
    high, method = 1.0 - low, "percentile"
    if points >= BCA_FROM and estimate is not None and jackknife_K is not None:
        below = _share_below(held, estimate)
        if _OFF < below < 1.0 - _OFF:
            low, high = _bca_levels(level, below, len(held), jackknife_K)
            method = "BCa"
        else:  # at a bound, such as a floor of 0, there is no bias to correct
            ends = [*np.quantile(held, [low, high]), estimate]
            return Interval(float(min(ends)), float(max(ends)), method)
    return Interval(float(np.quantile(held, low)), float(np.quantile(held, high)), method)


def _share_below(held_B: Float64, estimate: float) -> float:
    same = 0.5 * np.sum(held_B == estimate)
    return float((np.sum(held_B < estimate) + same) / len(held_B))


def student(
    estimates_B: Float64,
    estimate: float,
    level: float,
    points: int,
    parameters: int = 1,
    of_residuals: bool = False,
) -> Interval:
    """The interval of an estimate of few clusters, such as three folds: as wide as Student's t asks
    for by the draws' deviation. Percentiles end at the range of what was drawn, which is far too
    narrow of three.
    """
    from scipy.stats import t

    free = max(points - parameters, 1)
    half = float(t.ppf((1.0 + level) / 2.0, free) * np.std(estimates_B))
    if not of_residuals:
        half *= float(np.sqrt(points / free))
    return Interval(estimate - half, estimate + half, "Student's t of the draws")


@functools.lru_cache(maxsize=256)
def expanded_level(level: float, points: int, parameters: int, of_residuals: bool = False) -> float:
    """The lower percentile whose interval is as wide as Student's t with points - parameters
    degrees of freedom asks for; (1 - level) / 2 for many points.
    """
    from scipy.stats import norm, t

    free = max(points - parameters, 1)
    wide = t.ppf((1.0 + level) / 2.0, free)
    if not of_residuals:
        wide *= np.sqrt(points / free)
    return float(norm.cdf(-wide))


def band(
    values_BG: Float64,
    estimate_G: Float64,
    level: float,
    points: int,
    parameters: int,
    of_residuals: bool,
) -> tuple[Float64, Float64]:
    """The interval of each column, without BCa: of a curve at many places."""
    held_BG = values_BG[np.isfinite(values_BG).all(axis=1)]
    if points - parameters <= FEW:
        ends = [
            student(held_BG[:, k], float(each), level, points, parameters, of_residuals)
            for k, each in enumerate(estimate_G)
        ]
        return np.array([end.low for end in ends]), np.array([end.high for end in ends])
    low = expanded_level(level, points, parameters, of_residuals)
    ends_2G = np.quantile(held_BG, [low, 1.0 - low], axis=0)
    return ends_2G[0], ends_2G[1]


def _bca_levels(
    level: float, below: float, draws: int, jackknife_K: Float64
) -> tuple[float, float]:
    from scipy.stats import norm

    bias = norm.ppf(np.clip(below, 1 / draws, 1 - 1 / draws))
    apart = np.mean(jackknife_K) - jackknife_K
    spread = np.sum(apart**2)
    turn = np.sum(apart**3) / (6.0 * spread**1.5) if spread > 0 else 0.0
    ends = []
    for z in norm.ppf([(1.0 - level) / 2.0, (1.0 + level) / 2.0]):
        ends.append(float(norm.cdf(bias + (bias + z) / (1.0 - turn * (bias + z)))))
    return ends[0], ends[1]
