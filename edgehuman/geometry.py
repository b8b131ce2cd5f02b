"""Joint layouts and their conversions, as plain tables.

The walker's 3-D skeleton (26 joints in metres) and the outputs of pose detectors: OpenPose, COCO,
Halpe, MediaPipe, MoveNet, Kinect. A conversion lists the source joints of each target joint; the
target joint is their mean.
Axes: J joint, S segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, UsageError
from edgehuman.records import Index

OPENPOSE_18 = (
    "nose",
    "neck",
    "r_shoulder",
    "r_elbow",
    "r_wrist",
    "l_shoulder",
    "l_elbow",
    "l_wrist",
    "r_hip",
    "r_knee",
    "r_ankle",
    "l_hip",
    "l_knee",
    "l_ankle",
    "r_eye",
    "l_eye",
    "r_ear",
    "l_ear",
)

COCO_17 = (
    "nose",
    "l_eye",
    "r_eye",
    "l_ear",
    "r_ear",
    "l_shoulder",
    "r_shoulder",
    "l_elbow",
    "r_elbow",
    "l_wrist",
    "r_wrist",
    "l_hip",
    "r_hip",
    "l_knee",
    "r_knee",
    "l_ankle",
    "r_ankle",
)

# OpenPose's default output: the 18 joints in another order, the pelvis, and feet.
BODY_25 = (
    *OPENPOSE_18[:8],
    "pelvis",
    *OPENPOSE_18[8:],
    "l_big_toe",
    "l_small_toe",
    "l_heel",
    "r_big_toe",
    "r_small_toe",
    "r_heel",
)

# The output of AlphaPose's full-body models.
HALPE_26 = (
    *COCO_17,
    "head_top",
    "neck",
    "pelvis",
    "l_big_toe",
    "r_big_toe",
    "l_small_toe",
    "r_small_toe",
    "l_heel",
    "r_heel",
)

_FEET_6 = ("l_big_toe", "l_small_toe", "l_heel", "r_big_toe", "r_small_toe", "r_heel")


def _face_68() -> tuple[str, ...]:
    """Return the 68 face points in iBUG 300-W order; right and left are the person's own."""
    jaw = [f"r_jaw_{i}" for i in range(8)] + ["chin"] + [f"l_jaw_{i}" for i in reversed(range(8))]
    brows = [f"r_brow_{i}" for i in range(5)] + [f"l_brow_{i}" for i in reversed(range(5))]
    bridge = [f"nose_bridge_{i}" for i in range(4)]
    nose = ["r_nostril_0", "r_nostril_1", "nose_tip", "l_nostril_1", "l_nostril_0"]
    eyes = [f"r_eye_{i}" for i in range(6)] + [f"l_eye_{i}" for i in (3, 2, 1, 0, 5, 4)]
    upper = [f"r_lip_{i}" for i in range(3)] + ["lip_top"] + [f"l_lip_{i}" for i in (2, 1, 0)]
    lower = ["l_lip_4", "l_lip_3", "lip_bottom", "r_lip_3", "r_lip_4"]
    mouth_top = ["r_mouth_0", "r_mouth_1", "mouth_top", "l_mouth_1", "l_mouth_0"]
    mouth = [*mouth_top, "l_mouth_2", "mouth_bottom", "r_mouth_2"]
    return (*jaw, *brows, *bridge, *nose, *eyes, *upper, *lower, *mouth)


def _hand_21(side: str) -> tuple[str, ...]:
    fingers = ("thumb", "index", "middle", "ring", "little")
    joints = (f"{side}_{finger}_{i}" for finger in fingers for i in range(4))
    return (f"{side}_hand_root", *joints)


# COCO-WholeBody: body, feet, face, hands. Mirrored points have the same name except for l and r.
COCO_WHOLEBODY_133 = (*COCO_17, *_FEET_6, *_face_68(), *_hand_21("l"), *_hand_21("r"))

# AlphaPose's whole body: the 26 joints, then face and hands.
HALPE_136 = (*HALPE_26, *_face_68(), *_hand_21("l"), *_hand_21("r"))

# MediaPipe's pose landmarks (BlazePose).
MEDIAPIPE_33 = (
    "nose",
    *("l_eye_inner", "l_eye", "l_eye_outer", "r_eye_inner", "r_eye", "r_eye_outer"),
    *("l_ear", "r_ear", "l_mouth", "r_mouth"),
    *("l_shoulder", "r_shoulder", "l_elbow", "r_elbow", "l_wrist", "r_wrist"),
    *("l_little", "r_little", "l_index", "r_index", "l_thumb", "r_thumb"),
    *("l_hip", "r_hip", "l_knee", "r_knee", "l_ankle", "r_ankle"),
    *("l_heel", "r_heel", "l_big_toe", "r_big_toe"),
)

