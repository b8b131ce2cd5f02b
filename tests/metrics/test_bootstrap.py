"""Bootstrap intervals: seeded, outliers kept, widths as in theory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.bootstrap import interval, interval_of_groups, mean, percentile


def test_the_value_is_the_statistic_of_the_data() -> None:
    found = interval(np.array([1.0, 2.0, 3.0, 6.0]), mean)
    assert found.value == 3.0
    assert 1.0 <= found.low < 3.0 < found.high <= 6.0


def test_equal_values_have_no_width() -> None:
    found = interval(np.full(7, 5.0), percentile(95))
    assert (found.value, found.low, found.high) == (5.0, 5.0, 5.0)


def test_the_width_of_a_mean_is_four_standard_errors() -> None:
    values = np.random.default_rng(1).normal(0.0, 1.0, 400)
    found = interval(values, mean, resamples=4000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(20.0)
    assert interval(values, mean, seed=3) == interval(values, mean, seed=3)
    assert interval(values, mean, seed=3) != interval(values, mean, seed=4)


def test_an_outlier_is_kept() -> None:
    values = np.append(np.ones(99), 1000.0)
    assert interval(values, percentile(100)).value == 1000.0
    assert interval(values, mean).high > 10.0


def test_blocks_do_not_change_the_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = interval(np.arange(10.0), mean, resamples=50)
    monkeypatch.setattr("edgehuman.metrics.bootstrap.BLOCK_VALUES", 100)
    assert interval(np.arange(10.0), mean, resamples=50) == whole


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_nothing_or_not_finite_is_an_error(values: list[float]) -> None:
    with pytest.raises(DataError, match="at least one, all finite"):
        interval(np.array(values), mean)


def test_a_level_outside_its_range_is_an_error() -> None:
    with pytest.raises(DataError, match="found level 95"):
        interval(np.ones(3), mean, level=95)


def share(count_R2: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(count_R2[:, 0] / count_R2.sum(axis=1))


def test_groups_are_drawn_whole() -> None:
    # Two people, one always right and one always wrong: a draw gives 0, 1/2 or 1 and nothing else.
    found = interval_of_groups(np.array([[10, 0], [0, 10]]), share)
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)
    alike = interval_of_groups(np.array([[5, 5]] * 9), share)
    assert (alike.low, alike.high) == (0.5, 0.5)


def test_one_group_is_an_error() -> None:
    with pytest.raises(DataError, match="found 1 group"):
        interval_of_groups(np.array([[1, 2]]), share)
