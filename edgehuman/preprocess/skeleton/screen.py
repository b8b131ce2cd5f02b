"""Detect mistakes that affect whole files of skeletons: joint order, picture size, frame rate.

Each detector checks many frames at once and returns one line with what was found, the rule and the
fix, or None if it cannot tell. They assume walking people seen from a usual camera.

Axes: S frames, J joint of OpenPose-18, T frames of one sequence, N sequence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import COCO_17, LIMBS_18, OPENPOSE_18
from edgehuman.records import Bool, Float32, Float64, Index

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_ANKLES = [_JOINT["r_ankle"], _JOINT["l_ankle"]]
_FIRST_2L = np.array([[_JOINT[a], _JOINT[b]] for a, b in LIMBS_18]).T


def _places(real: Sequence[str], said: Sequence[str]) -> Index:
    """Source of each OpenPose-18 joint when joints were misread: (18, 2), the mean of two indices.

    Joint k of the file is `real[k]`, but was read as `said[k]`. A missing neck is the middle of the
    shoulders; a missing ear is placed at the eye.
    """
    at = {name: _JOINT[other] for name, other in zip(real, said, strict=True) if other in _JOINT}
    stand_in = {"neck": ("r_shoulder", "l_shoulder"), "l_ear": ("l_eye", "l_eye")}
    pairs = [(n, n) if n in at else stand_in[n] for n in OPENPOSE_18]
    return np.array([[at[first], at[second]] for first, second in pairs])


_WITHOUT_NECK = [name for name in OPENPOSE_18 if name != "neck"]
_TAKEN = ", and were read as COCO-17"
# Possible wrong orders: where each OpenPose-18 joint then is, and how the joints were misread.
_ORDERS: dict[str, tuple[Index, str]] = {
    "COCO-17 with the neck after it": (_places([*COCO_17, "neck"], OPENPOSE_18), ""),
    "COCO-17 with the neck after the nose": (
        _places(["nose", "neck", *COCO_17[1:]], OPENPOSE_18),
        "",
    ),
    "OpenPose-18 without the neck": (_places(_WITHOUT_NECK, COCO_17), _TAKEN),
    "OpenPose-18 without the left ear": (_places(OPENPOSE_18[:17], COCO_17), _TAKEN),
}
_FEWEST_VOTES = 20
# Total length of all limbs, in heights of the visible body: 2.6 to 3.2 for walkers from any view,
# 3.4 and more if joints are in another order, about 7 if they are in no order.
_SHORTEST_LIMBS, _LONGEST_LIMBS = 2.5, 4.0
# Another order is reported only if it makes the limbs shorter by this.
_SHORTER = 0.85
# If only the upper body is in the picture, detectors put the legs at its edge, mostly with low
# confidence. A whole body has at most this many unsure joints (a face from behind), meaning half
# the frame's usual confidence, and at most this many in the lowest tenth (two ankles).
_MOST_UNSURE, _UNSURE = 3, 0.5
_MOST_LOWEST, _LOWEST = 3, 0.1
# This share of all joints may lie outside the picture.
MOST_OUTSIDE = 0.02
# Detectors overshoot the picture's edge by up to this share of its size.
_OVERSHOOT = 0.1
STEP_HZ = (1.0, 3.4)
# The ankles of standing people move less than this relative to each other, in trunk lengths.
_LEAST_SWING = 0.1
# At least this share of the walks at a rate must show steps before the rate is judged: up to 0.3 of
# correct walks shorter than a stride show something like fast steps.
_SHARE_WALKING = 0.6
SLOWEST_HZ = 10.0
_FINER = 8


def all_zero(skeleton_SJ3: Float32) -> Bool:
    """(S,) frames in which nobody was seen."""
    empty: Bool = np.asarray((skeleton_SJ3[..., 2] <= 0.0).all(axis=1))
    return empty


def order_mistake(skeleton_SJ3: Float32) -> str | None:
    """Joints not in OpenPose-18 order, which makes limbs impossibly long.

    An order is reported only if it gives a plausible body; an unknown order is reported only for
    whole bodies, as limbs are also long if the legs were put at the picture's edge.
    """
    full_SJ3 = skeleton_SJ3[(skeleton_SJ3[..., 2] > 0.0).all(axis=1)]
    if len(full_SJ3) < _FEWEST_VOTES:
        return None
    own_S = _limbs(full_SJ3)
    own = float(np.median(own_S))
    if _SHORTER * own < _SHORTEST_LIMBS:
        return None
    found = {name: _limbs(full_SJ3[:, at].mean(axis=2)) for name, (at, _) in _ORDERS.items()}
    length, name = min((float(np.median(each_S)), name) for name, each_S in found.items())
    if length < _SHORTER * own and length <= _LONGEST_LIMBS:
        return (
            f"limbs are {own:.1f} body heights long in total; read as {name}, {length:.1f}. The "
            f"joints are in the order of {name}{_ORDERS[name][1]}; convert them to OpenPose-18"
        )
    whole_S = _whole(full_SJ3)
    if whole_S.mean() < 0.5 or np.median(own_S[whole_S]) <= _LONGEST_LIMBS:
        return None
    return (
        f"limbs are {np.median(own_S[whole_S]):.1f} body heights long in total, but must be at "
        f"most {_LONGEST_LIMBS:g}. The order of the joints is unknown; convert "
        f"them to OpenPose-18: {', '.join(OPENPOSE_18)}"
    )


def _whole(skeleton_SJ3: Float32) -> Bool:
    """(S,) frames that show a body with its legs, in any joint order."""
    y_SJ, confidence_SJ = skeleton_SJ3[..., 1], skeleton_SJ3[..., 2]
    unsure_SJ = confidence_SJ < _UNSURE * np.median(confidence_SJ, axis=1)[:, None]
    lowest_SJ = y_SJ >= (y_SJ.max(axis=1) - _LOWEST * np.ptp(y_SJ, axis=1))[:, None]
    whole: Bool = (unsure_SJ.sum(axis=1) <= _MOST_UNSURE) & (lowest_SJ.sum(axis=1) <= _MOST_LOWEST)
    return whole


def _limbs(xy_SJX: Float32) -> Float32:
    """(S,) total length of all limbs, in heights of the visible body."""
    x_JS, y_JS = np.ascontiguousarray(xy_SJX[..., :2].T)
    first_L, second_L = _FIRST_2L
    length_LS = np.hypot(x_JS[first_L] - x_JS[second_L], y_JS[first_L] - y_JS[second_L])
    height_S = np.maximum(np.ptp(y_JS, axis=0), 1e-6)
    limbs: Float32 = length_LS.sum(axis=0) / height_S
    return limbs


def upside_down(skeleton_SJ3: Float32) -> str | None:
    """Heads below feet: y points upwards."""
    below = votes(skeleton_SJ3[:, _JOINT["neck"]], _feet(skeleton_SJ3))
    if below.size < _FEWEST_VOTES or below.mean() < 0.7:
        return None
    return (
        f"the neck is below the ankles in {below.mean():.0%} of frames; y must point down from the "
        "top of the picture, so use height - y"
    )


def _feet(skeleton_SJ3: Float32) -> Float32:
    """(S, 3) the middle of the ankles, or the one that was seen; all zero if none was."""
    ankle_S23 = skeleton_SJ3[:, _ANKLES]
    seen_S2 = ankle_S23[..., 2] > 0.0
    total_S3 = np.where(seen_S2[..., None], ankle_S23, 0.0).sum(axis=1)
    feet: Float32 = total_S3 / np.maximum(seen_S2.sum(axis=1), 1)[:, None]
    return feet


def votes(upper_S3: Float32, lower_S3: Float32) -> Bool:
    """Whether the first joint lies below the second, for the frames that show both."""
    seen_S = (upper_S3[:, 2] > 0.0) & (lower_S3[:, 2] > 0.0)
    below: Bool = (upper_S3[:, 1] > lower_S3[:, 1])[seen_S]
    return below


def mirrored_sides(skeleton_SJ3: Float32) -> str | None:
    """Left and right swapped: faces towards the camera with the left shoulder on the left."""
    wrong = np.concatenate([_shoulder_votes(skeleton_SJ3), _ear_votes(skeleton_SJ3)])
    if wrong.size < max(_FEWEST_VOTES, 0.01 * len(skeleton_SJ3)) or wrong.mean() < 0.7:
        return None
    return (
        f"left and right are swapped in {wrong.mean():.0%} of the frames that show it (faces whose "
        "left shoulder is on the left of the picture). Left means the person's left: swap the "
        "joints, or undo the mirroring of the pictures (x -> width - x)"
    )


def _shoulder_votes(skeleton_SJ3: Float32) -> Bool:
    """For frames with a face from the front: whether the shoulders are swapped."""
    nose, right_eye, left_eye, right, left, ear_r, ear_l = (
        skeleton_SJ3[:, _JOINT[name]]
        for name in ("nose", "r_eye", "l_eye", "r_shoulder", "l_shoulder", "r_ear", "l_ear")
    )
    face_S = np.minimum(nose[:, 2], np.minimum(right_eye[:, 2], left_eye[:, 2]))
    body_S = np.minimum(right[:, 2], left[:, 2])
    ears_S = np.minimum(ear_r[:, 2], ear_l[:, 2])
    height_S = np.abs(skeleton_SJ3[:, _JOINT["neck"], 1] - skeleton_SJ3[:, _JOINT["r_hip"], 1])
    wide_S = np.abs(left[:, 0] - right[:, 0]) > 0.4 * height_S
    clear_S = (face_S > 0.85 * body_S) & (ears_S > 0.85 * body_S) & (body_S > 0.3) & wide_S
    wrong: Bool = (left[:, 0] < right[:, 0])[clear_S]
    return wrong


def _ear_votes(skeleton_SJ3: Float32) -> Bool:
    """For frames from the side: whether the visible ear belongs to the far side."""
    nose, ear_r, ear_l = (skeleton_SJ3[:, _JOINT[name]] for name in ("nose", "r_ear", "l_ear"))
    height_S = np.abs(skeleton_SJ3[:, _JOINT["neck"], 1] - skeleton_SJ3[:, _JOINT["r_hip"], 1])
    near_S = np.where(ear_r[:, 2] > ear_l[:, 2], ear_r[:, 0], ear_l[:, 0])
    ahead_S = nose[:, 0] - near_S
    apart_S = np.abs(ear_r[:, 2] - ear_l[:, 2]) > 0.2
    # From behind, a nose is a guess, and so is the side it points to.
    face_S = nose[:, 2] > 0.9 * np.maximum(ear_r[:, 2], ear_l[:, 2])
    clear_S = apart_S & face_S & (np.abs(ahead_S) > 0.08 * height_S)
    # Someone who faces the right of the picture shows the right ear.
    wrong: Bool = ((ear_r[:, 2] > ear_l[:, 2]) != (ahead_S > 0))[clear_S]
    return wrong


def size_mistake(skeleton_SJ3: Float32, height_px: float, width_px: float) -> str | None:
    """Joints outside the picture, or coordinates that are not pixels."""
    seen_K2 = skeleton_SJ3[..., :2][skeleton_SJ3[..., 2] > 0.0]
    if len(seen_K2) < _FEWEST_VOTES:
        return None
    if (np.abs(seen_K2) <= 2.0).mean() >= 0.99:
        extent = np.quantile(np.abs(seen_K2), 0.99)
        return (
            f"coordinates are at most {extent:.2g}; joints must be in pixels: multiply x by the "
            "picture's width and y by its height, or give --size, such as 1920x1080"
        )
    if not (height_px and width_px):
        return None
    share = float(outside(seen_K2, width_px, height_px).mean())
    if share <= MOST_OUTSIDE:
        return None
    found = f"{share:.0%} of joints lie outside the picture of {width_px:g}x{height_px:g} pixels"
    if outside(seen_K2, height_px, width_px).mean() <= MOST_OUTSIDE:
        return f"{found}, but inside one of {height_px:g}x{width_px:g}: swap its width and height"
    largest_x, largest_y = np.quantile(seen_K2, 0.995, axis=0)
    return (
        f"{found}; they reach x = {largest_x:.0f}, y = {largest_y:.0f}. Give the size of the "
        "pictures that the poses were detected in"
    )


def outside(xy_K2: Float32, width_px: float, height_px: float) -> Bool:
    """(K,) whether points are outside a picture by more than detectors overshoot its edge."""
    limit = np.array([width_px, height_px])
    over_K2 = (xy_K2 < -_OVERSHOOT * limit) | (xy_K2 > (1.0 + _OVERSHOOT) * limit)
    return np.asarray(over_K2.any(axis=1))


def slow_mistake(step_s_K: NDArray[np.floating]) -> str | None:
    """Frames too far apart (seconds) to see steps."""
    step_s = float(np.median(step_s_K)) if len(step_s_K) else 0.0
    if step_s * SLOWEST_HZ <= 1.01:  # stamps are rounded
        return None
    return (
        f"the frame rate is {1.0 / step_s:.1f} Hz, and steps cannot be seen below "
        f"{SLOWEST_HZ:g} Hz; use at least 24 frames per second, with t in seconds"
    )


def step_rate(skeleton_TJ3: Float32, rate_hz: float) -> float:
    """Steps per second of one walk at a frame rate; NaN if it is too short or shows none.

    Relative to one ankle, the other moves back and forth once per stride, which is two steps.
    """
    right, left, neck, hip = (
        skeleton_TJ3[:, _JOINT[name]] for name in ("r_ankle", "l_ankle", "neck", "r_hip")
    )
    seen_T = (right[:, 2] > 0.0) & (left[:, 2] > 0.0) & (neck[:, 2] > 0.0) & (hip[:, 2] > 0.0)
    if seen_T.sum() < max(0.8 * len(seen_T), 24):
        return float("nan")
    time_T = np.arange(len(seen_T), dtype=np.float64)
    trunk_T = np.sqrt(((neck - hip)[seen_T, :2].astype(np.float64) ** 2).sum(axis=1))
    away_K2 = (left - right)[seen_T, :2].astype(np.float64) / np.maximum(trunk_T, 1e-6)[:, None]
    full_T2 = np.stack([np.interp(time_T, time_T[seen_T], row) for row in away_K2.T], axis=1)
    power = _power(full_T2)
    # The wave must repeat at least one and a half times and explain most of the movement. If fewer
    # strides were filmed, the first line of the search is the strongest.
    first = int(1.5 * _FINER)
    top = first + int(np.argmax(power[first:]))
    if top == first or power[top] < (_LEAST_SWING * len(time_T) / 4.0) ** 2:
        return float("nan")
    if power[max(top - _FINER, first) : top + _FINER + 1].sum() < 0.35 * power[first:].sum():
        return float("nan")
    return float(2.0 * top / (_FINER * len(time_T)) * rate_hz)


def _power(wave_T2: Float64) -> Float64:
    """Power spectrum of a detrended wave in the plane, with `_FINER` times the usual resolution.

    A swing of amplitude a peaks at (a T / 4)^2: half of it is at negative frequencies, and the Hann
    window halves the rest.
    """
    frames = len(wave_T2)
    powers_T3 = np.vander(np.linspace(-1.0, 1.0, frames), 3)
    trend_32 = np.linalg.lstsq(powers_T3, wave_T2, rcond=None)[0]
    smooth_T2 = (wave_T2 - powers_T3 @ trend_32) * np.hanning(frames)[:, None]
    lines = np.abs(np.fft.rfft(smooth_T2, _FINER * frames, axis=0)) ** 2
    power: Float64 = lines.sum(axis=1)
    return power


def rate_mistake(steps_hz_N: NDArray[np.floating], rate_hz: float) -> str | None:
    """A frame rate at which people would take far too many or too few steps per second.

    Return None if many of the walks show no steps.

    Args:
        steps_hz_N: `step_rate` of walks at that rate; NaN where unknown.
    """
    known = steps_hz_N[np.isfinite(steps_hz_N)]
    if known.size < max(3, _SHARE_WALKING * steps_hz_N.size):
        return None
    low, high = STEP_HZ
    if low <= np.median(known) <= high:
        return None
    return steps_said(steps_hz_N, rate_hz)


def steps_said(steps_hz_N: NDArray[np.floating], rate_hz: float) -> str:
    """Describe the step rate at a frame rate, and a likelier frame rate."""
    steps_hz = float(np.nanmedian(steps_hz_N))
    low, high = STEP_HZ
    return (
        f"at {rate_hz:g} Hz people take {steps_hz:.1f} steps per second; walking is "
        f"{low:g} to {high:g}, so the frame rate is nearer {rate_hz * 1.8 / steps_hz:.0f}, "
        "or nobody walks there"
    )


def layout_mistakes(skeleton_SJ3: Float32) -> list[str]:
    """All mistakes in the order and the sides of the joints, one line each."""
    order = order_mistake(skeleton_SJ3)
    if order is not None:
        return [order]
    found = (upside_down(skeleton_SJ3), mirrored_sides(skeleton_SJ3))
    return [line for line in found if line is not None]


def joint_mistakes(skeleton_SJ3: Float32) -> list[str]:
    """Mistakes that make joint coordinates meaningless, one line each: order, sides, units."""
    units = size_mistake(skeleton_SJ3, 0, 0)
    return [*layout_mistakes(skeleton_SJ3), *([] if units is None else [units])]
