"""A walker as solids: torso, head, limbs, hair, clothes, coat and bag, from joints and a shape.

Axes: J joint of `geometry.SKELETON_26`, F frame of any walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgehuman.geometry import SKELETON_26
from edgehuman.records import Bool, Float64
from edgehuman.simulate.body.rotation import cross, unit
from edgehuman.simulate.silhouette.solids import Blob

_JOINT = {name: i for i, name in enumerate(SKELETON_26)}
SIDES = ("r", "l")
# What a segmentation may lose as a whole.
LOSABLE = (
    *("head", "r_forearm", "l_forearm", "r_upper_arm", "l_upper_arm"),
    *("r_shank", "l_shank", "r_foot", "l_foot"),
)


@dataclass(frozen=True, slots=True)
class Solid:
    """A convex part of the outline.

    Attributes:
        blobs: what it is the hull of.
        part: what is lost with it: a name of `LOSABLE`, or "" for what is never lost.
        there_F: frames that have it; None: all.
    """

    blobs: tuple[Blob, ...]
    part: str = ""
    there_F: Bool | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """Joints and axes of the body in every frame.

    Attributes:
        joints_J3F: metres in the world.
        shape: per name of `shape.dress`, (F,), with lengths in metres.
        chest, hips: unit left, forward and up, each (3, F), of either end of the trunk.
        head: unit forward and up of the head.
    """

    joints_J3F: Float64
    shape: Mapping[str, Float64]
    chest: tuple[Float64, Float64, Float64]
    hips: tuple[Float64, Float64, Float64]
    head: tuple[Float64, Float64]

    def at(self, name: str) -> Float64:
        """A joint (3, F)."""
        joint: Float64 = self.joints_J3F[_JOINT[name]]
        return joint


# Names of `shape.dress` that are no lengths.
_NUMBERS = {
    *("long_hair", "tied_hair", "cap", "skirt", "top_hem", "coat_hem", "hood"),
    *("bag", "bag_left", "bag_size", "bag_high"),
}


def body_of(
    joints_J3F: Float64, ahead_3F: Float64, height_m_F: Float64, shape: Mapping[str, Float64]
) -> Body:
    """Axes of the body, and its shape in metres.

    Args:
        ahead_3F: unit direction of the head.
        height_m_F: the walker's height.
        shape: per name of `shape.dress`, (F,).
    """

    def at(name: str) -> Float64:
        joint: Float64 = joints_J3F[_JOINT[name]]
        return joint

    up_3F = unit(at("neck") - at("pelvis"))
    metres = {
        name: values if name in _NUMBERS else values * height_m_F for name, values in shape.items()
    }
    return Body(
        joints_J3F,
        {**metres, "height": height_m_F},
        _axes(at("l_shoulder") - at("r_shoulder"), up_3F),
        _axes(at("l_hip") - at("r_hip"), up_3F),
        (ahead_3F, unit(at("head_top") - at("neck"))),
    )


def solids_of(body: Body) -> list[Solid]:
    """All solids of a walker."""
    made = [*_trunk(body), *_head(body), *_hair(body)]
    for side in SIDES:
        made += [*_arm(body, side), *_leg(body, side)]
    made += [*_clothes(body)]
    if (body.shape["bag"] >= 0).any():
        made += _bags(body)
    return made


def _axes(left_3F: Float64, up_3F: Float64) -> tuple[Float64, Float64, Float64]:
    left_3F = unit(left_3F)
    ahead_3F = unit(cross(left_3F, up_3F))
    return left_3F, ahead_3F, cross(ahead_3F, left_3F)


def _oval(
    centre_3F: Float64,
    frame: tuple[Float64, Float64, Float64],
    side_F: Float64,
    fore_F: Float64,
    up_F: Float64,
) -> Blob:
    """An ellipsoid with these semi-axes along left, forward and up."""
    left_3F, ahead_3F, up_3F = frame
    axes = (left_3F * side_F, ahead_3F * fore_F, up_3F * up_F)
    return Blob(centre_3F, np.zeros_like(side_F), axes)


def _between(first: Float64, last: Float64, share: float | Float64) -> Float64:
    made: Float64 = first + (last - first) * share
    return made


def _trunk(body: Body) -> list[Solid]:
    s, tall = body.shape, body.shape["height"]
    pelvis, neck = body.at("pelvis"), body.at("neck")
    add = s["top"] + s["coat"]
    chest = _oval(
        _between(neck, pelvis, 0.36) + body.chest[1] * (0.008 * tall), body.chest,
        s["chest_side"] + add, s["chest_fore"] + add, 0.065 * tall,
    )  # fmt: skip
    belly = np.maximum(s["waist_fore"] - 0.055 * tall, 0.0) * 0.5
    waist = _oval(
        _between(pelvis, neck, 0.30) + body.hips[1] * belly, body.hips,
        s["waist_side"] + add, s["waist_fore"] + add, 0.05 * tall,
    )  # fmt: skip
    legs = s["trousers"] + s["coat"]
    hips = _oval(
        pelvis + body.hips[2] * (0.005 * tall), body.hips,
        s["hip_side"] + legs, s["hip_fore"] + legs, 0.055 * tall,
    )  # fmt: skip
    behind = pelvis - body.hips[1] * s["seat"] - body.hips[2] * (0.02 * tall)
    seat = _oval(behind, body.hips, 0.85 * s["hip_side"] + legs, s["hip_fore"] + legs, 0.04 * tall)
    top = _between(neck, body.at("head_top"), 0.06)
    # The arm's joint lies below the point of the shoulder.
    low_3F = body.chest[2] * (0.018 * tall)
    shoulders = [Blob(body.at(f"{side}_shoulder") - low_3F, s["shoulder"] + add) for side in SIDES]
    yoke = (*shoulders, Blob(top, s["neck"] + s["coat"]), chest)
    return [Solid(yoke), Solid((chest, waist)), Solid((waist, hips, seat))]


def _head(body: Body) -> list[Solid]:
    s, tall = body.shape, body.shape["height"]
    ahead, up = body.head
    neck, crown = body.at("neck"), body.at("head_top")
    left = unit(cross(up, ahead))
    frame = _axes(left, up)
    middle = crown - up * s["head_up"] + ahead * (0.010 * tall)
    skull = _oval(middle, frame, s["head_side"], s["head_fore"], s["head_up"])
    chin = Blob(middle - up * (0.045 * tall) + ahead * (0.022 * tall), 0.026 * tall)
    throat = Blob(_between(neck, crown, 0.42), s["neck"])
    root = Blob(_between(neck, crown, 0.02), s["neck"] * 1.1 + 0.8 * s["coat"])
    cap = Blob(middle + up * (0.035 * tall) + ahead * (0.055 * tall), 0.012 * tall)
    return [
        Solid((skull, chin), "head"),
        Solid((root, throat), "head"),
        Solid((skull, cap), "head", s["cap"] > 0),
    ]


def _hair(body: Body) -> list[Solid]:
    s, tall = body.shape, body.shape["height"]
    ahead, up = body.head
    crown, neck = body.at("head_top"), body.at("neck")
    frame = _axes(unit(cross(up, ahead)), up)
    middle = crown - up * (0.85 * s["head_up"]) - ahead * (0.006 * tall)
    thick = s["hair"]
    mop = _oval(
        middle, frame, s["head_side"] + thick, s["head_fore"] + 0.7 * thick,
        0.85 * s["head_up"] + thick,
    )  # fmt: skip
    nape = Blob(_between(neck, crown, 0.15) - ahead * (0.042 * tall), 0.026 * tall + thick)
    knot = Blob(middle - ahead * (s["head_fore"] + 0.015 * tall), 0.018 * tall + thick)
    hood = Blob(_between(neck, crown, 0.16) - ahead * (0.035 * tall), 0.045 * tall)
    return [
        Solid((mop,), "head"),
        Solid((mop, nape), "head", s["long_hair"] > 0),
        Solid((knot,), "head", s["tied_hair"] > 0),
        Solid((hood,), "", s["hood"] > 0),
    ]


def _arm(body: Body, side: str) -> list[Solid]:
    s = body.shape
    shoulder, elbow = body.at(f"{side}_shoulder"), body.at(f"{side}_elbow")
    wrist, hand = body.at(f"{side}_wrist"), body.at(f"{side}_hand")
    add = s["sleeve"] + 0.7 * s["coat"]
    bend = Blob(elbow, 0.5 * (s["upper_arm"] + s["forearm"]) * 0.92 + add)
    cuff = Blob(wrist, s["wrist"] + 0.8 * add)
    low_3F = body.chest[2] * (0.018 * s["height"])
    upper = (
        Blob(shoulder - low_3F, s["shoulder"] + add),
        Blob(_between(shoulder, elbow, 0.45), s["upper_arm"] + add),
        bend,
    )
    lower = (bend, Blob(_between(elbow, wrist, 0.3), s["forearm"] + add), cuff)
    fist = (Blob(wrist, s["wrist"]), Blob(_between(wrist, hand, 0.75), s["hand"]))
    return [
        Solid(upper, f"{side}_upper_arm"),
        Solid(lower, f"{side}_forearm"),
        Solid(fist, f"{side}_forearm"),
    ]


def _leg(body: Body, side: str) -> list[Solid]:
    s = body.shape
    hip, knee, ankle = (body.at(f"{side}_{name}") for name in ("hip", "knee", "ankle"))
    # A skirt is worn with bare legs.
    bare = np.where(s["skirt"] > 0, 0.0, 1.0)
    loose, hem = s["trousers"] * bare, s["hem"] * bare
    joint = Blob(knee, s["knee"] + loose)
    thigh = (
        Blob(hip, s["thigh"] + loose),
        Blob(_between(hip, knee, 0.45), s["thigh"] * 0.93 + loose),
    )
    calf = (
        joint,
        Blob(_between(knee, ankle, 0.3), s["calf"] + 0.6 * (loose + hem)),
        Blob(_between(knee, ankle, 0.92), s["ankle"] + hem),
    )
    return [
        Solid((*thigh, joint)),
        Solid(calf, f"{side}_shank"),
        Solid(_foot(body, side), f"{side}_foot"),
    ]


def _foot(body: Body, side: str) -> tuple[Blob, ...]:
    """Ankle, heel, ball and tip of a shoe; joints of the sole lie on the ground."""
    s = body.shape
    ankle, heel, toe = (body.at(f"{side}_{name}") for name in ("ankle", "heel", "toe"))
    size = s["foot"] + 0.5 * s["sole"]
    lift = unit(ankle - _between(heel, toe, 0.3))
    return (
        Blob(ankle, s["ankle"] + 0.1 * s["sole"]),
        Blob(heel + lift * size, size),
        Blob(_between(heel, toe, 0.75) + lift * size, size),
        Blob(_between(heel, toe, 1.06) + lift * (0.7 * size), size * 0.7),
    )


def _clothes(body: Body) -> list[Solid]:
    """What hangs from the hips over both legs: a top's hem, a skirt, a coat."""
    s = body.shape
    coat = s["coat"] + s["coat_flare"]
    return [
        Solid(_skirt(body, s["top_hem"], s["top"])),
        Solid(_skirt(body, s["skirt"], 0.012 * s["height"] + s["hem"]), "", s["skirt"] > 0),
        Solid(_skirt(body, s["coat_hem"], coat), "", s["coat_hem"] > 0),
    ]


