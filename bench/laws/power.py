"""Laws of one variable: y = a x^-b, and y = E + a x^-b with a floor E.

    fit = fit_power(x_P, y_P)
    fit.at(1e6)

Every fit is made for many weightings of the points at once (the draws of a bootstrap). The power
law is a line in logs. The law with a floor is linear in (E, a) for a given b: they are solved for
inside, b is searched outside (variable projection), by relative errors, so that a small loss
counts as a large one does. Axes: B draws, P points, G values of b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float64

_GRID = np.geomspace(0.01, 5.0, 48)
_ROUNDS, _STEPS = 9, 9
_MOST = 4_000_000


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """y = floor + a x^-b; `has_floor` says whether the floor was fitted. b < 0: y grows."""

    a: float
    b: float
    floor: float = 0.0
    has_floor: bool = False

    @property
    def parameters(self) -> int:
        """Numbers that were fitted."""
        return 3 if self.has_floor else 2

    def at(self, x: float) -> float:
        """The value at x."""
        return float(self.floor + self.a * x**-self.b)


@dataclass(frozen=True, slots=True)
class PowerLaws:
    """The same for B draws: arrays of B each."""

    a_B: Float64
    b_B: Float64
    floor_B: Float64

    def at(self, x: float) -> Float64:
        """The B values at x."""
        with np.errstate(over="ignore"):
            return np.asarray(self.floor_B + self.a_B * x**-self.b_B)


def fit_power(x_P: Float64, y_P: Float64) -> PowerLaw:
    """y = a x^-b by least squares in logs. x and y above 0, at least two values of x."""
    laws = power_fits(x_P, y_P, np.ones((1, len(x_P))))
    return PowerLaw(float(laws.a_B[0]), float(laws.b_B[0]))


def fit_floor(x_P: Float64, y_P: Float64) -> PowerLaw:
    """y = E + a x^-b with E >= 0 and 0.01 <= b <= 5, by relative least squares."""
    laws = floor_fits(x_P, y_P, np.ones((1, len(x_P))))
    return PowerLaw(float(laws.a_B[0]), float(laws.b_B[0]), float(laws.floor_B[0]), True)


def power_fits(x_P: Float64, y_BP: Float64, weight_BP: Float64) -> PowerLaws:
    """`fit_power` for each row of weights, and of y where it has rows."""
    slope_B, level_B = lines(np.log(x_P), np.log(y_BP), weight_BP)
    with np.errstate(over="ignore"):
        return PowerLaws(np.exp(level_B), -slope_B, np.zeros(len(slope_B)))


def lines(x_P: Float64, y_BP: Float64, weight_BP: Float64) -> tuple[Float64, Float64]:
    """Slope and level of the weighted line y = slope x + level, for each row of weights and y."""
    total_B = weight_BP.sum(axis=1)
    # About the mean of all, so that nothing is lost where x is large.
    far_P, near_BP = x_P - x_P.mean(), y_BP - y_BP.mean()
    x_B, y_B = weight_BP @ far_P / total_B, (weight_BP * near_BP).sum(axis=1) / total_B
    xx_B = weight_BP @ far_P**2 - total_B * x_B**2
    xy_B = (weight_BP * near_BP) @ far_P - total_B * x_B * y_B
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_B = xy_B / xx_B
    return slope_B, y_B + y_BP.mean() - slope_B * (x_B + x_P.mean())


def floor_fits(x_P: Float64, y_BP: Float64, weight_BP: Float64) -> PowerLaws:
    """`fit_floor` for each row of weights, and of y where it has rows."""
    draws = max(len(weight_BP), len(y_BP) if y_BP.ndim == 2 else 1)
    shape = (draws, len(x_P))
    y_BP, weight_BP = np.broadcast_to(y_BP, shape), np.broadcast_to(weight_BP, shape)
    step = max(1, _MOST // (len(_GRID) * len(x_P)))
    parts = [
        _floor_fits(x_P, y_BP[begin : begin + step], weight_BP[begin : begin + step])
        for begin in range(0, draws, step)
    ]
    joined = [np.concatenate([part[k] for part in parts]) for k in range(3)]
    return PowerLaws(joined[0], joined[1], joined[2])


def _floor_fits(
    x_P: Float64, y_BP: Float64, weight_BP: Float64
) -> tuple[Float64, Float64, Float64]:
    middle = float(np.exp(np.mean(np.log(x_P))))
    log_P = np.log(x_P / middle)
    rows = np.arange(len(weight_BP))
    width = np.log(_GRID[1] / _GRID[0])
    cost_BG, floor_BG, a_BG = _solve(np.exp(-_GRID[None, :, None] * log_P), y_BP, weight_BP)
    best_B = np.argmin(cost_BG, axis=1)
    b_B = _GRID[best_B]
    offsets = np.linspace(-1.0, 1.0, _STEPS)
    for _ in range(_ROUNDS):
        near_BG = np.clip(b_B[:, None] * np.exp(width * offsets), _GRID[0], _GRID[-1])
        basis_BGP = np.exp(-near_BG[:, :, None] * log_P)
        cost_BG, floor_BG, a_BG = _solve(basis_BGP, y_BP, weight_BP)
        best_B = np.argmin(cost_BG, axis=1)
        b_B = near_BG[rows, best_B]
        width *= 2.0 / (_STEPS - 1)
    return a_BG[rows, best_B] * middle**b_B, b_B, floor_BG[rows, best_B]


def _solve(
    basis_BGP: Float64, y_BP: Float64, weight_BP: Float64
) -> tuple[Float64, Float64, Float64]:
    """For each draw and each basis x^-b: the weighted relative cost, floor >= 0 and a >= 0.

    Relative: the residual is (floor + a basis) / y - 1.
    """
    u_BP = 1.0 / y_BP  # of the floor
    with np.errstate(all="ignore"):
        v_BGP = basis_BGP * u_BP[:, None]
        weighted_BGP = v_BGP * weight_BP[:, None]
    vv = np.einsum("bgp,bgp->bg", weighted_BGP, v_BGP)
    uv = np.einsum("bgp,bp->bg", weighted_BGP, u_BP)
    v1 = weighted_BGP.sum(axis=2)
    uu = (weight_BP * u_BP**2).sum(axis=1)[:, None]
    u1 = (weight_BP * u_BP).sum(axis=1)[:, None]
    ones = weight_BP.sum(axis=1)[:, None]
    with np.errstate(all="ignore"):
        det = uu * vv - uv**2
        floor = (u1 * vv - v1 * uv) / det
        a = (v1 * uu - u1 * uv) / det
        bare = ~((floor >= 0) & (a >= 0) & (det > 1e-14 * uu * vv))
        floor, a = np.where(bare, 0.0, floor), np.where(bare, v1 / vv, a)
        cost = ones - 2 * (floor * u1 + a * v1) + floor**2 * uu + 2 * floor * a * uv + a**2 * vv
    return np.where(np.isfinite(cost), cost, np.inf), floor, a


def jacobian(law: PowerLaw, x_P: Float64) -> Float64:
    """Derivatives of log y by log a, b and, where it has one, the floor: P x 2 or P x 3."""
    part_P = law.a * x_P**-law.b
    y_P = law.floor + part_P
    columns = [part_P / y_P, -np.log(x_P) * part_P / y_P]
    return np.stack([*columns, 1.0 / y_P] if law.has_floor else columns, axis=1)
