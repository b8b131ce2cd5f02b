"""The joint law L = E + A N^-alpha + B D^-beta, fitted in two ways that should agree.

    law = fit_joint(n_P, d_P, loss_P)                variable projection
    check = approach_3(n_P, d_P, loss_P)             the Chinchilla paper's way, as a check
    n, d = law.optimum(flops, gamma=6.0)

For given exponents the law is linear in (E, A, B), which are found inside by non-negative least
squares of relative errors; the exponents are searched outside, so that there are no start values
and no local minima (Variable Projection, arXiv 2603.22339). Approach 3 (Hoffmann et al., arXiv
2203.15556; made again by Besiroglu et al., 2404.10102): the Huber loss of the logs, SUMMED over the
points and scaled, with its gradient: of the mean an optimiser stops early. N and D are divided by
their geometric means in both. Axes: P points, B draws, S starts.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float64

DELTA = 1e-3
"""Of the Huber loss, in logs of the loss."""
SCALE = 1e6
FTOL = 1e-14
STARTS = 54
AGREES = 1e-4
"""A start agrees with the best where its sum is at most this much above, relatively."""
LEAST_EXPONENT, MOST_EXPONENT = 0.005, 10.0
_GRID = np.geomspace(0.02, 2.5, 25)
_STEPS, _ROUNDS = 5, 32
_ACTIVE = ((0, 1, 2), (1, 2), (0, 2), (0, 1), (2,), (1,), (0,))


@dataclass(frozen=True, slots=True)
class JointLaw:
    """L = floor + a N^-alpha + b D^-beta."""

    floor: float
    a: float
    b: float
    alpha: float
    beta: float

    def at(self, n_P: Float64 | float, d_P: Float64 | float) -> Float64:
        """The loss for so many parameters and so much data."""
        n, d = np.asarray(n_P, np.float64), np.asarray(d_P, np.float64)
        return np.asarray(self.floor + self.a * n**-self.alpha + self.b * d**-self.beta)

    def optimum(self, flops: float, gamma: float) -> tuple[float, float]:
        """N and D of the least loss for C = gamma N D: N* = G (C / gamma)^(beta / (alpha + beta)),
        D* = (C / gamma)^(alpha / (alpha + beta)) / G, G = (alpha A / beta B)^(1 / (alpha + beta)).
        """
        both = self.alpha + self.beta
        g = (self.alpha * self.a / (self.beta * self.b)) ** (1.0 / both)
        cost = flops / gamma
        return float(g * cost ** (self.beta / both)), float(cost ** (self.alpha / both) / g)

    @property
    def n_exponent(self) -> float:
        """Of C in N*: beta / (alpha + beta)."""
        return self.beta / (self.alpha + self.beta)


@dataclass(frozen=True, slots=True)
class Approach3:
    """Attributes:
    law: of the best start.
    huber: its sum over the points, unscaled.
    starts, agreeing: how many were made, and how many ended within `AGREES` of it.
    """

    law: JointLaw
    huber: float
    starts: int
    agreeing: int


def fit_joint(n_P: Float64, d_P: Float64, loss_P: Float64) -> JointLaw:
    """The law by variable projection: relative least squares, E, A, B >= 0."""
    n0, d0 = _middle(n_P), _middle(d_P)
    log_n_P, log_d_P = np.log(n_P / n0), np.log(d_P / d0)
    ones_P = np.ones(len(loss_P))
    grid_G2 = np.array(list(itertools.product(_GRID, _GRID)))
    cost_G, _ = _project(grid_G2, log_n_P, log_d_P, loss_P, ones_P)
    best_2: Float64 = grid_G2[np.argmin(cost_G)]
    linear_3: Float64 = np.zeros(3)
    width_2: Float64 = np.full(2, np.log(_GRID[1] / _GRID[0]))
    offsets = np.linspace(-1.0, 1.0, _STEPS)
    around_G2 = np.array(list(itertools.product(offsets, offsets)))
    for _ in range(_ROUNDS):
        near_G2 = np.clip(best_2 * np.exp(width_2 * around_G2), LEAST_EXPONENT, MOST_EXPONENT)
        cost_G, linear_G3 = _project(near_G2, log_n_P, log_d_P, loss_P, ones_P)
        place = int(np.argmin(cost_G))
        # Where the best lies at an edge the valley goes on: that exponent keeps its width.
        width_2 = np.where(np.abs(around_G2[place]) == 1.0, width_2, 0.5 * width_2)
        best_2, linear_3 = near_G2[place], linear_G3[place]
    alpha, beta = map(float, best_2)
    floor, a, b = map(float, linear_3)
    return JointLaw(floor, a * n0**alpha, b * d0**beta, alpha, beta)


def _middle(x_P: Float64) -> float:
    return float(np.exp(np.mean(np.log(x_P))))


def _project(
    exponents_G2: Float64,
    log_n_P: Float64,
    log_d_P: Float64,
    loss_P: Float64,
    weight_P: Float64,
) -> tuple[Float64, Float64]:
    """For each pair of exponents: the least cost, and (E, A, B) >= 0 that reach it.

    Three unknowns have seven sets of those above zero; each is solved for, and the best that has
    no negative one is the non-negative least-squares solution.
    """
    basis_G3P = np.stack(
        [
            np.ones((len(exponents_G2), len(loss_P))),
            np.exp(-exponents_G2[:, :1] * log_n_P),
            np.exp(-exponents_G2[:, 1:] * log_d_P),
        ],
        axis=1,
    )
    basis_G3P /= loss_P
    weighted_G3P = basis_G3P * weight_P
    gram_G33 = np.einsum("gip,gjp->gij", weighted_G3P, basis_G3P)
    right_G3 = weighted_G3P.sum(axis=2)
    best_G: Float64 = np.full(len(exponents_G2), np.inf)
    linear_G3: Float64 = np.zeros((len(exponents_G2), 3))
    for active in _ACTIVE:
        held = np.array(active)
        small = gram_G33[:, held[:, None], held]
        diagonal = np.einsum("gii->gi", small)
        small = small + 1e-13 * diagonal[:, :, None] * np.eye(len(held))
        part = np.linalg.solve(small, right_G3[:, held, None])[:, :, 0]
        # |r|^2 = w - right . part at the solution of the normal equations
        cost_G = weight_P.sum() - np.sum(right_G3[:, held] * part, axis=1)
        better = (part >= 0).all(axis=1) & (cost_G < best_G)
        best_G = np.where(better, cost_G, best_G)
        full = np.zeros_like(linear_G3)
        full[:, held] = part
        linear_G3 = np.where(better[:, None], full, linear_G3)
    return best_G, linear_G3


def refine(
    law: JointLaw,
    n_P: Float64,
    d_P: Float64,
    loss_BP: Float64,
    weight_BP: Float64,
    steps: int = 60,
) -> Float64:
    """Fit B draws at once, each from the law of all points: B x (floor, a, b, alpha, beta).

    Levenberg and Marquardt's method in the logs of the five, which keeps them above zero. A term of
    N or D that the law has not is left out of the draws.

    Args:
        loss_BP: the losses of each draw, or one row for all. weight_BP: the weights, likewise.
    """
    n0, d0 = _middle(n_P), _middle(d_P)
    log_n_P, log_d_P = np.log(n_P / n0), np.log(d_P / d0)
    start_5 = np.array(
        [law.floor, law.a * n0**-law.alpha, law.b * d0**-law.beta, law.alpha, law.beta]
    )
    # A floor at 0 is above it in some of the draws.
    least = float(loss_BP.min())
    start_5[0] = max(start_5[0], 0.05 * least)
    present = start_5 > 1e-6 * least
    present[3:] = present[1:3]
    draws = max(len(loss_BP), len(weight_BP))
    logs_B5: Float64 = np.tile(np.log(np.where(present, start_5, 1.0)), (draws, 1))
    damping_B: Float64 = np.full(draws, 1e-3)
    given = (present, log_n_P, log_d_P, loss_BP, weight_BP)
    cost_B, residual_BP, jacobian_BP5 = _residuals(logs_B5, *given)
    for _ in range(steps):
        weighted = jacobian_BP5 * weight_BP[:, :, None]
        gram = np.einsum("bpi,bpj->bij", weighted, jacobian_BP5)
        slope = np.einsum("bpi,bp->bi", weighted, residual_BP)
        scale = np.einsum("bii->bi", gram) + 1e-12
        step = np.linalg.solve(
            gram + damping_B[:, None, None] * scale[:, :, None] * np.eye(5), slope[:, :, None]
        )[:, :, 0]
        tried = logs_B5 - np.clip(step, -1.0, 1.0)
        cost, residual, jacobian = _residuals(tried, *given)
        better = cost < cost_B
        logs_B5 = np.where(better[:, None], tried, logs_B5)
        settled = bool(np.all(np.abs(np.where(better, cost_B - cost, 0.0)) <= 1e-9 * cost_B))
        cost_B = np.where(better, cost, cost_B)
        residual_BP = np.where(better[:, None], residual, residual_BP)
        jacobian_BP5 = np.where(better[:, None, None], jacobian, jacobian_BP5)
        damping_B = np.where(better, damping_B / 3.0, np.minimum(damping_B * 4.0, 1e6))
        if settled and bool(np.all(better | (damping_B > 1e3))):
            break
    fitted = np.where(present, np.exp(np.clip(logs_B5, -80, 80)), 0.0)
    fitted[:, 3:] = np.minimum(fitted[:, 3:], MOST_EXPONENT)  # else N^alpha is no number
    fitted[:, 1] *= n0 ** fitted[:, 3]
    fitted[:, 2] *= d0 ** fitted[:, 4]
    return fitted


def _residuals(
    logs_B5: Float64,
    present: NDArray[np.bool_],
    log_n_P: Float64,
    log_d_P: Float64,
    loss_BP: Float64,
    weight_BP: Float64,
) -> tuple[Float64, Float64, Float64]:
    """Cost, relative residuals and their derivatives by the five logs."""
    values = np.where(present, np.exp(np.clip(logs_B5, -80, 80)), 0.0)
    floor, a, b, alpha, beta = (values[:, k, None] for k in range(5))
    of_n = a * np.exp(np.clip(-alpha * log_n_P, -200, 200))
    of_d = b * np.exp(np.clip(-beta * log_d_P, -200, 200))
    parts = [floor + 0 * of_n, of_n, of_d, -of_n * alpha * log_n_P, -of_d * beta * log_d_P]
    jacobian = np.stack(parts, axis=2) / loss_BP[:, :, None]
    residual = (floor + of_n + of_d) / loss_BP - 1.0
    cost = np.sum(weight_BP * residual**2, axis=1)
    return np.where(np.isfinite(cost), cost, np.inf), residual, jacobian


def log_jacobian(law: JointLaw, n_P: Float64, d_P: Float64) -> Float64:
    """Derivatives of log L by the five parameters, P x 5 (fewer where a term is absent)."""
    of_n, of_d = law.a * n_P**-law.alpha, law.b * d_P**-law.beta
    loss_P = law.floor + of_n + of_d
    columns: list[Float64] = [np.ones(len(n_P))] if law.floor > 0 else []
    columns += [of_n, of_n * np.log(n_P / _middle(n_P))] if law.a > 0 else []
    columns += [of_d, of_d * np.log(d_P / _middle(d_P))] if law.b > 0 else []
    return np.stack(columns, axis=1) / loss_P[:, None]


def approach_3(n_P: Float64, d_P: Float64, loss_P: Float64, delta: float = DELTA) -> Approach3:
    """The law by Approach 3 from `STARTS` starts: min of sum Huber(log L - LSE(...)) x `SCALE`."""
    from scipy.optimize import minimize

    n0, d0 = _middle(n_P), _middle(d_P)
    log_n_P, log_d_P, log_loss_P = np.log(n_P / n0), np.log(d_P / d0), np.log(loss_P)
    low, middle = float(log_loss_P.min()), float(np.median(log_loss_P))
    starts = itertools.product(
        (middle - 3.0, middle - 1.0),
        (middle - 3.0, middle - 1.0, middle),
        (low - 1.0, low - 0.2, middle - 0.05),
        (0.1, 0.5, 1.0),
    )
    # A floor that is not there is sought at ever smaller values: e^-12 of them is as good as 0.
    sides = [(low - 15.0, low + 10.0)] * 2 + [(low - 12.0, low + 1.0)] + [(0.0, 5.0)] * 2

    ends = []
    for a, b, e, exponent in starts:
        end = minimize(
            _huber,
            np.array([a, b, e, exponent, exponent]),
            args=(log_n_P, log_d_P, log_loss_P, delta),
            jac=True,
            method="L-BFGS-B",
            bounds=sides,
            options={"ftol": FTOL, "gtol": 1e-12, "maxiter": 2000, "maxfun": 4000},
        )
        ends.append((float(end.fun), end.x))
    values = np.array([value for value, _ in ends])
    best = int(np.argmin(values))
    a, b, e, alpha, beta = map(float, ends[best][1])
    law = JointLaw(
        float(np.exp(e)), float(np.exp(a)) * n0**alpha, float(np.exp(b)) * d0**beta, alpha, beta
    )
    agreeing = int(np.sum(values <= values[best] * (1.0 + AGREES) + 1e-9))
    return Approach3(law, float(values[best]) / SCALE, len(ends), agreeing)


def _huber(
    theta_5: Float64, log_n_P: Float64, log_d_P: Float64, log_loss_P: Float64, delta: float
) -> tuple[float, Float64]:
    """`SCALE` x the summed Huber loss, and its gradient by (a, b, e, alpha, beta).

    log(exp(a - alpha n) + exp(b - beta d) + exp(e)) = e + log(s) with the two as shares of the
    third; `approach_3` bounds them so that none overflows.
    """
    a, b, e, alpha, beta = theta_5
    of_n_P = np.exp(a - e - alpha * log_n_P)
    of_d_P = np.exp(b - e - beta * log_d_P)
    s_P = 1.0 + of_n_P + of_d_P
    residual_P = log_loss_P - e - np.log(s_P)
    cut_P = np.minimum(np.maximum(residual_P, -delta), delta)
    value = cut_P @ (residual_P - 0.5 * cut_P)  # half the square within delta, a line beyond
    outer_P = -cut_P / s_P
    of_n_P *= outer_P
    of_d_P *= outer_P
    gradient = [
        of_n_P.sum(),
        of_d_P.sum(),
        outer_P.sum(),
        -(of_n_P @ log_n_P),
        -(of_d_P @ log_d_P),
    ]
    return SCALE * float(value), SCALE * np.array(gradient)
