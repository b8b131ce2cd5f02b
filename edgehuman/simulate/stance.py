"""One instant of a moving body: the walker's skeleton at a phase of its gait, or standing.

The body stands at the world's origin and faces x; y is its left, z up; metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import UsageError
from edgehuman.geometry import SEGMENTS, SKELETON_26
from edgehuman.simulate.activities import ACTIVITIES, LOCOMOTION
from edgehuman.simulate.feet import plan_plants
from edgehuman.simulate.person import Person
from edgehuman.simulate.plan import Plan
from edgehuman.simulate.posture import ROW, posture, variation
from edgehuman.simulate.seeding import generator
from edgehuman.simulate.walker import pose

Array = NDArray[np.float64]

STANCES = ("walking", "standing", "jogging")

# What an arm does besides hanging: additions to (flex, abduct, elbow, twist), radians.
GESTURES: Mapping[str, tuple[float, float, float, float]] = {
    "hang": (0.0, 0.0, 0.0, 0.0),
    "pocket": (-0.25, 0.22, 0.75, 0.35),
    "carry": (0.15, 0.02, 1.15, 0.25),
    "phone": (0.75, 0.15, 1.75, 0.35),
    "strap": (0.45, 0.18, 1.95, 0.25),
}

_PACE = (0.72, 1.05)
_TALLER_M = 0.05
_RATE_HZ = 20.0
_FRAMES = 41
_MIDDLE = 20


@dataclass(frozen=True, slots=True)
class Stance:
    """How a body is held at one instant.

    Attributes:
        activity: one of `STANCES`.
        phase: where in the stride, 0..1 (a whole number is the left foot's mid-stance).
        right, left: what the arms do, of `GESTURES`.
        seed: how this instant differs from the person's average.
    """

    activity: str
    phase: float
    right: str = "hang"
    left: str = "hang"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """A skeleton at one instant.

    Attributes:
        joints_J3: float64 (26, 3): metres, in the order of `SKELETON_26`.
        rotation_S33: float64 (13, 3, 3): frame of each of `SEGMENTS`, columns forward, left, up.
    """

    joints_J3: Array
    rotation_S33: Array

    def joint(self, name: str) -> Array:
        place: Array = self.joints_J3[_JOINT[name]]
        return place

    def frame(self, segment: str) -> Array:
        columns: Array = self.rotation_S33[_SEGMENT[segment]]
        return columns


_JOINT = {name: i for i, name in enumerate(SKELETON_26)}
_SEGMENT = {name: i for i, name in enumerate(SEGMENTS)}


def hold(person: Person, stance: Stance) -> Body:
    """The person's skeleton in a stance.

    Raises:
        UsageError: an activity that is none of `STANCES`, or a gesture none of `GESTURES`.
    """
    if stance.activity not in STANCES:
        raise UsageError(f"found stance {stance.activity!r}; known: {', '.join(STANCES)}")
    mover = _calmer(person, stance)
    plan = _steady_plan(mover, stance)
    joints, rotation = pose(mover, plan, plan_plants(plan, mover), _MIDDLE, _MIDDLE + 1)
    joints_J3 = joints[:, :, 0]
    origin = joints_J3[_JOINT["pelvis"]] * (1.0, 1.0, 0.0)
    return Body(joints_J3 - origin, rotation[..., 0])


def _calmer(person: Person, stance: Stance) -> Person:
    """Arms that hold something swing less."""
    if stance.activity == "standing" or (stance.right, stance.left) == ("hang", "hang"):
        return person
    gait = replace(person.gaits[stance.activity], arm_rad=0.08, elbow_swing_rad=0.05)
    return replace(person, gaits={**person.gaits, stance.activity: gait})


def _steady_plan(person: Person, stance: Stance) -> Plan:
    """A plan whose controls do not change: straight ahead, with the wanted phase in the middle."""
    rng = generator(stance.seed, person.seed, 0x57A)
    controls = posture(person, stance.activity) + variation(rng, "standing")
    if stance.activity in LOCOMOTION:
        controls[ROW["side"]] = 0.0
        controls[ROW["stride"]] *= rng.uniform(*_PACE)
        # The walker's knees are bent for its sensors' sake; seen, legs are straighter. The feet
        # are then up to two centimetres short of the ground.
        controls[ROW["drop"]] -= _TALLER_M
    _add_gesture(controls, "r", stance.right)
    _add_gesture(controls, "l", stance.left)
    strides_hz = controls[ROW["cadence"]]
    seconds_T = (np.arange(_FRAMES) - _MIDDLE) / _RATE_HZ
    phase = stance.phase if stance.activity in LOCOMOTION else 0.25
    place_2T = np.zeros((2, _FRAMES))
    place_2T[0] = seconds_T * strides_hz * controls[ROW["stride"]]
    edge_s = np.array([0.0]) if stance.activity in LOCOMOTION else np.zeros(0)
    return Plan(
        knots_PM=np.repeat(controls[:, None], _FRAMES // 2 + 4, axis=1),
        per_knot=2,
        rate_hz=_RATE_HZ,
        stride_T=3.0 + phase + seconds_T * strides_hz,
        heading_T=np.zeros(_FRAMES),
        place_2T=place_2T,
        label_T=np.full(_FRAMES, ACTIVITIES.index(stance.activity), np.int16),
        run_start_s=edge_s,
        run_end_s=edge_s + _FRAMES / _RATE_HZ,
    )


def _add_gesture(controls: Array, side: str, gesture: str) -> None:
    if gesture not in GESTURES:
        raise UsageError(f"found gesture {gesture!r}; known: {', '.join(GESTURES)}")
    names = ("flex", "abduct", "elbow", "twist")
    for name, amount in zip(names, GESTURES[gesture], strict=True):
        controls[ROW[f"{name}_{side}"]] += amount
