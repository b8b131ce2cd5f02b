"""A person stands in the middle of their crop, also at the edge of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.image.cropping import padded, person_box
from edgehuman.preprocess.image.pixels import whole_pixels


def test_a_box_grows_about_its_centre_to_the_shape_of_the_crop() -> None:
    # 20 wide, 80 high: 40 wide about the same centre.
    assert person_box((50, 10, 70, 90), 100, 200) == (40, 10, 80, 90)
    # At the left edge too, and so it leaves the picture.
    assert person_box((2, 10, 22, 90), 100, 200) == (-8, 10, 32, 90)
    # A wide box grows upwards and downwards.
    assert person_box((10, 40, 90, 60), 100, 200) == (10, -30, 90, 130)
    # A tenth more on each side.
    assert person_box((50, 10, 90, 90), 100, 200, margin=0.1) == (46, 2, 94, 98)
    # What is outside the picture is not part of the person.
    assert person_box((-40, 10, 20, 90), 100, 200) == (-10, 10, 30, 90)


@pytest.mark.parametrize("box", [(0, 0, 4000, 3), (0, 0, 3, 4000), (10, 10, 11, 11)])
@pytest.mark.parametrize("shape", [0.5, 0.75, 2.0])
def test_no_crop_is_more_than_four_times_its_picture(box: tuple[float, ...], shape: float) -> None:
    grown = person_box(box, 3000, 4000, shape, 0.125)
    x0, y0, x1, y1 = whole_pixels(grown)
    assert (x1 - x0) * (y1 - y0) <= 4.01 * 3000 * 4000


def test_beyond_the_edges_they_go_on_or_a_value_stands() -> None:
    image_HWC = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    found_HWC = padded(image_HWC, (-2, 1, 3, 6))
    assert found_HWC.shape == (5, 5, 3)
    assert np.array_equal(found_HWC[0, :3, 0], [15, 15, 15])
    assert np.array_equal(found_HWC[:3, 2:], image_HWC[1:4, 0:3])
    assert np.array_equal(found_HWC[3], found_HWC[4])
    mask_HW = np.ones((4, 5), np.uint8)
    filled_HW = padded(mask_HW, (-2, 1, 3, 6), fill=255)
    assert (filled_HW == 255).sum() == 25 - 9
    inside_HWC = padded(image_HWC, (1, 1, 4, 3))
    assert np.array_equal(inside_HWC, image_HWC[1:3, 1:4])


def test_a_box_that_holds_nothing_is_an_error() -> None:
    for box in ((9, 0, 12, 3), (2, 2, 2, 4), (0, 0, float("nan"), 3)):
        with pytest.raises(DataError):
            padded(np.zeros((4, 5, 3), np.uint8), box)
        with pytest.raises(DataError):
            person_box(box, 4, 5)
