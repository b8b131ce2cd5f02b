"""Error against discard: what is left of an error when the answers of the lowest quality go.

    error_K = discard_errors(quality_N, wrong_N, (0.0, 0.1, 0.2))

A quality is worth something if the error falls as it is used to discard; at random it stays. The
area between is the mean fall over the shares. ISO/IEC 29794-1 calls it the error versus discard
characteristic; source: Grother and Tabassi, "Performance of Biometric Quality Measures" (IEEE PAMI
2007), where it is error versus reject.

Axes: N answers, K shares, G distinct qualities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.metrics.bootstrap import Interval
from edgehuman.records import Float64

SHARES = tuple(round(0.05 * k, 2) for k in range(11))
"""0 to a half, in steps of 5 %."""


@dataclass(frozen=True, slots=True)
class DiscardCurve:
    """Attributes:
    shares: that are discarded (K,).
    error_K: what is left of the error.
    low_K, high_K: its 95 % interval over people.
    area: how much lower the error is than at random, mean over the shares above 0.
    """

    shares: tuple[float, ...]
    error_K: Float64
    low_K: Float64
    high_K: Float64
    area: Interval


def discard_errors(
    quality_N: NDArray[np.floating],
    wrong_N: NDArray[np.floating],
    shares: Sequence[float] = SHARES,
    weight_N: NDArray[np.floating] | None = None,
) -> Float64:
    """The share of wrong answers among those that are left, (K,). Of answers of equal quality all
    go by the same part.

    Args:
        quality_N: higher is better.
        wrong_N: 1 for a wrong answer, 0 for a right one, or a share.
        weight_N: how often each answer counts; None: once.

    Raises:
        DataError: no answers, unequal lengths, values that are not finite, or a share outside
            0 to below 1.
    """
    weight_N = np.ones(len(quality_N)) if weight_N is None else np.asarray(weight_N, np.float64)
    if not len(quality_N) or not len(quality_N) == len(wrong_N) == len(weight_N):
        raise DataError(
            f"found {len(quality_N)} qualities, {len(wrong_N)} answers and {len(weight_N)} "
            "weights; give one of each for each answer"
        )
    if not np.isfinite(quality_N).all() or not np.isfinite(wrong_N).all():
        raise DataError("found a quality or an error that is not finite; leave such answers out")
    if not all(0.0 <= share < 1.0 for share in shares):
        raise DataError(f"shares are {[*shares]}; each must be from 0 to below 1")
    level_G, group_N = np.unique(quality_N, return_inverse=True)
    group_N = group_N.reshape(-1)
    mass_G = np.bincount(group_N, weight_N, len(level_G))
    wrong_G = np.bincount(group_N, weight_N * np.asarray(wrong_N, np.float64), len(level_G))
    gone = np.concatenate([[0.0], np.cumsum(mass_G)])
    wrong = np.concatenate([[0.0], np.cumsum(wrong_G)])
    cut_K = np.asarray(shares, np.float64) * gone[-1]
    left_K: Float64 = (wrong[-1] - np.interp(cut_K, gone, wrong)) / np.maximum(
        gone[-1] - cut_K, 1e-12
    )
    return left_K


def area_between(error_K: Float64, shares: Sequence[float] = SHARES) -> float:
    """How much lower the error is than without discarding, mean over the shares above 0."""
    discarded = np.asarray(shares) > 0.0
    return float(error_K[0] - error_K[discarded].mean()) if discarded.any() else 0.0


def discard_curve(
    quality_N: NDArray[np.floating],
    wrong_N: NDArray[np.floating],
    person_N: NDArray[np.generic],
    shares: Sequence[float] = SHARES,
    resamples: int = 1000,
    seed: int = 0,
) -> DiscardCurve:
    """The curve with intervals that resample people, as answers of one depend on each other. The
    first share must be 0.

    Raises:
        DataError: as `discard_errors`; or fewer than two people.
    """
    error_K = discard_errors(quality_N, wrong_N, shares)
    _, whose_N = np.unique(person_N, return_inverse=True)
    whose_N = whose_N.reshape(-1)
    people = int(whose_N.max()) + 1
    if people < 2:
        raise DataError("found 1 person; an interval over people needs at least two")
    times_RP = np.random.default_rng(seed).multinomial(
        people, np.full(people, 1 / people), size=resamples
    )
    drawn_RK = np.stack(
        [discard_errors(quality_N, wrong_N, shares, times_P[whose_N]) for times_P in times_RP]
    )
    low_K, high_K = np.percentile(drawn_RK, [2.5, 97.5], axis=0)
    areas = [area_between(drawn_K, shares) for drawn_K in drawn_RK]
    low, high = np.percentile(areas, [2.5, 97.5])
    area = Interval(area_between(error_K, shares), float(low), float(high), 0.95)
    return DiscardCurve(tuple(shares), error_K, low_K, high_K, area)
