"""The body behind the simulated sensor, as a side view that a page can draw frame by frame.

The camera turns with the walker, slowly, and keeps the pelvis in the middle; the ground moves.
Axes: T frames, J joints of `JOINTS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import SKELETON_26
from edgehuman.records import Float64
from edgehuman.simulate.body.activities import LOCOMOTION
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.schedule import Schedule
from edgehuman.simulate.body.walker import Motion, walk

JOINTS = (
    *("head_top", "nose", "neck", "pelvis"),
    *("r_shoulder", "r_elbow", "r_wrist", "r_hand", "l_shoulder", "l_elbow", "l_wrist", "l_hand"),
    *("r_hip", "r_knee", "r_ankle", "r_heel", "r_toe"),
    *("l_hip", "l_knee", "l_ankle", "l_heel", "l_toe"),
)
_DRAWN_HZ = 100.0  # the rate at which the sensor's recording is made: the same motion
_EVERY = 8
_VIEW_RAD = np.radians(28.0)  # how far the camera stands in front of a pure side view
_DOWN_RAD = np.radians(8.0)  # how far it looks down
_SEATS = {"sitting": "chair", "laying": "bed"}
_PELVIS_M = 0.10  # from the middle of the pelvis to what it rests on
_TURN_S, _FOLLOW_S, _GROUND_S = 3.0, 1.2, 1.4


@dataclass(frozen=True, slots=True)
class Seat:
    """What somebody sits or lies on.

    Attributes:
        kind: "chair" or "bed".
        start_s, end_s: from the beginning of sitting down to the end of standing up.
        comes_s, goes_s: how long these two take.
        height_m: of its top.
    """

    kind: str
    start_s: float
    end_s: float
    comes_s: float
    goes_s: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Film:
    """Attributes:
    joint_TJ2: int16, millimetres: right of the pelvis, and up from the ground.
    ground_T: float64: metres that the ground has moved to the left since the start.
    rate_hz: frames per second.
    seats: chairs and beds.
    """

    joint_TJ2: NDArray[np.int16]
    ground_T: Float64
    rate_hz: float
    seats: tuple[Seat, ...]


def film(seed: int, schedule: Schedule) -> Film:
    """The motion that `simulate_recording(seed, schedule)` senses, seen from the side."""
    motion = walk(sample_person(seed), schedule, _DRAWN_HZ, seed)
    joint_TJ3 = motion.joints_TJ3[::_EVERY]
    rate_hz = _DRAWN_HZ / _EVERY
    right_T2 = _screen_right(joint_TJ3, rate_hz)
    middle_T2 = _smooth(joint_TJ3[:, SKELETON_26.index("pelvis"), :2], _FOLLOW_S, rate_hz)
    flat_TJ2 = joint_TJ3[..., :2] - middle_T2[:, None]
    across_TJ = (flat_TJ2 * right_T2[:, None]).sum(axis=-1)
    depth_TJ = flat_TJ2[..., 1] * right_T2[:, None, 0] - flat_TJ2[..., 0] * right_T2[:, None, 1]
    up_TJ = joint_TJ3[..., 2] - _ground(motion, rate_hz)[:, None]
    high_TJ = up_TJ * np.cos(_DOWN_RAD) + depth_TJ * np.sin(_DOWN_RAD)
    kept = [SKELETON_26.index(name) for name in JOINTS]
    seen_TJ2 = np.stack([across_TJ[:, kept], high_TJ[:, kept]], axis=-1)
    moved_T2 = np.diff(middle_T2, axis=0, prepend=middle_T2[:1])
    ground_T: Float64 = np.cumsum((moved_T2 * right_T2).sum(axis=1))
    joint_TJ2 = np.clip(seen_TJ2 * 1000.0, -32000, 32000).astype(np.int16)
    pelvis_T = up_TJ[:, SKELETON_26.index("pelvis")]
    return Film(joint_TJ2, ground_T, rate_hz, _seats(schedule, pelvis_T, rate_hz))


def _seats(schedule: Schedule, pelvis_T: Float64, rate_hz: float) -> tuple[Seat, ...]:
    """A chair or a bed for every time that somebody sits or lies."""
    made, at_s = [], 0.0
    for k, bout in enumerate(schedule):
        end_s = at_s + bout.duration_s
        if bout.activity in _SEATS:
            comes_s = schedule[k - 1].duration_s if k else 0.0
            goes_s = schedule[k + 1].duration_s if k + 1 < len(schedule) else 0.0
            during = slice(int(at_s * rate_hz), max(int(end_s * rate_hz), int(at_s * rate_hz) + 1))
            top_m = float(np.median(pelvis_T[during])) - _PELVIS_M
            made.append(
                Seat(_SEATS[bout.activity], at_s - comes_s, end_s + goes_s, comes_s, goes_s, top_m)
            )
        at_s = end_s
    return tuple(made)


def _screen_right(joint_TJ3: Float64, rate_hz: float) -> Float64:
    """The horizontal direction (T, 2) that points right on the screen: nearly where the hips face,
    so that the right side is near.
    """
    left_T2 = (joint_TJ3[:, SKELETON_26.index("l_hip")] - joint_TJ3[:, SKELETON_26.index("r_hip")])[
        :, :2
    ]
    facing_T2 = _smooth(np.stack([left_T2[:, 1], -left_T2[:, 0]], axis=1), _TURN_S, rate_hz)
    facing_T2 /= np.maximum(np.linalg.norm(facing_T2, axis=1, keepdims=True), 1e-6)
    cos, sin = np.cos(_VIEW_RAD), np.sin(_VIEW_RAD)
    turned: Float64 = facing_T2 @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _ground(motion: Motion, rate_hz: float) -> Float64:
    """Height (T,) of the ground: the lowest foot while standing or walking; stairs raise it."""
    feet = [SKELETON_26.index(name) for name in ("r_heel", "r_toe", "l_heel", "l_toe")]
    low_T = motion.joints_TJ3[::_EVERY, feet, 2].min(axis=1)
    on_feet = [motion.labels.index(name) for name in (*LOCOMOTION, "standing", "sitting")]
    known_T = np.isin(motion.label_T[::_EVERY], on_feet)
    index_T = np.arange(len(low_T))
    low_T = np.interp(index_T, index_T[known_T], low_T[known_T]) if known_T.any() else low_T
    half = max(1, round(_GROUND_S * rate_hz / 2))
    padded = np.pad(low_T, half, mode="edge")
    lowest_T = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).min(axis=1)
    return _smooth(lowest_T[:, None], _GROUND_S, rate_hz)[:, 0]


def _smooth(rows_TK: Float64, seconds: float, rate_hz: float) -> Float64:
    """Moving average over a centred window, its ends held."""
    half = max(1, round(seconds * rate_hz / 2))
    padded = np.pad(rows_TK, ((half, half), (0, 0)), mode="edge")
    window = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0)
    mean: Float64 = window.mean(axis=-1)
    return mean
