"""The pieces of a body and of the clothes on it: legs, trunk, arms, head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.fabric import TEXEL_M
from edgehuman.simulate.face import HEAD_SHAPE_3K
from edgehuman.simulate.look import Look
from edgehuman.simulate.rig import KNOTS, Anchor, Piece, Skirt, at
from edgehuman.simulate.shapes import (
    AVERAGE_M,
    FOOT,
    FOREARM,
    HAND,
    NECK,
    SHANK,
    THIGH,
    UPPER_ARM,
    seat_size,
    stretch,
    torso_size,
)
from edgehuman.simulate.wardrobe import Wardrobe

Array = NDArray[np.float64]

_T = np.linspace(0.0, 1.0, KNOTS)
_EASE_M = {
    "t-shirt": 0.010,
    "shirt": 0.012,
    "jumper": 0.020,
    "open jacket": 0.028,
    "zipped jacket": 0.028,
    "coat": 0.032,
}
_SIDE = {"l": "left", "r": "right"}
_HIPS = ("l_hip", "r_hip")


def scale_of(look: Look) -> float:
    """A person's height against the average."""
    return look.person.height_m / AVERAGE_M


def _texels(length_m: float, size_3K: Array) -> tuple[float, float]:
    """Rows and columns with which cloth keeps its size in metres."""
    around_m = 6.0 * float(size_3K[0, KNOTS // 2])
    return max(1.0, length_m / TEXEL_M), max(8.0, around_m / TEXEL_M)


def leg(look: Look, wardrobe: Wardrobe, name: str) -> list[Piece]:
    """One leg, "l" or "r": shoe, skin, and what covers it."""
    scale, bone_m = scale_of(look), look.person.bone_m
    group, skin = f"{name}_leg", f"{_SIDE[name]}_leg"
    hip, knee, ankle = (at(f"{name}_{joint}") for joint in ("hip", "knee", "ankle"))
    thigh, shank = f"{name}_thigh", f"{name}_shank"
    hip_joints, knee_joints = (f"{name}_hip", f"{name}_knee"), (f"{name}_knee", f"{name}_ankle")
    upper = THIGH * (scale * look.build.girth)
    lower = SHANK * (scale * 0.5 * (1.0 + look.build.girth))
    reach = 0.0 if look.bottom == "skirt" else look.reach
    made = _shoe(look, wardrobe, name)
    if reach < 1.9:
        made.append(
            Piece(
                group, "shank", skin, knee, ankle, shank, lower, wardrobe.skin, joints=knee_joints
            )
        )
    if reach < 1.0:
        made.append(
            Piece(group, "thigh", skin, hip, knee, thigh, upper, wardrobe.skin, joints=hip_joints)
        )
    boot = _shaft(wardrobe, name, lower, look.seed) if look.shoes == "boots" else []
    made += [] if look.bottom == "leggings" else boot
    cloth = wardrobe.bottom
    if reach > 1.0:
        size = stretch(lower, 0.0, reach - 1.0) + look.width * (0.7 + 0.9 * _T)
        made.append(
            Piece(
                group,
                "trouser leg",
                "trousers",
                knee,
                knee.towards(ankle, reach - 1.0),
                shank,
                size,
                cloth,
                _texels((reach - 1.0) * bone_m["shank"], size),
                roundness=(1.0, 0.1),
                folds=0.13,
                joints=knee_joints,
            )
        )
    made += boot if look.bottom == "leggings" else []
    if reach > 0.0:
        part = min(reach, 1.0)
        size = stretch(upper, 0.0, part) + look.width * (0.7 if reach > 1.0 else 0.5 + 0.5 * _T)
        made.append(
            Piece(
                group,
                "trouser leg",
                "trousers",
                hip,
                hip.towards(knee, part),
                thigh,
                size,
                cloth,
                _texels(part * bone_m["thigh"], size),
                roundness=(1.0, 1.0 if reach > 1.0 else 0.1),
                dark=(0.25, 0.0),
                folds=0.11,
                joints=hip_joints,
            )
        )
    return made


def _shoe(look: Look, wardrobe: Wardrobe, name: str) -> list[Piece]:
    scale, foot, part = scale_of(look), f"{name}_foot", f"{_SIDE[name]}_shoe"
    ankle, inset, raised = f"{name}_ankle", 0.020 * scale, 0.030 * scale
    instep = at(ankle).moved(foot, inset, 0.0, -raised)
    heel = at(f"{name}_heel").moved(foot, inset, 0.0, raised)
    toe = at(f"{name}_toe").moved(foot, -inset, 0.0, raised)
    size = np.full((3, KNOTS), 0.041 * scale)
    joints = (ankle, f"{name}_heel", f"{name}_toe")
    group = f"{name}_leg"
    return [
        Piece(group, "instep", part, at(ankle), instep, foot, size, wardrobe.boot, joints=joints),
        Piece(
            group,
            "shoe",
            part,
            heel,
            toe,
            foot,
            FOOT * scale,
            wardrobe.shoe,
            lying=True,
            roundness=(0.9, 0.9),
            joints=joints,
        ),
    ]


def _shaft(wardrobe: Wardrobe, name: str, shank_3K: Array, seed: int) -> list[Piece]:
    """A boot's shaft around the lower half of the shank."""
    top = 0.30 + 0.25 * (seed % 3) / 2.0
    knee, ankle = at(f"{name}_knee"), at(f"{name}_ankle")
    return [
        Piece(
            f"{name}_leg",
            "boot",
            f"{_SIDE[name]}_shoe",
            knee.towards(ankle, top),
            ankle,
            f"{name}_shank",
            stretch(shank_3K, top, 1.0) + 0.012,
            wardrobe.boot,
            roundness=(0.1, 1.0),
            folds=0.06,
            joints=(f"{name}_ankle",),
        )
    ]


def trunk(look: Look, wardrobe: Wardrobe) -> tuple[list[Piece], list[Skirt]]:
    """Seat, skirt, coat tails, neck and torso; the skirts' numbers are those in the list."""
    scale = scale_of(look)
    ease = _EASE_M[look.top] * scale
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


def _seat(look: Look, wardrobe: Wardrobe, seat_3K: Array) -> Piece:
    scale, pelvis = scale_of(look), at("pelvis")
    return Piece(
        "trunk",
        "seat",
        "skirt" if look.bottom == "skirt" else "trousers",
        pelvis.moved("pelvis", 0.0, 0.0, -0.10 * scale),
        pelvis.moved("pelvis", 0.0, 0.0, 0.12 * scale),
        "pelvis",
        seat_3K + 0.5 * look.width,
        wardrobe.bottom,
        _texels(0.22 * scale, seat_3K),
        roundness=(0.3, 0.1),
        dark=(0.0, 0.45),
        folds=0.08,
        joints=_HIPS,
    )


def _skirt(look: Look, wardrobe: Wardrobe, part: str, seat_3K: Array, reach: float) -> Piece:
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
        _texels(length_m, size),
        roundness=(0.0, 0.05),
        dark=(0.3, 0.0),
        folds=0.16,
        joints=(*_HIPS, "l_knee", "r_knee") if reach > 0.95 else _HIPS,
    )


def _skirt_hem(look: Look, seat_3K: Array, flare_m: float, piece: int) -> Skirt:
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


def _torso(look: Look, wardrobe: Wardrobe, size_3K: Array) -> Piece:
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


def upper_arm(look: Look, wardrobe: Wardrobe, name: str) -> list[Piece]:
    """Shoulder to elbow, with what there is of a sleeve."""
    scale = scale_of(look)
    # The ball of the shoulder is lower and nearer to the chest than the joint that turns it.
    inward = (-0.016 if name == "l" else 0.016) * scale
    shoulder = at(f"{name}_shoulder").moved("trunk", 0.0, inward, -0.030 * scale)
    elbow, segment, group = at(f"{name}_elbow"), f"{name}_upper_arm", f"{name}_upper_arm"
    size = UPPER_ARM * (scale * (0.4 + 0.6 * look.build.girth))
    joints = (f"{name}_shoulder", f"{name}_elbow")
    skin = f"{_SIDE[name]}_arm"
    made = []
    if look.sleeve < 1.0:
        made.append(
            Piece(group, "arm", skin, shoulder, elbow, segment, size, wardrobe.skin, joints=joints)
        )
    if look.sleeve > 0.0:
        part = min(look.sleeve, 1.0)
        size = stretch(size, 0.0, part) + 0.8 * _EASE_M[look.top]
        made.append(
            Piece(
                group,
                "sleeve",
                "upper_clothes",
                shoulder,
                shoulder.towards(elbow, part),
                segment,
                size,
                wardrobe.top,
                _texels(part * look.person.bone_m["upper_arm"], size),
                roundness=(1.0, 1.0 if look.sleeve > 1.0 else 0.1),
                folds=0.10,
                joints=joints,
            )
        )
    return made


def forearm(look: Look, wardrobe: Wardrobe, name: str) -> list[Piece]:
    """Hand, and elbow to wrist with what there is of a sleeve."""
    scale = scale_of(look)
    elbow, wrist, segment, group = (
        at(f"{name}_elbow"),
        at(f"{name}_wrist"),
        f"{name}_forearm",
        f"{name}_forearm",
    )
    fingers = wrist.moved(segment, 0.0, 0.0, -1.85 * look.person.bone_m["hand"])
    size = FOREARM * (scale * (0.5 + 0.5 * look.build.girth))
    joints = (f"{name}_elbow", f"{name}_wrist")
    skin = f"{_SIDE[name]}_arm"
    made = [
        Piece(
            group,
            "hand",
            skin,
            wrist,
            fingers,
            segment,
            HAND * scale,
            wardrobe.skin,
            roundness=(0.3, 1.0),
            joints=(f"{name}_wrist",),
        )
    ]
    if look.sleeve < 1.9:
        made.append(
            Piece(group, "arm", skin, elbow, wrist, segment, size, wardrobe.skin, joints=joints)
        )
    if look.sleeve > 1.0:
        part = look.sleeve - 1.0
        size = stretch(size, 0.0, min(1.0, part)) + 0.8 * _EASE_M[look.top]
        made.append(
            Piece(
                group,
                "long sleeve" if part > 0.5 else "sleeve",
                "upper_clothes",
                elbow,
                elbow.towards(wrist, part),
                segment,
                size,
                wardrobe.top,
                _texels(part * look.person.bone_m["forearm"], size),
                roundness=(1.0, 0.1),
                folds=0.12,
                joints=joints,
            )
        )
    return made
