"""Error against discard, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.gait.discard import SHARES, area_between, discard_curve, discard_errors

# Ten answers, the four worst of them wrong.
QUALITY = np.arange(10.0)
WRONG = (QUALITY < 4).astype(float)


def test_the_worst_go_first() -> None:
    """4 of 10 wrong; without two 2 of 8; without four none."""
    found = discard_errors(QUALITY, WRONG, (0.0, 0.2, 0.4, 0.5))
    assert found.tolist() == pytest.approx([0.4, 0.25, 0.0, 0.0])
    upside_down = discard_errors(-QUALITY, WRONG, (0.0, 0.2, 0.5))
    assert upside_down.tolist() == pytest.approx([0.4, 0.5, 0.8])


def test_equal_qualities_go_together_in_part() -> None:
    """Discarding at random: the error stays."""
    found = discard_errors(np.zeros(10), WRONG, SHARES)
    assert found.tolist() == pytest.approx([0.4] * len(SHARES))
    assert area_between(found) == pytest.approx(0.0)


def test_the_area_is_the_mean_fall() -> None:
    assert area_between(np.array([0.4, 0.3, 0.1]), (0.0, 0.1, 0.2)) == pytest.approx(0.2)
    assert area_between(np.array([0.4]), (0.0,)) == 0.0


def test_weights_count_answers_several_times() -> None:
    twice = discard_errors(QUALITY, WRONG, (0.0, 0.2), np.full(10, 2.0))
    assert twice.tolist() == pytest.approx([0.4, 0.25])
    without = discard_errors(QUALITY, WRONG, (0.0,), (QUALITY >= 4).astype(float))
    assert without.tolist() == [0.0]


def test_intervals_resample_people() -> None:
    """Two people, one of them wrong in half of the answers: from all of one to all of the other."""
    person = np.array(["a"] * 5 + ["b"] * 5)
    curve = discard_curve(QUALITY, WRONG, person, (0.0, 0.2), resamples=200)
    assert curve.error_K[0] == pytest.approx(0.4)
    assert (curve.low_K[0], curve.high_K[0]) == (pytest.approx(0.0), pytest.approx(0.8))
    assert curve.area.low <= curve.area.value <= curve.area.high
    with pytest.raises(DataError, match="at least two"):
        discard_curve(QUALITY, WRONG, np.array(["a"] * 10))


def test_what_cannot_be_ordered_is_refused() -> None:
    with pytest.raises(DataError, match="found 0 qualities"):
        discard_errors(np.array([]), np.array([]))
    with pytest.raises(DataError, match="not finite"):
        discard_errors(np.array([np.nan]), np.array([1.0]))
    with pytest.raises(DataError, match="from 0 to below 1"):
        discard_errors(QUALITY, WRONG, (0.0, 1.0))
