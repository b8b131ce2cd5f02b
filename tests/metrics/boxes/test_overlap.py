from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.boxes.overlap import areas, ious, shares_within

SQUARE = np.array([[0, 0, 10, 10]], np.float32)


@pytest.mark.parametrize(
    ("other", "iou", "within"),
    [
        ((0, 0, 10, 10), 1.0, 1.0),
        ((5, 0, 15, 10), 1 / 3, 0.5),
        ((0, 0, 20, 20), 0.25, 1.0),
        ((10, 0, 20, 10), 0.0, 0.0),
        ((2, 2, 2, 8), 0.0, 0.0),
        ((-5, -5, 5, 5), 25 / 175, 0.25),
    ],
)
def test_overlap_of_a_square_by_hand(other: tuple[float, ...], iou: float, within: float) -> None:
    other_14 = np.array([other], np.float32)
    assert ious(SQUARE, other_14)[0, 0] == pytest.approx(iou)
    assert shares_within(SQUARE, other_14)[0, 0] == pytest.approx(within)


def test_boxes_without_area_overlap_nothing() -> None:
    point = np.array([[3, 3, 3, 3]], np.float32)
    turned = np.array([[9, 9, 1, 1]], np.float32)
    assert ious(point, point).tolist() == [[0.0]]
    assert shares_within(point, SQUARE).tolist() == [[0.0]]
    assert areas(np.concatenate([SQUARE, point, turned])).tolist() == [100, 0, 0]


def test_no_boxes_have_no_overlaps() -> None:
    assert ious(np.zeros((0, 4), np.float32), SQUARE).shape == (0, 1)
    assert ious(SQUARE, np.zeros((0, 4), np.float32)).shape == (1, 0)
