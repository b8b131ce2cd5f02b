"""Direction and looks, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.tracks.costs import directions, unit, unlike


def at(*middles: tuple[float, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([(x - 5, y - 10, x + 5, y + 10) for x, y in middles], np.float64)


def test_straight_on_across_and_back() -> None:
    old, last = at((0, 0)), at((10, 0))  # to the right
    boxes = at((20, 0), (0, 20), (-20, 0), (20, 20))
    # (pi/2 - angle) / pi at 0, 90, 180 and 45 degrees.
    assert directions(old, last, boxes)[0] == pytest.approx([0.5, 0, -0.5, 0.25])


def test_who_stands_has_no_direction() -> None:
    still = directions(at((0, 0), (0, 0)), at((0, 0), (0.9, 0)), at((20, 0)))
    assert still.tolist() == [[0], [0]]
    moved = directions(at((0, 0)), at((1.1, 0)), at((20, 0), (0, 0)))  # of a height of 20
    assert moved[0] == pytest.approx([0.5, 0])  # a box in the old place has no direction either


def test_half_of_the_cosine_distance_and_1_for_what_is_not_known() -> None:
    look_MD = unit(np.array([[2, 0], [0, 3], [-1, 0], [0, 0], [np.nan, 1]]))
    assert look_MD.tolist() == [[1, 0], [0, 1], [-1, 0], [0, 0], [0, 0]]
    found = unlike([np.array([1.0, 0.0]), None], look_MD)
    assert found[0].tolist() == [0, 0.5, 1, 1, 1]
    assert found[1].tolist() == [1] * 5
