"""Cells whose loss lies far off what their neighbours say: diverged, or not trained enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from edgehuman.bench.scale.points import Point
from edgehuman.records import Float64

_MANY_SD = 3.0
_LEAST = 6
# Of a normal distribution: sd over the median absolute deviation.
_SD_OF_MAD = 1.4826
# Residuals smaller than this share of the loss are noise of no interest.
_LEAST_SD = 0.005


def off_their_neighbours(points: Sequence[Point]) -> list[Point]:
    """Points over 3 sd above a line through log loss over log share of their own series.

    A series: the same network, sampling, fold, augmentation and simulated or not; at least six
    points. The line is by the median of pairwise slopes (Theil-Sen), the sd by the median absolute
    deviation, so that what is looked for moves neither. Cells that were run again with another
    learning rate are judged, and judge, as they are.
    """
    series: dict[tuple[object, ...], list[Point]] = defaultdict(list)
    for point in points:
        if point.status == "done" and point.loss and point.share:
            key = (point.arch, point.sampling, point.fold, point.augment, point.simulated)
            series[key].append(point)
    found = []
    for group in series.values():
        if len(group) < _LEAST:
            continue
        x_N = np.log([point.share or 1.0 for point in group])
        y_N = np.log([point.loss or 1.0 for point in group])
        residual_N = y_N - _line(x_N, y_N)
        spread = max(_LEAST_SD, _SD_OF_MAD * float(np.median(np.abs(residual_N))))
        found += [p for p, r in zip(group, residual_N, strict=True) if r > _MANY_SD * spread]
    return found


def _line(x_N: Float64, y_N: Float64) -> Float64:
    """The values (N,) of the Theil-Sen line; the median where all x are the same."""
    first, second = np.triu_indices(len(x_N), 1)
    run_P = x_N[second] - x_N[first]
    apart_P = run_P != 0
    if not apart_P.any():
        return np.full(len(x_N), np.median(y_N))
    slope = float(np.median((y_N[second] - y_N[first])[apart_P] / run_P[apart_P]))
    return np.asarray(slope * x_N + np.median(y_N - slope * x_N))