def _skirt(body: Body, length_F: Float64, add_F: Float64) -> tuple[Blob, ...]:
    """Hull of the hips and of both legs down to a length, in thighs and then shanks.

    Below the knee, cloth hangs down from it and does not follow the shank.
    """
    s, tall = body.shape, body.shape["height"]
    waist = _oval(
        body.at("pelvis") + body.hips[2] * (0.03 * tall), body.hips,
        s["hip_side"] + 0.5 * add_F, s["hip_fore"] + 0.5 * add_F, 0.03 * tall,
    )  # fmt: skip
    hem = [waist]
    below = np.maximum(length_F - 1.0, 0.0) * 0.245 * tall
    for side in SIDES:
        hip, knee = body.at(f"{side}_hip"), body.at(f"{side}_knee")
        end = _between(hip, knee, np.minimum(length_F, 1.0))
        end = end - np.stack([0.0 * below, 0.0 * below, below])
        hem.append(Blob(end, _between(s["thigh"], s["knee"], np.minimum(length_F, 1.0)) + add_F))
    return tuple(hem)


def _bags(body: Body) -> list[Solid]:
    """The four ways to carry a bag, as in `strollers.CARRIED`."""
    s, tall = body.shape, body.shape["height"]
    size, left = s["bag_size"], s["bag_left"] > 0
    pelvis, neck = body.at("pelvis"), body.at("neck")
    kind = s["bag"]

    def of_side(name: str) -> Float64:
        chosen: Float64 = np.where(left, body.at(f"l_{name}"), body.at(f"r_{name}"))
        return chosen

    depth = 0.042 * tall * size
    back = _between(pelvis, neck, 0.60) - body.chest[1] * (s["chest_fore"] + 0.8 * depth)
    rucksack = [
        _oval(
            back + body.chest[2] * rise, body.chest, 0.072 * tall * size, depth, 0.045 * tall * size
        )
        for rise in (0.055 * tall * size, -0.075 * tall * size)
    ]
    out = np.where(left, 1.0, -1.0)
    hip = pelvis + body.hips[0] * (out * (s["hip_side"] + 0.035 * tall * size))
    hip = hip + body.hips[2] * (tall * (0.10 * s["bag_high"] - 0.05)) - body.hips[1] * (0.03 * tall)
    satchel = _box(hip, body, 0.075 * size, 0.028 * size, 0.055 * size)
    hand = of_side("hand")
    drop = np.zeros_like(hand)
    drop[2] = -tall * (0.03 + 0.065 * size)
    handbag = (
        *_box(hand + drop, body, 0.068 * size, 0.028 * size, 0.055 * size),
        Blob(hand, 0.012 * tall),
    )
    arm = _between(of_side("elbow"), of_side("wrist"), 0.6)
    drop = drop * 0.8
    held = (
        *_box(arm + drop, body, 0.060 * size, 0.030 * size, 0.050 * size),
        Blob(arm, 0.012 * tall),
    )
    shapes = (tuple(rucksack), satchel, handbag, held)
    return [Solid(blobs, "", kind == i) for i, blobs in enumerate(shapes) if (kind == i).any()]


def _box(
    centre: Float64, body: Body, fore: Float64, side: Float64, up: Float64
) -> tuple[Blob, ...]:
    """A bag with rounded corners: four small ellipsoids; sizes as fractions of the height."""
    tall, upright = body.shape["height"], np.zeros_like(centre)
    upright[2] = 1.0
    frame = _axes(body.hips[0], upright)
    made = []
    for ahead in (-0.6, 0.6):
        for rise in (-0.6, 0.6):
            corner = centre + frame[1] * (ahead * fore * tall) + frame[2] * (rise * up * tall)
            made.append(_oval(corner, frame, side * tall, 0.4 * fore * tall, 0.4 * up * tall))
    return tuple(made)