# Kinect v2. Its SpineShoulder is the point that others call the neck; it has no face.
KINECT_25 = (
    *("pelvis", "spine", "throat", "head"),
    *("l_shoulder", "l_elbow", "l_wrist", "l_hand"),
    *("r_shoulder", "r_elbow", "r_wrist", "r_hand"),
    *("l_hip", "l_knee", "l_ankle", "l_foot"),
    *("r_hip", "r_knee", "r_ankle", "r_foot"),
    *("neck", "l_hand_tip", "l_thumb", "r_hand_tip", "r_thumb"),
)

# The walker's skeleton: OpenPose-18 first, so that the conversion is a slice; then extra joints
# for drawing.
SKELETON_26 = (
    *OPENPOSE_18,
    "pelvis",
    "head_top",
    "r_heel",
    "r_toe",
    "l_heel",
    "l_toe",
    "r_hand",
    "l_hand",
)

LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "openpose18": OPENPOSE_18,
    "coco17": COCO_17,
    "skeleton26": SKELETON_26,
    "body25": BODY_25,
    "halpe26": HALPE_26,
    "halpe136": HALPE_136,
    "wholebody133": COCO_WHOLEBODY_133,
    "mediapipe33": MEDIAPIPE_33,
    "movenet17": COCO_17,
    "kinect25": KINECT_25,
}

# Joints computed as the mean of others if a layout lacks them.
DERIVED: Mapping[str, tuple[str, ...]] = {
    "neck": ("r_shoulder", "l_shoulder"),
    "pelvis": ("r_hip", "l_hip"),
}

# Rigid bones of the walker: each has a constant length.
BONES_26: tuple[tuple[str, str], ...] = (
    ("pelvis", "neck"),
    ("neck", "r_shoulder"),
    ("r_shoulder", "r_elbow"),
    ("r_elbow", "r_wrist"),
    ("r_wrist", "r_hand"),
    ("neck", "l_shoulder"),
    ("l_shoulder", "l_elbow"),
    ("l_elbow", "l_wrist"),
    ("l_wrist", "l_hand"),
    ("pelvis", "r_hip"),
    ("r_hip", "r_knee"),
    ("r_knee", "r_ankle"),
    ("r_ankle", "r_heel"),
    ("r_ankle", "r_toe"),
    ("pelvis", "l_hip"),
    ("l_hip", "l_knee"),
    ("l_knee", "l_ankle"),
    ("l_ankle", "l_heel"),
    ("l_ankle", "l_toe"),
    ("neck", "nose"),
    ("neck", "head_top"),
    ("nose", "r_eye"),
    ("nose", "l_eye"),
    ("r_eye", "r_ear"),
    ("l_eye", "l_ear"),
)

# The edges that pictures of OpenPose-18 and COCO-17 draw, by joint name.
LIMBS_18: tuple[tuple[str, str], ...] = (
    ("neck", "r_shoulder"),
    ("r_shoulder", "r_elbow"),
    ("r_elbow", "r_wrist"),
    ("neck", "l_shoulder"),
    ("l_shoulder", "l_elbow"),
    ("l_elbow", "l_wrist"),
    ("neck", "r_hip"),
    ("r_hip", "r_knee"),
    ("r_knee", "r_ankle"),
    ("neck", "l_hip"),
    ("l_hip", "l_knee"),
    ("l_knee", "l_ankle"),
    ("neck", "nose"),
    ("nose", "r_eye"),
    ("r_eye", "r_ear"),
    ("nose", "l_eye"),
    ("l_eye", "l_ear"),
)

# How a pyramid over the body groups the 18 joints: three joints per limb, two limbs per part, then
# the whole body. Head, arms and legs as in GaitPT (Catruna et al. 2023), whose 17 joints have no
# neck and use the nose twice, once per side. How nose and neck are assigned to the sides is not
# published (arXiv 2504.07598 has the same 18 joints); here the nose is left and the neck right.
GAIT_LIMBS_6: Mapping[str, tuple[str, str, str]] = {
    "l_face": ("nose", "l_eye", "l_ear"),
    "r_face": ("neck", "r_eye", "r_ear"),
    "l_arm": ("l_shoulder", "l_elbow", "l_wrist"),
    "r_arm": ("r_shoulder", "r_elbow", "r_wrist"),
    "l_leg": ("l_hip", "l_knee", "l_ankle"),
    "r_leg": ("r_hip", "r_knee", "r_ankle"),
}
GAIT_PARTS_3: Mapping[str, tuple[str, str]] = {
    "head": ("l_face", "r_face"),
    "upper": ("l_arm", "r_arm"),
    "lower": ("l_leg", "r_leg"),
}

