"""Boxes are tight; what is hidden or cut off is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.image.crowds.cutouts import CutOut, cut_out
from edgehuman.data.image.crowds.plan import (
    Background,
    Camera,
    Choices,
    Placed,
    Plan,
    Thing,
    sample_plan,
)
from edgehuman.data.image.crowds.seen import matrix_of, see
from tests.data.image.crowds.drawn import photo

ONE = Placed(0, 0, (100.0, 150.0), 90.0, 1.0, False, 0.0, 1.0)
CHOICES = Choices((1, 2), 0.0, 1, 1, lambda s, n: True, lambda n: True)


def person(source: int, number: int) -> CutOut | None:
    image_HWC, part_HW = photo(number)
    body_HW = (part_HW == 1) | (part_HW == 2)
    return cut_out(image_HWC, body_HW, body_HW)


def plan(*people: Placed, things: tuple[Thing, ...] = ()) -> Plan:
    made = sample_plan(0, 0, CHOICES)
    camera = Camera(200, 300, "street", 0.0, 0.5, 1.0)
    return dataclasses.replace(
        made, camera=camera, people=people, things=things, background=Background("plain", 0, 0)
    )


def test_the_box_of_a_person_is_where_the_feet_are() -> None:
    seen = see(plan(ONE), person)
    np.testing.assert_allclose(seen.full_M4, [[90, 60, 110, 150]], atol=1e-4)
    assert seen.inside_M[0] == pytest.approx(1.0, abs=0.05)
    assert seen.shown_M.tolist() == [1.0]


def test_a_mirrored_wide_and_turned_person() -> None:
    wide = dataclasses.replace(ONE, mirrored=True, wide=2.0)
    np.testing.assert_allclose(see(plan(wide), person).full_M4, [[80, 60, 120, 150]], atol=1e-4)
    turned = dataclasses.replace(ONE, turn_rad=np.pi / 2)
    # The feet stay, and the head lies to the right.
    box_4 = see(plan(turned), person).full_M4[0]
    np.testing.assert_allclose(box_4, [100, 140, 190, 160], atol=1e-4)


def test_points_of_the_cut_out_on_the_frame() -> None:
    cut = person(0, 0)
    assert cut is not None
    matrix_23 = matrix_of(ONE, cut)
    np.testing.assert_allclose(matrix_23 @ (12, 92, 1), ONE.foot)


@pytest.mark.parametrize(("shift", "shown"), [(40.0, 1.0), (10.0, 0.5), (3.0, 0.15)])
def test_who_is_behind_somebody_is_hidden(shift: float, shown: float) -> None:
    front = dataclasses.replace(ONE, foot=(100.0 + shift, 151.0))
    seen = see(plan(ONE, front), person)
    assert seen.shown_M.tolist() == pytest.approx([shown, 1.0], abs=0.1)
    assert seen.ignore_M.tolist() == [shown < 0.3, False]


def test_who_is_wholly_hidden_is_not_there() -> None:
    wall = Thing("box", (80.0, 40.0, 120.0, 160.0), (90.0, 90.0, 90.0), 0)
    assert len(see(plan(ONE, things=(wall,)), person).full_M4) == 0


def test_who_is_cut_off_by_the_frame() -> None:
    legs = dataclasses.replace(ONE, foot=(100.0, 67.5))
    head = dataclasses.replace(ONE, foot=(200.0, 270.0))
    gone = dataclasses.replace(ONE, foot=(500.0, 150.0))
    seen = see(plan(legs, gone, head), person)
    assert seen.inside_M.tolist() == pytest.approx([0.75, 20 / 90], abs=0.05)
    assert seen.ignore_M.tolist() == [False, True]
    np.testing.assert_allclose(seen.full_M4[0], [90, -22.5, 110, 67.5], atol=1e-4)
