"""Mistakes that whole files of skeletons are made with: joint order, picture, frame rate.

Each detector looks at many frames at once and says in one line what was found, the rule, and the
fix; it says nothing where it cannot tell. They are about walking people seen from a usual camera.

Axes: S frames, J joint of OpenPose-18, T frames of one sequence, N sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import COCO_17, LIMBS_18, OPENPOSE_18, flip_indices

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Array = NDArray[np.float64]

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_FIRST_2L = np.array([[_JOINT[a], _JOINT[b]] for a, b in LIMBS_18]).T
_FLIP = flip_indices("openpose18")
_COCO = {name: i for i, name in enumerate(COCO_17)}

# What eighteen joints may be by mistake: where each OpenPose-18 joint really is.
_ORDERS: dict[str, NDArray[np.int64]] = {
    "COCO-17 with the neck after it": np.array([{**_COCO, "neck": 17}[n] for n in OPENPOSE_18]),
    "COCO-17 with the neck after the nose": np.array(
        [0 if n == "nose" else 1 if n == "neck" else _COCO[n] + 1 for n in OPENPOSE_18]
    ),
}
_FEWEST_VOTES = 20
_OUTSIDE = 0.02
STEP_HZ = (1.0, 3.4)
_FINER = 8


def all_zero(skeleton_SJ3: Floats) -> Bools:
    """(S,) frames in which nobody was seen."""
    empty: Bools = np.asarray((skeleton_SJ3[..., 2] <= 0.0).all(axis=1))
    return empty


def order_mistake(skeleton_SJ3: Floats) -> str | None:
    """Joints in another order than OpenPose-18: limbs are then far longer than they could be."""
    full_SJ3 = skeleton_SJ3[(skeleton_SJ3[..., 2] > 0.0).all(axis=1)]
    if len(full_SJ3) < _FEWEST_VOTES:
        return None
    own = _limbs(full_SJ3)
    for name, order in _ORDERS.items():
        other = _limbs(full_SJ3[:, order])
        if other < 0.75 * own:
            return (
                f"limbs are {own:.1f} body heights long together; read as {name}, {other:.1f}. "
                f"The joints are in the order of {name}; convert them to OpenPose-18"
            )
    return None


def _limbs(skeleton_SJ3: Floats) -> float:
    """Median length of all limbs together, in heights of what is seen."""
    xy = skeleton_SJ3[..., :2].astype(np.float64)
    away = xy[:, _FIRST_2L[0]] - xy[:, _FIRST_2L[1]]
    length_S = np.sqrt((away**2).sum(axis=-1)).sum(axis=1)
    height_S = np.maximum(np.ptp(xy[..., 1], axis=1), 1e-6)
    return float(np.median(length_S / height_S))


def upside_down(skeleton_SJ3: Floats) -> str | None:
    """Heads below feet: y upwards."""
    below = votes(
        skeleton_SJ3[:, _JOINT["neck"]],
        0.5 * (skeleton_SJ3[:, _JOINT["r_ankle"]] + skeleton_SJ3[:, _JOINT["l_ankle"]]),
    )
    if below.size < _FEWEST_VOTES or below.mean() < 0.7:
        return None
    return (
        f"the neck is below the ankles in {below.mean():.0%} of frames; y runs downwards from the "
        "top of the picture, so give height - y"
    )


def votes(upper_S3: Floats, lower_S3: Floats) -> Bools:
    """Whether the first joint lies below the second, of the frames that show both."""
    seen_S = (upper_S3[:, 2] > 0.0) & (lower_S3[:, 2] > 0.0)
    below: Bools = (upper_S3[:, 1] > lower_S3[:, 1])[seen_S]
    return below


def mirrored_sides(skeleton_SJ3: Floats) -> str | None:
    """Left taken for right: a face towards the camera with its left shoulder on the left."""
    wrong = np.concatenate([_shoulder_votes(skeleton_SJ3), _ear_votes(skeleton_SJ3)])
    if wrong.size < max(_FEWEST_VOTES, 0.01 * len(skeleton_SJ3)) or wrong.mean() < 0.7:
        return None
    return (
        f"left and right are swapped in {wrong.mean():.0%} of the frames that show it (faces whose "
        "left shoulder is on the left of the picture). Left is the person's own: swap the joints, "
        "or undo the mirroring of the pictures (x -> width - x)"
    )


def _shoulder_votes(skeleton_SJ3: Floats) -> Bools:
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
    wrong: Bools = (left[:, 0] < right[:, 0])[clear_S]
    return wrong


def _ear_votes(skeleton_SJ3: Floats) -> Bools:
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
    wrong: Bools = ((ear_r[:, 2] > ear_l[:, 2]) != (ahead_S > 0))[clear_S]
    return wrong


def size_mistake(skeleton_SJ3: Floats, height_px: float, width_px: float) -> str | None:
    """Joints outside the picture, or coordinates that are no pixels."""
    seen_K2 = skeleton_SJ3[..., :2][skeleton_SJ3[..., 2] > 0.0]
    if len(seen_K2) < _FEWEST_VOTES:
        return None
    extent = np.quantile(np.abs(seen_K2), 0.99)
    if extent <= 2.0:
        return (
            f"coordinates are at most {extent:.2g}; joints are in pixels, so multiply x by the "
            "picture's width and y by its height"
        )
    if not (height_px and width_px):
        return None
    share = _outside(seen_K2, width_px, height_px)
    if share <= _OUTSIDE:
        return None
    found = f"{share:.0%} of joints lie outside the picture of {width_px:g}x{height_px:g} pixels"
    if _outside(seen_K2, height_px, width_px) <= _OUTSIDE:
        return f"{found} and inside one of {height_px:g}x{width_px:g}: swap its width and height"
    largest_x, largest_y = np.quantile(seen_K2, 0.995, axis=0)
    return (
        f"{found}; they reach x = {largest_x:.0f}, y = {largest_y:.0f}. Give the size of the "
        "pictures that the poses were found in"
    )


def _outside(xy_K2: Floats, width_px: float, height_px: float) -> float:
    """Share of points more than a tenth of the picture outside it; detectors overshoot a little."""
    limit = np.array([width_px, height_px])
    over = (xy_K2 < -0.1 * limit) | (xy_K2 > 1.1 * limit)
    return float(over.any(axis=1).mean())


def step_rate(skeleton_TJ3: Floats, rate_hz: float) -> float:
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
    full_2T = [np.interp(time_T, time_T[seen_T], row) for row in away_K2.T]
    power = _power(time_T, full_2T[0]) + _power(time_T, full_2T[1])
    # A wave comes one and a half times at least, and most of what moves goes with it.
    first = int(1.5 * _FINER)
    top = first + int(np.argmax(power[first:]))
    if power[max(top - _FINER, first) : top + _FINER + 1].sum() < 0.35 * power[first:].sum():
        return float("nan")
    return float(2.0 * top / (_FINER * len(time_T)) * rate_hz)


def _power(time_T: Array, wave_T: Array) -> Array:
    """The spectrum of a wave without its trend, `_FINER` lines for each of the usual ones."""
    trend = np.polynomial.Polynomial.fit(time_T, wave_T, 2)
    smooth_T = (wave_T - trend(time_T)) * np.hanning(len(wave_T))
    spectrum: Array = np.abs(np.fft.rfft(smooth_T, _FINER * len(wave_T))) ** 2
    return spectrum


def rate_mistake(walks: Iterable[Floats], rates_hz: Sequence[float]) -> str | None:
    """A frame rate at which people would take far too many or too few steps a second."""
    found = [step_rate(walk, rate) for walk, rate in zip(walks, rates_hz, strict=True)]
    known = np.array([value for value in found if np.isfinite(value)])
    if known.size < 3:
        return None
    steps_hz, rate_hz = float(np.median(known)), float(np.median(np.asarray(rates_hz)))
    low, high = STEP_HZ
    if low <= steps_hz <= high:
        return None
    return (
        f"at {rate_hz:g} frames a second people take {steps_hz:.1f} steps a second; walking is "
        f"{low:g} to {high:g}, so the frame rate is nearer {rate_hz * 1.8 / steps_hz:.0f}"
    )


def layout_mistakes(skeleton_SJ3: Floats) -> list[str]:
    """Everything about the order and the sides of the joints, one line each."""
    order = order_mistake(skeleton_SJ3)
    if order is not None:
        return [order]
    found = (upside_down(skeleton_SJ3), mirrored_sides(skeleton_SJ3))
    return [line for line in found if line is not None]


def joint_mistakes(skeleton_SJ3: Floats) -> list[str]:
    """What makes the vectors of joints mean nothing, one line each: order, sides, units."""
    units = size_mistake(skeleton_SJ3, 0, 0)
    return [*layout_mistakes(skeleton_SJ3), *([] if units is None else [units])]
