"""A value between measured points: on straight lines in log-log, never outside them.

    found = between(1e7, [(1e6, 1.0), (1e8, 100.0), (1e9, 900.0)])      # 10.0

Its error is measured by leaving out: each inner point is predicted from its two neighbours, and the
worst relative error is that of the method on these points.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_POINTS = 3
"""With two there is none to leave out, so nothing says how wrong the line is."""
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Between:
    """Attributes:
    value: at x.
    error: worst relative error of a point that was left out.
    left_out: how many there were.
    """

    value: float
    error: float
    left_out: int


class OutsideError(ValueError):
    """No value is given there; the text says why."""


def between(x: float, points: Sequence[Pair]) -> Between:
    """The value at x, between the points.

    Args:
        points: (x, y), all above 0, in any order; of equal x the geometric mean counts.

    Raises:
        OutsideError: fewer than three different x, or x is outside them.
    """
    merged = _merged(points)
    if len(merged) < LEAST_POINTS:
        raise OutsideError(f"{len(merged)} measured, and it takes {LEAST_POINTS}")
    low, high = merged[0][0], merged[-1][0]
    if not low <= x <= high:
        side = "below" if x < low else "above"
        raise OutsideError(f"{x:.3g} is {side} what was measured, {low:.3g} to {high:.3g}")
    errors = [
        abs(_line(middle[0], left, right) / middle[1] - 1)
        for left, middle, right in zip(merged, merged[1:], merged[2:], strict=False)
    ]
    for left, right in itertools.pairwise(merged):
        if left[0] <= x <= right[0]:
            return Between(_line(x, left, right), max(errors), len(errors))
    raise AssertionError("unreachable: x is between the ends")


def _merged(points: Sequence[Pair]) -> list[Pair]:
    """One point of each x, in order."""
    at: dict[float, list[float]] = {}
    for x, y in points:
        at.setdefault(x, []).append(math.log(y))
    return [(x, math.exp(sum(logs) / len(logs))) for x, logs in sorted(at.items())]


def _line(x: float, left: Pair, right: Pair) -> float:
    """The value at x of the power law through two points."""
    slope = math.log(right[1] / left[1]) / math.log(right[0] / left[0])
    return float(left[1] * (x / left[0]) ** slope)
