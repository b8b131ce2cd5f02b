"""A dressed body: which tubes draw a look in a pose, and in what order.

Order is by what covers what on a clothed body, and by the camera only where that depends on it:
arms and bags in front of or behind the trunk, the nearer leg over the farther one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.accessories import backpack, hand_bag, hat, head_hair, shoulder_bag
from edgehuman.simulate.face import HEAD_SHAPE_3K
from edgehuman.simulate.fabric import TEXEL_M
from edgehuman.simulate.look import Look
from edgehuman.simulate.parts import PART
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
    torso_size,
)
from edgehuman.simulate.stance import Body
from edgehuman.simulate.tube import KNOTS, Texture, Tube, View
from edgehuman.simulate.wardrobe import TORSO_HEIGHT, TORSO_WIDTH, Wardrobe

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


@dataclass(frozen=True, slots=True)
class Figure:
    """A body with clothes on, before a camera sees it.

    Attributes:
        look, body, wardrobe: what it is made of.
        scale: height against the average.
        head_23: metres: chin and crown on the head's axis.
    """

    look: Look
    body: Body
    wardrobe: Wardrobe
    scale: float
    head_23: Array


def figure_of(look: Look, wardrobe: Wardrobe, body: Body) -> Figure:
    """The figure that a look makes of a body."""
    frame, neck = body.frame("head"), body.joint("neck")
    top_m = look.person.bone_m["neck_to_top"]
    ahead, up = frame[:, 0] * (0.06 * top_m), frame[:, 2] * top_m
    head_23 = np.stack([neck + ahead + 0.29 * up, neck + ahead + up])
    return Figure(look, body, wardrobe, look.person.height_m / AVERAGE_M, head_23)


def tubes_of(figure: Figure, view: View) -> list[Tube]:
    """All tubes of a figure, in the order in which they are painted."""
    behind: list[Tube] = []
    ahead: list[Tube] = []
    middle = figure.body.joint("pelvis") + figure.body.joint("neck")
    trunk_m = view.depth(0.5 * middle)
    for name in ("l", "r"):
        for pieces in (_upper_arm(figure, name), _forearm(figure, name)):
            far = view.depth(pieces[0].ends_23.mean(axis=0)) > trunk_m + 0.07
            (behind if far else ahead).extend(pieces)
    toward = view.position_3 - 0.5 * middle
    from_behind = float(figure.body.frame("trunk")[:, 0] @ toward) < 0.0
    head_behind = float(figure.body.frame("head")[:, 0] @ toward) < 0.0
    under, over = _bags(figure, view, trunk_m, from_behind)
    hair = head_hair(figure.look, figure.wardrobe, figure.head_23, figure.body)
    return [
        *behind,
        *under,
        *([] if head_behind else hair),
        *_legs(figure, view),
        *_trunk(figure),
        *(over if from_behind else []),
        _head(figure),
        *(hair if head_behind else []),
        *hat(figure.look, figure.wardrobe, figure.head_23, figure.body),
        *([] if from_behind else over),
        *ahead,
    ]


def _bags(
    figure: Figure, view: View, trunk_m: float, from_behind: bool
) -> tuple[list[Tube], list[Tube]]:
    """What is carried: behind the body, and in front of it."""
    look, body = figure.look, figure.body
    if look.bag == "none":
        return [], []
    if look.bag == "backpack":
        made = backpack(figure.wardrobe, body, figure.scale)
        return ([], made) if from_behind else (made, [])
    maker = shoulder_bag if look.bag == "shoulder bag" else hand_bag
    made = maker(figure.wardrobe, body, figure.scale, look.bag_left)
    return (made, []) if view.depth(made[0].ends_23[0]) > trunk_m + 0.04 else ([], made)


def _piece(
    part: str,
    ends: Sequence[Array],
    frame_33: Array,
    size_3K: Array,
    texture: Texture,
    joints: Sequence[str] = (),
    roundness: tuple[float, float] = (1.0, 1.0),
    dark: tuple[float, float] = (0.0, 0.0),
    folds: float = 0.0,
    name: str | None = None,
) -> Tube:
    """A tube whose texture keeps its size in metres."""
    ends_23 = np.stack(ends)
    length_m = float(np.sqrt(((ends_23[1] - ends_23[0]) ** 2).sum()))
    around_m = 6.0 * float(size_3K[0, KNOTS // 2])
    return Tube(
        name or part,
        PART[part],
        ends_23,
        frame_33[:, 1],
        frame_33[:, 0],
        size_3K,
        texture,
        (max(1.0, length_m / TEXEL_M), max(8.0, around_m / TEXEL_M)),
        (0, 0),
        roundness,
        dark,
        folds,
        frozenset(joints),
    )


def _stretch(size_3K: Array, first: float, last: float) -> Array:
    """The sizes of a stretch of a piece, both ends in fractions of it."""
    at_K = (first + (last - first) * _T) * (KNOTS - 1)
    below_K = np.clip(at_K.astype(np.intp), 0, KNOTS - 2)
    low, high = size_3K[:, below_K], size_3K[:, below_K + 1]
    between: Array = low + (high - low) * np.clip(at_K - below_K, 0.0, 1.0)
    return between


def _legs(figure: Figure, view: View) -> list[Tube]:
    """Both legs, the farther one first, with shoes and what covers them."""
    depth_m = {name: view.depth(figure.body.joint(f"{name}_knee")) for name in ("l", "r")}
    made: list[Tube] = []
    for name in sorted(depth_m, key=lambda name: -depth_m[name]):
        made += _leg(figure, name)
    return made


def _leg(figure: Figure, name: str) -> list[Tube]:
    look, body, scale = figure.look, figure.body, figure.scale
    side = "left" if name == "l" else "right"
    hip, knee, ankle = (body.joint(f"{name}_{joint}") for joint in ("hip", "knee", "ankle"))
    thigh, shank = body.frame(f"{name}_thigh"), body.frame(f"{name}_shank")
    girth = scale * look.build.girth
    upper, lower = THIGH * girth, SHANK * (scale * 0.5 * (1.0 + look.build.girth))
    reach = 0.0 if look.bottom == "skirt" else look.reach
    cloth, width = figure.wardrobe.bottom, look.width
    made = _shoe(figure, name, side)
    if reach < 1.9:
        made.append(
            _piece(
                f"{side}_leg", (knee, ankle), shank, lower, figure.wardrobe.skin, (f"{name}_knee",)
            )
        )
    if reach < 1.0:
        thigh_skin = _piece(
            f"{side}_leg", (hip, knee), thigh, upper, figure.wardrobe.skin, (f"{name}_knee",)
        )
        made.append(thigh_skin)
    if look.shoes == "boots":
        made.append(_shaft(figure, name, side, lower))
    if reach > 1.0:
        end = ankle + (reach - 2.0) * (ankle - knee)
        size = _stretch(lower, 0.0, reach - 1.0) + width * (0.7 + 0.9 * _T)
        joints = (f"{name}_knee", f"{name}_ankle")
        made.append(
            _piece("trousers", (knee, end), shank, size, cloth, joints, (1.0, 0.1), folds=0.13)
        )
    if reach > 0.0:
        part = min(reach, 1.0)
        size = _stretch(upper, 0.0, part) + width * (0.7 if reach > 1.0 else 0.5 + 0.5 * _T)
        ends = (hip, hip + part * (knee - hip))
        joints = (f"{name}_hip", f"{name}_knee")
        roundness = (1.0, 1.0 if reach > 1.0 else 0.1)
        made.append(
            _piece("trousers", ends, thigh, size, cloth, joints, roundness, (0.25, 0.0), 0.11)
        )
    return made


def _shoe(figure: Figure, name: str, side: str) -> list[Tube]:
    body, scale = figure.body, figure.scale
    heel, toe = body.joint(f"{name}_heel"), body.joint(f"{name}_toe")
    frame = body.frame(f"{name}_foot")
    raised = frame[:, 2] * (0.030 * scale)
    ahead = frame[:, 0] * (0.020 * scale)
    turned = np.stack([frame[:, 2], frame[:, 1], frame[:, 0]], axis=1)
    sole = _piece(
        f"{side}_shoe",
        (heel + raised + ahead, toe + raised - ahead),
        turned,
        FOOT * scale,
        figure.wardrobe.shoe,
        (f"{name}_ankle", f"{name}_heel", f"{name}_toe"),
        (0.9, 0.9),
    )
    ankle = body.joint(f"{name}_ankle")
    instep = _piece(
        f"{side}_shoe",
        (ankle, ankle - frame[:, 2] * (0.03 * scale) + ahead),
        frame,
        np.full((3, KNOTS), 0.041 * scale),
        figure.wardrobe.boot,
        (f"{name}_ankle",),
    )
    texels = (figure.wardrobe.shoe.height, figure.wardrobe.shoe.width)
    return [instep, _wrapped(sole, texels)]


def _wrapped(tube: Tube, texels: tuple[float, float]) -> Tube:
    """The tube with its texture once around and once along."""
    return replace(tube, texels=texels)


def _shaft(figure: Figure, name: str, side: str, shank_3K: Array) -> Tube:
    """A boot's shaft around the lower half of the shank."""
    knee, ankle = figure.body.joint(f"{name}_knee"), figure.body.joint(f"{name}_ankle")
    top = 0.30 + 0.25 * (figure.look.seed % 3) / 2.0
    size = _stretch(shank_3K, top, 1.0) + 0.012
    ends = (knee + top * (ankle - knee), ankle)
    frame = figure.body.frame(f"{name}_shank")
    joints = (f"{name}_ankle",)
    return _piece(
        f"{side}_shoe",
        ends,
        frame,
        size,
        figure.wardrobe.boot,
        joints,
        (0.1, 1.0),
        folds=0.06,
        name="boot",
    )


