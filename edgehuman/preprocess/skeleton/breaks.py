"""Breaks in a track: the body moves further between two frames than a person can.

A track that jumps is two people under one id, or one of whom the middle is missing.

Axes: T frames, J joint of OpenPose-18.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.records import Bool, Float32, Float64

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_FLIP = flip_indices("openpose18")
# A body moves at most this far, in body heights: a detector's error of the whole body, and a run.
_ERROR, _PER_S = 0.25, 2.0
# From the eyes to the ankles is one body height here; other parts of a body are this much of it.
_TRUNKS, _NECKS = 3.0, 6.0
# Fewer joints in common do not tell where the body is.
_FEWEST = 6
# Over the square root of two: from the larger of x and y to the distance.
_SURELY = 1.5


JUMPS = "the body moves further between two frames than a body can"
AS_IF = "as if two people shared an id or the recording were cut; give each part an id of its own"


def jumps_said(stamp_s_K: Sequence[float]) -> str:
    """Describe the jumps of one track at these stamps, with the rule."""
    times = f"{len(stamp_s_K)} times, first" if len(stamp_s_K) > 1 else "once,"
    return f"{JUMPS}, {times} at {stamp_s_K[0]:.2f} s, {AS_IF}"


def jumps(skeleton_TJ3: Float32, stamp_s_T: Float64) -> Bool:
    """(T - 1,) whether the body moves between two frames by more than a person can.

    The limit is a quarter of the body's height, and two heights a second. The movement is the
    median of the joints seen in both frames, so that single wrong joints do not matter; nor does a
    detector that confuses left and right for a frame. Frames with fewer than six joints in common
    do not jump.

    Args:
        skeleton_TJ3: float32 (T, 18, 3): x, y in pixels, confidence; not seen if it is 0.
        stamp_s_T: time of every frame in seconds, increasing.
    """
    seen_TJ = skeleton_TJ3[..., 2] > 0.0
    xy_TJ2 = np.where(seen_TJ[..., None], skeleton_TJ3[..., :2], np.nan).astype(np.float64)
    height_T = _heights(xy_TJ2)
    height_P = np.fmax(height_T[:-1], height_T[1:])
    after_TJ2 = xy_TJ2[1:]
    moved_P = _moved(xy_TJ2[:-1], after_TJ2, height_P)
    flipped_P = _moved(xy_TJ2[:-1], after_TJ2[:, _FLIP], height_P)
    limit_P = _ERROR + _PER_S * np.diff(stamp_s_T)
    # Not a number, where too few joints tell, is no jump.
    return np.asarray((moved_P > limit_P) & ~(flipped_P <= limit_P))


def jumped(before_J3: Float32, after_J3: Float32, step_s: float) -> bool:
    """Whether the body jumps from one frame (18, 3) to the next, `step_s` seconds later; see
    `jumps`.
    """
    both_J = (before_J3[:, 2] > 0.0) & (after_J3[:, 2] > 0.0)
    if both_J.sum() < _FEWEST:
        return False
    before_K2 = before_J3[both_J, :2]
    farthest = float(np.abs(after_J3[both_J, :2] - before_K2).max())
    # Nearly always no joint has moved far; a body is at least as high as its part seen here.
    if _SURELY * farthest < _ERROR * float(np.sort(before_K2[:, 1])[[1, -2]] @ (-1.0, 1.0)):
        return False
    pair_2J3 = np.stack([before_J3, after_J3])
    return bool(jumps(pair_2J3, np.array([0.0, step_s]))[0])


def _moved(before_PJ2: Float64, after_PJ2: Float64, height_P: Float64) -> Float64:
    """(P,) median movement of the joints in body heights; NaN if too few are seen."""
    moved_PJ = np.hypot(*np.moveaxis(after_PJ2 - before_PJ2, 2, 0))
    count_P = np.isfinite(moved_PJ).sum(axis=1)
    sorted_PJ = np.sort(moved_PJ, axis=1)  # NaN last
    rows = np.arange(len(moved_PJ))
    low_P, high_P = (
        sorted_PJ[rows, np.clip(middle, 0, None)] for middle in ((count_P - 1) // 2, count_P // 2)
    )
    moved_P = np.where(count_P >= _FEWEST, 0.5 * (low_P + high_P), np.nan)
    moved: Float64 = moved_P / np.maximum(height_P, 1e-6)
    return moved


def _heights(xy_TJ2: Float64) -> Float64:
    """(T,) height of the body in each frame, also if only its upper half is seen; 0 if nobody is.

    The outermost joint on either side is left out: it may be a single wrong one.
    """
    count_T = np.isfinite(xy_TJ2[..., 0]).sum(axis=1)
    sorted_TJ2 = np.sort(xy_TJ2, axis=1)  # NaN last
    rows = np.arange(len(xy_TJ2))
    high_T2 = sorted_TJ2[rows, np.clip(count_T - 2, 0, None)]
    extent_T = (high_T2 - sorted_TJ2[:, 1]).max(axis=1)
    neck_T2 = xy_TJ2[:, _JOINT["neck"]]
    reach_3T = [
        part * np.hypot(*(xy_TJ2[:, _JOINT[name]] - neck_T2).T)
        for part, name in ((_TRUNKS, "r_hip"), (_TRUNKS, "l_hip"), (_NECKS, "nose"))
    ]
    heights: Float64 = np.nan_to_num(np.fmax.reduce([extent_T, *reach_3T]))
    return heights
