"""Mistakes that whole files of skeletons are made with: joint order, picture, frame rate.

Each detector looks at many frames at once and says in one line what was found, the rule, and the
fix; it says nothing where it cannot tell. They are about walking people seen from a usual camera.

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
    """Where joints really are that were read under other names: (18, 2), the mean of two places.

    Joint k of the file is `real[k]`, and was taken for `said[k]`. A neck that the file lacks is the
    middle of the shoulders; an ear that it lacks is at the eye.
    """
    at = {name: _JOINT[other] for name, other in zip(real, said, strict=True) if other in _JOINT}
    stand_in = {"neck": ("r_shoulder", "l_shoulder"), "l_ear": ("l_eye", "l_eye")}
    pairs = [(n, n) if n in at else stand_in[n] for n in OPENPOSE_18]
    return np.array([[at[first], at[second]] for first, second in pairs])


_WITHOUT_NECK = [name for name in OPENPOSE_18 if name != "neck"]
_TAKEN = ", and were read as COCO-17"
# What joints may be by mistake: where each OpenPose-18 joint then is, and what they were taken for.
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
# All limbs together, in heights of what is seen: 2.6 to 3.2 of walkers seen from anywhere, 3.4 and
# more where joints are in another order, about 7 where they are in none.
_SHORTEST_LIMBS, _LONGEST_LIMBS = 2.5, 4.0
# Limbs have to be shorter by this, read in another order, before that order is named.
_SHORTER = 0.85
# Where only the upper body is in the picture, detectors put the legs at the picture's edge, mostly
# with little confidence. In a whole body at most this many joints are unsure (a face from behind),
# which is half as sure as is usual in the frame, and as many lie in the lowest tenth (two ankles).
_MOST_UNSURE, _UNSURE = 3, 0.5
_MOST_LOWEST, _LOWEST = 3, 0.1
# Of all joints, this share may lie outside the picture.
MOST_OUTSIDE = 0.02
# Detectors overshoot the picture's edge a little: by this share of its size.
_OVERSHOOT = 0.1
STEP_HZ = (1.0, 3.4)
# Ankles of people who stand move less than this against each other, in lengths of the trunk.
_LEAST_SWING = 0.1
# Of the walks of a rate, this share has to show steps before anything is said of the rate: of right
# walks that are shorter than a stride, up to 0.3 show something that looks like fast steps.
_SHARE_WALKING = 0.6
SLOWEST_HZ = 10.0
_FINER = 8


def all_zero(skeleton_SJ3: Float32) -> Bool:
    """(S,) frames in which nobody was seen."""
    empty: Bool = np.asarray((skeleton_SJ3[..., 2] <= 0.0).all(axis=1))
    return empty


def order_mistake(skeleton_SJ3: Float32) -> str | None:
    """Joints in another order than OpenPose-18: limbs are then far longer than they could be.

    An order is named only if a body in it is one that can be; none is known only of whole bodies,
    as limbs are long too where the legs were put at the picture's edge.
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
            f"limbs are {own:.1f} body heights long together; read as {name}, {length:.1f}. The "
            f"joints are in the order of {name}{_ORDERS[name][1]}; convert them to OpenPose-18"
        )
    whole_S = _whole(full_SJ3)
    if whole_S.mean() < 0.5 or np.median(own_S[whole_S]) <= _LONGEST_LIMBS:
        return None
    return (
        f"limbs are {np.median(own_S[whole_S]):.1f} body heights long together, and nobody's are "
        f"over {_LONGEST_LIMBS:g}. The order of the joints is none that is known here; convert "
        f"them to OpenPose-18: {', '.join(OPENPOSE_18)}"
    )


def _whole(skeleton_SJ3: Float32) -> Bool:
    """(S,) frames that show a body with its legs, whichever order its joints are in."""
    y_SJ, confidence_SJ = skeleton_SJ3[..., 1], skeleton_SJ3[..., 2]
    unsure_SJ = confidence_SJ < _UNSURE * np.median(confidence_SJ, axis=1)[:, None]
    lowest_SJ = y_SJ >= (y_SJ.max(axis=1) - _LOWEST * np.ptp(y_SJ, axis=1))[:, None]
    whole: Bool = (unsure_SJ.sum(axis=1) <= _MOST_UNSURE) & (lowest_SJ.sum(axis=1) <= _MOST_LOWEST)
    return whole