def _trunk(figure: Figure) -> list[Tube]:
    """Seat, skirt, coat tails, neck, torso."""
    look, body, scale, wardrobe = figure.look, figure.body, figure.scale, figure.wardrobe
    pelvis, neck = body.joint("pelvis"), body.joint("neck")
    hips, chest = body.frame("pelvis"), body.frame("trunk")
    seat = seat_size(look.build, scale)
    hip_joints = ("l_hip", "r_hip")
    made = [
        _piece(
            "skirt" if look.bottom == "skirt" else "trousers",
            (pelvis - hips[:, 2] * (0.10 * scale), pelvis + hips[:, 2] * (0.12 * scale)),
            hips,
            seat + 0.5 * look.width,
            wardrobe.bottom,
            hip_joints,
            (0.3, 0.1),
            (0.0, 0.45),
            0.08,
        )
    ]
    if look.bottom == "skirt":
        made.append(_skirt(figure, "skirt", seat, look.reach, 0.01 + look.width, wardrobe.bottom))
    ease = _EASE_M[look.top] * scale
    size = torso_size(look.build, scale) + ease
    if look.top == "coat":
        made.append(_skirt(figure, "upper_clothes", seat + ease, 0.85, 0.05, wardrobe.top))
    head_frame = body.frame("head")
    throat = figure.head_23[0] - head_frame[:, 0] * (0.035 * scale)
    made.append(
        _piece(
            "torso_skin",
            (neck - chest[:, 2] * 0.02, throat + head_frame[:, 2] * 0.05),
            chest,
            NECK * (scale * (0.6 + 0.4 * look.build.girth)),
            wardrobe.skin,
            dark=(0.0, 0.45),
        )
    )
    torso = _piece(
        "upper_clothes",
        (pelvis - chest[:, 2] * (0.08 * scale), neck + chest[:, 2] * (0.062 * scale)),
        chest,
        size,
        wardrobe.torso,
        (*hip_joints, "l_shoulder", "r_shoulder"),
        (0.1, 0.2),
        (0.0, 0.0),
        0.10,
    )
    made.append(_wrapped(torso, (TORSO_HEIGHT, TORSO_WIDTH)))
    return made


