"""Painted tubes: areas, edges, what covers what, and a mask that is where the colour is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgehuman.simulate.image.character import character, movement
from edgehuman.simulate.image.figure.figure import paint_order
from edgehuman.simulate.image.figure.parts import PART, PARTS
from edgehuman.simulate.image.figure.rig import KNOTS, Piece, Posed, Texture, at, make_rig, pose_rig
from edgehuman.simulate.image.figure.tube import Light, View, outline
from edgehuman.simulate.image.scene.painting import Canvas, blank, paint

# A camera far away that shows 100 pixels a metre, x to the right and z upwards.
VIEW = View(
    np.array([1000.0, 0.0, 0.0]),
    np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]]),
    np.array([1e5, 1e5]),
    np.array([49.5, 49.5]),
)
EVEN = Light((0.0, 0.0, -1.0), 0.0, 1.0)


def canvas(height: int = 100, width: int = 100) -> Canvas:
    return blank(np.zeros((3, height, width), np.float32))


def plain(red: int, green: int, blue: int) -> Texture:
    return Texture(np.array([[red, green, blue]], np.uint8), 1, 1)


def bars(*ends_and_textures: tuple[list[list[float]], Texture, str]) -> Posed:
    """Tubes of 10 cm radius between points (y, z)."""
    pieces = [
        Piece(
            "torso",
            "bar",
            part,
            at("pelvis"),
            at("neck"),
            "trunk",
            np.full((3, KNOTS), 0.1),
            texture,
            roundness=(0.0, 0.0),
        )
        for _, texture, part in ends_and_textures
    ]
    rig = make_rig(pieces)
    ends = np.array([[[0.0, *a], [0.0, *b]] for (a, b), _, _ in ends_and_textures])
    axis = ends[:, 1] - ends[:, 0]
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    front = np.repeat([[1.0, 0.0, 0.0]], len(pieces), axis=0)
    return Posed(rig, ends, np.cross(axis, front), front, rig.size_P3K)


def painted(posed: Posed) -> Canvas:
    made = canvas()
    order = np.arange(len(posed.rig.names))
    paint(made, posed.rig, outline(posed, order, VIEW, EVEN, 64), seed=0)
    return made


@pytest.mark.parametrize("angle_deg", [0, 30, 45, 90, 137])
def test_a_bar_of_any_direction_has_its_area(angle_deg: float) -> None:
    y, z = 0.3 * np.cos(np.radians(angle_deg)), 0.3 * np.sin(np.radians(angle_deg))
    made = painted(bars(([[-y, -z], [y, z]], plain(200, 100, 50), "skirt")))
    assert (made.part_HW == PART["skirt"]).sum() == pytest.approx(60 * 20, rel=0.03)
    assert np.array_equal(made.owner_HW > 0, made.part_HW > 0)


def test_colour_and_light_multiply() -> None:
    made = painted(bars(([[0.0, -0.3], [0.0, 0.3]], plain(200, 100, 50), "skirt")))
    middle = made.colour_CHW[:, 50, 50]
    assert middle == pytest.approx([180.0, 90.0, 45.0], rel=0.02)
    edge = made.colour_CHW[0, 50]
    assert edge[39] == 0.0  # the bar begins exactly between two pixels
    assert 100.0 < edge[40] < edge[43] < edge[49]


def test_the_last_piece_covers_the_first() -> None:
    upright = ([[0.0, -0.3], [0.0, 0.3]], plain(200, 0, 0), "skirt")
    level = ([[-0.3, 0.0], [0.3, 0.0]], plain(0, 200, 0), "bag")
    made = painted(bars(upright, level))
    assert made.part_HW[50, 50] == PART["bag"]
    assert made.part_HW[25, 50] == PART["skirt"]
    assert made.colour_CHW[0, 50, 50] == 0.0
    assert painted(bars(level, upright)).part_HW[50, 50] == PART["skirt"]


def test_a_texture_s_own_parts_win() -> None:
    texture = Texture(np.full((4, 3), 90, np.uint8), 2, 2, np.array([3, 3, 5, 5], np.uint8))
    made = painted(bars(([[0.0, -0.3], [0.0, 0.3]], texture, "skirt")))
    assert made.part_HW[70, 50] == 3
    assert made.part_HW[30, 50] == 5
    assert PART["skirt"] not in made.part_HW


def test_what_is_outside_the_picture_is_left_out() -> None:
    made = painted(bars(([[3.0, 3.0], [4.0, 3.0]], plain(9, 9, 9), "bag")))
    assert not made.owner_HW.any()
    half = painted(bars(([[-1.0, 0.0], [0.0, 0.0]], plain(9, 9, 9), "bag")))
    assert (half.part_HW > 0).sum() == pytest.approx(50 * 20, rel=0.04)


@pytest.mark.parametrize("seed", range(6))
def test_a_person_s_mask_is_where_the_colour_is(seed: int) -> None:
    body = movement(seed, "walking").body(0.1 * seed)
    rig = character(seed).rig
    posed = pose_rig(rig, body)
    axes = VIEW.axes_33
    view = View(VIEW.position_3, axes, np.array([1.3e5, 1.3e5]), np.array([64.0, 235.0]))
    made = canvas(256, 128)
    paint(made, rig, outline(posed, paint_order(posed, body, view), view, EVEN, 64), seed)
    inside = made.part_HW > 0
    lit = made.colour_CHW.max(axis=0) > 0.0
    assert lit[inside].all()
    nearly = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert not lit[~nearly].any()
    assert 4000 < inside.sum() < 16000
    assert made.part_HW.max() < len(PARTS)
