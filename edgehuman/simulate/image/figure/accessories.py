"""Accessories: long hair, hats, bags."""

from __future__ import annotations

import numpy as np

from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import Wardrobe
from edgehuman.simulate.image.figure.face import HEAD_SHAPE_3K
from edgehuman.simulate.image.figure.limbs import scale_of
from edgehuman.simulate.image.figure.rig import KNOTS, Piece, at
from edgehuman.simulate.image.figure.trunk import chin_and_crown

_LONG_HAIR = np.array(
    [
        [0.050, 0.080, 0.088, 0.092, 0.098, 0.102, 0.102, 0.092, 0.060],
        [0.040, 0.050, 0.045, 0.040, 0.034, 0.030, 0.028, 0.026, 0.020],
        [0.040, 0.070, 0.068, 0.060, 0.050, 0.044, 0.040, 0.034, 0.022],
    ]
)
_TAIL = np.array([0.022, 0.030, 0.034, 0.036, 0.036, 0.034, 0.030, 0.024, 0.012])
_DOME = np.array([1.0, 1.0, 0.99, 0.97, 0.92, 0.83, 0.68, 0.46, 0.12])
_PACK = np.array([0.125, 0.145, 0.152, 0.155, 0.155, 0.152, 0.145, 0.130, 0.100])


def accessories(look: Look, wardrobe: Wardrobe) -> list[Piece]:
    """Everything that is separate from the body's surface."""
    return [*_hair(look, wardrobe), *_hat(look, wardrobe), *_bag(look, wardrobe)]


def _hair(look: Look, wardrobe: Wardrobe) -> list[Piece]:
    """Hair that is separate from the head: long, a pony tail or a bun."""
    top_m = look.person.bone_m["neck_to_top"]
    chin, crown = chin_and_crown(top_m)
    tall_m = 0.65 * top_m
    knot = chin.towards(crown, 0.62).moved("head", -0.47 * tall_m, 0.0, 0.0)
    if look.hair == "long":
        start = chin.towards(crown, 0.85).moved("head", -0.10 * tall_m, 0.0, 0.0)
        length_m = 0.16 + 0.14 * (look.seed % 7) / 6.0
        end = at("neck").moved("trunk", -0.075, 0.0, -length_m)
        size, round_ends, texels = _LONG_HAIR * (tall_m / 0.20), (0.5, 0.3), (60.0, 80.0)
        name = "long hair"
    elif look.hair == "ponytail":
        start, end = knot, at("neck").moved("trunk", -0.13, 0.0, -0.06)
        size, round_ends, texels = np.stack([_TAIL] * 3), (0.3, 0.3), (32.0, 32.0)
        name = "long hair"
    elif look.hair == "bun":
        start = knot.moved("head", 0.0, 0.0, 0.25 * tall_m)
        end = start.moved("head", 0.0, 0.0, 0.024)
        size, round_ends, texels = np.full((3, KNOTS), 0.042), (1.0, 1.0), (32.0, 32.0)
        name = "bun"
    else:
        return []
    return [
        Piece(
            "hair",
            name,
            "hair",
            start,
            end,
            "head",
            size,
            wardrobe.hair,
            texels,
            roundness=round_ends,
            folds=0.18,
        )
    ]


def _hat(look: Look, wardrobe: Wardrobe) -> list[Piece]:
    """A cap, a beanie or a hat with a brim."""
    if look.hat == "none":
        return []
    top_m = look.person.bone_m["neck_to_top"]
    chin, crown = chin_and_crown(top_m)
    tall_m = 0.65 * top_m
    low = {"cap": 0.79, "beanie": 0.68, "brim": 0.80}[look.hat]
    head_3 = HEAD_SHAPE_3K[:, 5] * tall_m + 0.014
    edge = chin.towards(crown, low)
    top = edge.moved("head", 0.0, 0.0, ((1.18 if look.hat == "beanie" else 1.14) - low) * tall_m)
    size = head_3[:, None] * _DOME
    cloth = wardrobe.hat
    made = []
    if look.hat == "brim":
        brim = np.repeat((head_3 + 0.065)[:, None], KNOTS, axis=1)
        rim = edge.moved("head", 0.0, 0.0, 0.04 * tall_m)
        made.append(
            Piece("hat", "brim", "hat", edge, rim, "head", brim, cloth, roundness=(0.0, 0.0))
        )
    made.append(
        Piece(
            "hat", "crown", "hat", edge, top, "head", size, cloth, roundness=(0.0, 0.3), folds=0.1
        )
    )
    if look.hat == "cap":
        ahead = edge.moved("head", float(head_3[1]) - 0.01, 0.0, 0.0)
        peak = np.stack([np.full(KNOTS, 0.072), np.full(KNOTS, 0.012), np.full(KNOTS, 0.010)])
        tip = ahead.moved("head", 0.065, 0.0, -0.008)
        made.append(
            Piece(
                "hat",
                "peak",
                "hat",
                ahead,
                tip,
                "head",
                peak,
                cloth,
                lying=True,
                roundness=(0.0, 0.6),
            )
        )
    return made


def _bag(look: Look, wardrobe: Wardrobe) -> list[Piece]:
    if look.bag == "backpack":
        return [_backpack(look, wardrobe)]
    if look.bag == "shoulder bag":
        return [_shoulder_bag(look, wardrobe)]
    return _hand_bag(look, wardrobe) if look.bag == "handbag" else []


def _backpack(look: Look, wardrobe: Wardrobe) -> Piece:
    """A pack on the back, from the waist to the shoulders."""
    scale = scale_of(look)
    size = np.stack([_PACK, 0.5 * _PACK, 0.72 * _PACK]) * scale
    top = at("neck").moved("trunk", -0.17 * scale, 0.0, -0.03 * scale)
    bottom = top.moved("trunk", 0.0, 0.0, -0.39 * scale)
    return Piece(
        "pack",
        "backpack",
        "bag",
        bottom,
        top,
        "trunk",
        size,
        wardrobe.bag,
        roundness=(0.4, 0.4),
        folds=0.06,
    )


def _shoulder_bag(look: Look, wardrobe: Wardrobe) -> Piece:
    """A bag at the hip, on a strap that the torso shows."""
    scale = scale_of(look)
    side = (0.215 if look.bag_left else -0.215) * scale
    low, high = (at("pelvis").moved("pelvis", -0.03, side, up * scale) for up in (-0.15, 0.07))
    size = np.repeat(np.array([[0.045], [0.15], [0.15]]) * scale, KNOTS, axis=1)
    return Piece(
        "bag",
        "shoulder bag",
        "bag",
        low,
        high,
        "pelvis",
        size,
        wardrobe.bag,
        roundness=(0.15, 0.1),
        folds=0.05,
    )


def _hand_bag(look: Look, wardrobe: Wardrobe) -> list[Piece]:
    """A bag that hangs from a hand."""
    scale = scale_of(look)
    hand = at("l_hand" if look.bag_left else "r_hand")
    low, high = (hand.moved("pelvis", 0.0, 0.0, -down * scale) for down in (0.36, 0.12))
    size = np.repeat(np.array([[0.05], [0.16], [0.16]]) * scale, KNOTS, axis=1)
    handle = np.full((3, KNOTS), 0.012)
    return [
        Piece(
            "bag",
            "handbag",
            "bag",
            low,
            high,
            "pelvis",
            size,
            wardrobe.bag,
            roundness=(0.1, 0.1),
            folds=0.05,
        ),
        Piece("bag", "handle", "bag", high, hand, "pelvis", handle, wardrobe.bag),
    ]
