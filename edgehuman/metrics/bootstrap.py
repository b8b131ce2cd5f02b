"""Seeded percentile bootstrap intervals.

Source: Efron and Tibshirani, "An Introduction to the Bootstrap", chapter 13. Outliers are kept:
every measured value can be drawn. Axes: N values, R resamples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgehuman.errors import DataError
from edgehuman.records import Float64

Statistic = Callable[[Float64], Float64]

# Resamples are drawn in blocks of about this many values, so memory stays bounded.
BLOCK_VALUES = 4_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A statistic with its bootstrap interval.

    Attributes:
        value: the statistic of the values as measured.
        low, high: the interval's ends.
        level: its coverage, e.g. 0.95.
    """

    value: float
    low: float
    high: float
    level: float


def mean(value_RN: Float64) -> Float64:
    """Return the mean of each row."""
    return np.asarray(value_RN.mean(axis=1))


def percentile(q: float) -> Statistic:
    """Return a statistic that computes the q-th percentile (0..100) of each row."""
    return lambda value_RN: np.asarray(np.percentile(value_RN, q, axis=1))


def interval(
    values: ArrayLike,
    statistic: Statistic,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the statistic of `values` with the interval that contains `level` of the resamples.

    Args:
        values: measured values, (N,).
        statistic: one number per row, (R, N) -> (R,): `mean`, `percentile(q)`.
        level: coverage, between 0 and 1.
        resamples: number of resamples with replacement, each of N values.
        seed: the same seed gives the same interval.

    Raises:
        DataError: no values, a value that is not finite, or a level outside (0, 1).
    """
    value_N = np.asarray(values, np.float64)
    if value_N.ndim != 1 or value_N.size == 0 or not np.isfinite(value_N).all():
        raise DataError(f"found values of shape {value_N.shape}; give at least one, all finite")
    if not 0.0 < level < 1.0:
        raise DataError(f"found level {level}; it must be between 0 and 1, e.g. 0.95")
    drawn_R = _resampled(value_N, statistic, resamples, np.random.default_rng(seed))
    low, high = np.percentile(drawn_R, [50 * (1 - level), 50 * (1 + level)])
    return Interval(float(statistic(value_N[None])[0]), float(low), float(high), level)


def _resampled(
    value_N: Float64,
    statistic: Statistic,
    resamples: int,
    rng: np.random.Generator,
) -> Float64:
    """Return the statistic of each resample, (R,)."""
    rows = max(1, BLOCK_VALUES // value_N.size)
    blocks = []
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        index_RN = rng.integers(0, value_N.size, (count, value_N.size))
        blocks.append(statistic(value_N[index_RN]))
    return np.concatenate(blocks)


def interval_of_groups(
    value_GX: NDArray[Any],
    statistic: Callable[[NDArray[Any]], Float64],
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the interval of a statistic of summed groups, resampling whole groups.

    For clustered values, such as the windows of one person: people are resampled, not windows.

    Args:
        value_GX: sums of each of G groups, numbers, e.g. confusion counts (G, C, C).
        statistic: one number per total: (R, ...) -> (R,).
        level, resamples, seed: as in `interval`.

    Raises:
        DataError: fewer than two groups.
    """
    groups = len(value_GX)
    if groups < 2:
        raise DataError(f"found {groups} group(s); an interval over groups needs at least two")
    rng = np.random.default_rng(seed)
    times_RG = rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    drawn_R = statistic(np.tensordot(times_RG, value_GX, axes=1))
    low, high = np.percentile(drawn_R, [50 * (1 - level), 50 * (1 + level)])
    whole = statistic(np.asarray(value_GX.sum(axis=0))[None])
    return Interval(float(whole[0]), float(low), float(high), level)
