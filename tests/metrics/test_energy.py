"""The energy of outputs is high for what was learnt; the least one lies under a share of it."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.energy import energy_of, least_energy
from edgehuman.records import Float64


def test_it_is_the_log_of_the_sum_and_stays_finite() -> None:
    found = energy_of(np.array([[0.0, 0.0], [1000.0, 0.0], [-1000.0, -1000.0]], np.float32))
    assert found == pytest.approx([np.log(2), 1000.0, -1000.0 + np.log(2)])


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_the_share_of_known_windows_lies_under_it(share: float) -> None:
    energy_N = np.random.default_rng(0).normal(3, 1, 20_000)
    least = least_energy([energy_N], share)
    assert least is not None
    assert (energy_N < least).mean() == pytest.approx(share, abs=1e-3)


def test_a_large_set_counts_as_a_small_one() -> None:
    low: Float64 = np.linspace(0, 1, 1000, dtype=np.float64)
    high: Float64 = np.linspace(10, 11, 10, dtype=np.float64)
    least = least_energy([low, high], 0.25)
    assert least == pytest.approx(0.5, abs=0.01)


def test_nothing_known_or_no_share_rejects_nothing() -> None:
    assert least_energy([], 0.05) is None
    assert least_energy([np.empty(0)], 0.05) is None
    assert least_energy([np.ones(5)], 0.0) is None
