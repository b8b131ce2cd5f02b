"""Rotations over time, component first: matrices (3, 3, T), vectors (3, T).

Time is the last axis so that every operation runs over contiguous memory; `turn_x(R, angle)` is
R @ Rx(angle), a rotation about the body's own axis. Angles in radians, right-handed. Many walks may
be concatenated in time: a scalar of a person is then an array (T,).
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float64

# One number for all frames, or one per frame (T,).
Scalar = float | Float64


def _turn(rotation: Float64, angle: Scalar, first: int, second: int) -> Float64:
    """Mix two columns, which span the plane of rotation."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = rotation.copy()
    turned[:, first] = rotation[:, first] * cosine + rotation[:, second] * sine
    turned[:, second] = rotation[:, second] * cosine - rotation[:, first] * sine
    return turned


def turn_x(rotation: Float64, angle: Scalar) -> Float64:
    """R @ Rx: to the right side (y, the left axis, rises)."""
    return _turn(rotation, angle, 1, 2)


def turn_y(rotation: Float64, angle: Scalar) -> Float64:
    """R @ Ry: forward (z, the upward axis, leans towards x)."""
    return _turn(rotation, angle, 2, 0)


def turn_z(rotation: Float64, angle: Scalar) -> Float64:
    """R @ Rz: to the left (x turns towards y)."""
    return _turn(rotation, angle, 0, 1)


def heading_matrix(angle_T: Float64) -> Float64:
    """(3, 3, T): the level frame that faces `angle` from the world's x axis."""
    made = np.zeros((3, 3, angle_T.size))
    made[0, 0] = made[1, 1] = np.cos(angle_T)
    made[1, 0] = np.sin(angle_T)
    made[0, 1] = -made[1, 0]
    made[2, 2] = 1.0
    return made


def apply(rotation: Float64, vector: tuple[Scalar, Scalar, Scalar]) -> Float64:
    """Rotate a body-fixed vector to the world (3, T)."""
    x, y, z = vector
    moved: Float64 = rotation[:, 0] * x + rotation[:, 1] * y + rotation[:, 2] * z
    return moved


def cross(a: Float64, b: Float64) -> Float64:
    """Cross product of (3, T) vectors."""
    return np.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )


def dot(a: Float64, b: Float64) -> Float64:
    """Dot product of (3, T) vectors: (T,)."""
    product: Float64 = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product


def unit(a: Float64) -> Float64:
    """Normalise (3, T) vectors to unit length."""
    direction: Float64 = a / np.sqrt(dot(a, a))
    return direction


def frame_from(up: Float64, left: Float64) -> Float64:
    """(3, 3, T) whose z is `up` (unit) and whose y is `left` made perpendicular to it."""
    y = unit(left - up * dot(left, up))
    return np.stack([cross(y, up), y, up], axis=1)
