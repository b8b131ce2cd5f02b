"""A simulated person: bone lengths, gait, posture habits, and how sensors are mounted.

Bone lengths are fractions of the body height (Drillis and Contini 1966, from Winter, Biomechanics
and Motor Control of Human Movement) with a few per cent of individual variation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgehuman.records import Complex
from edgehuman.simulate.body.activities import LOCOMOTION
from edgehuman.simulate.body.gait_shape import pelvis_waveform, waist_harmonics
from edgehuman.simulate.body.seeding import generator

_FRACTIONS = {
    "thigh": 0.245,
    "shank": 0.246,
    "ankle_height": 0.039,
    "toe": 0.115,
    "heel": 0.037,
    "hip_half": 0.052,
    "trunk": 0.288,
    "shoulder_half": 0.108,
    "upper_arm": 0.172,
    "forearm": 0.157,
    "hand": 0.055,
    "neck_to_top": 0.182,
    "eye_half": 0.019,
    "ear_half": 0.043,
}

_STEP_HZ_RATIO = {
    "walking": (1.0, 0.0),
    "walking_upstairs": (0.90, 0.06),
    "walking_downstairs": (1.02, 0.06),
    "jogging": (1.50, 0.06),
}

# metres per step: fraction of the height on level ground, the tread on stairs
_STEP_FRACTION = {"walking": 0.38, "jogging": 0.55}
_TREAD_M = 0.29
_RISE_M = 0.17
# The tables include turns and slow steps; a full stride is stronger.
_VIGOUR = {
    "walking": 1.17,
    "walking_upstairs": 1.15,
    "walking_downstairs": 1.20,
    "jogging": 1.0,
}
_DUTY = {
    "walking": 0.62,
    "walking_upstairs": 0.64,
    "walking_downstairs": 0.62,
    "jogging": 0.38,
}


@dataclass(frozen=True, slots=True)
class Gait:
    """One gait of one person.

    Attributes:
        stride_hz: strides (two steps) per second.
        stride_m: metres per stride, level.
        rise_m: metres climbed per step; negative downstairs.
        duty: fraction of the stride for which a foot is planted.
        drop_m: mean height of the pelvis below its standing height.
        clearance_m: height of the ankle in swing.
        heel_rad: heel rise at push-off; strike_rad: foot pitch at contact (negative: heel first).
        pelvis_6K: complex harmonics of the stride: forward left up (m), roll pitch yaw (rad).
        lean_rad: mean forward pitch of the pelvis relative to standing.
        arm_rad, elbow_rad, elbow_swing_rad: arm swing amplitude, mean flexion and its swing.
    """

    stride_hz: float
    stride_m: float
    rise_m: float
    duty: float
    drop_m: float
    clearance_m: float
    heel_rad: float
    strike_rad: float
    pelvis_6K: Complex
    lean_rad: float
    arm_rad: float
    elbow_rad: float
    elbow_swing_rad: float


@dataclass(frozen=True, slots=True)
class Person:
    """An identity: everything about a walker that does not change from day to day.

    Attributes:
        seed: the seed it was sampled with.
        height_m: standing height.
        bone_m: name -> metres (see `_FRACTIONS` for the names).
        gaits: per locomotion activity.
        arms_rad: resting (flex, abduct, elbow) of the hanging arms.
        sit_pitch_rad: pelvis pitch when sitting (negative: leaning back).
        seat_m: height of the hip joints above the floor on this person's chair.
        sway: restlessness; 1 is average.
        belt_rad: position of a waist sensor on the belt: 0 front, positive to the left.
        mount_rad: per placement, misalignment of a sensor (roll, pitch, yaw).
        pocket_turn: which of four orientations a phone has in the pocket.
    """

    seed: int
    height_m: float
    bone_m: Mapping[str, float]
    gaits: Mapping[str, Gait]
    arms_rad: tuple[float, float, float]
    sit_pitch_rad: float
    seat_m: float
    sway: float
    belt_rad: float
    mount_rad: Mapping[str, tuple[float, float, float]]
    pocket_turn: int
    waist_offset_m: tuple[float, float, float] = field(default=(0.0, 0.0, 0.0))

    @property
    def leg_m(self) -> float:
        """Hip to ankle with a straight knee."""
        return self.bone_m["thigh"] + self.bone_m["shank"]

    @property
    def stand_m(self) -> float:
        """Height of the hips above the floor in relaxed standing (knees not locked)."""
        return 0.992 * self.leg_m + self.bone_m["ankle_height"]


def sample_person(seed: int) -> Person:
    """Sample a person: the same seed gives the same person on every machine."""
    rng = generator(seed, 0xB0D1)
    height_m = float(np.clip(rng.normal(1.70, 0.09), 1.48, 1.96))
    bone_m = {name: part * height_m * rng.normal(1.0, 0.03) for name, part in _FRACTIONS.items()}
    belt_rad = float(np.radians(np.clip(rng.normal(50, 17), 8, 88)))
    girth = rng.normal(1.0, 0.08)
    waist_offset_m = (
        float(0.11 * girth * np.cos(belt_rad)),
        float(0.16 * girth * np.sin(belt_rad)),
        float(0.055 * height_m),
    )
    gaits = _sample_gaits(rng, height_m, bone_m, waist_offset_m)
    return Person(
        seed=seed,
        height_m=height_m,
        bone_m=bone_m,
        gaits=gaits,
        arms_rad=(rng.normal(0.08, 0.06), rng.normal(0.13, 0.03), rng.normal(0.30, 0.10)),
        sit_pitch_rad=float(np.radians(rng.normal(-23.0, 6.0))),
        seat_m=bone_m["shank"] + bone_m["ankle_height"] + float(rng.normal(0.05, 0.02)),
        sway=float(np.exp(rng.normal(0.0, 0.35))),
        belt_rad=belt_rad,
        mount_rad=_sample_mounts(rng),
        pocket_turn=int(rng.integers(4)),
        waist_offset_m=waist_offset_m,
    )


def _sample_mounts(rng: np.random.Generator) -> dict[str, tuple[float, float, float]]:
    """Misalignment per placement, degrees -> radians; a belt slopes forward and to the side."""
    spread = {
        "waist": ((7.0, 9.0, 0.0), (4.0, 4.5, 2.0)),
        "pocket": ((0.0, 4.0, 0.0), (8.0, 10.0, 15.0)),
        "wrist": ((0.0, 0.0, 0.0), (12.0, 8.0, 6.0)),
        "ankle": ((0.0, 0.0, 0.0), (6.0, 6.0, 15.0)),
    }
    made = {}
    for name, (mean, deviation) in spread.items():
        roll, pitch, yaw = np.radians(rng.normal(mean, deviation))
        made[name] = (float(roll), float(pitch), float(yaw))
    return made


def _sample_gaits(
    rng: np.random.Generator,
    height_m: float,
    bone_m: Mapping[str, float],
    sensor_offset_m: tuple[float, float, float],
) -> dict[str, Gait]:
    """All gaits of one person, which share a style."""
    walk_hz = float(np.clip(rng.normal(0.90 * np.sqrt(1.70 / height_m), 0.05), 0.76, 1.04))
    reach = float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.15))
    vigour = float(np.exp(rng.normal(0.0, 0.13)))
    style = _sample_style(rng)
    arm_rad = float(np.clip(rng.normal(0.38, 0.12), 0.08, 0.7))
    gaits = {}
    for name in LOCOMOTION:
        ratio, spread = _STEP_HZ_RATIO[name]
        stride_hz = walk_hz * rng.normal(ratio, spread)
        own = style * _sample_style(rng) ** 0.5
        waist = (
            waist_harmonics(name) * own * (_VIGOUR[name] * vigour * np.exp(rng.normal(0.0, 0.06)))
        )
        pelvis = pelvis_waveform(waist, stride_hz, sensor_offset_m)
        gaits[name] = _gait(rng, name, stride_hz, reach * height_m, bone_m, pelvis, arm_rad)
    return gaits


def _sample_style(rng: np.random.Generator) -> Complex:
    """(6, K) factors near 1: the person's style of stride, in size and timing."""
    size = np.exp(rng.normal(0.0, 0.22, (6, 8)))
    size[2, 1] = size[2, 1] ** 0.5
    timing = rng.normal(0.0, 0.35, (6, 8))
    timing[2, 1] = 0.0
    style: Complex = size * np.exp(1j * timing)
    return style


