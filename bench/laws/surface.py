"""The joint law of parameters and data, where the points can carry it, with its checks.

Axes: B draws, P points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.bench.laws import joint, resample
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.laws.frontier import compute_constant
from edgehuman.records import Float64

FORM = "L = E + A N^-alpha + B D^-beta"
NAMES = ("E", "A", "B", "alpha", "beta")
SIZES, AMOUNTS, SPAN = 5, 6, 64.0
FEW_SIZES, FEW_AMOUNTS, FEW_SPAN, LITTLE_NOISE = 3, 5, 16.0, 0.003
_ALIKE = 1.02
_NOTHING = 1e-4


@dataclass(frozen=True, slots=True)
class Surface:
    """Attributes:
    law: by variable projection.
    intervals: name -> its interval. method: percentile or BCa.
    check: Approach 3 on the same points.
    held_out: the point of the most compute, predicted without it; None where it was not done.
    gamma: of C = gamma N D, where C is known.
    warnings: in words.
    """

    law: joint.JointLaw
    intervals: Mapping[str, tuple[float, float]]
    method: str
    check: joint.Approach3
    held_out: Mapping[str, Any] | None
    gamma: float | None
    warnings: tuple[str, ...]


def too_few(n_P: Float64, d_P: Float64, noise: float) -> str:
    """Why these points cannot carry a joint law; "" where they can.

    Planted laws (see docs/scale.md) are found again from 5 sizes x 6 amounts over 64 times the
    data; from 3 x 5 over 16 times only where a cell's noise is below 0.3 %.
    """
    sizes, amounts = _values(n_P), _values(d_P)
    span = float(d_P.max() / d_P.min())
    said = f"{sizes} sizes x {amounts} amounts over {span:.3g} times the data"
    if len(n_P) < 10 or sizes < FEW_SIZES or amounts < FEW_AMOUNTS or span < FEW_SPAN * 0.99:
        return f"{said}; a joint law needs {SIZES} x {AMOUNTS} over {SPAN:g} times"
    if sizes >= SIZES and amounts >= AMOUNTS and span >= SPAN * 0.99:
        return ""
    if noise < LITTLE_NOISE:
        return ""
    found = "no noise known (one seed)" if math.isnan(noise) else f"noise of {noise:.2%}"
    return (
        f"{said}, with {found}; a joint law needs {SIZES} x {AMOUNTS} over {SPAN:g} times, or "
        f"noise below {LITTLE_NOISE:.1%} between seeds"
    )


def _values(x_P: Float64) -> int:
    """How many values, those within 2 % taken as one."""
    held = np.sort(x_P)
    return 1 + int(np.sum(held[1:] > held[:-1] * _ALIKE))


def fit_surface(
    n_P: Float64, d_P: Float64, loss_P: Float64, rules: Rules, flops_P: Float64 | None = None
) -> Surface:
    """Fit the joint law with intervals of its parameters, Approach 3 beside it, and the star."""
    law, intervals, method, _ = _with_intervals(n_P, d_P, loss_P, rules)
    check = joint.approach_3(n_P, d_P, loss_P)
    warnings = []
    if intervals["E"][0] <= 1e-3 * float(loss_P.min()):
        warnings.append("no floor seen: the interval of E reaches 0")
    apart = [
        name
        for name, value in (("alpha", check.law.alpha), ("beta", check.law.beta))
        if not intervals[name][0] <= value <= intervals[name][1]
    ]
    if apart:
        warnings.append(
            f"Approach 3 gives another {' and '.join(apart)}: look for outliers, which it counts "
            "for less"
        )
    terms = (("N", law.a * n_P**-law.alpha), ("D", law.b * d_P**-law.beta))
    warnings += [
        f"no part of {letter} is seen, so its exponent says nothing"
        for letter, term_P in terms
        if term_P.max() < _NOTHING * loss_P.min()
    ]
    edges = [
        name
        for name, value in (("alpha", law.alpha), ("beta", law.beta))
        if not joint.LEAST_EXPONENT * 1.02 < value < joint.MOST_EXPONENT / 1.02
    ]
    if edges:
        warnings.append(f"{' and '.join(edges)} at the edge of what was searched: no such law")
    if check.agreeing < check.starts // 2:
        warnings.append(f"only {check.agreeing} of {check.starts} starts of Approach 3 agree")
    gamma = None if flops_P is None else compute_constant(n_P, d_P, flops_P)
    held_out = _held_out(n_P, d_P, loss_P, rules) if rules.hold_out else None
    return Surface(law, intervals, method, check, held_out, gamma, tuple(warnings))


def _numbers(law: joint.JointLaw) -> Float64:
    return np.array([law.floor, law.a, law.b, law.alpha, law.beta])


def _with_intervals(
    n_P: Float64, d_P: Float64, loss_P: Float64, rules: Rules
) -> tuple[joint.JointLaw, dict[str, tuple[float, float]], str, tuple[Float64, Float64, bool]]:
    law = joint.fit_joint(n_P, d_P, loss_P)
    points, one = len(loss_P), np.ones((1, len(loss_P)))
    fitted_P = law.at(n_P, d_P)
    noise_BP = resample.draw_residuals(
        np.log(loss_P / fitted_P), joint.log_jacobian(law, n_P, d_P), rules.draws, rules.seed
    )
    few = points < resample.BCA_FROM
    jackknife_K5 = None
    if few:
        theta_B5 = joint.refine(law, n_P, d_P, fitted_P * np.exp(noise_BP), one)
    else:
        weight_BP = resample.draw_weights(range(points), rules.draws, rules.seed)
        theta_B5 = joint.refine(law, n_P, d_P, loss_P[None], weight_BP)
        without = resample.leave_one_out(range(points))
        jackknife_K5 = joint.refine(law, n_P, d_P, loss_P[None], without)
    numbers, method, intervals = _numbers(law), "percentile", {}
    for k, name in enumerate(NAMES):
        found = resample.interval(
            theta_B5[:, k],
            rules.level,
            points,
            len(NAMES),
            float(numbers[k]),
            None if jackknife_K5 is None else jackknife_K5[:, k],
            few,
        )
        intervals[name] = (found.low, found.high)
        method = found.method
    return law, intervals, method, (theta_B5, noise_BP, few)


def _held_out(n_P: Float64, d_P: Float64, loss_P: Float64, rules: Rules) -> dict[str, Any] | None:
    """The cell of the largest N D, predicted by the others, with the noise of a cell."""
    last = int(np.argmax(n_P * d_P))
    left = np.arange(len(n_P)) != last
    if left.sum() < len(NAMES) + 2:
        return None
    law, _, _, (theta_B5, noise_BP, few) = _with_intervals(
        n_P[left], d_P[left], loss_P[left], rules
    )
    n, d = float(n_P[last]), float(d_P[last])
    floor, a, b, alpha, beta = theta_B5.T
    predicted_B = floor + a * n**-alpha + b * d**-beta
    noise_B = np.random.default_rng(rules.seed + 1).permutation(noise_BP[:, 0])
    predicted, measured = float(law.at(n, d)), float(loss_P[last])
    drawn_B, points = predicted_B * np.exp(noise_B), int(left.sum())
    found = resample.interval(drawn_B, rules.level, points, len(NAMES), predicted, of_residuals=few)
    return {
        "x": {"N": n, "D": d},
        "predicted": predicted,
        "interval": [found.low, found.high],
        "measured": measured,
        "inside": bool(found.low <= measured <= found.high),
        "error": abs(predicted / measured - 1.0),
    }
