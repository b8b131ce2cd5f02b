"""The walker: a 3-D skeleton over time, from which all simulated data is derived."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import UsageError
from edgehuman.geometry import SEGMENTS, SKELETON_26
from edgehuman.records import Float64
from edgehuman.simulate.body.activities import ACTIVITIES, LOCOMOTION
from edgehuman.simulate.body.feet import Foot, Plants, bend_leg, place_foot, plan_plants
from edgehuman.simulate.body.gait_shape import NUM_HARMONICS
from edgehuman.simulate.body.person import Person
from edgehuman.simulate.body.plan import Plan, make_plan
from edgehuman.simulate.body.posture import CONTROLS, ROW
from edgehuman.simulate.body.rotation import (
    Scalar,
    apply,
    frame_from,
    heading_matrix,
    turn_x,
    turn_y,
    turn_z,
    unit,
)
from edgehuman.simulate.body.schedule import Schedule, check_schedule
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.body.smooth import spline_at, upsample

_JOINT = {name: i for i, name in enumerate(SKELETON_26)}
_SEGMENT = {name: i for i, name in enumerate(SEGMENTS)}
SIDES = (("l", 1), ("r", -1))
_UPPER = frozenset(name for name in SEGMENTS if name in ("trunk", "head") or name.endswith("arm"))


@dataclass(frozen=True, slots=True)
class Motion:
    """A person in motion.

    Attributes:
        joints_TJ3: float64 (T, 26, 3): world positions in metres, z up; joints are `SKELETON_26`.
        rotation_TS33: float64 (T, 13, 3, 3): orientation of each of `SEGMENTS`, body to world.
        label_T: int16 (T,): index into `labels`.
        labels: names of the activities.
        rate_hz: frames per second.
        person: who moves.
    """

    joints_TJ3: Float64
    rotation_TS33: Float64
    label_T: NDArray[np.int16]
    labels: tuple[str, ...]
    rate_hz: float
    person: Person


def walk(person: Person, schedule: Schedule, rate_hz: float = 100.0, seed: int = 0) -> Motion:
    """Simulate the whole skeleton of a person who follows a schedule.

    Args:
        schedule: bouts joined by transitions (see `with_transitions`).
        seed: of the day: the same person moves slightly differently with another seed.

    Raises:
        UsageError: an invalid schedule, or a rate outside 20..1000 Hz.
    """
    plan, plants = prepare(person, schedule, rate_hz, seed)
    joints, rotation = pose(person, plan, plants, 0, plan.num_frames)
    return Motion(
        np.moveaxis(joints, -1, 0),
        np.moveaxis(rotation, -1, 0),
        plan.label_T,
        ACTIVITIES,
        rate_hz,
        person,
    )


def prepare(
    person: Person, schedule: Schedule, rate_hz: float, seed: int, settled: bool = False
) -> tuple[Plan, Plants]:
    """Compute the curves and footholds of a walk, which is cheap; `pose` makes the frames."""
    check_schedule(schedule)
    if not 20.0 <= rate_hz <= 1000.0:
        raise UsageError(f"rate_hz is {rate_hz}; it must be 20 to 1000 Hz")
    rng = generator(seed, person.seed, 0xDA1)
    plan = make_plan(person, schedule, rate_hz, rng, settled)
    return plan, plan_plants(plan, person)


def pose(
    person: Person,
    plan: Plan,
    plants: Plants,
    first: int,
    last: int,
    needed: Collection[str] = SEGMENTS,
) -> tuple[Float64, Float64]:
    """Joints (26, 3, T) and segment frames (13, 3, 3, T) of the plan's frames first..last.

    The upper body and each leg are computed only if they contain a `needed` segment; the rest of
    the arrays is not set.
    """
    controls = _controls(plan, first, last)
    stride_T = plan.stride_T[first:last]
    sway_6T = _gait_waves(person, stride_T, controls)
    joints = np.empty((len(SKELETON_26), 3, last - first))
    rotation = np.empty((len(SEGMENTS), 3, 3, last - first))
    level = heading_matrix(plan.heading_T[first:last])
    place = _pose_pelvis(person, plan, plants, controls, sway_6T, level, first)
    joints[_JOINT["pelvis"]] = place
    along = turn_z(level, controls["yaw"])
    facing = turn_y(along, controls["pitch"] + sway_6T[4])
    rotation[_SEGMENT["pelvis"]] = turn_z(
        turn_x(facing, controls["roll"] + sway_6T[3]), controls["lie_roll"] + sway_6T[5]
    )
    if _UPPER & set(needed):
        swing = _arm_swing(person, controls, len(stride_T))
        swings = {"l": swing, "r": swing}
        pose_upper(person.bone_m, controls, sway_6T, swings, stride_T, joints, rotation)
    for name, side in SIDES:
        if any(segment in needed for segment in (f"{name}_thigh", f"{name}_shank", f"{name}_foot")):
            foot = place_foot(plants, stride_T, side, person, controls)
            pose_leg(person.bone_m, controls["lie"], along, name, side, foot, joints, rotation)
    return joints, rotation


def _controls(plan: Plan, first: int, last: int) -> dict[str, Float64]:
    """Frames (T,) of every control, and `moving`: total weight of the gaits, 0..1."""
    start = first // plan.per_knot
    # One knot before the block, so that the block's spline equals the whole plan's.
    shown = max(0, start - 1)
    stop = -(-last // plan.per_knot) + 3
    skip = first - shown * plan.per_knot
    frames = upsample(plan.knots_PM[:, shown:stop], plan.per_knot, skip + last - first)[:, skip:]
    controls = dict(zip(CONTROLS, frames, strict=True))
    controls["moving"] = np.clip(frames[[ROW[name] for name in LOCOMOTION]].sum(axis=0), 0.0, 1.0)
    return controls


def _gait_waves(person: Person, stride_T: Float64, controls: Mapping[str, Float64]) -> Float64:
    """(6, T) pelvis position (m) and angles (rad) added by the gaits, by their weights."""
    turn = np.exp(2j * np.pi * (stride_T + 0.25))
    basis = np.empty((2 * NUM_HARMONICS, len(stride_T)))
    power = turn.copy()
    for k in range(NUM_HARMONICS):
        basis[2 * k], basis[2 * k + 1] = power.real, power.imag
        power *= turn
    waves = np.zeros((6, len(stride_T)))
    for name in LOCOMOTION:
        weight = controls[name]
        if np.any(weight > 1e-9):
            shape = person.gaits[name].pelvis_6K
            table = np.stack([shape.real, -shape.imag], axis=-1).reshape(6, -1)
            waves += weight * (table @ basis)
    return waves


def _pose_pelvis(
    person: Person,
    plan: Plan,
    plants: Plants,
    controls: Mapping[str, Float64],
    sway_6T: Float64,
    level: Float64,
    first: int,
) -> Float64:
    """World position of the pelvis (3, T)."""
    span = slice(first, first + sway_6T.shape[1])
    forward = sway_6T[0] - controls["back"]
    leftward = sway_6T[1] + controls["side"]
    place: Float64 = level[:, 0] * forward + level[:, 1] * leftward
    place[:2] += plan.place_2T[:, span]
    ground = spline_at(plants.place_3N[2], 2.0 * (plan.stride_T[span] - plants.first))
    place[2] = ground + person.stand_m - controls["drop"] + sway_6T[2]
    return place


def _arm_swing(person: Person, controls: Mapping[str, Float64], frames: int) -> Float64:
    """(2, T) swing of shoulders and elbows, by the weights of the gaits; radians."""
    swing = np.zeros((2, frames))
    for name in LOCOMOTION:
        gait = person.gaits[name]
        shape = np.array([gait.arm_rad, gait.elbow_swing_rad])
        swing += controls[name] * shape[:, None]
    return swing


def pose_upper(
    bone_m: Mapping[str, Scalar],
    controls: Mapping[str, Float64],
    sway_6T: Float64,
    swings: Mapping[str, Float64],
    stride_T: Float64,
    joints: Float64,
    rotation: Float64,
) -> None:
    """Pose trunk, head and arms from the pelvis up; the trunk counter-rotates to the pelvis.

    Args:
        sway_6T: motion that the gait adds to the pelvis: metres, radians.
        swings: per side, "l" and "r", swing of shoulder and elbow (2, T), radians.
        stride_T: the clock of the arms, in strides.
        joints, rotation: (26, 3, T) and (13, 3, 3, T), with the pelvis in them; filled in.
    """
    trunk = turn_z(rotation[_SEGMENT["pelvis"]], controls["trunk_yaw"] - 1.4 * sway_6T[5])
    trunk = turn_y(trunk, controls["trunk_pitch"] - 0.5 * sway_6T[4])
    trunk = turn_x(trunk, controls["trunk_roll"] - 0.8 * sway_6T[3])
    neck = joints[_JOINT["pelvis"]] + apply(trunk, (0.0, 0.0, bone_m["trunk"]))
    head = turn_z(trunk, controls["head_yaw"] + 0.4 * sway_6T[5])
    head = turn_y(head, controls["head_pitch"] - 0.5 * sway_6T[4])
    joints[_JOINT["neck"]] = neck
    rotation[_SEGMENT["trunk"]], rotation[_SEGMENT["head"]] = trunk, head
    _pose_face(bone_m, neck, head, joints)
    for name, side in SIDES:
        _pose_arm(bone_m, controls, name, side, swings[name], stride_T, joints, rotation)


def _pose_face(bone_m: Mapping[str, Scalar], neck: Float64, head: Float64, joints: Float64) -> None:
    """Points fixed in the head, in fractions of the distance from neck to crown."""
    top = bone_m["neck_to_top"]
    eye, ear = bone_m["eye_half"], bone_m["ear_half"]
    for name, point in (
        ("head_top", (0.05 * top, 0.0, top)),
        ("nose", (0.42 * top, 0.0, 0.53 * top)),
        ("l_eye", (0.34 * top, eye, 0.64 * top)),
        ("r_eye", (0.34 * top, -eye, 0.64 * top)),
        ("l_ear", (0.06 * top, ear, 0.60 * top)),
        ("r_ear", (0.06 * top, -ear, 0.60 * top)),
    ):
        joints[_JOINT[name]] = neck + apply(head, point)


def _pose_arm(
    bone_m: Mapping[str, Scalar],
    controls: Mapping[str, Float64],
    name: str,
    side: int,
    swing: Float64,
    stride_T: Float64,
    joints: Float64,
    rotation: Float64,
) -> None:
    """Pose one arm: the shoulder swings with the opposite leg, the elbow follows."""
    trunk = rotation[_SEGMENT["trunk"]]
    # The left foot strikes near clock 0.7, when the right arm is foremost.
    wave = np.cos(2.0 * np.pi * (stride_T - (0.22 if side > 0 else 0.72)))
    shoulder = joints[_JOINT["neck"]] + apply(trunk, (0.0, side * bone_m["shoulder_half"], 0.0))
    upper = turn_y(trunk, -(controls[f"flex_{name}"] + swing[0] * wave))
    upper = turn_x(upper, side * controls[f"abduct_{name}"])
    upper = turn_z(upper, -side * controls[f"twist_{name}"])
    elbow_angle = np.maximum(controls[f"elbow_{name}"] + swing[1] * wave, 0.02)
    forearm = turn_y(upper, -elbow_angle)
    elbow = shoulder + apply(upper, (0.0, 0.0, -bone_m["upper_arm"]))
    wrist = elbow + apply(forearm, (0.0, 0.0, -bone_m["forearm"]))
    joints[_JOINT[f"{name}_shoulder"]] = shoulder
    joints[_JOINT[f"{name}_elbow"]] = elbow
    joints[_JOINT[f"{name}_wrist"]] = wrist
    joints[_JOINT[f"{name}_hand"]] = wrist + apply(forearm, (0.0, 0.0, -bone_m["hand"]))
    rotation[_SEGMENT[f"{name}_upper_arm"]] = upper
    rotation[_SEGMENT[f"{name}_forearm"]] = forearm


def pose_leg(
    bone_m: Mapping[str, Scalar],
    lie: Float64,
    along: Float64,
    name: str,
    side: int,
    foot: Foot,
    joints: Float64,
    rotation: Float64,
) -> None:
    """Pose one leg between hip and foothold; lying (weight `lie`) it extends `along` the bed."""
    pelvis = rotation[_SEGMENT["pelvis"]]
    middle = joints[_JOINT["pelvis"]]
    hip = middle + apply(pelvis, (0.0, side * bone_m["hip_half"], 0.0))
    frame = turn_y(heading_matrix(foot.yaw_T), foot.pitch_T)
    ankle = foot.ankle_3T
    if np.any(lie > 1e-9):
        bed = hip + apply(along, (0.95 * (bone_m["thigh"] + bone_m["shank"]), 0.0, -0.03))
        ankle = ankle + (bed - ankle) * lie
    knee, ankle, thigh, shank = bend_leg(hip, ankle, pelvis[:, 1], bone_m["thigh"], bone_m["shank"])
    if np.any(lie > 1e-9):
        frame = _between(frame, turn_y(shank, 0.45), lie)
    joints[_JOINT[f"{name}_hip"]], joints[_JOINT[f"{name}_knee"]] = hip, knee
    joints[_JOINT[f"{name}_ankle"]] = ankle
    down = -bone_m["ankle_height"]
    joints[_JOINT[f"{name}_heel"]] = ankle + apply(frame, (-bone_m["heel"], 0.0, down))
    joints[_JOINT[f"{name}_toe"]] = ankle + apply(frame, (bone_m["toe"], 0.0, down))
    for part, turned in (("thigh", thigh), ("shank", shank), ("foot", frame)):
        rotation[_SEGMENT[f"{name}_{part}"]] = turned


def _between(first: Float64, second: Float64, weight: Float64) -> Float64:
    """Interpolate between two frames by blending their axes."""
    up = unit(first[:, 2] + (second[:, 2] - first[:, 2]) * weight)
    left = first[:, 1] + (second[:, 1] - first[:, 1]) * weight
    return frame_from(up, left)
