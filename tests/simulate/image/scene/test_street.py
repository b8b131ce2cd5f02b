"""What surrounds a person: the shadow on the ground, and what stands in the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.records import Uint8
from edgehuman.simulate.image.figure.tube import Light
from edgehuman.simulate.image.scene.camera import sample_camera
from edgehuman.simulate.image.scene.painting import Canvas, blank
from edgehuman.simulate.image.scene.shot import Shot, sample_shot
from edgehuman.simulate.image.scene.street import OCCLUDED, cast_shadow, paint_occluder
from tests.simulate.image.dressed import dressed, seen_from, standing

OVERHEAD = Light((0.0, -1.0, 0.0), 0.6, 0.4)
BODY = standing(dressed())


def shadow(light: Light, grey: int = 200) -> Uint8:
    ground = np.full((256, 128, 3), grey, np.uint8)
    cast_shadow(ground, BODY, seen_from(0.0), light)
    return ground


def test_a_shadow_is_at_the_feet_under_a_lamp_overhead() -> None:
    ground = shadow(OVERHEAD)
    dark = ground[..., 0] < 150
    rows, columns = np.nonzero(dark)
    feet, _ = seen_from(0.0).project(np.array([[0.0, 0.0, 0.0]]))
    assert rows.mean() == pytest.approx(feet[0, 1], abs=6)
    assert columns.mean() == pytest.approx(feet[0, 0], abs=4)
    assert (ground[:100] == 200).all()
    # Three quarters of the direct light's share is kept away at most.
    assert ground.min() >= 200 * (1 - 0.75 * 0.6) - 1


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_shadow_falls_away_from_the_light(side: float) -> None:
    towards = np.array([side, -1.0, 0.0]) / np.sqrt(2.0)
    light = Light((float(towards[0]), float(towards[1]), 0.0), 0.6, 0.4)
    _, columns = np.nonzero(shadow(light)[..., 0] < 190)
    assert np.sign(64.0 - columns.mean()) == side


def test_light_from_all_around_casts_no_shadow() -> None:
    assert (shadow(replace(OVERHEAD, direct=0.0)) == 200).all()


def shot(occluder: str, side: float) -> Shot:
    made = sample_shot(sample_camera(0, 0), np.random.default_rng(0))
    return replace(made, occluder=occluder, occluder_side=side)


def hidden(occluder: str, side: float = 0.6) -> Canvas:
    """A picture full of somebody's trousers, with something before it."""
    canvas = blank(np.full((3, 256, 128), 100.0, np.float32))
    canvas.owner_HW[:], canvas.part_HW[:] = 1, 8
    paint_occluder(canvas, shot(occluder, side), seen_from(0.0))
    return canvas


def test_nothing_in_the_way_changes_nothing() -> None:
    canvas = hidden("none")
    assert (canvas.owner_HW == 1).all()
    assert (canvas.colour_CHW == 100.0).all()


@pytest.mark.parametrize("occluder", ["post", "box", "bush", "passer-by"])
@pytest.mark.parametrize("side", [-0.7, 0.7])
def test_what_stands_in_the_way_hides_who_is_behind(occluder: str, side: float) -> None:
    canvas = hidden(occluder, side)
    covered = canvas.owner_HW == OCCLUDED
    assert 0.005 < covered.mean() < 0.6
    assert (canvas.part_HW[covered] == 0).all()
    assert (canvas.part_HW[~covered] == 8).all()
    assert set(np.unique(canvas.owner_HW)) == {1, OCCLUDED}
    _, columns = np.nonzero(covered)
    assert np.sign(columns.mean() - 64.0) == np.sign(side)
    assert (canvas.colour_CHW[:, covered] != 100.0).mean() > 0.9


def test_a_post_is_tall_and_a_box_is_low() -> None:
    rows = {name: np.nonzero(hidden(name).owner_HW == OCCLUDED)[0] for name in ("post", "box")}
    assert rows["post"].min() < 20
    assert rows["box"].min() > 80
    assert rows["post"].max() > 220


def test_a_thing_is_the_same_for_one_seed() -> None:
    one, same = hidden("bush"), hidden("bush")
    assert np.array_equal(one.colour_CHW, same.colour_CHW)
