"""Solids of a body, and their outlines in a picture: convex hulls of ellipsoids.

A pin-hole camera sees a small ellipsoid as an ellipse. Which point of a hull of ellipses lies
furthest in a direction is known in closed form, so an outline is one array operation over all
frames: no rendering.

Axes: E ellipsoid of a solid, A semi-axis, K direction in the picture, F frame of any walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float64

NUM_DIRECTIONS = 20
_ANGLE_K = 2.0 * np.pi * np.arange(NUM_DIRECTIONS) / NUM_DIRECTIONS
_U_K, _V_K = np.cos(_ANGLE_K), np.sin(_ANGLE_K)


@dataclass(frozen=True, slots=True)
class Blob:
    """An ellipsoid in every frame: metres in the world.

    Attributes:
        centre_3F: where.
        radius_F: of the ball, which the semi-axes stretch.
        axes: semi-axes (3, F); none: a ball.
    """

    centre_3F: Float64
    radius_F: Float64
    axes: tuple[Float64, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """A camera in every frame, following the person.

    Attributes:
        position_3F, right_3F, down_3F, ahead_3F: the camera's place and axes in the world.
        origin_2F: tangents (right, down) of what is at the middle of the picture.
        focal_px_F: pixels per tangent.
        middle_px: (x, y) of the middle of the picture.
    """

    position_3F: Float64
    right_3F: Float64
    down_3F: Float64
    ahead_3F: Float64
    origin_2F: Float64
    focal_px_F: Float64
    middle_px: tuple[float, float]


def tangents(sight: Sight, point_3F: Float64) -> tuple[Float64, Float64, Float64]:
    """Right and down tangents of points, and their depth in metres."""
    away = point_3F - sight.position_3F
    depth_F = _dot(sight.ahead_3F, away)
    return _dot(sight.right_3F, away) / depth_F, _dot(sight.down_3F, away) / depth_F, depth_F


def outline(sight: Sight, solid: Sequence[Blob]) -> Float64:
    """Vertices (F, K, 2) of the convex hull of the blobs of a solid, in pixels, clockwise."""
    ellipses = [_ellipse(sight, blob) for blob in solid]
    reach_FK, x_FK, y_FK = _furthest(*ellipses[0])
    for ellipse in ellipses[1:]:
        other_FK, other_x_FK, other_y_FK = _furthest(*ellipse)
        further_FK = other_FK > reach_FK
        reach_FK = np.maximum(reach_FK, other_FK)
        x_FK, y_FK = np.where(further_FK, other_x_FK, x_FK), np.where(further_FK, other_y_FK, y_FK)
    return np.stack([x_FK, y_FK], axis=-1)


def _dot(a_3F: Float64, b_3F: Float64) -> Float64:
    made: Float64 = a_3F[0] * b_3F[0] + a_3F[1] * b_3F[1] + a_3F[2] * b_3F[2]
    return made


def _ellipse(sight: Sight, blob: Blob) -> tuple[Float64, ...]:
    """Centre x, y (px), and the ellipse's matrix xx, xy, yy (px^2), each (F, 1)."""
    right_F, down_F, depth_F = tangents(sight, blob.centre_3F)
    x_F = sight.middle_px[0] + sight.focal_px_F * (right_F - sight.origin_2F[0])
    y_F = sight.middle_px[1] + sight.focal_px_F * (down_F - sight.origin_2F[1])
    px_per_m_F = sight.focal_px_F / depth_F
    xx_F = (blob.radius_F * px_per_m_F) ** 2
    yy_F, xy_F = xx_F.copy(), np.zeros_like(xx_F)
    for axis_3F in blob.axes:
        a_F = _dot(sight.right_3F, axis_3F) * px_per_m_F
        b_F = _dot(sight.down_3F, axis_3F) * px_per_m_F
        xx_F += a_F * a_F
        xy_F += a_F * b_F
        yy_F += b_F * b_F
    return tuple(each[:, None] for each in (x_F, y_F, xx_F, xy_F, yy_F))


def _furthest(
    x: Float64, y: Float64, xx: Float64, xy: Float64, yy: Float64
) -> tuple[Float64, Float64, Float64]:
    """How far an ellipse reaches in every direction (F, K), and the point x, y that does."""
    u_FK, v_FK = xx * _U_K + xy * _V_K, xy * _U_K + yy * _V_K
    size_FK = np.sqrt(u_FK * _U_K + v_FK * _V_K)
    inverse_FK = 1.0 / np.maximum(size_FK, 1e-9)
    return x * _U_K + y * _V_K + size_FK, x + u_FK * inverse_FK, y + v_FK * inverse_FK
