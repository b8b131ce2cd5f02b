"""Legs and arms: which pieces there are, and how far clothes reach."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.limbs import (
    EASE_M,
    cloth_texels,
    forearm,
    leg,
    scale_of,
    upper_arm,
)
from edgehuman.simulate.image.figure.rig import KNOTS, Piece
from tests.simulate.image.dressed import dressed, ends, standing


def pieces(look: Look, limb: str, side: str = "l") -> dict[str, Piece]:
    """The pieces of a limb by name and segment, from the first painted to the last."""
    make = {"leg": leg, "upper arm": upper_arm, "forearm": forearm}[limb]
    found = make(look, make_wardrobe(look), side)
    assert {piece.group for piece in found} <= {
        f"{side}_leg",
        f"{side}_upper_arm",
        f"{side}_forearm",
    }
    return {f"{piece.name} {piece.segment[2:]}": piece for piece in found}


def reached(look: Look, piece: Piece, start: str, end: str) -> float:
    """How far down a bone a piece ends."""
    body = standing(look)
    first, last = body.joint(start), body.joint(end)
    _, tip = ends(piece, body)
    return float((tip - first) @ (last - first) / ((last - first) @ (last - first)))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["instep", "shoe", "shank", "trouser leg", "trouser leg"]),
        ({"bottom": "shorts", "reach": 0.8}, ["instep", "shoe", "shank", "thigh", "trouser leg"]),
        ({"bottom": "skirt", "reach": 0.9}, ["instep", "shoe", "shank", "thigh"]),
        ({"shoes": "boots"}, ["instep", "shoe", "shank", "boot", "trouser leg", "trouser leg"]),
        (
            {"shoes": "boots", "bottom": "leggings"},
            ["instep", "shoe", "shank", "trouser leg", "boot", "trouser leg"],
        ),
    ],
)
def test_what_is_on_a_leg_in_the_order_of_painting(
    changes: dict[str, object], names: list[str]
) -> None:
    look = dressed(**changes)
    assert [piece.name for piece in leg(look, make_wardrobe(look), "l")] == names


def test_trousers_reach_as_far_as_the_look_says() -> None:
    look = dressed(reach=1.7)
    made = pieces(look, "leg")
    assert reached(look, made["trouser leg shank"], "l_knee", "l_ankle") == pytest.approx(0.7)
    assert reached(look, made["trouser leg thigh"], "l_hip", "l_knee") == pytest.approx(1.0)
    shorts = dressed(bottom="shorts", reach=0.6)
    cloth = pieces(shorts, "leg")["trouser leg thigh"]
    assert reached(shorts, cloth, "l_hip", "l_knee") == pytest.approx(0.6)


def test_trousers_are_wider_than_the_leg_in_them() -> None:
    tight, loose = (pieces(dressed(width=wide), "leg") for wide in (0.005, 0.04))
    for name in ("trouser leg thigh", "trouser leg shank"):
        assert (loose[name].size_3K > tight[name].size_3K).all()
    bare = pieces(dressed(bottom="skirt", reach=0.9), "leg")["thigh thigh"]
    assert (tight["trouser leg thigh"].size_3K > bare.size_3K).all()


@pytest.mark.parametrize(
    ("sleeve", "upper", "lower"),
    [
        (0.0, ["arm"], ["hand", "arm"]),
        (0.5, ["arm", "sleeve"], ["hand", "arm"]),
        (1.4, ["sleeve"], ["hand", "arm", "sleeve"]),
        (1.8, ["sleeve"], ["hand", "arm", "long sleeve"]),
        (2.0, ["sleeve"], ["hand", "long sleeve"]),
    ],
)
def test_sleeves_cover_what_they_reach(sleeve: float, upper: list[str], lower: list[str]) -> None:
    look = dressed(sleeve=sleeve)
    wardrobe = make_wardrobe(look)
    assert [piece.name for piece in upper_arm(look, wardrobe, "r")] == upper
    assert [piece.name for piece in forearm(look, wardrobe, "r")] == lower


def test_a_sleeve_is_wider_than_the_arm_by_the_top_s_ease() -> None:
    look = dressed(sleeve=0.999)
    made = pieces(look, "upper arm")
    ease = made["sleeve upper_arm"].size_3K - made["arm upper_arm"].size_3K
    assert ease == pytest.approx(0.8 * EASE_M["t-shirt"], abs=1e-4)


@pytest.mark.parametrize(("side", "word"), [("l", "left"), ("r", "right")])
def test_skin_and_shoes_belong_to_their_side(side: str, word: str) -> None:
    look = dressed(bottom="skirt", reach=0.9, sleeve=0.0)
    parts = {name: piece.part for name, piece in pieces(look, "leg", side).items()}
    assert parts["thigh thigh"] == parts["shank shank"] == f"{word}_leg"
    assert parts["shoe foot"] == f"{word}_shoe"
    assert pieces(look, "forearm", side)["hand forearm"].part == f"{word}_arm"
    joints = set().union(*(piece.joints for piece in pieces(look, "leg", side).values()))
    assert joints == {f"{side}_{name}" for name in ("hip", "knee", "ankle", "heel", "toe")}


def test_cloth_keeps_its_size_in_metres() -> None:
    size = np.full((3, KNOTS), 0.1)
    # 5 mm a texel: 0.5 m are 100 rows; around a half width of 0.1 m it is about 0.6 m.
    assert cloth_texels(0.5, size) == pytest.approx((100.0, 120.0))
    assert cloth_texels(0.0, 0.001 * size) == (1.0, 8.0)
    look = dressed()
    assert scale_of(look) == pytest.approx(look.person.height_m / 1.70)