def _gait(
    rng: np.random.Generator,
    name: str,
    stride_hz: float,
    reach_m: float,
    bone_m: Mapping[str, float],
    pelvis_6K: Complex,
    arm_rad: float,
) -> Gait:
    stairs = "stairs" in name
    step_m = _TREAD_M if stairs else _STEP_FRACTION[name] * reach_m
    rise_m = _RISE_M * {"walking_upstairs": 1, "walking_downstairs": -1}.get(name, 0)
    jog = name == "jogging"
    heel_rad = {"walking_upstairs": 0.45, "walking_downstairs": 0.55}.get(name, 0.62)
    strike_rad = {"walking_upstairs": 0.10, "walking_downstairs": 0.35, "jogging": -0.12}
    lean = {"walking": 0.06, "walking_upstairs": 0.17, "walking_downstairs": 0.03, "jogging": 0.16}
    return Gait(
        stride_hz=stride_hz,
        stride_m=2.0 * step_m,
        rise_m=rise_m,
        duty=_DUTY[name],
        drop_m=_pelvis_drop(bone_m, step_m, stairs, jog),
        clearance_m=rng.normal(0.20 if jog else 0.06 if stairs else 0.035, 0.005),
        heel_rad=heel_rad * rng.normal(1.0, 0.08),
        strike_rad=strike_rad.get(name, -0.28) * rng.normal(1.0, 0.1),
        pelvis_6K=pelvis_6K,
        lean_rad=lean[name] + rng.normal(0.0, 0.025),
        arm_rad=arm_rad * (1.5 if jog else 0.7 if stairs else 1.0),
        elbow_rad=rng.normal(1.5, 0.1) if jog else rng.normal(0.45, 0.12),
        elbow_swing_rad=abs(rng.normal(0.2, 0.08)),
    )


def _pelvis_drop(bone_m: Mapping[str, float], step_m: float, stairs: bool, jog: bool) -> float:
    """How far in metres the pelvis must drop below standing for the legs to reach both feet."""
    leg_m = bone_m["thigh"] + bone_m["shank"]
    if stairs:
        return 0.085 * leg_m
    spread_m = (0.34 if jog else 0.47) * step_m
    straight_m = np.sqrt((0.995 * leg_m) ** 2 - spread_m**2)
    return float(0.992 * leg_m - straight_m + (0.04 if jog else 0.012))
