"""Joints by the names that tools give them, whatever their order.

LEFT_SHOULDER, leftShoulder, l_shoulder, LShoulder and shoulder.left are one joint.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17, LAYOUTS, OPENPOSE_18
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
    "spine_base": "pelvis",
    "spine_mid": "spine",
    "thorax": "neck",
    "headtop": "head_top",
    "top_head": "head_top",
}
# Kinect calls the neck SpineShoulder, and the throat Neck.
_OF_KINECT = {"spine_shoulder": "neck", "neck": "throat"}
_KNOWN = frozenset(joint for joints in LAYOUTS.values() for joint in joints)


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


def order_by_name(
    names: Sequence[str], where: str = "a pose", whole: bool = False
) -> list[int | None]:
    """Where each joint of a layout stands among named joints: None where it has no name there.

    The layout is the one with just these joints, else the smallest that holds them all, else
    OpenPose-18 or COCO-17. Names that end in numbers are places in the smallest layout that has as
    many.

    Args:
        where: file and place, for messages.
        whole: these are all joints of a file, so a first joint that is 1 means that none is 0.

    Raises:
        DataError: a name twice, or one that is not known while joints of COCO-17 are missing.
    """
    numbers = [int(found[0]) for name in names if (found := re.search(r"\d{1,4}$", name))]
    if len(set(numbers)) == len(names):
        return _by_number(numbers, where, whole)
    joints = [joint_named(name) for name in names]
    if "spine_shoulder" in joints:
        joints = [_OF_KINECT.get(joint, joint) for joint in joints]
    at = {joint: place for place, joint in enumerate(joints)}
    _require_known(names, joints, where)
    layout = _layout_of(set(at) & _KNOWN)
    return [at.get(joint) for joint in layout]


def _by_number(numbers: Sequence[int], where: str, whole: bool) -> list[int | None]:
    first, last = min(numbers), max(numbers)
    if first == 1 and last in BY_COUNT and not whole:
        raise DataError(
            f"{where}: joints are numbered 1 to {last}; number them from 0, as the first joint of "
            "a layout may be missing"
        )
    base = 1 if first == 1 and last in BY_COUNT else 0
    count = min((each for each in BY_COUNT if each > last - base), default=last - base + 1)
    at = {number - base: place for place, number in enumerate(numbers)}
    return [at.get(number) for number in range(count)]


def _require_known(names: Sequence[str], joints: Sequence[str], where: str) -> None:
    unknown = [name for name, joint in zip(names, joints, strict=True) if joint not in _KNOWN]
    if unknown and not set(COCO_17) <= set(joints):
        raise DataError(
            f"{where}: joint {unknown[0][:40]!r} is not known; name joints such as left_ankle, or "
            "number them from 0 in the order of a layout"
        )
    twice = next(
        (name for name, each in zip(names, joints, strict=True) if joints.count(each) > 1), None
    )
    if twice is not None and not unknown:
        raise DataError(f"{where}: joint {twice[:40]!r} occurs twice; give each joint one name")


def _layout_of(joints: set[str]) -> Sequence[str]:
    known = [LAYOUTS[name] for _, name in sorted(BY_COUNT.items())]
    same = next((layout for layout in known if set(layout) == joints), None)
    if same is not None:
        return same
    usual = OPENPOSE_18 if "neck" in joints else COCO_17
    return next((layout for layout in known if joints <= set(layout)), usual)
