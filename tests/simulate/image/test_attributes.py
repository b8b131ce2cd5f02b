"""Yes/no questions, answered by a look and by how much of it a picture shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.simulate.image.attributes import ATTRIBUTES, attributes_of
from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.figure import figure, paint_order
from edgehuman.simulate.image.figure.rig import pose_rig
from edgehuman.simulate.image.figure.tube import Light, outline
from edgehuman.simulate.image.scene.painting import blank, paint
from tests.simulate.image.dressed import cloth, dressed, seen_from, standing

EVEN = Light((0.0, 0.0, -1.0), 0.0, 1.0)


def true_of(azimuth_deg: float = 0.0, hide: bool = False, **changes: Any) -> set[str]:
    """What is true of a picture of a person; `hide`: something else covers all of it."""
    look = dressed(**changes)
    rig, body, view = figure(look, make_wardrobe(look)), standing(look), seen_from(azimuth_deg)
    posed = pose_rig(rig, body)
    canvas = blank(np.zeros((3, 256, 128), np.float32))
    paint(canvas, rig, outline(posed, paint_order(posed, body, view), view, EVEN, 64), 0)
    if hide:
        canvas.owner_HW[:], canvas.part_HW[:] = 255, 0
    answers = attributes_of(look, rig, canvas, body, view)
    assert answers.dtype == np.int8
    return {name for name, answer in zip(ATTRIBUTES, answers.tolist(), strict=True) if answer}


def test_a_plain_person_in_red_and_blue() -> None:
    # The mean of (200, 40, 40) is 93: neither dark (75) nor light (165).
    assert true_of() == {"front_view"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hat": "cap"}, "hat"),
        ({"glasses": True}, "glasses"),
        ({"bag": "handbag"}, "bag"),
        ({"hair": "long"}, "long_hair"),
        ({"sleeve": 2.0}, "long_sleeves"),
        ({"top_cloth": cloth("stripes")}, "patterned_top"),
        ({"top_cloth": cloth(ground=(30.0, 30.0, 30.0))}, "dark_top"),
        ({"top_cloth": cloth(ground=(220.0, 220.0, 220.0))}, "light_top"),
        ({"bottom": "shorts", "reach": 0.8}, "shorts"),
        ({"bottom": "skirt", "reach": 0.9}, "skirt"),
        ({"bottom_cloth": cloth(ground=(30.0, 30.0, 30.0))}, "dark_bottom"),
        ({"shoes": "boots", "bottom": "skirt", "reach": 0.8}, "boots"),
    ],
)
def test_what_a_look_says_is_answered(changes: dict[str, Any], said: str) -> None:
    assert said in true_of(**changes)
    assert said not in true_of()
    assert said not in true_of(hide=True, **changes)


@pytest.mark.parametrize(
    ("azimuth_deg", "view"),
    [(0, "front_view"), (40, "front_view"), (60, "side_view"), (-90, "side_view"),
     (120, "side_view"), (180, "back_view"), (-140, "back_view")],
)  # fmt: skip
def test_a_view_is_told_by_where_the_body_faces(azimuth_deg: float, view: str) -> None:
    views = true_of(azimuth_deg) & {"front_view", "side_view", "back_view"}
    assert len(views) == 1
    if azimuth_deg not in (40, -140, 120):  # a standing body is turned by some degrees itself
        assert views == {view}


def test_what_is_on_the_far_side_is_not_to_be_seen() -> None:
    assert "glasses" not in true_of(180.0, glasses=True)
    assert "backpack" in true_of(180.0, bag="backpack")
    assert "bag" not in true_of(180.0, bag="backpack")


def test_short_sleeves_and_small_patterns_are_none() -> None:
    assert "long_sleeves" not in true_of(sleeve=1.4)
    assert "patterned_top" not in true_of(top_cloth=cloth("print"))
