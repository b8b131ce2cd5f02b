"""The gait paper's curves, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.laws.frontier import (
    Parabola,
    PlaneLaw,
    budgets,
    compute_constant,
    fit_log2,
    fit_parabola,
    fit_plane,
    most_efficient,
)


def test_a_share_that_grows_by_a_tenth_with_every_doubling() -> None:
    law = fit_log2(np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.2, 0.3]))
    assert (law.a, law.e) == pytest.approx((0.1, 0.1))
    assert law.at(16.0) == pytest.approx(0.5)


def test_the_compute_constant_is_the_line_through_the_origin() -> None:
    n, d = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    assert compute_constant(n, d, 6.5 * n * d) == pytest.approx(6.5)
    # sum(C N D) / sum((N D)^2) = (3 * 3 + 30 * 10) / (9 + 100)
    assert compute_constant(n, d, np.array([3.0, 30.0])) == pytest.approx(309 / 109)


def test_points_of_equal_compute_stand_together() -> None:
    found = budgets(np.array([10.0, 11.0, 20.0, 19.0, 41.0]))
    assert [members for _, members in found] == [(0, 1), (2, 3), (4,)]
    assert [budget for budget, _ in found] == [10.0, 20.0, 40.0]


def test_a_parabola_by_hand() -> None:
    # log10 L = (log10 N - 6)^2: L = 10^.25 half a decade off its vertex at 1e6
    n = 10.0 ** np.array([5.2, 5.6, 6.0, 6.4, 6.8])
    found = fit_parabola(n, 10.0 ** ((np.log10(n) - 6) ** 2))
    assert isinstance(found, Parabola)
    assert found.vertex == pytest.approx(1e6)
    assert found.c2 == pytest.approx(1.0)
    assert float(found.at(np.array([10**6.5]))[0]) == pytest.approx(10**0.25)
    assert found.warnings == (found.warnings[0],)
    assert "a picture only" in found.warnings[0]


def test_points_more_than_a_decade_off_the_vertex_are_left_out() -> None:
    n = 10.0 ** np.array([5.2, 5.6, 6.0, 6.4, 6.8, 8.5])
    loss = 10.0 ** ((np.log10(n) - 6) ** 2)
    found = fit_parabola(n, loss)
    assert isinstance(found, Parabola)
    assert found.used == (0, 1, 2, 3, 4)


def test_a_vertex_outside_the_grid_is_said() -> None:
    n = 10.0 ** np.array([6.2, 6.4, 6.6, 6.8, 7.0])
    found = fit_parabola(n, 10.0 ** ((np.log10(n) - 6.1) ** 2))
    assert isinstance(found, Parabola)
    assert "outside the grid" in found.warnings[1]
    falls = fit_parabola(n, 10.0 ** -((np.log10(n) - 6.6) ** 2))
    assert isinstance(falls, Parabola)
    assert "opens downward" in falls.warnings[1]


def test_four_sizes_are_too_few() -> None:
    assert "needs 5" in str(fit_parabola(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 1, 2])))


def test_lines_of_equal_share() -> None:
    # P = .1 log2 N + .05 log2 D + .2: at N 4, P .6 needs .05 log2 D = .2, D = 16
    n, d = (g.ravel() for g in np.meshgrid([1.0, 2.0, 4.0], [1.0, 4.0]))
    plane = fit_plane(n, d, 0.1 * np.log2(n) + 0.05 * np.log2(d) + 0.2)
    assert float(plane.at(2.0, 4.0)) == pytest.approx(0.4)
    np.testing.assert_allclose(plane.data_for(0.6, np.array([4.0, 16.0])), [16.0, 1.0])


def test_the_best_of_each_budget() -> None:
    flops, score = np.array([10.0, 11.0, 20.0, 21.0]), np.array([0.5, 0.6, 0.7, 0.65])
    assert most_efficient(flops, score, higher=True) == [1, 2]
    assert most_efficient(flops, score, higher=False) == [0, 3]


def test_a_line_beyond_all_numbers_is_infinite() -> None:
    flat = PlaneLaw(0.1, 1e-6, 0.0)
    assert np.isposinf(flat.data_for(0.9, np.array([4.0]))).all()
