"""People who walk past a camera: identities, day-to-day changes, bags and coats.

An identity is body proportions, a gait (`person.sample_person`) and habits that only a camera
sees: how arms, head and trunk are held, and the asymmetry of the two sides. A day changes pace and
posture slightly; a bag or a coat changes them more.

The differences between people are set so that identification is neither impossible nor trivial: of
100 people, nearest bone lengths identify 23 % for the same side view, 7 % for views 18 degrees
apart and 1 % (chance) from the front; a linear map trained on 600 others identifies 53 % for any
two views.

Axes: N walk, T frame, M knot, H habit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Bool, Float64, Index
from edgehuman.simulate.body.crowd import BONES, Walks
from edgehuman.simulate.body.person import Person, sample_person
from edgehuman.simulate.body.posture import CONTROLS, ROW, SWAY, posture
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.body.smooth import WHITE_STD, upsample
from edgehuman.simulate.body.stance import TALLER_M

CONDITIONS = ("nm", "bg", "cl")

# Extra variation of builds beyond what body-worn sensors need (logarithms): shoulders and hips vary
# most, then the proportions of legs, trunk and head.
_BUILD: Mapping[str, float] = {
    "shoulder_half": 0.086,
    "hip_half": 0.103,
    "trunk": 0.04,
    "neck_to_top": 0.052,
    "upper_arm": 0.034,
    "forearm": 0.034,
    "thigh": 0.029,
    "shank": 0.029,
}
# Standard deviations of a person's habits about the average walker, radians unless said otherwise.
_HABITS: Mapping[str, float] = {
    "flex_r": 0.144,
    "flex_l": 0.144,
    "abduct_r": 0.072,
    "abduct_l": 0.072,
    "elbow_r": 0.24,
    "elbow_l": 0.24,
    "twist_r": 0.16,
    "twist_l": 0.16,
    "head_pitch": 0.192,
    "trunk_pitch": 0.08,
    "trunk_roll": 0.032,
    "trunk_yaw": 0.048,
}
_MORE_HABITS: Mapping[str, float] = {
    "swing_r": 0.288,  # of the logarithm of each arm's swing
    "swing_l": 0.288,
    "arm_lag": 0.04,  # strides
    "track": 0.24,  # of the hips' width
    "duty": 0.019,  # of the stride
    "lift": 0.24,  # of the logarithm of foot clearance
}
# Day-to-day variation of each habit, and of pace (logarithms).
_DAY = 0.2
_CADENCE_DAY, _STRIDE_DAY = 0.025, 0.035
_PACE = 0.93
# The body sways as in standing, with one knot per this many seconds.
KNOT_S = 0.33
_SWAYING = tuple(SWAY)

# How a bag is carried, in the order of `_BAGS`.
CARRIED = ("on the back", "over the shoulder", "in the hand", "on the arm")
# Effect of a bag on the right: offsets of controls (radians), and factors of each arm's swing.
# Mirrored for the left.
_BAGS: tuple[Mapping[str, float], ...] = (
    {"trunk_pitch": 0.10, "head_pitch": -0.08, "pitch": 0.02},
    {"abduct_r": 0.10, "elbow_r": 0.15, "trunk_roll": -0.03, "swing_r": 0.55},
    {"trunk_roll": 0.05, "elbow_r": -0.25, "abduct_r": 0.05, "swing_r": 0.30, "side": -0.01},
    {"flex_r": 0.35, "elbow_r": 1.20, "abduct_r": 0.08, "twist_r": 0.3, "swing_r": 0.15},
)
_COAT: Mapping[str, float] = {
    "abduct_r": 0.09,
    "abduct_l": 0.09,
    "elbow_r": 0.10,
    "elbow_l": 0.10,
    "swing_r": 0.75,
    "swing_l": 0.75,
}
_COAT_STRIDE = 0.95


@dataclass(frozen=True, slots=True)
class Stroller:
    """An identity, laid out for arrays.

    Attributes:
        bone_m_B: lengths of `crowd.BONES`.
        pelvis_6K: the stride's harmonics.
        control_C: the average of every control in walking, including habits.
        swing_4: swing of left shoulder, left elbow, right shoulder, right elbow, radians.
        more_H: habits of `_MORE_HABITS` that are not controls, in its order.
        stand_m: height of the hips in standing.
    """

    bone_m_B: Float64
    pelvis_6K: NDArray[np.complex128]
    control_C: Float64
    swing_4: Float64
    more_H: Float64
    stand_m: float

    @property
    def height_m(self) -> float:
        """From the ground to the crown, standing."""
        trunk, neck_to_top = BONES.index("trunk"), BONES.index("neck_to_top")
        return self.stand_m + float(self.bone_m_B[trunk] + self.bone_m_B[neck_to_top])


@lru_cache(maxsize=4096)
def sample_stroller(seed: int, person: int) -> Stroller:
    """Sample the person with this number; the same on every machine and in any group."""
    rng = generator(seed, 0x4AB, person)
    who = _built(sample_person(child_seed(seed, 0x5E1, person)), rng)
    habit_H = rng.standard_normal(len(_HABITS) + len(_MORE_HABITS))
    control_C = posture(who, "walking")
    for name, value in zip(_HABITS, habit_H.tolist(), strict=False):
        control_C[ROW[name]] += _HABITS[name] * value
    control_C[[ROW["abduct_r"], ROW["abduct_l"]]] += who.arms_rad[1]
    control_C[ROW["drop"]] -= TALLER_M
    more_H = habit_H[len(_HABITS) :] * np.array([*_MORE_HABITS.values()])
    return Stroller(
        np.array([who.bone_m[name] for name in BONES]),
        who.gaits["walking"].pelvis_6K,
        control_C,
        _swing(who, more_H),
        more_H,
        who.stand_m,
    )


def _built(who: Person, rng: np.random.Generator) -> Person:
    """Give the person a build; the pelvis drop is unchanged, as it belongs to the gait."""
    factor = np.exp(rng.standard_normal(len(_BUILD)) * np.array([*_BUILD.values()]))
    made = {
        name: who.bone_m[name] * part for name, part in zip(_BUILD, factor.tolist(), strict=True)
    }
    return replace(who, bone_m={**who.bone_m, **made})


def _swing(who: Person, more_H: Float64) -> Float64:
    gait = who.gaits["walking"]
    right, left = np.exp(more_H[:2])
    return np.array(
        [
            gait.arm_rad * left,
            gait.elbow_swing_rad * left,
            gait.arm_rad * right,
            gait.elbow_swing_rad * right,
        ]
    )


NUM_DAY_NORMALS = len(_HABITS) + len(_MORE_HABITS) + 2
NUM_DAY_UNIFORMS = 4


def num_knots(frames: int, rate_hz: float) -> int:
    """Number of normal random numbers needed for the sway of one walk."""
    return len(_SWAYING) * _knots(frames, rate_hz)[1]


def _knots(frames: int, rate_hz: float) -> tuple[int, int]:
    """Frames per knot, and number of knots."""
    per_knot = max(1, round(KNOT_S * rate_hz))
    return per_knot, -(-frames // per_knot) + 4


def plan_walks(
    strollers: Sequence[Stroller],
    condition_N: Index,
    normal_NZ: Float64,
    uniform_NU: Float64,
    knots_NK: Float64,
    frames: int,
    rate_hz: float,
    closer_rad: float = 0.0,
) -> Walks:
    """One walk of each stroller.

    Args:
        condition_N: index into `CONDITIONS`.
        normal_NZ, uniform_NU: `NUM_DAY_NORMALS` and `NUM_DAY_UNIFORMS` random numbers of the day.
        knots_NK: `num_knots` normal numbers for the sway.
        closer_rad: how much closer to the body both arms are held.
    """
    control_NC = np.stack([one.control_C for one in strollers])
    more_NH = np.stack([one.more_H for one in strollers])
    swing_N4 = np.stack([one.swing_4 for one in strollers])
    rows = [ROW[name] for name in _HABITS]
    count = len(_HABITS)
    control_NC[:, rows] += _DAY * normal_NZ[:, :count] * np.array([*_HABITS.values()])
    day_NH = _DAY * normal_NZ[:, count:-2] * np.array([*_MORE_HABITS.values()])
    swing_N4 *= np.exp(day_NH[:, [1, 1, 0, 0]])
    more_NH = more_NH + day_NH
    control_NC[:, ROW["cadence"]] *= np.exp(_CADENCE_DAY * normal_NZ[:, -2])
    control_NC[:, ROW["stride"]] *= _PACE * np.exp(_STRIDE_DAY * normal_NZ[:, -1])
    _carry(control_NC, swing_N4, condition_N, uniform_NU)
    control_NC[:, [ROW["abduct_r"], ROW["abduct_l"]]] -= closer_rad
    control_NC[:, ROW["duty"]] += more_NH[:, 4]
    control_NC[:, ROW["clearance"]] *= np.exp(more_NH[:, 5])
    clock_NT = _clock(control_NC[:, ROW["cadence"]], uniform_NU[:, 0], frames, rate_hz)
    return Walks(
        bone_m=dict(zip(BONES, np.stack([one.bone_m_B for one in strollers]).T, strict=True)),
        pelvis_N6K=np.stack([one.pelvis_6K for one in strollers]),
        stride_m_N=control_NC[:, ROW["stride"]],
        stand_m_N=np.array([one.stand_m for one in strollers]),
        track_N=np.clip(0.85 + more_NH[:, 3], 0.3, 1.4),
        clock_NT=clock_NT,
        arm_lag_N=more_NH[:, 2],
        swing_N4=swing_N4,
        controls=_frames(control_NC, knots_NK, frames, rate_hz),
    )


def _clock(cadence_N: Float64, start_N: Float64, frames: int, rate_hz: float) -> Float64:
    """Strides (N, T), near 0 in the middle of the walk."""
    time_T = (np.arange(frames, dtype=np.float64) - 0.5 * (frames - 1)) / np.float64(rate_hz)
    clock_NT: Float64 = cadence_N[:, None] * time_T + (start_N[:, None] - 0.5)
    return clock_NT


def _frames(
    control_NC: Float64, knots_NK: Float64, frames: int, rate_hz: float
) -> dict[str, Float64]:
    """Frames (N, T) of every control: the average plus sway."""
    per_knot, knots = _knots(frames, rate_hz)
    count = len(control_NC)
    sway_RT = upsample(knots_NK.reshape(-1, knots), per_knot, frames) / WHITE_STD
    sway_NST = sway_RT.reshape(count, len(_SWAYING), frames)
    size_S = np.array([SWAY[name][0] for name in _SWAYING])
    made = {
        name: np.repeat(control_NC[:, ROW[name], None], frames, axis=1)
        for name in CONTROLS[: ROW["cadence"]]
    }
    for i, name in enumerate(_SWAYING):
        made[name] += size_S[i] * sway_NST[:, i]
    return made


def bags_of(uniform_NU: Float64) -> tuple[Index, Bool, Float64]:
    """How each walk's bag would be carried (index into `CARRIED`), whether on the left, and its
    size (0.6 to 1.4), from the day's uniform numbers.
    """
    kind_N = (uniform_NU[:, 1] * len(_BAGS)).astype(np.int64)
    return kind_N, uniform_NU[:, 2] < 0.5, 0.6 + 0.8 * uniform_NU[:, 3]


def _carry(control_NC: Float64, swing_N4: Float64, condition_N: Index, uniform_NU: Float64) -> None:
    """Apply the effects of bags and coats to walks, in place."""
    kind_N, left_N, size_N = bags_of(uniform_NU)
    bag_N = condition_N == CONDITIONS.index("bg")
    for kind, change in enumerate(_BAGS):
        chosen_N = bag_N & (kind_N == kind)
        _change(control_NC, swing_N4, chosen_N & ~left_N, size_N, change)
        _change(control_NC, swing_N4, chosen_N & left_N, size_N, _mirrored(change))
    coat_N = condition_N == CONDITIONS.index("cl")
    _change(control_NC, swing_N4, coat_N, size_N, _COAT)
    control_NC[coat_N, ROW["stride"]] *= _COAT_STRIDE


def _mirrored(change: Mapping[str, float]) -> dict[str, float]:
    other = {"_r": "_l", "_l": "_r"}
    signed = ("trunk_roll", "side")
    return {
        name[:-2] + other.get(name[-2:], name[-2:]): -value if name in signed else value
        for name, value in change.items()
    }


def _change(
    control_NC: Float64,
    swing_N4: Float64,
    chosen_N: Bool,
    size_N: Float64,
    change: Mapping[str, float],
) -> None:
    size: Float64 = size_N[chosen_N]
    for name, value in change.items():
        if name.startswith("swing"):
            columns = slice(0, 2) if name == "swing_l" else slice(2, 4)
            swing_N4[chosen_N, columns] *= (value**size)[:, None]
        else:
            control_NC[chosen_N, ROW[name]] += value * size
