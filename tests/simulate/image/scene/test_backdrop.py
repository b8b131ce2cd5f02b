"""Floors and walls, and where a camera sees them."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.records import Uint8
from edgehuman.simulate.image.figure.tube import View
from edgehuman.simulate.image.scene.backdrop import FAMILIES, Scene, Spot, backdrop, scene
from tests.simulate.image.dressed import seen_from

RED, BLUE = (200, 0, 0), (0, 0, 200)
PLAIN = Scene(np.full((512, 512, 3), RED, np.uint8), np.full((256, 640, 3), BLUE, np.uint8))


def spot(wall_m: float = 4.0, wall_rad: float = 0.0) -> Spot:
    return Spot(wall_m, wall_rad, along_m=6.0, floor_rad=0.0, floor_m=(0.0, 0.0))


def seen(place: Spot, view: View, scenery: Scene = PLAIN) -> Uint8:
    return backdrop(scenery, place, view, 256, 128)


@pytest.mark.parametrize("family", FAMILIES)
def test_surroundings_are_seeded_and_hazy(family: str) -> None:
    one = scene(family, 1)
    assert one.floor_HWC.shape == (512, 512, 3)
    assert one.wall_HWC.shape == (256, 640, 3)
    # Haze: nothing is darker than 30 of 255.
    assert one.floor_HWC.min() >= 29
    assert one.wall_HWC.min() >= 29
    assert one.wall_HWC.std() > 3.0
    scene.cache_clear()
    assert np.array_equal(scene(family, 1).wall_HWC, one.wall_HWC)
    assert not np.array_equal(scene(family, 2).wall_HWC, one.wall_HWC)


@pytest.mark.parametrize(("azimuth_deg", "wall_m"), [(0.0, 4.0), (70.0, 4.0), (-130.0, 1.5)])
def test_the_wall_stands_on_the_floor_so_far_behind_the_person(
    azimuth_deg: float, wall_m: float
) -> None:
    view = seen_from(azimuth_deg)
    picture = seen(spot(wall_m), view)
    ahead = -view.position_3 * (1.0, 1.0, 0.0)
    foot = wall_m * ahead / np.linalg.norm(ahead)
    pixel, _ = view.project(foot[None])
    row = round(float(pixel[0, 1]))
    assert picture[row - 3, 64].tolist() == list(BLUE)
    assert picture[row + 3, 64].tolist() == list(RED)
    assert (picture[: row - 2] == BLUE).all()
    assert (picture[row + 3 :] == RED).all()


@pytest.mark.parametrize("seed", [2925082126])
def test_a_window_that_the_wall_has_no_room_for_ends_with_it(seed: int) -> None:
    """Of 1,500 walls with other seeds none has one."""
    surroundings = scene("street", seed)
    assert surroundings.wall_HWC.shape[1] == 640
    assert surroundings.wall_HWC[:, -3:].std() > 1


def test_a_turned_wall_is_nearer_at_one_side() -> None:
    picture = seen(spot(wall_rad=0.4), seen_from(0.0))
    is_wall = (picture == BLUE).all(axis=-1)
    left, right = is_wall[:, 2].sum(), is_wall[:, -3].sum()
    assert left != right
    other = (seen(spot(wall_rad=-0.4), seen_from(0.0)) == BLUE).all(axis=-1)
    assert (other[:, 2].sum() > other[:, -3].sum()) != (left > right)


def test_the_floor_is_seen_in_perspective() -> None:
    bands = np.zeros((512, 512, 3), np.uint8)
    bands[np.arange(512) // 50 % 2 == 0] = 255  # each a metre deep: 50 texels of 2 cm
    picture = seen(spot(wall_m=30.0), seen_from(0.0), Scene(bands, PLAIN.wall_HWC))
    is_light = picture[200:, 64, 0] > 127
    edges = np.flatnonzero(np.diff(is_light.astype(int)))
    deep = np.diff(edges)
    assert len(deep) >= 3
    assert (np.diff(deep) >= 0).all()  # nearer bands are deeper
    # A metre of ground at 10 m from a camera 0.9 m high: 0.9 / 10 - 0.9 / 11 of the scale.
    rows = seen_from(0.0).project(np.array([[0.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]))[0][:, 1]
    assert deep.min() - 1 <= rows[0] - rows[1] <= deep.max() + 1


def test_a_camera_that_looks_level_sees_wall_above() -> None:
    picture = seen(spot(wall_m=2.0), seen_from(30.0))
    assert (picture[0] == BLUE).all()
    assert (picture[-1] == RED).all()
