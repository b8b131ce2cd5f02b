"""Laws of one variable, by numbers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.laws.power import (
    PowerLaw,
    fit_floor,
    fit_power,
    floor_fits,
    jacobian,
    lines,
    power_fits,
)


def test_a_line_through_three_points() -> None:
    # y = 2 x + 1 at 0, 1; the third point, at weight 0, does not count
    slope, level = lines(
        np.array([0.0, 1.0, 5.0]), np.array([1.0, 3.0, 99.0]), np.array([[1.0, 1.0, 0.0]])
    )
    assert (slope[0], level[0]) == pytest.approx((2.0, 1.0))


def test_a_power_law_that_halves_with_every_quadrupling() -> None:
    law = fit_power(np.array([1.0, 4.0, 16.0]), np.array([8.0, 4.0, 2.0]))
    assert law.a == pytest.approx(8.0)
    assert law.b == pytest.approx(0.5)
    assert law.at(64.0) == pytest.approx(1.0)
    assert law.parameters == 2


def test_a_law_with_a_floor_is_found_again() -> None:
    x = np.array([1.0, 4.0, 16.0, 64.0, 256.0, 1024.0])
    law = fit_floor(x, 1.0 + 4.0 * x**-0.5)  # 5, 3, 2, 1.5, 1.25, 1.125
    assert law.floor == pytest.approx(1.0, rel=1e-5)
    assert law.b == pytest.approx(0.5, rel=1e-5)
    assert law.a == pytest.approx(4.0, rel=1e-5)
    assert law.at(4096.0) == pytest.approx(1.0625, rel=1e-5)


def test_a_floor_is_never_below_zero() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    y = np.array([16.0, 8.1, 3.9, 1.7, 0.5])  # bends downward in logs
    assert fit_floor(x, y).floor == 0.0


def test_a_batch_of_weights_and_of_values_is_each_fit_alone() -> None:
    x = np.asarray(np.geomspace(1, 100, 8), np.float64)
    rng = np.random.default_rng(0)
    y_BP = (0.5 + x**-0.4) * np.exp(0.02 * rng.standard_normal((3, 8)))
    weight_BP = rng.integers(1, 4, (3, 8)).astype(float)
    both = floor_fits(x, y_BP, weight_BP)
    line = power_fits(x, y_BP, weight_BP)
    for k in range(3):
        alone = floor_fits(x, y_BP[k], weight_BP[k : k + 1])
        assert both.b_B[k] == pytest.approx(alone.b_B[0], rel=1e-9)
        repeated = np.repeat(np.arange(8), weight_BP[k].astype(int))
        assert line.b_B[k] == pytest.approx(fit_power(x[repeated], y_BP[k, repeated]).b)


@pytest.mark.parametrize("law", [PowerLaw(2.0, 0.3), PowerLaw(2.0, 0.3, 0.7, True)])
def test_the_jacobian_is_the_difference_quotient(law: PowerLaw) -> None:
    x = np.array([1.0, 3.0, 10.0])
    values = [law.a, law.b, law.floor][: law.parameters]
    found = jacobian(law, x)
    for k in range(law.parameters):
        moved = list(values)
        step = 1e-6
        moved[k] = moved[k] * np.exp(step) if k == 0 else moved[k] + step  # of log a, b, floor
        other = PowerLaw(moved[0], moved[1], moved[2] if law.has_floor else 0.0, law.has_floor)
        expected = [(np.log(other.at(each)) - np.log(law.at(each))) / step for each in x]
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-4)
