"""Turn windows into their wearer's own upright frame, however the sensor is mounted.

    up_3 = common_direction(gravity_N3)           the mean acceleration of windows of walking
    turned_NTC = turn(imu_NTC, to_upright(up_3))

Whoever walks is upright. So gravity while walking says how the sensor is mounted, and a posture is
the tilt away from it: on the hip 10 to 40 degrees to sit and about 90 to lie, in a pocket 60 to 80
to sit. In the frame of `to_upright` gravity while walking points along +x, as at the waist of UCI
HAR. Which way its wearer faces stays unknown.

Axes: N windows, T time, C channel (accelerometer, gyroscope).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float32, Float64

# A direction is that of the closest half: a sensor that was moved has two.
_ROUNDS = 3


def gravity(imu_NTC: Float32) -> Float64:
    """Return the mean acceleration (N, 3) of windows (N, T, 6), g."""
    mean_N3: Float64 = np.asarray(imu_NTC[..., :3], np.float64).mean(axis=-2)
    return mean_N3


def common_direction(gravity_N3: NDArray[np.floating]) -> Float64 | None:
    """Return the unit vector (3,) that most of the vectors (N, 3) point along; None for none."""
    length_N = np.linalg.norm(gravity_N3, axis=1)
    unit_N3 = gravity_N3[length_N > 0.5] / length_N[length_N > 0.5, None]
    kept_N3 = unit_N3
    mean_3 = np.zeros(3)
    for _ in range(_ROUNDS):
        mean_3 = kept_N3.sum(axis=0)
        length = math.sqrt(mean_3 @ mean_3)
        if not length > 1e-6:
            return None
        mean_3 /= length
        cosine_N = unit_N3 @ mean_3
        kept_N3 = unit_N3[cosine_N >= _median(cosine_N)]
    return np.asarray(mean_3)


def _median(value_N: Float64) -> float:
    """`numpy.median` is ten times slower on so few."""
    ordered_N = np.sort(value_N)
    return float(ordered_N[(len(ordered_N) - 1) // 2] + ordered_N[len(ordered_N) // 2]) / 2


def to_upright(up_3: NDArray[np.floating]) -> Float64:
    """Return the rotation (3, 3) after which the direction `up_3` is +x.

    The device's axis nearest to it becomes x, the next two follow; then comes the smallest
    rotation that is left. So equal mountings give equal frames.
    """
    up_3 = np.asarray(up_3, np.float64) / np.linalg.norm(up_3)
    axis = int(np.abs(up_3).argmax())
    sign = 1.0 if up_3[axis] >= 0 else -1.0
    swap_33 = np.zeros((3, 3))
    swap_33[0, axis] = swap_33[1, (axis + 1) % 3] = sign
    swap_33[2, (axis + 2) % 3] = 1.0
    x, y, z = swap_33 @ up_3
    # Rodrigues about (up x +x): the axis is at most 55 degrees away, so 1 + x is far from zero.
    cross_33 = np.array([[0.0, y, z], [-y, 0.0, 0.0], [-z, 0.0, 0.0]])
    tilt_33 = np.eye(3) + cross_33 + cross_33 @ cross_33 / (1.0 + x)
    return np.asarray(tilt_33 @ swap_33)


def turn(imu_NTC: Float32, rotation_33: Float64) -> Float32:
    """Return windows (..., T, 6) with both sensors turned by a rotation."""
    turned = imu_NTC.reshape(-1, 3) @ rotation_33.T.astype(np.float32)  # one product, not one a row
    return np.ascontiguousarray(turned.reshape(imu_NTC.shape), np.float32)


def turn_each(imu_NTC: Float32, rotation_N33: NDArray[np.floating]) -> Float32:
    """Return windows (N, T, 6), both sensors of each turned by its own rotation (N, 3, 3)."""
    sensors = imu_NTC.reshape(*imu_NTC.shape[:-1], 2, 3)
    turned = np.einsum("ntsj,nij->ntsi", sensors, rotation_N33.astype(np.float32))
    return np.ascontiguousarray(turned.reshape(imu_NTC.shape), np.float32)
