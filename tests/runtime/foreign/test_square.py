"""Squares of a frame: what is cut out, where points lie, and back onto the frame."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.runtime.foreign.square import Square, around, box_of, box_of_mask

CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def test_around_is_the_longer_side_times_the_margin() -> None:
    assert around((10, 20, 30, 60), 1.25) == Square(20, 40, 50)


def test_points_of_an_upright_and_of_a_turned_square() -> None:
    np.testing.assert_allclose(
        Square(20, 40, 10).to_frame(CORNERS), [[15, 35], [25, 35], [25, 45], [15, 45]]
    )
    # A quarter turn clockwise: its own right is the frame's down.
    turned = Square(20, 40, 10, math.pi / 2).to_frame(CORNERS)
    np.testing.assert_allclose(turned, [[25, 35], [25, 45], [15, 45], [15, 35]], atol=1e-5)


def test_the_cut_is_the_pixels_of_the_square() -> None:
    frame_HWC = np.arange(20 * 30 * 3, dtype=np.int64).reshape(20, 30, 3).astype(np.uint8)
    np.testing.assert_array_equal(Square(14, 10, 8).cut(frame_HWC, 8), frame_HWC[6:14, 10:18])
    quarter = Square(14, 10, 8, math.pi / 2).cut(frame_HWC, 8)
    np.testing.assert_array_equal(quarter, np.rot90(frame_HWC[6:14, 10:18]))


def test_outside_the_frame_is_the_border() -> None:
    cut = Square(0, 0, 4).cut(np.full((10, 10, 3), 200, np.uint8), 4, border=7)
    assert (cut[:2] == 7).all()
    assert (cut[2:, 2:] == 200).all()


def test_a_shrunk_cut_averages() -> None:
    stripes_HWC = np.tile(np.array([0, 255], np.uint8)[None, :, None], (64, 32, 3))
    cut = Square(32, 32, 64).cut(stripes_HWC, 8)
    assert np.abs(cut.astype(int) - 128).max() <= 1


@pytest.mark.parametrize("angle_rad", [0.0, 0.4, math.pi / 2])
def test_pasting_is_the_inverse_of_cutting(angle_rad: float) -> None:
    square = Square(21.5, 17.0, 24, angle_rad)
    value_SS = np.zeros((48, 48), np.float32)
    value_SS[8:16, 30:40] = 1
    pasted_HW = square.paste(value_SS, 40, 44)
    x, y = square.to_frame(np.array([[35 / 48, 12 / 48]]))[0]
    assert pasted_HW[int(y), int(x)] > 0.9
    assert pasted_HW.sum() == pytest.approx(8 * 10 / 4, rel=0.1)


def test_boxes_of_points_and_masks() -> None:
    assert box_of(np.array([[3, 4], [3, 9]], np.float32)).tolist() == [3, 4, 4, 9]
    mask_HW = np.zeros((10, 12), bool)
    mask_HW[2:5, 7:11] = True
    assert box_of_mask(mask_HW).tolist() == [7, 2, 11, 5]
