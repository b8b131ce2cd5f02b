"""Binomial intervals by published numbers, and the three forms of a share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.bench.laws.accuracy import (
    ERROR,
    LOG2,
    LOGIT,
    share_fits,
    shrunk,
    transformed,
    values,
    wilson,
)
from edgehuman.records import Float64


def test_wilson_by_hand() -> None:
    # Half of 100 at 95 %: z = 1.95996, half = z sqrt(1/400 + z^2/40000) / (1 + z^2/100) = .09617
    low, high = wilson(0.5, 100, 0.95)
    assert low == pytest.approx(0.4038, abs=5e-5)
    assert high == pytest.approx(0.5962, abs=5e-5)
    # None of 10: from 0 to z^2 / (10 + z^2) = 3.8415 / 13.8415
    low, high = wilson(0.0, 10, 0.95)
    assert low == pytest.approx(0.0, abs=1e-12)
    assert high == pytest.approx(3.8415 / 13.8415, abs=1e-5)


def test_all_right_of_ten_has_a_logit() -> None:
    inside = shrunk(np.array([1.0, 0.0, 0.5, 0.25]), np.array([10.0, 10.0, 10.0, math.nan]))
    np.testing.assert_allclose(inside, [10.5 / 11, 0.5 / 11, 0.5, 0.25])


def test_each_form_is_found_again() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    odds = 0.5 * x  # logit P = ln .5 + 1 ln x

    def found(form: str, share_P: Float64) -> tuple[float, float, float]:
        """Slope, level, and the share at 16."""
        slope_B, level_B = share_fits(form, x, share_P, np.ones((1, len(x))))
        return float(slope_B[0]), float(level_B[0]), float(values(form, slope_B, level_B, 16.0)[0])

    assert found(LOGIT, odds / (1 + odds)) == pytest.approx((1.0, math.log(0.5), 8 / 9))
    # 1 - P = .4 / x
    assert found(ERROR, 1 - 0.4 / x) == pytest.approx((-1.0, math.log(0.4), 1 - 0.025))
    assert found(LOG2, np.array([0.1, 0.2, 0.3, 0.4])) == pytest.approx((0.1, 0.1, 0.5))


@pytest.mark.parametrize("form", [LOGIT, ERROR, LOG2])
def test_values_undoes_transformed(form: str) -> None:
    share = np.array([0.1, 0.5, 0.9])
    line = transformed(form, share)
    np.testing.assert_allclose(values(form, np.zeros(1), line, 1.0), share)