def _skirt(
    figure: Figure, part: str, seat_3K: Array, reach: float, flare_m: float, cloth: Texture
) -> Tube:
    """Cloth from the waist around both legs; it is as wide as the legs are apart."""
    body = figure.body
    ends = [_leg_point(body, name, reach) for name in ("l", "r")]
    hips = body.frame("pelvis")
    apart = np.abs((ends[0] - ends[1]) @ hips)
    leg_m = 0.075 * figure.scale * figure.look.build.girth
    hem = np.array(
        [
            max(0.5 * apart[1] + leg_m, seat_3K[0, 3] * 0.85) + flare_m,
            0.5 * apart[0] + leg_m + 0.7 * flare_m,
            0.5 * apart[0] + leg_m + 0.7 * flare_m,
        ]
    )
    waist = body.joint("pelvis") + hips[:, 2] * (0.11 * figure.scale)
    top, hip = seat_3K[:, -1], seat_3K[:, 4]
    size = np.empty((3, KNOTS))
    size[:, 0], size[:, 1], size[:, 2] = top, 0.45 * top + 0.55 * hip, hip
    size[:, 2:] = hip[:, None] + (hem - hip)[:, None] * np.linspace(0.0, 1.0, KNOTS - 2)
    joints = ("l_hip", "r_hip", "l_knee", "r_knee") if reach > 0.9 else ("l_hip", "r_hip")
    middle = 0.5 * (ends[0] + ends[1])
    return _piece(
        part, (waist, middle), hips, size, cloth, joints, (0.0, 0.05), (0.3, 0.0), folds=0.16
    )


