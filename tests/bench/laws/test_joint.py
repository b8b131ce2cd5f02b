"""The joint law, in both ways; the public Chinchilla points where they are at hand."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.laws import joint
from edgehuman.bench.laws.joint import (
    JointLaw,
    approach_3,
    fit_joint,
    log_jacobian,
    refine,
)
from edgehuman.bench.laws.resample import draw_residuals, draw_weights, interval, leave_one_out
from edgehuman.records import Float64

# Made again from the public points, 240 of 245 (docs/scale.md).
CHINCHILLA = JointLaw(1.81722, 477.83, 2143.4, 0.34731, 0.36717)
_POINTS = Path(os.environ.get("EDGEHUMAN_DATA", "")) / "svg_extracted_data.csv"


def grid(sizes: int, amounts: int, n_span: float, d_span: float) -> tuple[Float64, Float64]:
    """A full grid whose largest N and D are 1."""
    n, d = np.meshgrid(np.geomspace(1 / n_span, 1, sizes), np.geomspace(1 / d_span, 1, amounts))
    return n.ravel(), d.ravel()


def chinchilla_grid() -> tuple[Float64, Float64]:
    """The range of the public points: 57 M to 16 B parameters, .25 B to 318 B tokens."""
    n, d = np.meshgrid(np.geomspace(5.7e7, 1.6e10, 15), np.geomspace(2.45e8, 3.18e11, 16))
    return n.ravel(), d.ravel()


def test_both_ways_find_a_law_of_chinchilla_s_size_again() -> None:
    n, d = chinchilla_grid()
    loss = CHINCHILLA.at(n, d)
    found, check = fit_joint(n, d, loss), approach_3(n, d, loss)
    for law in (found, check.law):
        assert law.alpha == pytest.approx(0.34731, rel=1e-4)
        assert law.beta == pytest.approx(0.36717, rel=1e-4)
        assert law.floor == pytest.approx(1.81722, rel=1e-4)
    assert check.huber == pytest.approx(0.0, abs=1e-12)
    assert check.starts >= 50
    assert check.agreeing >= 50


@pytest.mark.skipif(not _POINTS.is_file(), reason="no svg_extracted_data.csv in EDGEHUMAN_DATA")
def test_the_public_chinchilla_points_give_the_published_law() -> None:
    with _POINTS.open(encoding="utf-8") as stream:
        rows = [
            (float(row["Model Size"]), float(row["Training FLOP"]), float(row["loss"]))
            for row in csv.DictReader(stream)
        ]
    rows = sorted(rows, key=lambda row: row[2])[:240]
    n, c, loss = (np.array(column) for column in zip(*rows, strict=True))
    check = approach_3(n, c / (6 * n), loss)
    assert check.huber == pytest.approx(1.018274e-3, rel=1e-4)
    assert check.law.alpha == pytest.approx(0.3473, rel=0.01)
    assert check.law.beta == pytest.approx(0.3672, rel=0.01)


def test_the_optimum_by_hand() -> None:
    # alpha = beta and A = B: N* = D* = sqrt(C / 6)
    n, d = JointLaw(1.0, 2.0, 2.0, 0.5, 0.5).optimum(600.0, 6.0)
    assert (n, d) == pytest.approx((10.0, 10.0))
    # G = (alpha A / beta B)^(1 / (alpha + beta)) = (1 * 4 / (3 * 1))^(1/4); N* = G (C/6)^(3/4)
    law = JointLaw(0.0, 4.0, 1.0, 1.0, 3.0)
    n, d = law.optimum(96.0, 6.0)
    assert n == pytest.approx((4 / 3) ** 0.25 * 16**0.75)
    assert n * d == pytest.approx(16.0)
    at = float(law.at(n, d))  # and no neighbour of equal compute is lower
    assert at < float(law.at(n * 1.1, d / 1.1))
    assert at < float(law.at(n / 1.1, d * 1.1))
    assert CHINCHILLA.n_exponent == pytest.approx(0.5139, abs=1e-4)


def test_the_gradient_is_the_difference_quotient() -> None:
    n, d = grid(3, 4, 16, 16)
    given = (np.log(n), np.log(d), np.log(0.3 + 0.1 * n**-0.2 + 0.2 * d**-0.4), 1e-3)
    theta = np.array([-2.0, -1.5, -1.1, 0.3, 0.5])
    _, gradient = joint._huber(theta, *given)
    for k in range(5):
        step = 1e-6 * np.eye(5)[k]
        apart = joint._huber(theta + step, *given)[0] - joint._huber(theta - step, *given)[0]
        assert gradient[k] == pytest.approx(apart / 2e-6, rel=1e-4)


def test_of_the_mean_an_optimiser_stops_early_and_of_the_scaled_sum_it_does_not() -> None:
    from scipy.optimize import minimize

    n, d = chinchilla_grid()
    rng = np.random.default_rng(0)
    loss = CHINCHILLA.at(n, d) * np.exp(0.005 * rng.standard_normal(len(n)))
    given = (np.log(n), np.log(d), np.log(loss), 1e-3)

    def mean(theta: Float64) -> tuple[float, Float64]:
        value, gradient = joint._huber(theta, *given)
        return value / joint.SCALE / len(n), gradient / joint.SCALE / len(n)

    start = np.array([5.0, 5.0, 0.5, 0.5, 0.5])
    stopped = minimize(mean, start, jac=True, method="L-BFGS-B").fun * len(n)
    assert stopped > 1.5 * approach_3(n, d, loss).huber


def test_a_law_without_a_floor_or_without_a_term_is_found() -> None:
    n, d = grid(4, 6, 64, 64)
    assert fit_joint(n, d, 0.1 * n**-0.3 + 0.2 * d**-0.3).floor == pytest.approx(0, abs=2e-3)
    assert fit_joint(n, d, 0.3 + 0.2 * d**-0.4).beta == pytest.approx(0.4, rel=1e-3)


def test_the_draws_of_all_are_the_fit_and_each_draw_is_its_own_fit() -> None:
    n, d = grid(5, 6, 64, 64)
    rng = np.random.default_rng(2)
    loss = (0.3 + 0.05 * n**-0.3 + 0.15 * d**-0.3) * np.exp(0.002 * rng.standard_normal(30))
    law = fit_joint(n, d, loss)
    weight = np.ones((2, 30))
    weight[1, 7] = 0.0
    found = refine(law, n, d, loss[None], weight)
    np.testing.assert_allclose(found[0], [law.floor, law.a, law.b, law.alpha, law.beta], rtol=2e-3)
    left = np.arange(30) != 7
    alone = fit_joint(n[left], d[left], loss[left])
    np.testing.assert_allclose(found[1, 3:], [alone.alpha, alone.beta], rtol=2e-3)


def test_an_exponent_that_runs_away_ends_at_the_largest() -> None:
    n, d = grid(5, 6, 64, 1.5)
    d = d / d.min()
    law = JointLaw(0.6, 0.05, 0.3, 0.3, 40.0)  # d^40 of 1e9 items is no number
    (found,) = refine(law, n, d, law.at(n, d)[None], np.ones((1, 30)))
    assert found[4] == joint.MOST_EXPONENT
    assert found[3] == pytest.approx(0.3, abs=1e-3)


def test_the_log_jacobian_has_a_column_for_each_term() -> None:
    n, d = grid(3, 3, 4, 4)
    assert log_jacobian(JointLaw(0.3, 0.1, 0.1, 0.3, 0.3), n, d).shape == (9, 5)
    assert log_jacobian(JointLaw(0.0, 0.1, 0.1, 0.3, 0.3), n, d).shape == (9, 4)


@pytest.mark.parametrize(
    ("sizes", "amounts", "spans", "noise", "alpha", "beta"),
    [
        # 5 % and 95 % of the estimates, as found when the rule for too few points was made.
        (3, 5, (16, 16), 0.002, (0.26, 0.34), (0.28, 0.32)),
        (5, 7, (64, 256), 0.01, (0.24, 0.42), (0.28, 0.32)),
    ],
)
def test_how_well_planted_exponents_are_found(
    sizes: int,
    amounts: int,
    spans: tuple[int, int],
    noise: float,
    alpha: tuple[float, float],
    beta: tuple[float, float],
) -> None:
    n, d = grid(sizes, amounts, *spans)
    rng = np.random.default_rng(0)
    planted = 0.3 + 0.05 * n**-0.3 + 0.15 * d**-0.3
    laws = [
        fit_joint(n, d, planted * np.exp(noise * rng.standard_normal(len(n)))) for _ in range(60)
    ]
    low, high = np.quantile([law.alpha for law in laws], [0.05, 0.95])
    assert low == pytest.approx(alpha[0], abs=0.04)
    assert high == pytest.approx(alpha[1], abs=0.06)
    low, high = np.quantile([law.beta for law in laws], [0.05, 0.95])
    assert low == pytest.approx(beta[0], abs=0.015)
    assert high == pytest.approx(beta[1], abs=0.015)


@pytest.mark.long
@pytest.mark.parametrize("amounts", [5, 6])  # 25 cells: residuals; 30: cells drawn, BCa
def test_200_planted_joint_laws_are_in_their_90_percent_intervals(amounts: int) -> None:
    n, d = grid(5, amounts, 64, 64)
    rng = np.random.default_rng(1)
    inside = np.zeros(3)
    for seed in range(200):
        law = JointLaw(0.3, 0.05, 0.15, *rng.uniform(0.25, 0.4, 2))
        loss = law.at(n, d) * np.exp(0.0015 * rng.standard_normal(len(n)))
        found = fit_joint(n, d, loss)
        few, jackknife = len(n) < 30, None
        if few:
            fitted = found.at(n, d)
            drawn = draw_residuals(np.log(loss / fitted), log_jacobian(found, n, d), 300, seed)
            theta = refine(found, n, d, fitted * np.exp(drawn), np.ones((1, len(n))))
        else:
            weight = draw_weights(range(len(n)), 300, seed)
            theta = refine(found, n, d, loss[None], weight)
            jackknife = refine(found, n, d, loss[None], leave_one_out(range(len(n))))
        truth = (law.floor, law.alpha, law.beta)
        fits = (found.floor, found.alpha, found.beta)
        for k, column in enumerate((0, 3, 4)):
            without = None if jackknife is None else jackknife[:, column]
            ends = interval(theta[:, column], 0.9, len(n), 5, fits[k], without, few)
            inside[k] += ends.low <= truth[k] <= ends.high
    assert (inside / 200 >= 0.85).all(), inside / 200
    assert (inside / 200 <= 0.95).all(), inside / 200
