"""Names of joint layouts as people write them, and which layout a number of joints means."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from edgehuman.geometry import BODY_25, KINECT_25, LAYOUTS
from edgehuman.records import Float64

# Layouts whose joints are written y, x, confidence.
Y_FIRST = frozenset({"movenet17"})
# Layouts that lack joints of the record: these count as not seen.
FACELESS = frozenset({"kinect25"})

BY_COUNT: Mapping[int, str] = {
    18: "openpose18",
    17: "coco17",
    25: "body25",
    26: "halpe26",
    33: "mediapipe33",
    133: "wholebody133",
    136: "halpe136",
}

# Other names of a layout, in small letters and without "-", "_" and spaces.
_ALIASES: Mapping[str, str] = {
    **dict.fromkeys(("openpose", "coco18", "cocobody18", "body18", "op18"), "openpose18"),
    **dict.fromkeys(("coco", "yolo", "yolopose", "yolo17", "alphapose", "cocobody17"), "coco17"),
    **dict.fromkeys(("cocokeypoints", "cocobody", "body17", "alphapose17", "rtmpose17"), "coco17"),
    **dict.fromkeys(("openpose25", "openposebody25", "op25"), "body25"),
    **dict.fromkeys(("halpe", "halpefull26", "bodywithfeet", "body26"), "halpe26"),
    **dict.fromkeys(("halpefullbody", "halpefullbody136", "alphapose136"), "halpe136"),
    **dict.fromkeys(("wholebody", "cocowholebody", "cocowholebody133", "coco133"), "wholebody133"),
    **dict.fromkeys(("mediapipe", "mediapipepose", "blazepose", "blazepose33"), "mediapipe33"),
    **dict.fromkeys(("movenet", "movenetyx", "movenetlightning", "movenetthunder"), "movenet17"),
    **dict.fromkeys(("kinect", "kinectv2", "kinect2", "kinectv225", "ntu25"), "kinect25"),
}
_LARGE: Mapping[str, str] = {
    "halpe136": "the 26 of halpe26, 68 of the face, 21 of the left hand, 21 of the right hand",
    "wholebody133": "the 17 of coco17, 6 of the feet, 68 of the face, 21 of the left hand, 21 of "
    "the right hand",
    "movenet17": "the 17 of coco17, each written [y, x, confidence]",
}


def layout_named(name: str) -> str | None:
    """The layout of a name, or of another common name of it, such as "BODY_25"; None if there is
    none.
    """
    plain = re.sub(r"[-_ ]", "", name.lower())
    return plain if plain in LAYOUTS else _ALIASES.get(plain)


def layout_rows() -> tuple[tuple[str, str], ...]:
    """Each layout's name, and its joints in order: for the help."""
    return tuple(
        (name, f"{len(joints)} joints: {joints_said(name)}") for name, joints in LAYOUTS.items()
    )


def joints_said(layout: str) -> str:
    """The joints of a layout in their order; large ones are described."""
    return _LARGE.get(layout, ", ".join(LAYOUTS[layout]))


_SPINE = [KINECT_25.index(name) for name in ("head", "neck", "spine", "pelvis")]
_BODY = [BODY_25.index(name) for name in ("nose", "neck", "pelvis")]


def looks_like_kinect(joints_J3: Float64) -> bool | None:
    """Whether 25 joints are in the order of Kinect rather than of BODY_25, whatever the direction
    of y: head, neck, spine and pelvis lie one below the other, and what BODY_25 has as nose, neck
    and pelvis does not.

    Args:
        joints_J3: (25, 3); NaN where not seen.

    Returns:
        None if too few of these joints were seen to tell.
    """
    step_y, step_own = np.diff(joints_J3[_SPINE, 1]), np.diff(joints_J3[_BODY, 1])
    if not (np.isfinite(step_y).all() and np.isfinite(step_own).all()):
        return None
    way, own = int(np.sign(step_y).sum()), int(np.sign(step_own).sum())
    return abs(way) == len(step_y) and own * way <= 0
