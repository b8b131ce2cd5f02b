"""Controls: the few dozen slow parameters that pose a body, and their values for each posture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgehuman.records import Float64
from edgehuman.simulate.body.activities import LOCOMOTION
from edgehuman.simulate.body.person import Person

# Metres, radians, 1/s; weights 0..1. Relative to the segment above unless stated otherwise.
CONTROLS = (
    "drop",  # pelvis below its standing height
    "back",  # pelvis behind the feet
    "side",  # pelvis to the left of the feet
    "roll",  # pelvis, with pitch and yaw, against the heading
    "pitch",
    "yaw",
    "trunk_roll",
    "trunk_pitch",
    "trunk_yaw",
    "head_pitch",
    "head_yaw",
    "flex_r",  # shoulders: forward, sideways, inward; elbows: bent
    "flex_l",
    "abduct_r",
    "abduct_l",
    "twist_r",
    "twist_l",
    "elbow_r",
    "elbow_l",
    "lie",  # 1: the legs follow the pelvis (on a bed); 0: the feet stand on the ground
    "lie_roll",  # about the body's long axis when lying
    "duty",
    "clearance",
    "heel",
    "strike",
    "cadence",  # strides per second
    "stride",  # metres per stride
    "turn",  # heading rate
    *LOCOMOTION,  # weight of each gait's waveform
)
ROW: Mapping[str, int] = {name: i for i, name in enumerate(CONTROLS)}
NUM_CONTROLS = len(CONTROLS)

BED_M = 0.52

# Variation between bouts of one posture, standard deviation.
_SPREAD = {
    "standing": {
        "side": 0.02,
        "roll": 0.02,
        "pitch": 0.03,
        "trunk_pitch": 0.05,
        "head_pitch": 0.12,
        "head_yaw": 0.2,
        "flex_r": 0.12,
        "flex_l": 0.12,
        "elbow_r": 0.25,
        "elbow_l": 0.25,
        "twist_r": 0.2,
        "twist_l": 0.2,
    },
    "sitting": {
        "back": 0.015,
        "side": 0.01,
        "roll": 0.03,
        "pitch": 0.08,
        "trunk_pitch": 0.10,
        "head_pitch": 0.12,
        "head_yaw": 0.2,
        "flex_r": 0.18,
        "flex_l": 0.18,
        "elbow_r": 0.25,
        "elbow_l": 0.25,
        "twist_r": 0.25,
        "twist_l": 0.25,
    },
    "laying": {
        "drop": 0.01,
        "roll": 0.04,
        "pitch": 0.05,
        "lie_roll": 0.12,
        "trunk_pitch": 0.04,
        "head_yaw": 0.3,
        "flex_r": 0.12,
        "flex_l": 0.12,
        "elbow_r": 0.3,
        "elbow_l": 0.3,
        "twist_r": 0.3,
        "twist_l": 0.3,
    },
}

# Sway and restlessness: (slow, fast) standard deviations in standing, scaled for other postures.
SWAY: Mapping[str, tuple[float, float]] = {
    "drop": (0.0010, 0.0),
    "back": (0.0060, 0.00010),
    "side": (0.0050, 0.00010),
    "roll": (0.0070, 0.0031),
    "pitch": (0.0080, 0.0037),
    "yaw": (0.0120, 0.0046),
    "lie_roll": (0.0, 0.0032),
    "trunk_roll": (0.008, 0.0008),
    "trunk_pitch": (0.008, 0.0010),
    "trunk_yaw": (0.015, 0.0015),
    "head_pitch": (0.04, 0.002),
    "head_yaw": (0.08, 0.002),
    "flex_r": (0.03, 0.003),
    "flex_l": (0.03, 0.003),
    "abduct_r": (0.02, 0.002),
    "abduct_l": (0.02, 0.002),
    "twist_r": (0.05, 0.003),
    "twist_l": (0.05, 0.003),
    "elbow_r": (0.05, 0.004),
    "elbow_l": (0.05, 0.004),
}


def posture(person: Person, name: str) -> Float64:
    """The control vector (P,) of a posture or a gait, without variation."""
    values = np.zeros(NUM_CONTROLS)
    flex, abduct, elbow = person.arms_rad
    _set(values, duty=0.62, flex=flex, abduct=abduct, elbow=elbow)
    if name in LOCOMOTION:
        _set_gait(values, person, name)
    elif name == "sitting":
        _set_sitting(values, person)
    elif name == "laying":
        _set_laying(values, person)
    return values


def variation(rng: np.random.Generator, name: str) -> Float64:
    """Difference of one bout of a posture from the person's average, (P,)."""
    values = np.zeros(NUM_CONTROLS)
    for control, spread in _SPREAD.get(name, {}).items():
        values[ROW[control]] = rng.normal(0.0, spread)
    if name == "laying" and rng.random() < 0.12:
        values[ROW["lie_roll"]] = rng.choice([-1, 1]) * rng.uniform(0.8, 1.4)
    return values


def variations(rng: np.random.Generator, name: str, count: int) -> Float64:
    """(P, count) variations at once, without rolling over."""
    values = np.zeros((NUM_CONTROLS, count))
    spread = _SPREAD.get(name, {})
    rows = [ROW[control] for control in spread]
    values[rows] = rng.standard_normal((len(rows), count)) * np.array([*spread.values()])[:, None]
    return values


def _set(values: Float64, **named: float) -> None:
    for name, value in named.items():
        for row in (name,) if name in ROW else (f"{name}_r", f"{name}_l"):
            values[ROW[row]] = value


def _set_gait(values: Float64, person: Person, name: str) -> None:
    gait = person.gaits[name]
    _set(
        values,
        drop=gait.drop_m,
        pitch=gait.lean_rad,
        trunk_pitch=-0.4 * gait.lean_rad,
        head_pitch=-0.5 * gait.lean_rad,
        flex=0.02,
        elbow=gait.elbow_rad,
        duty=gait.duty,
        clearance=gait.clearance_m,
        heel=gait.heel_rad,
        strike=gait.strike_rad,
        cadence=gait.stride_hz,
        stride=gait.stride_m,
    )
    values[ROW[name]] = 1.0


def _set_sitting(values: Float64, person: Person) -> None:
    _set(
        values,
        drop=person.stand_m - person.seat_m,
        back=0.93 * person.bone_m["thigh"],
        pitch=person.sit_pitch_rad,
        trunk_pitch=-0.8 * person.sit_pitch_rad,
        head_pitch=0.10,
        flex=0.55,
        abduct=0.20,
        twist=0.45,
        elbow=1.05,
    )


def _set_laying(values: Float64, person: Person) -> None:
    _set(
        values,
        drop=person.stand_m - BED_M - 0.10,
        back=1.1 * person.bone_m["thigh"],
        pitch=-np.pi / 2,
        yaw=np.pi / 2,
        trunk_pitch=0.05,
        head_pitch=0.15,
        flex=0.10,
        abduct=0.25,
        elbow=0.35,
        lie=1.0,
    )
