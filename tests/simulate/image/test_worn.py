"""What a drawn person wears: true of the look, and of what the picture shows of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.figure import figure, paint_order
from edgehuman.simulate.image.figure.parts import PART
from edgehuman.simulate.image.figure.rig import pose_rig
from edgehuman.simulate.image.figure.tube import outline
from edgehuman.simulate.image.scene.painting import blank, paint
from edgehuman.simulate.image.worn import ATTRIBUTES, CATEGORIES, Worn, worn_by
from tests.simulate.image.dressed import cloth, dressed, seen_from, standing
from tests.simulate.image.test_attributes import EVEN


def drawn(azimuth_deg: float = 0.0, hide: bool = False, **changes: Any) -> tuple[Worn, Any]:
    """What a person wears in a picture, and its parts; `hide`: something covers all of it."""
    look = dressed(**changes)
    rig, body, view = figure(look, make_wardrobe(look)), standing(look), seen_from(azimuth_deg)
    posed = pose_rig(rig, body)
    canvas = blank(np.zeros((3, 256, 128), np.float32))
    paint(canvas, rig, outline(posed, paint_order(posed, body, view), view, EVEN, 64), 0)
    if hide:
        canvas.owner_HW[:], canvas.part_HW[:] = 255, 0
    return worn_by(look, rig, canvas), canvas.part_HW


def attributes_of(azimuth_deg: float = 0.0, **changes: Any) -> dict[str, set[str]]:
    return {each.category: set(each.attributes) for each in drawn(azimuth_deg, **changes)[0].items}


@pytest.mark.parametrize(
    ("changes", "category", "said"),
    [
        ({"top": "shirt", "sleeve": 2.0}, "shirt, blouse", "single breasted"),
        ({"top": "jumper", "sleeve": 2.0}, "sweater", "no opening"),
        ({"top": "zipped jacket", "sleeve": 2.0}, "jacket", "zip-up"),
        ({"top": "coat", "sleeve": 2.0}, "coat", "above-the-knee (length)"),
        ({"top": "t-shirt", "sleeve": 0.0}, "top, t-shirt, sweatshirt", "sleeveless"),
        ({"top_cloth": cloth("checks")}, "top, t-shirt, sweatshirt", "check"),
        ({"sleeve": 0.6}, "sleeve", "short (length)"),
        ({"sleeve": 1.25, "top": "shirt"}, "sleeve", "elbow-length"),
        ({"sleeve": 2.0, "top": "shirt"}, "sleeve", "wrist-length"),
        ({"bottom": "leggings", "reach": 1.9, "width": 0.003}, "pants", "leggings"),
        ({"bottom": "shorts", "reach": 0.6}, "shorts", "mini (length)"),
        ({"bottom": "skirt", "reach": 1.0, "width": 0.05}, "skirt", "a-line"),
        ({"bottom": "skirt", "reach": 1.0}, "skirt", "knee (length)"),
        ({"bottom_cloth": cloth("stripes")}, "pants", "stripe"),
        ({"bottom_cloth": cloth("print")}, "pants", "plain (pattern)"),
    ],
)
def test_what_a_look_says_is_said_of_its_garment(
    changes: dict[str, Any], category: str, said: str
) -> None:
    found = attributes_of(**changes)
    assert said in found[category]
    assert set().union(*found.values()) <= set(ATTRIBUTES)
    assert set(found) <= set(CATEGORIES)
    assert not drawn(hide=True, **changes)[0].items


@pytest.mark.parametrize(
    ("changes", "category"),
    [
        ({"hat": "cap"}, "hat"),
        ({"glasses": True}, "glasses"),
        ({"bag": "handbag"}, "bag, wallet"),
        ({"top": "zipped jacket", "sleeve": 2.0}, "zipper"),
        ({"top": "open jacket", "sleeve": 2.0}, "shirt, blouse"),
        ({}, "shoe"),
        ({}, "neckline"),
    ],
)
def test_accessories_and_parts_are_worn(changes: dict[str, Any], category: str) -> None:
    assert category in attributes_of(**changes)


def test_what_only_the_front_shows_is_not_said_of_a_back() -> None:
    coat = {"top": "zipped jacket", "sleeve": 2.0}
    assert "zip-up" in attributes_of(0.0, **coat)["jacket"]
    back = attributes_of(180.0, **coat)
    assert "zip-up" not in back["jacket"]
    assert "zipper" not in back
    assert "neckline" not in back
    seeds = range(12)
    front = [attributes_of(0.0, top_cloth=cloth("print", seed=seed)) for seed in seeds]
    behind = [attributes_of(180.0, top_cloth=cloth("print", seed=seed)) for seed in seeds]
    top = "top, t-shirt, sweatshirt"
    assert all("printed" in each[top] for each in front)
    # Some have their print on both sides.
    assert 0 < sum("printed" in each[top] for each in behind) < len(seeds)
    assert all(("printed" in each[top]) != ("plain (pattern)" in each[top]) for each in behind)


def test_masks_lie_on_the_parts_they_are_of_and_a_garment_holds_its_sleeves() -> None:
    worn, part_HW = drawn(top="zipped jacket", sleeve=2.0)
    by_name = {each.category: worn.mask(each) for each in worn.items}
    assert (part_HW[by_name["jacket"]] == PART["upper_clothes"]).all()
    assert (part_HW[by_name["pants"]] == PART["trousers"]).all()
    for part in ("sleeve", "zipper"):
        assert (by_name["jacket"] | ~by_name[part]).all()
    sleeves = [worn.mask(each) for each in worn.items if each.category == "sleeve"]
    assert len(sleeves) == 2
    assert not (sleeves[0] & sleeves[1]).any()
