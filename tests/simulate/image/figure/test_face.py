"""Heads: what is painted where, and where the points of a face lie."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.records import Uint8
from edgehuman.simulate.image.clothes.look import HAIR
from edgehuman.simulate.image.figure.face import (
    EYES,
    FACE_68,
    HEAD_HEIGHT,
    HEAD_SHAPE_3K,
    HEAD_WIDTH,
    NOSE_TIP,
    head_picture,
    surface_points,
)
from edgehuman.simulate.image.figure.parts import PART
from tests.simulate.image.dressed import dressed

FRONT, BACK = HEAD_WIDTH * 3 // 4, HEAD_WIDTH // 4


def at(picture: Uint8, y: float, t: float) -> Uint8:
    """The pixel at a place on the front of the head: y -1 right to 1 left, t 0 chin to 1 crown."""
    across = FRONT + np.arcsin(y) / (2 * np.pi) * HEAD_WIDTH
    pixel: Uint8 = picture[int((1 - t) * HEAD_HEIGHT), int(across)]
    return pixel


def test_the_68_points_are_the_two_halves_of_a_face() -> None:
    assert FACE_68.shape == (68, 2)
    jaw = FACE_68[:17]
    assert jaw[0, 0] == pytest.approx(-0.96)
    assert jaw[8] == pytest.approx([0.0, 0.01])  # the chin
    assert jaw[:, 0] == pytest.approx(-jaw[::-1, 0])
    mirror = {17: 26, 21: 22, 31: 35, 36: 45, 39: 42, 48: 54, 60: 64}
    for right, left in mirror.items():
        assert FACE_68[left] == pytest.approx(FACE_68[right] * (-1, 1))
    assert FACE_68[30] == pytest.approx(NOSE_TIP)
    assert EYES[0] == pytest.approx(EYES[1] * (-1, 1))


@pytest.mark.parametrize("hair", HAIR)
def test_hair_is_at_the_back_and_skin_is_in_front(hair: str) -> None:
    look = dressed(hair=hair, hair_colour=(20.0, 160.0, 20.0))
    picture, part, _ = head_picture(look)
    assert picture.shape == (HEAD_HEIGHT, HEAD_WIDTH, 3)
    assert set(np.unique(part)) == {PART["hair"], PART["face"]}
    assert part[HEAD_HEIGHT // 2, BACK] == PART["hair"]
    assert at(part, 0.0, 0.4) == PART["face"]
    assert (at(part, 0.0, 0.95) == PART["face"]) == (hair == "thin")
    green = picture[part == PART["hair"]].mean(axis=0)
    assert green.argmax() == 1
    cheek = at(picture, 0.45, 0.35).astype(float)
    assert cheek == pytest.approx(look.skin, abs=8.0)


def test_long_hair_covers_the_ears() -> None:
    bare, covered = (head_picture(dressed(hair=hair))[1] for hair in ("short", "long"))
    side = FRONT - HEAD_WIDTH // 4  # the right ear's column
    assert bare[int(0.65 * HEAD_HEIGHT), side] == PART["face"]
    assert covered[int(0.65 * HEAD_HEIGHT), side] == PART["hair"]


def test_a_beard_is_on_the_chin_and_not_on_the_lips() -> None:
    black = {"hair_colour": (10.0, 10.0, 10.0), "skin": (220.0, 180.0, 150.0)}
    shaved, bearded = (head_picture(dressed(beard=b, **black))[0] for b in (False, True))
    darker = shaved.astype(int).sum(axis=-1) - bearded.astype(int).sum(axis=-1)
    assert at(darker, 0.0, 0.05) > 200
    assert at(darker, 0.0, 0.17) < 40
    assert at(darker, 0.0, 0.5) == 0
    assert not darker[:, BACK - 20 : BACK + 20].any()


def test_glasses_are_around_the_eyes() -> None:
    changed = head_picture(dressed())[0] != head_picture(dressed(glasses=True))[0]
    rows = np.nonzero(changed.any(axis=(1, 2)))[0]
    t = 1 - rows.mean() / HEAD_HEIGHT
    assert t == pytest.approx(EYES[0][1], abs=0.05)
    assert not changed[:, BACK - 20 : BACK + 20].any()


def test_eyes_are_white_with_a_dark_middle() -> None:
    picture, _, _ = head_picture(dressed(skin=(150.0, 110.0, 90.0)))
    for y, t in EYES:
        assert at(picture, float(y), float(t)).mean() < 110
    assert at(picture, 0.57, 0.515).mean() > 130


def test_points_lie_on_the_surface_of_the_head() -> None:
    ends = np.array([[0.0, 0.0, 1.5], [0.0, 0.0, 1.7]])
    left, front = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    places = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.5], [-1.0, 0.5], [0.6, 0.5]])
    points = surface_points(places, ends, left, front)
    side, reach = HEAD_SHAPE_3K[0] * 0.2, HEAD_SHAPE_3K[1] * 0.2  # a head of 0.2 m
    assert points[0] == pytest.approx([reach[0], 0.0, 1.5])
    assert points[1] == pytest.approx([reach[-1], 0.0, 1.7])
    assert points[2] == pytest.approx([0.0, side[4], 1.6])
    assert points[3] == pytest.approx([0.0, -side[4], 1.6])
    assert points[4] == pytest.approx([0.8 * reach[4], 0.6 * side[4], 1.6])
