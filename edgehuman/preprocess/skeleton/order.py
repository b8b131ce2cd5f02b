"""Whether joints stand where a walker's joints stand; if not, the simplest reason that is found.

A walker stands upright: the heights of the joints in the picture follow those of a standing
person, whatever the view, the scale or the units. Where they do not, x and y may be swapped, y may
point up, or the joints may be in another order; the first of these that makes a walker is reported.

Axes: S frames, J joint of OpenPose-18, L limb.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.geometry import COCO_17, LIMBS_18, OPENPOSE_18
from edgehuman.records import Bool, Float32, Float64, Index

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_FIRST_2L = np.array([[_JOINT[a], _JOINT[b]] for a, b in LIMBS_18]).T
# How far below the eyes the joints of a standing person are, as a share of the way to the ankles.
_BELOW = {"nose": 0.03, "eye": 0.0, "ear": 0.01, "neck": 0.14, "shoulder": 0.14, "elbow": 0.33}
_BELOW |= {"wrist": 0.48, "hip": 0.47, "knee": 0.74, "ankle": 1.0}
_BELOW_J = np.array([_BELOW[name.split("_")[-1]] for name in OPENPOSE_18])
# The order of another tool with as many joints as a layout that it is taken for. Kinect's is told
# where joints are read (`layouts.looks_like_kinect`).
_HUMAN36M_17 = (
    *("pelvis", "r_hip", "r_knee", "r_ankle", "l_hip", "l_knee", "l_ankle", "spine_mid", "neck"),
    *("nose", "head_top", "l_shoulder", "l_elbow", "l_wrist", "r_shoulder", "r_elbow", "r_wrist"),
)


def _places(real: Sequence[str], said: Sequence[str]) -> Index:
    """Source of each OpenPose-18 joint when joints were misread: (18,), -1 where it is lost.

    Joint k of the file is `real[k]`, but was read as `said[k]`.
    """
    at = {name: _JOINT[other] for name, other in zip(real, said, strict=True) if other in _JOINT}
    return np.array([at.get(name, -1) for name in OPENPOSE_18])


_WITHOUT_NECK = [name for name in OPENPOSE_18 if name != "neck"]
_AS_COCO = ", and were read as COCO-17"
# Possible wrong orders: where each OpenPose-18 joint then is, and how the joints were misread.
_ORDERS: dict[str, tuple[Index, str]] = {
    "COCO-17 with the neck after it": (_places([*COCO_17, "neck"], OPENPOSE_18), ""),
    "COCO-17 with the neck after the nose": (
        _places(["nose", "neck", *COCO_17[1:]], OPENPOSE_18),
        "",
    ),
    "OpenPose-18 without the neck": (_places(_WITHOUT_NECK, COCO_17), _AS_COCO),
    "OpenPose-18 without the left ear": (_places(OPENPOSE_18[:17], COCO_17), _AS_COCO),
    "Human3.6M": (_places(_HUMAN36M_17, COCO_17), _AS_COCO),
}
_FEWEST_VOTES, _FEWEST_JOINTS = 20, 8
# Frames looked at: enough for a median.
_MOST_LOOKED_AT = 200
# Correlation of the joints' heights with those of someone who stands: 0.93 to 1.0 for walkers from
# any view, 0.75 and more if the legs are guessed at the picture's edge, under 0.7 for most wrong
# orders.
_STANDS, _NO_BODY, _NOTHING = 0.9, 0.65, 0.4
# Another order is reported only if it stands better than the given one by this,
_BETTER = 0.04
# and makes the limbs shorter by this share.
_SHORTER = 0.85
# Total length of all limbs, in heights of the visible body: 2.6 to 3.2 for walkers from any view,
# 3.4 and more if joints are in another order, about 7 if they are in no order.
_LONGEST_LIMBS = 4.0
# If only the upper body is in the picture, detectors put the legs at its edge, mostly with low
# confidence. A whole body has at most this many unsure joints (a face from behind), meaning half
# the frame's usual confidence, and at most this many in the lowest tenth (two ankles).
_MOST_UNSURE, _UNSURE = 3, 0.5
_MOST_LOWEST, _LOWEST = 3, 0.1


def seen_joints(skeleton_SJ3: Float32) -> Bool:
    """(S, J) joints that were seen: with a confidence, and not exactly at the picture's origin."""
    seen: Bool = (skeleton_SJ3[..., 2] > 0.0) & (skeleton_SJ3[..., :2] != 0.0).any(axis=-1)
    return seen


