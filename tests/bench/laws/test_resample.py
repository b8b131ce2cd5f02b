"""Draws, and intervals that hold what was planted as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.laws.power import fit_power, jacobian, power_fits
from edgehuman.bench.laws.resample import (
    band,
    distinct,
    draw_residuals,
    draw_weights,
    expanded_level,
    interval,
    leave_one_out,
    student,
)
from edgehuman.errors import DataError


def test_a_cluster_is_drawn_whole() -> None:
    weight_BP = draw_weights(["a", "a", "b", "c"], 50, 0)
    assert weight_BP.shape == (50, 4)
    np.testing.assert_array_equal(weight_BP[:, 0], weight_BP[:, 1])
    np.testing.assert_array_equal(weight_BP[:, 1:].sum(axis=1), 3)  # as many as there are


def test_a_draw_that_cannot_be_fitted_is_drawn_again() -> None:
    x = np.array([1.0, 1.0, 2.0])
    enough = distinct(x, 2)
    weight_BP = draw_weights(range(3), 200, 0, enough)
    assert len(weight_BP) == 200
    assert (weight_BP[:, 2] > 0).all()
    with pytest.raises(DataError, match="measure more"):
        draw_weights(range(3), 200, 0, distinct(x, 3))


def test_leave_one_out_leaves_a_cluster_out() -> None:
    np.testing.assert_array_equal(leave_one_out(["a", "b", "a"]), [[0, 1, 0], [1, 0, 1]])


def test_few_points_are_as_wide_as_student_says() -> None:
    from scipy.stats import norm, t

    assert expanded_level(0.9, 6, 2, True) == pytest.approx(norm.cdf(-t.ppf(0.95, 4)))
    assert expanded_level(0.9, 100_000, 2) == pytest.approx(0.05, abs=1e-4)


def test_residuals_have_the_spread_that_the_fit_took() -> None:
    # A mean of 4 values takes a degree of freedom: each leverage is 1/4.
    drawn = draw_residuals(np.array([-1.0, 1.0, -1.0, 1.0]), np.ones((4, 1)), 500, 0)
    np.testing.assert_allclose(np.abs(drawn), np.sqrt(4 / 3))


def test_the_interval_of_symmetric_draws_is_their_quantiles() -> None:
    drawn = np.asarray(np.linspace(-1.0, 1.0, 20001), np.float64)
    plain = interval(drawn, 0.9, 10**6, 2)
    assert (plain.low, plain.high) == pytest.approx((-0.9, 0.9), abs=1e-3)
    corrected = interval(drawn, 0.9, 30, 2, 0.0, np.asarray(np.linspace(-1, 1, 30), np.float64))
    assert corrected.method == "BCa"
    assert corrected.high == pytest.approx(0.9, abs=1e-3)  # no bias, no skew: the same


def test_an_estimate_at_a_bound_is_inside_its_interval() -> None:
    found = interval(
        np.asarray(np.linspace(0.1, 1.0, 100), np.float64),
        0.9,
        30,
        2,
        0.0,
        np.asarray(np.linspace(0, 1, 30), np.float64),
    )
    assert found.low == 0.0
    assert found.method == "percentile"


def test_student_of_three_by_hand() -> None:
    # Deviation 1, three clusters: t(2) at 95 % is 2.92, times sqrt(3 / 2)
    found = student(np.array([1.0, 3.0]), 2.0, 0.9, 3)
    assert found.high - 2.0 == pytest.approx(2.92 * np.sqrt(1.5), abs=1e-3)
    assert found.low + found.high == pytest.approx(4.0)


def test_a_band_is_the_interval_of_each_place() -> None:
    drawn_BG = np.stack([np.linspace(0, 1, 101), np.linspace(5, 9, 101)], axis=1)
    low_G, high_G = band(drawn_BG, np.array([0.5, 7.0]), 0.9, 10**6, 2, True)
    np.testing.assert_allclose(low_G, [0.05, 5.2], atol=1e-3)
    np.testing.assert_allclose(high_G, [0.95, 8.8], atol=1e-3)
    low_G, _ = band(drawn_BG, np.array([0.5, 7.0]), 0.9, 3, 1, True)
    assert low_G[0] == pytest.approx(0.5 - 2.92 * np.std(drawn_BG[:, 0]), abs=1e-3)


def planted(cells: int, seeds: int, noise: float, laws: int, draws: int) -> tuple[float, float]:
    """How often the planted exponent, and a new cell at twice the largest x, are in 90 %."""
    rng = np.random.default_rng(3)
    x = np.asarray(np.geomspace(1, 64, cells), np.float64)
    inside = predicted = 0
    for seed in range(laws):
        b = rng.uniform(0.02, 0.5)
        y = x**-b * np.exp(noise * rng.standard_normal((seeds, cells)).mean(axis=0))
        law = fit_power(x, y)
        fitted = law.a * x**-law.b
        noise_BP = draw_residuals(np.log(y / fitted), jacobian(law, x), draws, seed)
        made = power_fits(x, fitted * np.exp(noise_BP), np.ones((1, cells)))
        found = interval(made.b_B, 0.9, cells, 2, law.b, of_residuals=True)
        inside += found.low <= b <= found.high
        new = 128**-b * np.exp(noise * rng.standard_normal(seeds).mean())
        at = made.at(128.0) * np.exp(np.random.default_rng(seed).permutation(noise_BP[:, 0]))
        found = interval(at, 0.9, cells, 2, law.at(128.0), of_residuals=True)
        predicted += found.low <= new <= found.high
    return inside / laws, predicted / laws


@pytest.mark.parametrize("cells", [3, 5, 8])
def test_200_planted_laws_are_in_their_90_percent_intervals(cells: int) -> None:
    inside, predicted = planted(cells, 3, 0.01, 200, 400)
    assert 0.85 <= inside <= 0.95
    assert 0.85 <= predicted <= 0.95
