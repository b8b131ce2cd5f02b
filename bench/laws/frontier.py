"""The gait paper's curves: IsoFLOP, IsoAccuracy, C = gamma N D.

Source: "On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition", arXiv
2504.07598, figures 5 to 8. A parabola through losses of equal compute is a picture only: its
vertex is biased even without noise, by the grid's width and place (arXiv 2603.22339); a joint law
gives the optimum. Axes: P points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.bench.laws.power import lines
from edgehuman.records import Float64

LEAST_OF_A_PARABOLA = 5
DECADE = 10.0
OCTAVE = 2.0
PICTURE_ONLY = "a picture only: the vertex of a parabola is biased even without noise"


@dataclass(frozen=True, slots=True)
class Log2Law:
    """P = a log2 x + E, within the range measured."""

    a: float
    e: float

    def at(self, x: float) -> float:
        """P at x."""
        return self.a * math.log2(x) + self.e


@dataclass(frozen=True, slots=True)
class Parabola:
    """log10 L = c2 u^2 + c1 u + c0 with u = log10 N - centre.

    Attributes:
        vertex: N at its least; NaN where it has none.
        used: indices of the points it was fitted to.
        warnings: why its vertex is not to be used.
    """

    c2: float
    c1: float
    c0: float
    centre: float
    vertex: float
    used: tuple[int, ...]
    warnings: tuple[str, ...]

    def at(self, n_P: Float64) -> Float64:
        """L at each N."""
        u = np.log10(n_P) - self.centre
        return np.asarray(10.0 ** (self.c2 * u**2 + self.c1 * u + self.c0))


@dataclass(frozen=True, slots=True)
class PlaneLaw:
    """P = a log2 N + b log2 D + E: its lines of equal P are those of figure 7."""

    a: float
    b: float
    e: float

    def at(self, n: Float64 | float, d: Float64 | float) -> Float64:
        """P at N, D."""
        return np.asarray(self.a * np.log2(n) + self.b * np.log2(d) + self.e)

    def data_for(self, share: float, n_P: Float64) -> Float64:
        """D that reaches this P, for each N; infinite where no number of a computer does."""
        with np.errstate(over="ignore"):
            return np.asarray(2.0 ** ((share - self.e - self.a * np.log2(n_P)) / self.b))


def fit_log2(x_P: Float64, share_P: Float64) -> Log2Law:
    """The line of P against log2 x by least squares; at least two values of x."""
    slope_B, level_B = lines(np.log2(x_P), share_P, np.ones((1, len(x_P))))
    return Log2Law(float(slope_B[0]), float(level_B[0]))


def compute_constant(n_P: Float64, d_P: Float64, flops_P: Float64) -> float:
    """gamma of C = gamma N D: the line through the origin by least squares."""
    both_P = n_P * d_P
    return float(np.sum(flops_P * both_P) / np.sum(both_P**2))


def budgets(flops_P: Float64, width: float = OCTAVE) -> list[tuple[float, tuple[int, ...]]]:
    """The points by compute: budget and the indices of those within sqrt(width) of it.

    Budgets stand `width` apart, from the least compute on.
    """
    place_P = np.round(np.log(flops_P / flops_P.min()) / math.log(width)).astype(int)
    return [
        (float(flops_P.min() * width**place), tuple(np.flatnonzero(place_P == place).tolist()))
        for place in np.unique(place_P)
    ]


def fit_parabola(n_P: Float64, loss_P: Float64) -> Parabola | str:
    """A parabola through losses of equal compute, of the points within a decade of its vertex.

    Returns:
        The reason where none can be drawn.
    """
    log_n_P, log_loss_P = np.log10(n_P), np.log10(loss_P)
    used: NDArray[np.intp] = np.arange(len(n_P))
    for _ in range(2):
        if len(np.unique(n_P[used])) < LEAST_OF_A_PARABOLA:
            return (
                f"{len(np.unique(n_P[used]))} sizes within a decade; a parabola needs "
                f"{LEAST_OF_A_PARABOLA}"
            )
        centre = float(log_n_P[used].mean())
        c2, c1, c0 = np.polyfit(log_n_P[used] - centre, log_loss_P[used], 2)
        top = centre - c1 / (2 * c2) if c2 > 0 else math.nan
        near = np.flatnonzero(np.abs(log_n_P - top) <= math.log10(DECADE))
        if c2 <= 0 or len(near) == len(used):
            break
        used = near
    warnings = [PICTURE_ONLY]
    low, high = float(n_P[used].min()), float(n_P[used].max())
    if c2 <= 0:
        warnings.append("it opens downward, so it has no least loss")
    elif not low <= 10.0**top <= high:
        warnings.append(
            f"its vertex, {10.0**top:.3g}, is outside the grid, {low:.3g} to {high:.3g}"
        )
    vertex = float(10.0**top) if c2 > 0 else math.nan
    return Parabola(
        float(c2), float(c1), float(c0), centre, vertex, tuple(used.tolist()), tuple(warnings)
    )


def fit_plane(n_P: Float64, d_P: Float64, share_P: Float64) -> PlaneLaw:
    """P = a log2 N + b log2 D + E by least squares; N and D vary, not one with the other."""
    columns = np.stack([np.log2(n_P), np.log2(d_P), np.ones(len(n_P))], axis=1)
    a, b, e = np.linalg.lstsq(columns, share_P, rcond=None)[0]
    return PlaneLaw(float(a), float(b), float(e))


def most_efficient(flops_P: Float64, score_P: Float64, higher: bool) -> Sequence[int]:
    """Indices of the best point of each budget, by compute: figure 8's."""
    signed_P = score_P if higher else -score_P
    return [max(members, key=lambda k: float(signed_P[k])) for _, members in budgets(flops_P)]