def _limbs(xy_SJX: Float32) -> Float32:
    """(S,) all limbs together, in heights of what is seen."""
    x_JS, y_JS = np.ascontiguousarray(xy_SJX[..., :2].T)
    first_L, second_L = _FIRST_2L
    length_LS = np.hypot(x_JS[first_L] - x_JS[second_L], y_JS[first_L] - y_JS[second_L])
    height_S = np.maximum(np.ptp(y_JS, axis=0), 1e-6)
    limbs: Float32 = length_LS.sum(axis=0) / height_S
    return limbs


def upside_down(skeleton_SJ3: Float32) -> str | None:
    """Heads below feet: y upwards."""
    below = votes(skeleton_SJ3[:, _JOINT["neck"]], _feet(skeleton_SJ3))
    if below.size < _FEWEST_VOTES or below.mean() < 0.7:
        return None
    return (
        f"the neck is below the ankles in {below.mean():.0%} of frames; y runs downwards from the "
        "top of the picture, so give height - y"
    )


def _feet(skeleton_SJ3: Float32) -> Float32:
    """(S, 3) the middle of the ankles, or the one that was seen; all zero where none was."""
    ankle_S23 = skeleton_SJ3[:, _ANKLES]
    seen_S2 = ankle_S23[..., 2] > 0.0
    total_S3 = np.where(seen_S2[..., None], ankle_S23, 0.0).sum(axis=1)
    feet: Float32 = total_S3 / np.maximum(seen_S2.sum(axis=1), 1)[:, None]
    return feet


def votes(upper_S3: Float32, lower_S3: Float32) -> Bool:
    """Whether the first joint lies below the second, of the frames that show both."""
    seen_S = (upper_S3[:, 2] > 0.0) & (lower_S3[:, 2] > 0.0)
    below: Bool = (upper_S3[:, 1] > lower_S3[:, 1])[seen_S]
    return below


def mirrored_sides(skeleton_SJ3: Float32) -> str | None:
    """Left taken for right: a face towards the camera with its left shoulder on the left."""
    wrong = np.concatenate([_shoulder_votes(skeleton_SJ3), _ear_votes(skeleton_SJ3)])
    if wrong.size < max(_FEWEST_VOTES, 0.01 * len(skeleton_SJ3)) or wrong.mean() < 0.7:
        return None
    return (
        f"left and right are swapped in {wrong.mean():.0%} of the frames that show it (faces whose "
        "left shoulder is on the left of the picture). Left is the person's own: swap the joints, "
        "or undo the mirroring of the pictures (x -> width - x)"
    )


def _shoulder_votes(skeleton_SJ3: Float32) -> Bool:
    """Of frames that show a face from the front: whether the shoulders are the wrong way round."""
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
    """Of frames from the side: whether the ear that is seen belongs to the far side."""
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
    """Joints outside the picture, or coordinates that are no pixels."""
    seen_K2 = skeleton_SJ3[..., :2][skeleton_SJ3[..., 2] > 0.0]
    if len(seen_K2) < _FEWEST_VOTES:
        return None
    if (np.abs(seen_K2) <= 2.0).mean() >= 0.99:
        extent = np.quantile(np.abs(seen_K2), 0.99)
        return (
            f"coordinates are at most {extent:.2g}; joints are in pixels, so multiply x by the "
            "picture's width and y by its height"
        )
    if not (height_px and width_px):
        return None
    share = float(outside(seen_K2, width_px, height_px).mean())
    if share <= MOST_OUTSIDE:
        return None
    found = f"{share:.0%} of joints lie outside the picture of {width_px:g}x{height_px:g} pixels"
    if outside(seen_K2, height_px, width_px).mean() <= MOST_OUTSIDE:
        return f"{found} and inside one of {height_px:g}x{width_px:g}: swap its width and height"
    largest_x, largest_y = np.quantile(seen_K2, 0.995, axis=0)
    return (
        f"{found}; they reach x = {largest_x:.0f}, y = {largest_y:.0f}. Give the size of the "
        "pictures that the poses were found in"
    )


