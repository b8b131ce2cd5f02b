"""Joints by the names that tools give them, whatever their order.

LEFT_SHOULDER, leftShoulder, l_shoulder, LShoulder and shoulder.left are one joint.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from edgehuman.geometry import COCO_17, LAYOUTS
from edgehuman.preprocess.skeleton.layouts import BY_COUNT

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SIDES = {"l": "l", "left": "l", "r": "r", "right": "r"}
# Words that say nothing, and other words for a part.
_NOTHING = {"joint", "keypoint", "landmark", "point", "body", "pose"}
_PARTS = {
    "pinky": "little",
    "foot_index": "big_toe",
    "bigtoe": "big_toe",
    "smalltoe": "small_toe",
    "midhip": "pelvis",
    "mid_hip": "pelvis",
    "hips": "pelvis",
    "root": "pelvis",
    "headtop": "head_top",
    "top_head": "head_top",
}
# Fewer known names are no names of a body's joints.
_FEWEST = 8


def joint_named(name: str) -> str:
    """The joint that a name means, as `geometry.LAYOUTS` has it where it has it."""
    words = [word.lower() for word in _WORD.findall(name)]
    split = [
        part
        for word in words
        for part in (re.split(r"^(left|right)(?=[a-z])", word) if len(word) > 5 else [word])
        if part and part not in _NOTHING
    ]
    side = next((_SIDES[word] for word in split if word in _SIDES), "")
    part = "_".join(word for word in split if word not in _SIDES)
    part = _PARTS.get(part, part)
    return f"{side}_{part}" if side else part


def order_by_name(names: Sequence[str]) -> list[int | None] | None:
    """Where each joint of a layout stands among named joints: None where it has no name there.

    The layout is that of their number if the names are its joints, else COCO-17. Names that end in
    numbers are sorted by these. Others, or too few known ones, give None: the joints are in the
    layout's order already.
    """
    numbers = [int(found[0]) for name in names if (found := re.search(r"\d+$", name))]
    if len(set(numbers)) == len(names):
        return [*np.argsort(numbers).tolist()]
    at = {joint_named(name): place for place, name in enumerate(names)}
    joints: Sequence[str] = LAYOUTS.get(BY_COUNT.get(len(names), ""), ())
    if not joints or not set(joints) <= set(at):
        joints = COCO_17
    if len(set(joints) & set(at)) < _FEWEST:
        return None
    return [at.get(joint) for joint in joints]
