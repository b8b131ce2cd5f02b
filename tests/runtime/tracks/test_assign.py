"""Pairs of the least cost, where not everybody has a partner."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.tracks.assign import assign


def test_a_costly_pair_stays_open_where_the_least_sum_of_all_would_make_it() -> None:
    # All four costs are within the limit: the least sum of two pairs is .65 + .2, but .1 and one
    # row and one column open is less: .1 + .35 + .35.
    assert assign(np.array([[0.1, 0.65], [0.2, 0.95]]), 0.7) == [(0, 0)]
    assert assign(np.array([[0.1, 0.65], [0.2, 0.95]]), 0.9) == [(0, 1), (1, 0)]


def test_the_limit_belongs_to_the_pairs_and_what_is_not_finite_does_not() -> None:
    assert assign(np.array([[0.7]]), 0.7) == [(0, 0)]
    assert assign(np.array([[0.7001]]), 0.7) == []
    assert assign(np.array([[np.inf, np.nan]]), 9.0) == []
    assert assign(np.zeros((0, 3)), 1.0) == assign(np.zeros((3, 0)), 1.0) == []


def test_it_is_the_assignment_of_the_padded_square() -> None:
    """What `lap.lapjv(extend_cost=True, cost_limit=limit)` solves, by scipy."""
    solve = pytest.importorskip("scipy.optimize").linear_sum_assignment
    rng = np.random.default_rng(0)
    for _ in range(300):
        rows, columns = rng.integers(1, 9, 2)
        cost_KM, limit = rng.random((rows, columns)), rng.random()
        square = np.full((rows + columns, rows + columns), limit / 2)
        square[rows:, columns:] = 0
        square[:rows, :columns] = cost_KM
        least = square[solve(square)].sum()
        pairs = assign(cost_KM, limit)
        found = sum(cost_KM[pair] for pair in pairs)
        open_ = rows + columns - 2 * len(pairs)
        assert found + limit / 2 * open_ == pytest.approx(least, abs=1e-12)
        assert len({k for k, _ in pairs}) == len({m for _, m in pairs}) == len(pairs)
