"""One exponent for all folds."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.laws.pooled import fit_pooled

_X = np.array([1.0, 4.0, 16.0])


def test_folds_of_one_slope_and_other_levels() -> None:
    folds = {"0": (_X, 8.0 * _X**-0.5), "1": (_X, 2.0 * _X**-0.5), "2": (_X * 2, _X**-0.5)}
    found = fit_pooled(folds, Rules(draws=100))
    assert found.exponent == pytest.approx(-0.5)
    assert found.interval == pytest.approx((-0.5, -0.5))
    assert found.levels["a of fold 0"] == pytest.approx(8.0)
    assert found.levels["a of fold 1"] == pytest.approx(2.0)
    assert found.levels["a of fold 2"] == pytest.approx(np.sqrt(2.0))


def test_folds_that_differ_make_a_wide_interval_about_their_mean() -> None:
    folds = {str(k): (_X, _X**-b) for k, b in enumerate((0.3, 0.4, 0.5, 0.6))}
    found = fit_pooled(folds, Rules(draws=500))
    assert found.exponent == pytest.approx(-0.45)
    assert found.interval[0] < -0.5
    assert found.interval[1] > -0.4
    assert found.folds == 4