def _leg_point(body: Body, name: str, reach: float) -> Array:
    """A point down the leg: 0 hip, 1 knee, 2 ankle."""
    hip, knee, ankle = (body.joint(f"{name}_{joint}") for joint in ("hip", "knee", "ankle"))
    if reach <= 1.0:
        return hip + reach * (knee - hip)
    return knee + (reach - 1.0) * (ankle - knee)


def _head(figure: Figure) -> Tube:
    height_m = float(np.sqrt(((figure.head_23[1] - figure.head_23[0]) ** 2).sum()))
    head = _piece(
        "face",
        figure.head_23,
        figure.body.frame("head"),
        HEAD_SHAPE_3K * height_m,
        figure.wardrobe.head,
        ("nose", "l_eye", "r_eye", "l_ear", "r_ear"),
        (0.35, 0.3),
    )
    return _wrapped(head, (figure.wardrobe.head.height, figure.wardrobe.head.width))


def _upper_arm(figure: Figure, name: str) -> list[Tube]:
    look, body, scale = figure.look, figure.body, figure.scale
    side = "left" if name == "l" else "right"
    shoulder, elbow = body.joint(f"{name}_shoulder"), body.joint(f"{name}_elbow")
    # The ball of the shoulder is lower and nearer to the chest than the joint that turns it.
    chest = body.frame("trunk") * scale
    inward = -0.016 if name == "l" else 0.016
    start = shoulder - 0.030 * chest[:, 2] + inward * chest[:, 1]
    frame = body.frame(f"{name}_upper_arm")
    size = UPPER_ARM * (scale * (0.4 + 0.6 * look.build.girth))
    joints = (f"{name}_shoulder", f"{name}_elbow")
    made = []
    if look.sleeve < 1.0:
        made.append(
            _piece(f"{side}_arm", (start, elbow), frame, size, figure.wardrobe.skin, joints)
        )
    if look.sleeve > 0.0:
        part = min(look.sleeve, 1.0)
        ease = 0.8 * _EASE_M[look.top]
        ends = (start, start + part * (elbow - start))
        made.append(
            _piece(
                "upper_clothes",
                ends,
                frame,
                _stretch(size, 0.0, part) + ease,
                figure.wardrobe.top,
                joints,
                (1.0, 1.0 if look.sleeve > 1.0 else 0.1),
                folds=0.10,
            )
        )
    return made


def _forearm(figure: Figure, name: str) -> list[Tube]:
    look, body, scale = figure.look, figure.body, figure.scale
    side = "left" if name == "l" else "right"
    elbow, wrist = body.joint(f"{name}_elbow"), body.joint(f"{name}_wrist")
    frame = body.frame(f"{name}_forearm")
    size = FOREARM * (scale * (0.5 + 0.5 * look.build.girth))
    tip = wrist + 1.85 * (body.joint(f"{name}_hand") - wrist)
    skin = figure.wardrobe.skin
    made = [
        _piece(
            f"{side}_arm", (wrist, tip), frame, HAND * scale, skin, (f"{name}_wrist",), (0.3, 1.0)
        )
    ]
    if look.sleeve < 1.9:
        joints = (f"{name}_elbow", f"{name}_wrist")
        made.append(_piece(f"{side}_arm", (elbow, wrist), frame, size, skin, joints))
    if look.sleeve > 1.0:
        ends = (elbow, elbow + (look.sleeve - 1.0) * (wrist - elbow))
        ease = 0.8 * _EASE_M[look.top]
        made.append(
            _piece(
                "upper_clothes",
                ends,
                frame,
                _stretch(size, 0.0, min(1.0, look.sleeve - 1.0)) + ease,
                figure.wardrobe.top,
                (f"{name}_elbow", f"{name}_wrist"),
                (1.0, 0.1),
                folds=0.12,
                name="long sleeve" if look.sleeve > 1.5 else None,
            )
        )
    return made
