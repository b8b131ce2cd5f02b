"""Who wears what, in boxes that can be checked by hand."""

from __future__ import annotations

import numpy as np

from edgehuman.metrics.garments.answers import Item
from edgehuman.metrics.garments.wearers import by_wearer, wearers


def item(label: str, *box: float, score: float = 0.5) -> Item:
    return Item(label, np.array(box, np.float32), score)


def test_an_item_is_worn_by_whose_box_holds_most_of_it_the_smaller_of_equal_ones() -> None:
    people_P4 = np.array([[0, 0, 100, 100], [0, 0, 40, 100], [200, 0, 240, 100]], np.float32)
    box_K4 = np.array(
        [[10, 0, 30, 20], [30, 0, 60, 20], [210, 0, 250, 20], [300, 0, 310, 10]], np.float32
    )
    assert wearers(box_K4, people_P4).tolist() == [1, 0, 2, -1]
    assert wearers(box_K4, people_P4[:0]).tolist() == [-1] * 4


def test_what_nobody_wears_but_touches_makes_a_person() -> None:
    items = [
        item("person", 0, 0, 50, 100, score=0.9),
        item("coat", 5, 10, 45, 60),
        item("coat", 100, 0, 120, 30, score=0.8),
        item("shoe", 110, 25, 130, 40, score=0.4),
        item("hat", 300, 0, 310, 10, score=0.3),
    ]
    (anne, of_anne), (made, of_made), (other, of_other) = by_wearer(items)
    assert (anne.score, [each.label for each in of_anne]) == (0.9, ["coat"])
    assert made.box_4.tolist() == [100, 0, 130, 40]
    assert (made.score, [each.label for each in of_made]) == (0.8, ["coat", "shoe"])
    assert (other.label, of_other[0].label) == ("person", "hat")
    assert by_wearer([]) == []