def only_seen(skeleton_SJ3: Float32) -> Float32:
    """The skeletons (S, J, 3) with joints that were not seen all zero."""
    return np.where(seen_joints(skeleton_SJ3)[..., None], skeleton_SJ3, np.float32(0.0))


def order_mistake(skeleton_SJ3: Float32) -> str | None:
    """Joints that do not stand as a walker's do: x and y swapped, or not in OpenPose-18 order.

    Another order is reported only if it gives a standing body with shorter limbs. An unknown order
    is reported only for whole bodies with impossibly long limbs, as neither alone is proof.
    """
    seen_SJ = seen_joints(skeleton_SJ3)
    told_S = np.flatnonzero(seen_SJ.sum(axis=1) >= _FEWEST_JOINTS)
    if len(told_S) < _FEWEST_VOTES:
        return None
    told_S = told_S[:: -(-len(told_S) // _MOST_LOOKED_AT)]
    xy_SJ2 = skeleton_SJ3[told_S, :, :2].astype(np.float64)
    xy_SJ2[~seen_SJ[told_S]] = np.nan
    across, down = (_standing(xy_SJ2[..., axis]) for axis in (0, 1))
    if abs(down) >= _STANDS:
        # Upside down is for another function; only orders that stand too remain.
        return _other_order(xy_SJ2, abs(down)) if down > 0 else None
    lying = _lying(across, down)
    if lying is not None:
        return lying
    return _other_order(xy_SJ2, down) or _no_order(xy_SJ2, skeleton_SJ3[told_S], down)


def _standing(along_SJ: Float64) -> float:
    """Median over frames of the correlation of one coordinate with the heights of who stands."""
    seen_SJ = np.isfinite(along_SJ)
    count_S1 = seen_SJ.sum(axis=1, keepdims=True)
    below_SJ = np.where(seen_SJ, _BELOW_J, 0.0)
    found_SJ = np.where(seen_SJ, along_SJ, 0.0)
    below_SJ = np.where(seen_SJ, below_SJ - below_SJ.sum(axis=1, keepdims=True) / count_S1, 0.0)
    found_SJ = np.where(seen_SJ, found_SJ - found_SJ.sum(axis=1, keepdims=True) / count_S1, 0.0)
    scale_S = np.sqrt((below_SJ**2).sum(axis=1) * (found_SJ**2).sum(axis=1))
    return float(np.median((below_SJ * found_SJ).sum(axis=1) / np.maximum(scale_S, 1e-12)))


def _lying(across: float, down: float) -> str | None:
    """A body along x: x and y swapped, or pictures on their side."""
    if abs(across) < _STANDS or abs(across) - abs(down) < 0.2:
        return None
    if across > 0:
        return (
            "bodies lie along x, from the head on the left to the feet on the right, and walkers "
            "stand. x and y are swapped: write x (to the right) before y (down), or give --layout "
            "movenet17 for 17 joints that are written y first, as MoveNet's. If x does come first, "
            "the pictures are on their side: turn them by a quarter, and detect again"
        )
    return (
        "bodies lie along x, from the head on the right to the feet on the left, and walkers "
        "stand. The pictures are on their side: turn them by a quarter, and detect again. If they "
        "are not, x and y are swapped and y points upwards: write x before y, and height - y"
    )


def _other_order(xy_SJ2: Float64, down: float) -> str | None:
    """A known order in which the joints make a better body."""
    own = _limbs(xy_SJ2)
    likely = []
    for name, (at_J, misread) in _ORDERS.items():
        read_SJ2 = np.where(at_J[:, None] >= 0, xy_SJ2[:, at_J], np.nan)
        read_SJ2 = read_SJ2[np.isfinite(read_SJ2[..., 0]).sum(axis=1) >= _FEWEST_JOINTS]
        if len(read_SJ2) < _FEWEST_VOTES:
            continue
        stands, limbs = _standing(read_SJ2[..., 1]), _limbs(read_SJ2)
        shorter = limbs < _SHORTER * own or down < _NO_BODY
        if stands >= max(_STANDS, down + _BETTER) and shorter and limbs <= _LONGEST_LIMBS:
            likely.append((limbs, name, misread))
    if not likely:
        return None
    limbs, name, misread = min(likely)
    return (
        f"limbs are {own:.1f} body heights long in total; read as {name}, {limbs:.1f}. The "
        f"joints are in the order of {name}{misread}; convert them to OpenPose-18"
    )


def _no_order(xy_SJ2: Float64, skeleton_SJ3: Float32, down: float) -> str | None:
    whole_S = _whole(xy_SJ2[..., 1], skeleton_SJ3[..., 2]) | (down < _NOTHING)
    if down >= _NO_BODY or whole_S.mean() < 0.5 or _limbs(xy_SJ2[whole_S]) <= _LONGEST_LIMBS:
        return None
    return (
        f"limbs are {_limbs(xy_SJ2[whole_S]):.1f} body heights long in total, but must be at "
        f"most {_LONGEST_LIMBS:g}, and joints are not as far below the head as a walker's. The "
        "order of the joints is unknown; convert "
        f"them to OpenPose-18: {', '.join(OPENPOSE_18)}"
    )


def _whole(y_SJ: Float64, sure_SJ: Float32) -> Bool:
    """(S,) frames that show a body with its legs, in any joint order."""
    sure_SJ = np.where(np.isfinite(y_SJ), sure_SJ, np.nan).astype(np.float32)
    unsure_SJ = sure_SJ < _UNSURE * np.nanmedian(sure_SJ, axis=1)[:, None]
    high_S, low_S = np.nanmin(y_SJ, axis=1), np.nanmax(y_SJ, axis=1)
    lowest_SJ = y_SJ >= (low_S - _LOWEST * (low_S - high_S))[:, None]
    whole: Bool = (unsure_SJ.sum(axis=1) <= _MOST_UNSURE) & (lowest_SJ.sum(axis=1) <= _MOST_LOWEST)
    return whole


def _limbs(xy_SJ2: Float64) -> float:
    """Median total length of all limbs, in heights of the visible body.

    Limbs of which an end was not seen count as long as the seen ones are, for their length on a
    standing person.
    """
    first_L, second_L = _FIRST_2L
    length_SL = np.hypot(*np.moveaxis(xy_SJ2[:, first_L] - xy_SJ2[:, second_L], 2, 0))
    usual_L = np.maximum(np.abs(_BELOW_J[first_L] - _BELOW_J[second_L]), 0.04)
    share_S = np.where(np.isfinite(length_SL), usual_L, 0.0).sum(axis=1) / usual_L.sum()
    y_SJ = xy_SJ2[..., 1]
    below_SJ = np.where(np.isfinite(y_SJ), _BELOW_J, np.nan)
    height_S = np.nanmax(y_SJ, axis=1) - np.nanmin(y_SJ, axis=1)
    height_S /= np.nanmax(below_SJ, axis=1) - np.nanmin(below_SJ, axis=1)
    limbs_S = np.nansum(length_SL, axis=1) / np.maximum(share_S, 0.1) / np.maximum(height_S, 1e-6)
    return float(np.median(limbs_S))
