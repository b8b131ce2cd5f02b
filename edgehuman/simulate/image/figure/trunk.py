"""The trunk: seat, skirt, coat tails, torso, neck and head, and the clothes on them."""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float64
from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import Wardrobe
from edgehuman.simulate.image.figure.face import HEAD_SHAPE_3K
from edgehuman.simulate.image.figure.limbs import EASE_M, cloth_texels, scale_of
from edgehuman.simulate.image.figure.rig import KNOTS, Anchor, Piece, Skirt, at
from edgehuman.simulate.image.figure.shapes import NECK, seat_size, torso_size

_HIPS = ("l_hip", "r_hip")


def trunk(look: Look, wardrobe: Wardrobe) -> tuple[list[Piece], list[Skirt]]:
    """Seat, skirt, coat tails, neck and torso; the skirts refer to pieces by index in the list."""
    scale = scale_of(look)
    ease = EASE_M[look.top] * scale
    seat = seat_size(look.build, scale)
    made = [_seat(look, wardrobe, seat)]
    skirts: list[Skirt] = []
    for part, worn, reach, flare in (
        ("skirt", look.bottom == "skirt", look.reach, 0.01 + look.width),
        ("upper_clothes", look.top == "coat", 0.85, 0.05),
    ):
        if worn:
            size = seat if part == "skirt" else seat + ease
            skirts.append(_skirt_hem(look, size, flare, len(made)))
            made.append(_skirt(look, wardrobe, part, size, reach))
    made += [_neck(look, wardrobe), _torso(look, wardrobe, torso_size(look.build, scale) + ease)]
    return made, skirts


def _seat(look: Look, wardrobe: Wardrobe, seat_3K: Float64) -> Piece:
    scale, pelvis = scale_of(look), at("pelvis")
    return Piece(
        "trunk",
        "seat",
        "skirt" if look.bottom == "skirt" else "trousers",
        pelvis.moved("pelvis", 0.0, 0.0, -0.10 * scale),
        pelvis.moved("pelvis", 0.0, 0.0, 0.12 * scale),
        "pelvis",
        seat_3K + (0.005 if look.bottom == "skirt" else 0.5 * look.width),
        wardrobe.bottom,
        cloth_texels(0.22 * scale, seat_3K),
        roundness=(0.3, 0.1),
        dark=(0.0, 0.45),
        folds=0.08,
        joints=_HIPS,
    )


def _skirt(look: Look, wardrobe: Wardrobe, part: str, seat_3K: Float64, reach: float) -> Piece:
    """Cloth from the waist around both legs."""
    top_3, hip_3 = seat_3K[:, -1], seat_3K[:, 4]
    size = np.repeat(hip_3[:, None], KNOTS, axis=1)
    size[:, 0], size[:, 1] = top_3, 0.45 * top_3 + 0.55 * hip_3
    scale = scale_of(look)
    length_m = 0.11 * scale + reach * look.person.bone_m["thigh"]
    return Piece(
        "trunk",
        "skirt" if part == "skirt" else "coat tails",
        part,
        at("pelvis").moved("pelvis", 0.0, 0.0, 0.11 * scale),
        _down_leg("l", reach).towards(_down_leg("r", reach), 0.5),
        "pelvis",
        size,
        wardrobe.bottom if part == "skirt" else wardrobe.top,
        cloth_texels(length_m, size),
        roundness=(0.0, 0.05),
        dark=(0.3, 0.0),
        folds=0.16,
        joints=(*_HIPS, "l_knee", "r_knee") if reach > 0.95 else _HIPS,
    )


def _skirt_hem(look: Look, seat_3K: Float64, flare_m: float, piece: int) -> Skirt:
    leg_m = 0.075 * scale_of(look) * look.build.girth
    least_3 = np.array([seat_3K[0, 3] * 0.85 + flare_m, leg_m + flare_m, leg_m + flare_m])
    return Skirt(piece, least_3, leg_m + 0.7 * flare_m)


def _down_leg(name: str, reach: float) -> Anchor:
    """A point down the leg: 0 hip, 1 knee, 2 ankle."""
    hip, knee, ankle = (at(f"{name}_{joint}") for joint in ("hip", "knee", "ankle"))
    return hip.towards(knee, reach) if reach <= 1.0 else knee.towards(ankle, reach - 1.0)


def _neck(look: Look, wardrobe: Wardrobe) -> Piece:
    scale, top_m = scale_of(look), look.person.bone_m["neck_to_top"]
    chin, _ = chin_and_crown(top_m)
    return Piece(
        "trunk",
        "neck",
        "torso_skin",
        at("neck").moved("trunk", 0.0, 0.0, -0.02),
        chin.moved("head", -0.035 * scale, 0.0, 0.05),
        "trunk",
        NECK * (scale * (0.6 + 0.4 * look.build.girth)),
        wardrobe.skin,
        dark=(0.0, 0.45),
    )


def _torso(look: Look, wardrobe: Wardrobe, size_3K: Float64) -> Piece:
    scale = scale_of(look)
    return Piece(
        "torso",
        "torso",
        "upper_clothes",
        at("pelvis").moved("trunk", 0.0, 0.0, -0.08 * scale),
        at("neck").moved("trunk", 0.0, 0.0, 0.062 * scale),
        "trunk",
        size_3K,
        wardrobe.torso,
        roundness=(0.1, 0.2),
        folds=0.10,
        joints=(*_HIPS, "l_shoulder", "r_shoulder"),
    )


def chin_and_crown(top_m: float) -> tuple[Anchor, Anchor]:
    """The ends of the head's axis; `top_m` from neck to crown."""
    chin, crown = (at("neck").moved("head", 0.06 * top_m, 0.0, up * top_m) for up in (0.29, 0.94))
    return chin, crown


def head(look: Look, wardrobe: Wardrobe) -> Piece:
    """Skull, face and the hair that lies on it."""
    top_m = look.person.bone_m["neck_to_top"]
    chin, crown = chin_and_crown(top_m)
    return Piece(
        "head",
        "head",
        "face",
        chin,
        crown,
        "head",
        HEAD_SHAPE_3K * (0.65 * top_m),
        wardrobe.head,
        roundness=(0.35, 0.55),
        joints=("nose", "l_eye", "r_eye", "l_ear", "r_ear"),
    )
