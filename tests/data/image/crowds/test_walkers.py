"""Simulated walkers are whole, tight cut-outs; the second half is seen from above."""

from __future__ import annotations

import numpy as np

from edgehuman.data.image.crowds.walkers import NUM_WALKERS, is_from_above, walker


def test_a_walker_is_a_whole_body() -> None:
    for number in (0, NUM_WALKERS - 1):
        cut = walker(0, number)
        assert cut is not None
        assert 150 < cut.height_px < 192
        rows, columns, _ = cut.levels[0].shape
        assert cut.box_4[0] >= 0
        assert cut.box_4[2] <= columns
        assert cut.box_4[3] <= rows
        assert cut.levels[0][..., 3].mean() > 40


def test_seeds_and_halves() -> None:
    assert not is_from_above(0)
    assert is_from_above(NUM_WALKERS - 1)
    first, again, other = walker(0, 3), walker(0, 3), walker(1, 3)
    assert first is not None
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(first.levels[0], again.levels[0])
    assert first.levels[0].shape != other.levels[0].shape
