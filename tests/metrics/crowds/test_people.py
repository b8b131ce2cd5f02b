"""People of few pixels: boxes, painting and IoUs counted by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.crowds.people import (
    PersonParts,
    box_of,
    class_ious,
    crowd_of,
    person_of,
)
from edgehuman.records import Uint8


def row(text: str) -> Uint8:
    return np.array([[int(each) for each in text]], np.uint8)


def person(text: str) -> PersonParts:
    return person_of(row(text), row(text) > 0)


def test_a_person_is_cut_out_of_the_picture_and_painted_back() -> None:
    part_HW = np.array([[0, 0, 0, 0], [0, 2, 7, 0], [0, 0, 3, 0]], np.uint8)
    found = person_of(part_HW, np.isin(part_HW, (2, 3)))
    assert (found.left, found.top, found.part_HW.tolist()) == (1, 1, [[2, 0], [0, 3]])
    assert box_of(found).tolist() == [1, 1, 3, 3]
    canvas_HW = np.full((3, 4), 9, np.uint8)
    found.paint(canvas_HW)
    assert canvas_HW.tolist() == [[9, 9, 9, 9], [9, 2, 9, 9], [9, 9, 3, 9]]


def test_nobodys_pixels_are_nobody() -> None:
    nobody = person_of(row("0000"), row("0000") > 0)
    assert nobody.part_HW.size == 0
    assert box_of(nobody).tolist() == [0, 0, 0, 0]
    assert nobody.share_of(np.ones((1, 4), np.bool_)) == 0
    assert nobody.counts(3, 4).tolist() == [4, 0, 0]


def test_classes_overlap_by_hand() -> None:
    # Picture of ten pixels; A 1111220000, B 0000001111, found 1111230000.
    crowd = crowd_of([person("1111220000"), person("0000001111")], 4, 10)
    iou_GC = class_ious(person("1111230000"), crowd)
    # Of A: background 4 of 4, class 1 4 of 4, class 2 1 of 2, class 3 0 of 1.
    assert iou_GC[0].tolist() == [1, 1, 0.5, 0]
    # Of B: no pixel is of either's background; of classes 1, 2 and 3 nothing is shared.
    assert iou_GC[1].tolist() == [0, 0, 0, 0]


def test_the_background_of_strangers_is_shared_and_absent_classes_do_not_count() -> None:
    iou_GC = class_ious(person("1100000000"), crowd_of([person("0000000011")], 3, 10))
    assert iou_GC[0, :2].tolist() == [6 / 10, 0]
    assert np.isnan(iou_GC[0, 2])


def test_a_share_within_a_region_is_of_the_persons_own_pixels() -> None:
    region_HW = row("0011100000") > 0
    assert person("0111100000").share_of(region_HW) == 0.75


def test_a_part_that_is_none_is_named() -> None:
    with pytest.raises(DataError, match="found part 4 of a person; the 4 classes are 0 to 3"):
        crowd_of([person("0004")], 4, 4)


def test_thousands_of_people_in_one_picture_take_no_map_each() -> None:
    # 5,000 people of 4x8 pixels in 800x800: whole maps of all would be 3.2 GB.
    part_HW = np.tile(np.array([[1, 2], [2, 1]], np.uint8), (4, 2))
    people = [PersonParts(8 * (i % 100), 16 * (i // 100), part_HW) for i in range(5000)]
    crowd = crowd_of(people, 3, 800 * 800)
    begin = time.process_time()
    mean_G = np.nanmean(class_ious(people[4321], crowd), axis=1)
    assert time.process_time() - begin < 1
    assert int(mean_G.argmax()) == 4321
    assert mean_G[4321] == 1
