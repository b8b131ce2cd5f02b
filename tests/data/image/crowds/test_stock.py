"""Photos are read once; streets show nobody."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.crowds.stock import Stock, beside
from edgehuman.errors import ImageError
from edgehuman.records import Uint8
from tests.data.image.crowds.drawn import drawn_persons, photo


class Failing:
    """Photos of which the second cannot be read."""

    def __init__(self) -> None:
        self.read = 0

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int, /) -> Uint8:
        self.read += 1
        if index == 1:
            raise ImageError("broken")
        return photo(index)[0]


def test_a_street_is_what_is_beside_the_person() -> None:
    image_HWC, part_HW = photo(0)
    street_HWC = beside(image_HWC, part_HW > 0)
    assert street_HWC is not None
    # 30 columns to the left, 20 to the right, faded over 5.
    assert street_HWC.shape == (120, 45, 3)
    assert street_HWC.min() >= 90
    assert street_HWC.max() < 130


def test_a_photo_without_room_beside_the_person_has_no_street() -> None:
    image_HWC, part_HW = photo(0)
    assert beside(image_HWC[:, 25:70], part_HW[:, 25:70] > 0) is None


def test_a_photo_whose_mask_is_empty_has_neither_person_nor_street() -> None:
    image_HWC, part_HW = photo(0)
    assert beside(image_HWC, np.zeros(part_HW.shape, bool)) is None


def test_unreadable_photos_are_left_out_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    persons = drawn_persons(3, 0)
    images = Failing()
    stock = Stock(dataclasses.replace(persons, images=images), np.arange(3), None)
    assert stock.person(1) is None
    assert stock.street(1) is None
    assert stock.unread == {"1"}
    assert capsys.readouterr().err.count("broken; left out of the scenes") == 1
    assert stock.person(0) is not None
    assert stock.person(0) is stock.person(0)
    # Of the broken one, both are asked for once.
    assert images.read == 2


def test_the_bag_is_no_part_of_the_box() -> None:
    cut = Stock(drawn_persons(), np.arange(4), None).person(2)
    assert cut is not None
    assert cut.box_4.tolist() == [2, 2, 22, 92]


def test_streets_with_other_people_are_not_used() -> None:
    stock = Stock(drawn_persons(), np.arange(4), frozenset({0, 2, 3}))
    assert stock.street(1) is None
    assert stock.street(0) is not None
    assert stock.num_bytes > 120 * 45 * 3
