"""Feet and legs: footholds, foot roll, and the knees by inverse kinematics.

A planted foot does not move in the world; it pivots about its heel at contact and about its toe at
push-off. The knee follows from the two bone lengths (inverse kinematics), so bones keep their
length and feet stay on the ground for any motion of the pelvis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float64, Index
from edgehuman.simulate.body.activities import ACTIVITIES
from edgehuman.simulate.body.person import Person
from edgehuman.simulate.body.plan import Plan
from edgehuman.simulate.body.rotation import Scalar, cross, dot, frame_from, unit
from edgehuman.simulate.body.smooth import bump, step

# The foot is slightly behind the body's mid-stance: the stance leg trails more than it leads.
BEHIND_STRIDES = 0.035
_REACH_SOFT, _REACH_LIMIT = 0.94, 0.9985


@dataclass(frozen=True, slots=True)
class Plants:
    """Footholds; plant number n belongs to stride clock n / 2 + `first`.

    Attributes:
        first: stride clock of plant 0 (a whole number; even plants are left feet).
        place_3N: x, y of the body's path and the ground's height there, metres.
        heading_N: direction of the foot.
    """

    first: int
    place_3N: Float64
    heading_N: Float64


def plan_plants(plan: Plan, person: Person) -> Plants:
    """Footholds of a plan: on the path at mid-stance, never beyond the end of the walk."""
    time_T: Float64 = np.arange(plan.num_frames) / plan.rate_hz
    first = int(np.floor(plan.stride_T[0])) - 2
    last = int(np.ceil(plan.stride_T[-1])) + 3
    clock_N = np.arange(2 * first, 2 * last + 1) * np.float64(0.5)
    run_N = _approach_run(plan, clock_N, time_T)
    stops_s = np.concatenate([[0.0], plan.run_end_s + 0.5])
    reached_N = np.interp(clock_N, plan.stride_T, time_T)
    time_N: Float64 = np.minimum(reached_N, stops_s[run_N]).astype(np.float64)
    frame_N = np.minimum((time_N * plan.rate_hz).astype(np.int64), plan.num_frames - 1)
    heading_N = np.interp(time_N, time_T, plan.heading_T)
    place_2N = np.stack([np.interp(time_N, time_T, row) for row in plan.place_2T])
    ahead_N = _ahead_of_way(plan, person, clock_N, frame_N)
    place_2N += ahead_N * np.stack([np.cos(heading_N), np.sin(heading_N)])
    rise = _per_activity(person, "rise_m")
    height_N = np.cumsum(np.where(run_N > 0, rise[plan.label_T[frame_N]], 0.0))
    return Plants(first, np.concatenate([place_2N, height_N[None]]), heading_N)


def _per_activity(person: Person, field: str) -> Float64:
    """One number of the gaits as a table over ACTIVITIES; 0 where there is no gait."""
    table = np.zeros(len(ACTIVITIES))
    for name, gait in person.gaits.items():
        table[ACTIVITIES.index(name)] = getattr(gait, field)
    return table


def _approach_run(plan: Plan, clock_N: Float64, time_T: Float64) -> Index:
    """Which run (1, 2, ...) brings the foot to each plant; 0: it stood there from the start."""
    starts = np.interp(plan.run_start_s - 0.6, time_T, plan.stride_T)
    run = np.searchsorted(starts, clock_N - 0.26, side="right")
    if len(plan.run_start_s) and plan.run_start_s[0] == 0.0:
        run = np.maximum(run, 1)
    return run.astype(np.int64)


def _ahead_of_way(plan: Plan, person: Person, clock_N: Float64, frame_N: Index) -> Float64:
    """Distance in metres from the path's point at mid-stance to the foothold ahead of it.

    Slightly negative in full stride; large if a schedule begins or ends in full stride, where the
    path stops but the feet must reach further.
    """
    stride_m = _per_activity(person, "stride_m")
    before = np.minimum(clock_N - plan.stride_T[0], 0.0) * stride_m[plan.label_T[0]]
    after = np.maximum(clock_N - plan.stride_T[-1], 0.0) * stride_m[plan.label_T[-1]]
    ahead: Float64 = before + after - BEHIND_STRIDES * stride_m[plan.label_T[frame_N]]
    return ahead


@dataclass(frozen=True, slots=True)
class Foot:
    """One foot over time: ankle (3, T), pitch (T,) with heel up positive, yaw (T,)."""

    ankle_3T: Float64
    pitch_T: Float64
    yaw_T: Float64


def place_foot(
    plants: Plants,
    stride_T: Float64,
    side: int,
    person: Person,
    controls: Mapping[str, Float64],
) -> Foot:
    """Place the left (side +1) or right (-1) foot: planted, rolling off, swinging, striking.

    Args:
        controls: frames (T,) of duty, clearance, heel, strike and moving (0 standing, 1 walking).
    """
    clock_T = stride_T if side > 0 else stride_T + 0.5
    whole_T = np.floor(clock_T)
    number_T = 2 * (whole_T.astype(np.int64) - plants.first) - (side < 0)
    footholds = _footholds(plants, person, side)
    here, there = footholds[:, number_T], footholds[:, number_T + 2]
    yaw = plants.heading_N[number_T], plants.heading_N[number_T + 2]
    return carry_foot(here, there, yaw, clock_T - whole_T, person.bone_m, controls)


def carry_foot(
    here: Float64,
    there: Float64,
    yaw: tuple[Float64, Float64],
    phase_T: Float64,
    bone_m: Mapping[str, Scalar],
    controls: Mapping[str, Float64],
) -> Foot:
    """Move a foot between two footholds (3, T) and headings (T,), by the phase of its stride.

    Args:
        phase_T: 0..1; at 0 the foot is at mid-stance on `here`.
        controls: as for `place_foot`.
    """
    duty, moving = controls["duty"], controls["moving"]
    swing = np.clip((phase_T - 0.5 * duty) / (1.0 - duty), 0.0, 1.0)
    carried = step(swing)
    ankle = here + (there - here) * carried
    climb = there[2] - here[2]
    ankle[2] = here[2] + climb * np.where(climb > 0, step(swing / 0.7), step((swing - 0.3) / 0.7))
    ankle[2] += moving * controls["clearance"] * bump(swing) + bone_m["ankle_height"]
    heading = yaw[0] + (yaw[1] - yaw[0]) * carried
    pitch = moving * _foot_pitch(phase_T, swing, controls)
    lands_on_toe = step(0.5 + controls["strike"] / 0.2)
    _pivot(ankle, pitch, heading, 1.0 - carried * (1.0 - lands_on_toe), bone_m)
    return Foot(ankle, pitch, heading)


def _footholds(plants: Plants, person: Person, side: int) -> Float64:
    """(3, N) ground points under the ankle of one foot at each plant."""
    out_m = side * 0.85 * person.bone_m["hip_half"]
    heading = plants.heading_N
    return plants.place_3N + out_m * np.stack(
        [-np.sin(heading), np.cos(heading), np.zeros_like(heading)]
    )


def _foot_pitch(phase: Float64, swing: Float64, controls: Mapping[str, Float64]) -> Float64:
    """Pitch over one stride: flat, heel rise, swing, strike, flat again."""
    half = 0.5 * controls["duty"]
    rise = step((phase - 0.08) / (half - 0.05))
    fall = 1.0 - step((swing - 0.05) / 0.65)
    strike = step((swing - 0.35) / 0.65)
    landed = 1.0 - step((phase - (1.0 - half)) / 0.09)
    pitch: Float64 = controls["heel"] * rise * fall + controls["strike"] * strike * landed
    return pitch


def _pivot(
    ankle: Float64, pitch: Float64, yaw: Float64, on_toe: Float64, bone_m: Mapping[str, Scalar]
) -> None:
    """Move the ankle as the foot turns about its toe (1) or its heel (0)."""
    cosine, sine = np.cos(pitch), np.sin(pitch)
    down = -bone_m["ankle_height"]
    ahead = on_toe * bone_m["toe"] - (1.0 - on_toe) * bone_m["heel"]
    forward = ahead - (ahead * cosine + down * sine)
    ankle[0] += forward * np.cos(yaw)
    ankle[1] += forward * np.sin(yaw)
    ankle[2] += down - (down * cosine - ahead * sine)


def bend_leg(
    hip: Float64, ankle: Float64, left: Float64, thigh_m: Scalar, shank_m: Scalar
) -> tuple[Float64, Float64, Float64, Float64]:
    """Knee (3, T), ankle (3, T), thigh and shank frames (3, 3, T) of a leg with fixed lengths.

    The knee bends forward, in the plane perpendicular to the hinge `left` (3, T). An ankle out of
    reach is moved smoothly towards the hip, so the knee never locks.
    """
    leg_m = thigh_m + shank_m
    span = ankle - hip
    wanted = np.sqrt(dot(span, span))
    direction = span / wanted
    soft = _REACH_LIMIT - _REACH_SOFT
    over = np.maximum(wanted / leg_m - _REACH_SOFT, 0.0)
    reach = np.minimum(wanted, _REACH_SOFT * leg_m) + leg_m * soft * np.tanh(over / soft)
    along = (reach * reach + thigh_m**2 - shank_m**2) / (2.0 * reach)
    outward = np.sqrt(np.maximum(thigh_m**2 - along * along, 0.0))
    forward = cross(direction, unit(left - direction * dot(left, direction)))
    knee = hip + direction * along + forward * outward
    reached = hip + direction * reach
    return (
        knee,
        reached,
        frame_from((hip - knee) / thigh_m, left),
        frame_from((knee - reached) / shank_m, left),
    )
