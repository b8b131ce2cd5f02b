"""Between measured points, on lines in log-log; its error by leaving out; nothing outside."""

from __future__ import annotations

import math

import pytest

from edgehuman.bench.budget.between import OutsideError, between

LINE = [(1.0, 1.0), (100.0, 100.0), (10_000.0, 10_000.0)]


def test_on_a_power_law_nothing_is_wrong() -> None:
    found = between(10.0, LINE)
    assert found.value == pytest.approx(10.0)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert found.left_out == 1


def test_the_error_is_that_of_the_point_that_was_left_out() -> None:
    # Without (10, 12), the line from (1, 1) to (100, 100) says 10: 10 / 12 - 1.
    found = between(math.sqrt(10.0), [(1.0, 1.0), (100.0, 100.0), (10.0, 12.0)])
    assert found.error == pytest.approx(1 / 6)
    assert found.value == pytest.approx(math.sqrt(12.0))  # half way from 1 to 12 in logs


def test_the_worst_of_several_counts() -> None:
    points = [(1.0, 1.0), (10.0, 12.0), (100.0, 100.0), (1000.0, 1000.0)]
    # Left out, 10 is predicted as 10 (1/6 low), 100 as sqrt(12 * 1000) (9.5 % high).
    found = between(50.0, points)
    assert (found.left_out, found.error) == pytest.approx((2, 1 / 6))


def test_points_of_one_x_are_one_by_their_geometric_mean() -> None:
    found = between(10.0, [(1.0, 1.0), (10.0, 4.0), (10.0, 9.0), (100.0, 100.0)])
    assert found.value == pytest.approx(6.0)


@pytest.mark.parametrize(("x", "side"), [(0.5, "below"), (20_000.0, "above")])
def test_outside_of_the_points_nothing_is_said(x: float, side: str) -> None:
    with pytest.raises(OutsideError, match=f"{side} what was measured, 1 to 1e\\+04"):
        between(x, LINE)


def test_two_points_are_too_few() -> None:
    with pytest.raises(OutsideError, match="2 measured, and it takes 3"):
        between(5.0, [*LINE[:2], LINE[0]])
