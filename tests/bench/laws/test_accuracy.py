"""Binomial intervals by published numbers, and the three forms of a share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.bench.laws.accuracy import (
    ERROR,
    LOG2,
    LOGIT,
    clopper_pearson,
    fit_share,
    shrunk,
    transformed,
    values,
    wilson,
)


def test_wilson_by_hand() -> None:
    # Half of 100 at 95 %: z = 1.95996, half = z sqrt(1/400 + z^2/40000) / (1 + z^2/100) = .09617
    low, high = wilson(0.5, 100, 0.95)
    assert low == pytest.approx(0.4038, abs=5e-5)
    assert high == pytest.approx(0.5962, abs=5e-5)
    # None of 10: from 0 to z^2 / (10 + z^2) = 3.8415 / 13.8415
    low, high = wilson(0.0, 10, 0.95)
    assert low == pytest.approx(0.0, abs=1e-12)
    assert high == pytest.approx(3.8415 / 13.8415, abs=1e-5)


def test_clopper_pearson_by_hand() -> None:
    # None of 10 at 95 %: 1 - (.025)^(1/10) = .30850; all of 10: (.025)^(1/10)
    assert clopper_pearson(0, 10, 0.95) == pytest.approx((0.0, 1 - 0.025**0.1))
    assert clopper_pearson(10, 10, 0.95) == pytest.approx((0.025**0.1, 1.0))
    # 1 of 2 at 90 %: P(X >= 1) = 1 - (1-p)^2 = .05 -> p = 1 - sqrt(.95)
    low, high = clopper_pearson(1, 2, 0.9)
    assert low == pytest.approx(1 - math.sqrt(0.95))
    assert high == pytest.approx(math.sqrt(0.95))


def test_clopper_pearson_is_the_wider() -> None:
    for hits in range(1, 20):
        wide, narrow = clopper_pearson(hits, 20), wilson(hits / 20, 20)
        assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_all_right_of_ten_has_a_logit() -> None:
    inside = shrunk(np.array([1.0, 0.0, 0.5, 0.25]), np.array([10.0, 10.0, 10.0, math.nan]))
    np.testing.assert_allclose(inside, [10.5 / 11, 0.5 / 11, 0.5, 0.25])


def test_each_form_is_found_again() -> None:
    x = np.array([1.0, 2.0, 4.0, 8.0])
    unknown = np.full(4, math.nan)
    odds = 0.5 * x  # logit P = ln .5 + 1 ln x
    law = fit_share(LOGIT, x, odds / (1 + odds), unknown)
    assert (law.slope, law.level) == pytest.approx((1.0, math.log(0.5)))
    assert float(law.at(16.0)) == pytest.approx(8 / 9)
    law = fit_share(ERROR, x, 1 - 0.4 / x, unknown)  # 1 - P = .4 / x
    assert (law.slope, law.level) == pytest.approx((-1.0, math.log(0.4)))
    assert float(law.at(16.0)) == pytest.approx(1 - 0.025)
    law = fit_share(LOG2, x, np.array([0.1, 0.2, 0.3, 0.4]), unknown)
    assert (law.slope, law.level) == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("form", [LOGIT, ERROR, LOG2])
def test_values_undoes_transformed(form: str) -> None:
    share = np.array([0.1, 0.5, 0.9])
    line = transformed(form, share)
    np.testing.assert_allclose(values(form, np.zeros(1), line, 1.0), share)
