"""Legs and arms, and the clothes on them."""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float64
from edgehuman.simulate.image.clothes.fabric import TEXEL_M
from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import Wardrobe
from edgehuman.simulate.image.figure.rig import KNOTS, Piece, at
from edgehuman.simulate.image.figure.shapes import (
    AVERAGE_M,
    FOOT,
    FOREARM,
    HAND,
    SHANK,
    THIGH,
    UPPER_ARM,
    stretch,
)

_T = np.linspace(0.0, 1.0, KNOTS)
EASE_M = {
    "t-shirt": 0.010,
    "shirt": 0.012,
    "jumper": 0.020,
    "open jacket": 0.028,
    "zipped jacket": 0.028,
    "coat": 0.032,
}
_SIDE = {"l": "left", "r": "right"}


def scale_of(look: Look) -> float:
    """A person's height relative to the average."""
    return look.person.height_m / AVERAGE_M


def cloth_texels(length_m: float, size_3K: Float64) -> tuple[float, float]:
    """Rows and columns that give cloth its true size in metres."""
    around_m = 6.0 * float(size_3K[0, KNOTS // 2])
    return max(1.0, length_m / TEXEL_M), max(8.0, around_m / TEXEL_M)


def leg(look: Look, wardrobe: Wardrobe, name: str) -> list[Piece]:
    """One leg, "l" or "r": shoe, skin and clothes."""
    scale, group, skin = scale_of(look), f"{name}_leg", f"{_SIDE[name]}_leg"
    hip, knee, ankle = (at(f"{name}_{joint}") for joint in ("hip", "knee", "ankle"))
    upper = THIGH * (scale * look.build.girth)
    lower = SHANK * (scale * 0.5 * (1.0 + look.build.girth))
    thigh = Piece(
        group,
        "thigh",
        skin,
        hip,
        knee,
        f"{name}_thigh",
        upper,
        wardrobe.skin,
        joints=(f"{name}_hip", f"{name}_knee"),
    )
    # Long trousers leave only the ankle bare.
    first = max(look.reach - 1.2, 0.0) if look.bottom in ("trousers", "leggings") else 0.0
    shank = Piece(
        group,
        "shank",
        skin,
        knee.towards(ankle, first),
        ankle,
        f"{name}_shank",
        stretch(lower, first, 1.0),
        wardrobe.skin,
        joints=(f"{name}_knee", f"{name}_ankle"),
    )
    boot = [_shaft(wardrobe, name, lower, look.seed)] if look.shoes == "boots" else []
    shoe = _shoe(look, wardrobe, name)
    if look.bottom == "skirt":
        return [*shoe, shank, thigh, *boot]
    if look.bottom == "shorts":
        return [*shoe, shank, thigh, *boot, _upper_trouser(look, wardrobe, name, upper)]
    # Trousers hang over the boots, leggings are tucked into them.
    below = _lower_trouser(look, wardrobe, name, lower)
    over = [below, *boot] if look.bottom == "leggings" else [*boot, below]
    return [*shoe, shank, *over, _upper_trouser(look, wardrobe, name, upper)]


def _lower_trouser(look: Look, wardrobe: Wardrobe, name: str, shank_3K: Float64) -> Piece:
    """Cloth from the knee down."""
    part = look.reach - 1.0
    knee = at(f"{name}_knee")
    size = stretch(shank_3K, 0.0, part) + look.width * (0.7 + 0.9 * _T)
    return Piece(
        f"{name}_leg",
        "trouser leg",
        "trousers",
        knee,
        knee.towards(at(f"{name}_ankle"), part),
        f"{name}_shank",
        size,
        wardrobe.bottom,
        cloth_texels(part * look.person.bone_m["shank"], size),
        roundness=(1.0, 0.1),
        folds=0.13,
        joints=(f"{name}_knee", f"{name}_ankle"),
    )


def _upper_trouser(look: Look, wardrobe: Wardrobe, name: str, thigh_3K: Float64) -> Piece:
    """Cloth from the hip to the knee, or as far as shorts reach."""
    part, long = min(look.reach, 1.0), look.reach > 1.0
    hip = at(f"{name}_hip")
    size = stretch(thigh_3K, 0.0, part) + look.width * (0.7 if long else 0.5 + 0.5 * _T)
    return Piece(
        f"{name}_leg",
        "trouser leg",
        "trousers",
        hip,
        hip.towards(at(f"{name}_knee"), part),
        f"{name}_thigh",
        size,
        wardrobe.bottom,
        cloth_texels(part * look.person.bone_m["thigh"], size),
        roundness=(1.0, 1.0 if long else 0.1),
        dark=(0.25, 0.0),
        folds=0.11,
        joints=(f"{name}_hip", f"{name}_knee"),
    )


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


def _shaft(wardrobe: Wardrobe, name: str, shank_3K: Float64, seed: int) -> Piece:
    """A boot's shaft around the lower half of the shank."""
    top = 0.30 + 0.25 * (seed % 3) / 2.0
    knee, ankle = at(f"{name}_knee"), at(f"{name}_ankle")
    return Piece(
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


def upper_arm(look: Look, wardrobe: Wardrobe, name: str) -> list[Piece]:
    """Shoulder to elbow, with any sleeve."""
    scale = scale_of(look)
    # The ball of the shoulder is lower and closer to the chest than its joint.
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
        size = stretch(size, 0.0, part) + 0.8 * EASE_M[look.top]
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
                cloth_texels(part * look.person.bone_m["upper_arm"], size),
                roundness=(1.0, 1.0 if look.sleeve > 1.0 else 0.1),
                folds=0.10,
                joints=joints,
            )
        )
    return made


def forearm(look: Look, wardrobe: Wardrobe, name: str) -> list[Piece]:
    """Hand, and elbow to wrist with any sleeve."""
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
        size = stretch(size, 0.0, min(1.0, part)) + 0.8 * EASE_M[look.top]
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
                cloth_texels(part * look.person.bone_m["forearm"], size),
                roundness=(1.0, 0.1),
                folds=0.12,
                joints=joints,
            )
        )
    return made
