"""Pose many walks at once: straight level walking of many people in one call.

The geometry is that of `walker`, with an array for every parameter of a person. Walks are
concatenated along the last axis, so that every operation runs over contiguous memory.

Axes: N walk, T frame, F = N * T, C control, K harmonic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import SEGMENTS, SKELETON_26
from edgehuman.records import Float64
from edgehuman.simulate.body.feet import BEHIND_STRIDES, Foot, carry_foot
from edgehuman.simulate.body.gait_shape import NUM_HARMONICS
from edgehuman.simulate.body.rotation import apply, heading_matrix, turn_x, turn_y, turn_z
from edgehuman.simulate.body.walker import SIDES, pose_leg, pose_upper

_JOINT = {name: i for i, name in enumerate(SKELETON_26)}
_SEGMENT = {name: i for i, name in enumerate(SEGMENTS)}
BONES = (
    "thigh", "shank", "ankle_height", "toe", "heel", "hip_half", "trunk", "shoulder_half",
    "upper_arm", "forearm", "hand", "neck_to_top", "eye_half", "ear_half",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Walks:
    """Walks of many people, as arrays.

    Attributes:
        bone_m: per bone of `BONES`, metres (N,).
        pelvis_N6K: complex harmonics of each stride at the pelvis, as in `person.Gait`.
        stride_m_N: metres per stride.
        stand_m_N: height of the hips in standing.
        track_N: how far apart the feet are set, as a fraction of the hips' width.
        clock_NT: the stride clock of every frame, in strides.
        arm_lag_N: delay of the arms, in strides.
        swing_N4: swing of left shoulder, left elbow, right shoulder, right elbow, radians.
        controls: per name of `posture.CONTROLS` that walking needs, frames (N, T).
    """

    bone_m: Mapping[str, Float64]
    pelvis_N6K: NDArray[np.complex128]
    stride_m_N: Float64
    stand_m_N: Float64
    track_N: Float64
    clock_NT: Float64
    arm_lag_N: Float64
    swing_N4: Float64
    controls: Mapping[str, Float64]


def pose_walks(walks: Walks) -> tuple[Float64, Float64]:
    """World joints (26, 3, N, T) in metres, and unit directions of the head (3, N, T).

    Everyone walks along x and crosses x = 0 when the clock is 0; z points up.
    """
    count, frames = walks.clock_NT.shape
    size = count * frames
    controls = {name: values.reshape(size) for name, values in walks.controls.items()}
    controls["moving"] = np.ones(size)
    clock_F = walks.clock_NT.reshape(size)
    bone_m = {name: np.repeat(values, frames) for name, values in walks.bone_m.items()}
    sway_6F = _stride_waves(walks).transpose(1, 0, 2).reshape(6, size)
    joints = np.empty((len(SKELETON_26), 3, size))
    rotation = np.empty((len(SEGMENTS), 3, 3, size))
    along = turn_z(heading_matrix(np.zeros(size)), controls["yaw"])
    facing = turn_y(along, controls["pitch"] + sway_6F[4])
    facing = turn_x(facing, controls["roll"] + sway_6F[3])
    rotation[_SEGMENT["pelvis"]] = turn_z(facing, sway_6F[5])
    stride_m_F = np.repeat(walks.stride_m_N, frames)
    joints[_JOINT["pelvis"], 0] = stride_m_F * clock_F + sway_6F[0] - controls["back"]
    joints[_JOINT["pelvis"], 1] = sway_6F[1] + controls["side"]
    height_F = np.repeat(walks.stand_m_N, frames) - controls["drop"] + sway_6F[2]
    joints[_JOINT["pelvis"], 2] = height_F
    swing_4F = np.repeat(walks.swing_N4.T, frames, axis=1)
    arm_clock_F = clock_F - np.repeat(walks.arm_lag_N, frames)
    swings = {"l": swing_4F[:2], "r": swing_4F[2:]}
    pose_upper(bone_m, controls, sway_6F, swings, arm_clock_F, joints, rotation)
    out_m_F = np.repeat(walks.track_N, frames) * bone_m["hip_half"]
    for name, side in SIDES:
        foot = _foot(clock_F, side, out_m_F, stride_m_F, bone_m, controls)
        pose_leg(bone_m, np.zeros(1), along, name, side, foot, joints, rotation)
    ahead = apply(rotation[_SEGMENT["head"]], (1.0, 0.0, 0.0))
    return joints.reshape(-1, 3, count, frames), ahead.reshape(3, count, frames)


def _stride_waves(walks: Walks) -> Float64:
    """(N, 6, T) pelvis position (m) and angles (rad) that the gaits add."""
    turn_NT = np.exp(2j * np.pi * (walks.clock_NT + 0.25))
    basis = np.empty((len(turn_NT), 2 * NUM_HARMONICS, turn_NT.shape[1]))
    power_NT = turn_NT.copy()
    for k in range(NUM_HARMONICS):
        basis[:, 2 * k], basis[:, 2 * k + 1] = power_NT.real, power_NT.imag
        power_NT *= turn_NT
    shape = walks.pelvis_N6K
    table = np.stack([shape.real, -shape.imag], axis=-1).reshape(len(shape), 6, -1)
    waves: Float64 = table @ basis
    return waves


def _foot(
    clock_F: Float64,
    side: int,
    out_m_F: Float64,
    stride_m_F: Float64,
    bone_m: Mapping[str, Float64],
    controls: Mapping[str, Float64],
) -> Foot:
    """One foot of every walk: its footholds are a stride apart on the straight path."""
    own_F = clock_F if side > 0 else clock_F + 0.5
    whole_F = np.floor(own_F)
    # A foot's mid-stance is at a whole number of its own clock; the right one's is half a stride
    # earlier on the path.
    at_F = whole_F - (0.0 if side > 0 else 0.5) - BEHIND_STRIDES
    here = np.stack([at_F * stride_m_F, side * out_m_F, np.zeros_like(at_F)])
    there = here.copy()
    there[0] += stride_m_F
    level = np.zeros_like(at_F)
    return carry_foot(here, there, (level, level), own_F - whole_F, bone_m, controls)
