"""A frame in a network's input, and the network's boxes back in the frame."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.image.letterbox import GREY, fit


@pytest.mark.parametrize(
    "size", [(480, 640), (576, 768), (1080, 1920), (90, 2000), (3000, 40), (8, 8), (320, 416)]
)
def test_boxes_come_back_where_they_were_and_the_frame_keeps_its_shape(
    size: tuple[int, int],
) -> None:
    rows, columns = size
    frame_HWC = np.full((rows, columns, 3), 200, np.uint8)
    input_HWC, place = fit(frame_HWC, 320, 416)
    assert input_HWC.shape == (320, 416, 3)
    whole_K4 = np.array(
        [[0, 0, columns, rows], [columns / 4, rows / 3, columns / 2, rows - 1]], np.float32
    )
    inside_K4 = place.to_input(whole_K4)
    assert np.allclose(place.to_frame(inside_K4), whole_K4, atol=1e-3 * max(size))
    left, top, right, bottom = inside_K4[0].round().astype(int).tolist()
    assert (input_HWC[top:bottom, left:right] == 200).all()
    assert (input_HWC == 200).sum() == 3 * (right - left) * (bottom - top)
    assert set(np.unique(input_HWC).tolist()) <= {200, GREY}
    assert (right - left) == 416 or (bottom - top) == 320
    centre = (left + right) / 2, (top + bottom) / 2
    assert np.allclose(centre, (208, 160), atol=1)


def test_points_follow_as_boxes_do() -> None:
    _, place = fit(np.zeros((100, 300, 3), np.uint8), 320, 416)
    point_K2 = np.array([[10, 20], [299, 99]], np.float32)
    assert np.allclose(place.to_input(np.tile(point_K2, 2))[:, :2], place.to_input(point_K2))


def test_the_rest_may_be_at_the_right_and_the_bottom_and_of_another_level() -> None:
    frame_HWC = np.full((10, 20, 3), 9, np.uint8)
    input_HWC, place = fit(frame_HWC, 20, 20, centred=False, level=127)
    assert (place.left, place.top) == (0, 0)
    assert (input_HWC[9, 0, 0], input_HWC[10, 0, 0]) == (9, 127)
    box_K4 = np.array([[5, 5, 10, 10]], np.float32)
    assert place.to_frame(box_K4).tolist() == [[5, 5, 10, 10]]
