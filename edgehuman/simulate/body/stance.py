"""Single poses of a moving body: one stride of the walker, or a few seconds of standing.

The body is at the world's origin and faces x; y is its left, z up; metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.geometry import SEGMENTS, SKELETON_26
from edgehuman.records import Float32, Float64
from edgehuman.simulate.body.activities import ACTIVITIES, LOCOMOTION
from edgehuman.simulate.body.feet import plan_plants
from edgehuman.simulate.body.person import Person
from edgehuman.simulate.body.plan import Plan
from edgehuman.simulate.body.posture import ROW, posture, variations
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.body.walker import pose

STANCES = ("walking", "standing", "jogging")

# Arm gestures: additions to (flex, abduct, elbow, twist), radians.
GESTURES: Mapping[str, tuple[float, float, float, float]] = {
    "hang": (0.0, 0.0, 0.0, 0.0),
    "pocket": (-0.25, 0.22, 0.75, 0.35),
    "carry": (0.15, 0.02, 1.15, 0.25),
    "phone": (0.75, 0.15, 1.75, 0.35),
    "strap": (0.45, 0.18, 1.95, 0.25),
}

FRAMES = 32
_PER_KNOT = 8
_PACE = (0.72, 1.05)
# The walker's knees are bent for the simulated sensors; in pictures legs are straighter. The feet
# are then up to two centimetres above the ground.
TALLER_M = 0.05

_JOINT = {name: i for i, name in enumerate(SKELETON_26)}
_SEGMENT = {name: i for i, name in enumerate(SEGMENTS)}


@dataclass(frozen=True, slots=True)
class Body:
    """A skeleton in one pose.

    Attributes:
        joints_J3: float64 (26, 3): metres, in the order of `SKELETON_26`.
        rotation_S33: float64 (13, 3, 3): frame of each of `SEGMENTS`, columns forward, left, up.
    """

    joints_J3: Float64
    rotation_S33: Float64

    def joint(self, name: str) -> Float64:
        """Position of a joint, metres."""
        place: Float64 = self.joints_J3[_JOINT[name]]
        return place

    def frame(self, segment: str) -> Float64:
        """Axes of a segment, in columns."""
        columns: Float64 = self.rotation_S33[_SEGMENT[segment]]
        return columns


@dataclass(frozen=True, slots=True)
class Cycle:
    """One stride, or a few seconds of standing: `FRAMES` poses (T), as in `Body`, in float32."""

    joints_TJ3: Float32
    rotation_TS33: Float32

    def body(self, phase: float) -> Body:
        """The pose at a phase 0..1: a walker's left foot is at mid-stance at 0."""
        frame = round(phase * FRAMES) % FRAMES
        return Body(
            self.joints_TJ3[frame].astype(np.float64), self.rotation_TS33[frame].astype(np.float64)
        )


def cycle(person: Person, activity: str, right: str = "hang", left: str = "hang") -> Cycle:
    """Motion of a person in an activity, with arm gestures.

    Args:
        activity: one of `STANCES`.
        right, left: of `GESTURES`.

    Raises:
        UsageError: an unknown activity or gesture.
    """
    if activity not in STANCES:
        raise UsageError(f"unknown stance {activity!r}; valid: {', '.join(STANCES)}")
    mover = person
    if activity in LOCOMOTION and (right, left) != ("hang", "hang"):
        # Arms that hold something swing less.
        gait = replace(person.gaits[activity], arm_rad=0.08, elbow_swing_rad=0.05)
        mover = replace(person, gaits={**person.gaits, activity: gait})
    return _posed(mover, _one_stride(mover, activity, right, left))


def cycle_of(person: Person, controls_P: Float64, posture_name: str, seed: int) -> Cycle:
    """A few seconds of a person in the posture of these controls, the feet on the ground.

    Args:
        posture_name: standing or sitting, whose restlessness is that of the person.
    """
    return _posed(person, _around(controls_P, posture_name, generator(seed, 0x57A)))


def _posed(mover: Person, plan: Plan) -> Cycle:
    joints, rotation = pose(mover, plan, plan_plants(plan, mover), FRAMES, 2 * FRAMES)
    joints[:, :2] -= joints[_JOINT["pelvis"], :2]
    return Cycle(
        np.ascontiguousarray(joints.transpose(2, 0, 1), np.float32),
        np.ascontiguousarray(rotation.transpose(3, 0, 1, 2), np.float32),
    )


def _one_stride(person: Person, activity: str, right: str, left: str) -> Plan:
    """A straight plan, with one stride before the wanted one and one after it."""
    rng = generator(person.seed, 0x57A, STANCES.index(activity))
    base = posture(person, activity)
    for side, gesture in (("r", right), ("l", left)):
        _add_gesture(base, side, gesture)
    if activity in LOCOMOTION:
        base[ROW["stride"]] *= rng.uniform(*_PACE)
        base[ROW["drop"]] -= TALLER_M
    return _around(base, activity, rng)


def _around(base: Float64, activity: str, rng: np.random.Generator) -> Plan:
    """A straight plan about these controls."""
    moves = activity in LOCOMOTION
    count = 3 * FRAMES
    knots_PM = base[:, None] + variations(rng, "standing", count // _PER_KNOT + 4)
    rate_hz = FRAMES * base[ROW["cadence"]] if moves else float(FRAMES)
    strides_T = (np.arange(count) - FRAMES) / FRAMES
    edge_s = np.zeros(1 if moves else 0)
    return Plan(
        knots_PM=knots_PM,
        per_knot=_PER_KNOT,
        rate_hz=rate_hz,
        stride_T=3.0 + strides_T if moves else np.full(count, 3.25),
        heading_T=np.zeros(count),
        place_2T=np.stack([strides_T * base[ROW["stride"]], np.zeros(count)]),
        label_T=np.full(count, ACTIVITIES.index(activity), np.int16),
        run_start_s=edge_s,
        run_end_s=edge_s + count / rate_hz,
    )


def _add_gesture(controls: Float64, side: str, gesture: str) -> None:
    if gesture not in GESTURES:
        raise UsageError(f"unknown gesture {gesture!r}; valid: {', '.join(GESTURES)}")
    names = ("flex", "abduct", "elbow", "twist")
    for name, amount in zip(names, GESTURES[gesture], strict=True):
        controls[ROW[f"{name}_{side}"]] += amount