def outside(xy_K2: Float32, width_px: float, height_px: float) -> Bool:
    """(K,) points outside a picture by more than detectors overshoot its edge."""
    limit = np.array([width_px, height_px])
    over_K2 = (xy_K2 < -_OVERSHOOT * limit) | (xy_K2 > (1.0 + _OVERSHOOT) * limit)
    return np.asarray(over_K2.any(axis=1))


def slow_mistake(step_s_K: NDArray[np.floating]) -> str | None:
    """Frames so far apart (seconds) that a step cannot be seen in them."""
    step_s = float(np.median(step_s_K)) if len(step_s_K) else 0.0
    if step_s * SLOWEST_HZ <= 1.01:  # stamps are rounded
        return None
    return (
        f"frames come at {1.0 / step_s:.1f} Hz, and under {SLOWEST_HZ:g} Hz steps are not seen; "
        "give 24 or more a second, with t in seconds"
    )


def step_rate(skeleton_TJ3: Float32, rate_hz: float) -> float:
    """Steps per second of one walk at a frame rate; nan where it is too short or shows none.

    Seen from the ankle of one foot, the other goes to and fro once a stride, which is two steps.
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
    # A wave comes one and a half times at least, and most of what moves goes with it. Where fewer
    # strides were filmed, the first line of the search is the strongest.
    first = int(1.5 * _FINER)
    top = first + int(np.argmax(power[first:]))
    if top == first or power[top] < (_LEAST_SWING * len(time_T) / 4.0) ** 2:
        return float("nan")
    if power[max(top - _FINER, first) : top + _FINER + 1].sum() < 0.35 * power[first:].sum():
        return float("nan")
    return float(2.0 * top / (_FINER * len(time_T)) * rate_hz)


def _power(wave_T2: Float64) -> Float64:
    """The spectrum of a wave in the plane without its trend, `_FINER` lines for each usual one.

    A swing of amplitude a has its top at (a T / 4)^2: half of it goes to negative frequencies, and
    half of that to Hann's window.
    """
    frames = len(wave_T2)
    powers_T3 = np.vander(np.linspace(-1.0, 1.0, frames), 3)
    trend_32 = np.linalg.lstsq(powers_T3, wave_T2, rcond=None)[0]
    smooth_T2 = (wave_T2 - powers_T3 @ trend_32) * np.hanning(frames)[:, None]
    lines = np.abs(np.fft.rfft(smooth_T2, _FINER * frames, axis=0)) ** 2
    power: Float64 = lines.sum(axis=1)
    return power


def rate_mistake(steps_hz_N: NDArray[np.floating], rate_hz: float) -> str | None:
    """A frame rate at which people would take far too many or too few steps a second.

    Nothing is said where many of the walks show no steps.

    Args:
        steps_hz_N: `step_rate` of walks at that rate; nan where it is not known.
    """
    known = steps_hz_N[np.isfinite(steps_hz_N)]
    if known.size < max(3, _SHARE_WALKING * steps_hz_N.size):
        return None
    low, high = STEP_HZ
    if low <= np.median(known) <= high:
        return None
    return steps_said(steps_hz_N, rate_hz)


def steps_said(steps_hz_N: NDArray[np.floating], rate_hz: float) -> str:
    """What a frame rate says of steps, and which one would be likelier."""
    steps_hz = float(np.nanmedian(steps_hz_N))
    low, high = STEP_HZ
    return (
        f"at {rate_hz:g} frames a second people take {steps_hz:.1f} steps a second; walking is "
        f"{low:g} to {high:g}, so the frame rate is nearer {rate_hz * 1.8 / steps_hz:.0f}, "
        "or nobody walks there"
    )


def layout_mistakes(skeleton_SJ3: Float32) -> list[str]:
    """Everything about the order and the sides of the joints, one line each."""
    order = order_mistake(skeleton_SJ3)
    if order is not None:
        return [order]
    found = (upside_down(skeleton_SJ3), mirrored_sides(skeleton_SJ3))
    return [line for line in found if line is not None]


def joint_mistakes(skeleton_SJ3: Float32) -> list[str]:
    """What makes the vectors of joints mean nothing, one line each: order, sides, units."""
    units = size_mistake(skeleton_SJ3, 0, 0)
    return [*layout_mistakes(skeleton_SJ3), *([] if units is None else [units])]
