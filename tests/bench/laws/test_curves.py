"""One curve: which form, its interval, and the largest point predicted without it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.bench.laws.curves import Rules, fit_curve

_RULES = Rules(draws=300)
_X = np.asarray(np.geomspace(1.0, 128.0, 8), np.float64)


def test_a_power_law_is_a_power_law_and_its_largest_point_is_predicted() -> None:
    rng = np.random.default_rng(0)
    y = 2.0 * _X**-0.25 * np.exp(0.01 * rng.standard_normal(8))
    curve = fit_curve(_X, y, "loss", ("hours", "L"), _RULES)
    assert curve.form == "L = a hours^-b"
    assert curve.exponent == pytest.approx(-0.25, abs=0.02)
    assert curve.interval[0] < curve.exponent < curve.interval[1]
    assert curve.parameters["b"] == -curve.exponent
    assert curve.floor is not None
    assert not curve.floor["seen"]
    assert "no floor seen" in curve.warnings[0]
    star = curve.held_out
    assert star is not None
    assert star["x"] == 128.0
    assert star["measured"] == y[-1]
    assert star["interval"][0] < star["predicted"] < star["interval"][1]


def test_the_largest_point_has_no_part_in_its_prediction() -> None:
    y = 2.0 * _X**-0.25 * np.exp(0.01 * np.random.default_rng(0).standard_normal(8))
    moved = y.copy()
    moved[-1] *= 2.0
    one, other = (fit_curve(_X, each, "loss", ("x", "L"), _RULES).held_out for each in (y, moved))
    assert one is not None
    assert other is not None
    assert one["predicted"] == other["predicted"]
    assert one["interval"] == other["interval"]
    assert one["inside"]
    assert not other["inside"]


def test_a_floor_that_is_there_is_seen() -> None:
    rng = np.random.default_rng(0)
    y = (1.0 + 2.0 * _X**-0.8) * np.exp(0.003 * rng.standard_normal(8))
    curve = fit_curve(_X, y, "loss", ("D", "L"), _RULES)
    assert curve.form == "L = E + a D^-b"
    assert curve.floor is not None
    assert curve.floor["seen"]
    assert curve.floor["value"] == pytest.approx(1.0, abs=0.02)
    assert curve.floor["interval"][0] > 0.9
    assert [trial.form for trial in curve.tried] == ["L = a D^-b", "L = E + a D^-b"]
    assert curve.tried[1].aicc < curve.tried[0].aicc


def test_of_five_points_no_floor_is_tried_and_of_three_none_is_held_out() -> None:
    curve = fit_curve(_X[:5], _X[:5] ** -0.5, "loss", ("x", "L"), _RULES)
    assert curve.floor is None
    assert fit_curve(_X[:3], _X[:3] ** -0.5, "loss", ("x", "L"), _RULES).held_out is None


def test_without_noise_the_interval_is_the_value() -> None:
    curve = fit_curve(_X[:4], _X[:4] ** -0.5, "loss", ("x", "L"), _RULES)
    assert curve.interval == pytest.approx((-0.5, -0.5))


def test_nothing_is_held_out_where_it_was_not_asked_for() -> None:
    rules = Rules(draws=300, hold_out=False)
    assert fit_curve(_X, _X**-0.5, "loss", ("x", "L"), rules).held_out is None


def test_a_score_that_grows_is_a_power_law_too() -> None:
    curve = fit_curve(_X, 10.0 * _X**0.1, "score", ("params", "P"), _RULES)
    assert curve.exponent == pytest.approx(0.1)
    assert curve.floor is None


def test_a_share_is_a_logit_where_it_is_one() -> None:
    odds = 0.3 * _X**0.6
    share = odds / (1 + odds)
    noisy = share + 0.004 * np.random.default_rng(1).standard_normal(8)
    curve = fit_curve(_X, noisy, "share", ("D", "P"), _RULES, np.full(8, 500.0))
    assert curve.form == "logit P = c + k ln D"
    assert curve.exponent == pytest.approx(0.6, abs=0.05)
    assert curve.held_out is not None
    low, high = curve.held_out["interval"]
    # Of 500 trials at about .85: at least the binomial noise, 1.64 sqrt(.85 * .15 / 500)
    assert high - low > 2 * 1.64 * math.sqrt(share[-1] * (1 - share[-1]) / 500) * 0.9
    assert (curve.low_G >= 0).all()
    assert (curve.high_G <= 1).all()


def test_thirty_points_have_a_corrected_interval() -> None:
    x = np.asarray(np.geomspace(1, 100, 30), np.float64)
    y = x**-0.3 * np.exp(0.02 * np.random.default_rng(0).standard_normal(30))
    curve = fit_curve(x, y, "loss", ("x", "L"), _RULES)
    assert curve.method == "BCa"
    assert curve.interval[0] < -0.3 < curve.interval[1]


def test_a_share_is_predicted_inside_0_to_1() -> None:
    shares = np.array([0.6, 0.7, 0.78, 0.84])  # three points are left: Student's t is wide
    curve = fit_curve(_X[:4], shares, "share", ("x", "P"), _RULES, np.full(4, 200.0))
    assert curve.held_out is not None
    assert curve.held_out["interval"][1] == 1.0