# The joints that detectors miss least and clothes hide least: they set a walk's origin and scale.
TRUNK_5 = ("neck", "r_shoulder", "l_shoulder", "r_hip", "l_hip")

# Segment frames: x anterior, y left, z along the bone towards its origin joint (for pelvis, trunk
# and head: away from it). When standing upright, all frames agree.
SEGMENTS = (
    "pelvis",
    "trunk",
    "head",
    "r_upper_arm",
    "r_forearm",
    "l_upper_arm",
    "l_forearm",
    "r_thigh",
    "r_shank",
    "r_foot",
    "l_thigh",
    "l_shank",
    "l_foot",
)

SEGMENT_ORIGIN: Mapping[str, str] = {
    "pelvis": "pelvis",
    "trunk": "pelvis",
    "head": "neck",
    "r_upper_arm": "r_shoulder",
    "r_forearm": "r_elbow",
    "l_upper_arm": "l_shoulder",
    "l_forearm": "l_elbow",
    "r_thigh": "r_hip",
    "r_shank": "r_knee",
    "r_foot": "r_ankle",
    "l_thigh": "l_hip",
    "l_shank": "l_knee",
    "l_foot": "l_ankle",
}


def mirrored(name: str) -> str:
    """Return the joint's name on the other side of the body; on the midline, the same name."""
    other = {"r_": "l_", "l_": "r_"}.get(name[:2])
    return name if other is None else other + name[2:]


def flip_indices(layout: str) -> Index:
    """Return indices (J,) that swap left and right joints of a layout."""
    names = _names(layout)
    return np.array([names.index(mirrored(name)) for name in names], np.int64)


def gait_order() -> Index:
    """Return OpenPose-18 indices (18,) ordered by limb and part: three joints per limb, two limbs
    per part.
    """
    limbs = [limb for pair in GAIT_PARTS_3.values() for limb in pair]
    joints = [joint for limb in limbs for joint in GAIT_LIMBS_6[limb]]
    return np.array([OPENPOSE_18.index(joint) for joint in joints], np.int64)


@cache
def conversion(source: str, target: str, partly: bool = False) -> tuple[tuple[int, ...], ...]:
    """Return, for each target joint, the indices of the source joints to average.

    Args:
        partly: a target joint that the source lacks has no indices.

    Raises:
        UsageError: unknown layout, or a target joint that the source lacks.
    """
    names = _names(source)
    table: list[tuple[int, ...]] = []
    for joint in _names(target):
        parts = (joint,) if joint in names else DERIVED.get(joint, ())
        if not parts or any(part not in names for part in parts):
            if partly:
                table.append(())
                continue
            raise UsageError(
                f"{source} has no {joint!r} and cannot derive it; choose a layout with fewer joints"
            )
        table.append(tuple(names.index(part) for part in parts))
    return tuple(table)


def convert(
    joints: NDArray[np.floating], source: str, target: str, has_confidence: bool = False
) -> NDArray[np.floating]:
    """Convert joints (..., J, D) to another layout; a derived joint is the mean of its sources.

    With `has_confidence` the last of the D channels is a confidence: a derived joint takes the
    lowest of its sources, and a joint that the source lacks is zero, as one that was not seen.

    Raises:
        UsageError: unknown layout, or a target joint that the source lacks.
        DataError: another shape.
    """
    count = len(_names(source))
    if joints.ndim < 2 or joints.shape[-2] != count:
        raise DataError(f"found shape {joints.shape}; {source} must be (..., {count}, D)")
    table = conversion(source, target, partly=has_confidence)
    made = joints[..., [parts[0] if parts else 0 for parts in table], :]
    for place, parts in enumerate(table):
        if not parts:
            made[..., place, :] = 0
        elif len(parts) > 1:
            chosen = joints[..., list(parts), :]
            made[..., place, :] = chosen.mean(axis=-2)
            if has_confidence:
                made[..., place, -1] = chosen[..., -1].min(axis=-1)
    return made


def mirror_order(names: Sequence[str]) -> tuple[int, ...]:
    """Return the index of each name's mirror image: `l_eye` and `r_eye`, `left arm` and `right
    arm`; a name without a partner maps to itself.
    """
    place = {name: i for i, name in enumerate(names)}
    return tuple(place.get(_mirror(name), i) for i, name in enumerate(names))


_SIDES = {"l": "r", "r": "l", "left": "right", "right": "left"}


def _mirror(name: str) -> str:
    for mark in ("_", "-", " "):
        words = name.split(mark)
        swapped = [_SIDES.get(word, word) for word in words]
        if swapped != words:
            return mark.join(swapped)
    return name


def _names(layout: str) -> tuple[str, ...]:
    if layout not in LAYOUTS:
        raise UsageError(f"unknown joint layout {layout!r}; known: {', '.join(LAYOUTS)}")
    return LAYOUTS[layout]
