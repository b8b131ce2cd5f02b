"""Project tubes to a camera: outlines, texture coordinates and light, in closed form.

Axes: P piece, K sample along the axis, S sample across.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float32, Float64, Index, Intp
from edgehuman.simulate.image.figure.rig import KNOTS, Posed

ACROSS = 64


@dataclass(frozen=True, slots=True)
class View:
    """Position of the camera and crop of its picture.

    Attributes:
        position_3: metres.
        axes_33: unit rows: right, down and ahead as the camera sees them.
        scale_2: pixels per unit of tangent, in x and y.
        shift_2: pixel straight ahead.
    """

    position_3: Float64
    axes_33: Float64
    scale_2: Float64
    shift_2: Float64

    def project(self, points_N3: Float64) -> tuple[Float64, Float64]:
        """Pixels (N, 2), the centre of pixel (0, 0) at 0, 0, and depths (N,) in metres."""
        seen_N3 = (points_N3 - self.position_3) @ self.axes_33.T
        depth_N = np.maximum(seen_N3[..., 2], 0.05)
        return seen_N3[..., :2] / depth_N[..., None] * self.scale_2 + self.shift_2, depth_N

    def shrunk(self, factor: float) -> View:
        """The same picture with `factor` times as many pixels a side."""
        shift_2 = (self.shift_2 + 0.5) * factor - 0.5
        return View(self.position_3, self.axes_33, self.scale_2 * factor, shift_2)

    def depth(self, points_N3: Float64) -> Float64:
        """Metres ahead of the camera, (N,)."""
        ahead: Float64 = (points_N3 - self.position_3) @ self.axes_33[2]
        return ahead


@dataclass(frozen=True, slots=True)
class Light:
    """Light on the scene.

    Attributes:
        towards_3: unit vector to the lamp or sun, in the camera's axes (right, down, ahead).
        direct, ambient: brightness of a surface that faces it, and of one that does not.
    """

    towards_3: tuple[float, float, float]
    direct: float
    ambient: float


@dataclass(frozen=True, slots=True)
class Outlines:
    """Pieces as a camera sees them, in painting order; pixels.

    Attributes:
        piece_P: index of each piece in the rig.
        start_P2, along_P2: pixel of the first sample, and the unit direction of the axis.
        step_P: pixels from one sample to the next.
        half_PK, middle_PK: half the width, and its middle off the axis (towards `along` turned
            by a quarter); the first and last sample are outside: half is -1.
        row_PK, column_PS: their sum is the index of a texel.
        light_PS: brightness of the surface across; dark_PK: its attenuation along.
        box_P4: bounding box x0, y0, x1, y1, as whole pixels (end exclusive).
    """

    piece_P: Intp
    start_P2: Float64
    along_P2: Float64
    step_P: Float64
    half_PK: Float32
    middle_PK: Float32
    row_PK: Intp
    column_PS: Intp
    light_PS: Float32
    dark_PK: Float32
    box_P4: Index


def outline(posed: Posed, order_P: Intp, view: View, light: Light, samples: int) -> Outlines:
    """Compute what every piece covers in the picture, and its brightness."""
    ends_P23, size_P3K = posed.ends_P23[order_P], posed.size_P3K[order_P]
    pixel_P22, depth_P2 = view.project(ends_P23)
    span_P2 = pixel_P22[:, 1] - pixel_P22[:, 0]
    length_P = np.sqrt((span_P2**2).sum(-1)) + 1e-6
    along_P2 = span_P2 / length_P[:, None]
    across_P2 = np.stack([-along_P2[:, 1], along_P2[:, 0]], axis=-1)
    sides_P23 = np.stack([posed.left_P3, posed.front_P3], axis=1)[order_P] @ view.axes_33.T
    flat_P22 = sides_P23[..., :2] * view.scale_2
    across_seen_P2 = (flat_P22 * across_P2[:, None]).sum(-1)
    along_seen_P2 = (flat_P22 * along_P2[:, None]).sum(-1)
    caps_P2 = _caps(
        posed.rig.roundness_P2[order_P], size_P3K, across_seen_P2, along_seen_P2, depth_P2
    )
    step_P = (length_P + caps_P2.sum(-1)) / (samples - 1)
    from_start_PK = step_P[:, None] * np.arange(samples)
    at_PK = from_start_PK - caps_P2[:, :1]
    t_PK = np.clip(at_PK / length_P[:, None], 0.0, 1.0)
    beyond_PK = at_PK - t_PK * length_P[:, None]
    over_PK = beyond_PK / np.where(beyond_PK < 0.0, caps_P2[:, :1], caps_P2[:, 1:])
    round_PK = np.sqrt(np.maximum(1.0 - over_PK * over_PK, 0.0))
    plus_PK, minus_PK = _half_widths(_at(size_P3K, t_PK), across_seen_P2, depth_P2, t_PK)
    half_PK = 0.5 * (plus_PK + minus_PK) * round_PK
    middle_PK = 0.5 * (plus_PK - minus_PK)
    start_P2 = pixel_P22[:, 0] - along_P2 * caps_P2[:, :1]
    box_P4 = _boxes(start_P2, along_P2, across_P2, from_start_PK, half_PK, middle_PK)
    half_PK[:, [0, -1]] = -1.0
    texture_P5 = posed.rig.texture_P5[order_P]
    return Outlines(
        order_P,
        start_P2,
        along_P2,
        step_P,
        half_PK.astype(np.float32),
        middle_PK.astype(np.float32),
        _rows(texture_P5, t_PK),
        _columns(texture_P5, size_P3K[..., KNOTS // 2], sides_P23, across_seen_P2),
        _lit((ends_P23[:, 1] - ends_P23[:, 0]) @ view.axes_33.T, across_P2, light),
        _darkened(posed.rig.dark_P2[order_P], t_PK),
        box_P4,
    )


def _caps(
    roundness_P2: Float64,
    size_P3K: Float64,
    across_seen_P2: Float64,
    along_seen_P2: Float64,
    depth_P2: Float64,
) -> Float64:
    """(P, 2) pixels by which the round or slanted caps extend beyond the axis."""
    side_P2 = size_P3K[:, 0, [0, -1]]
    reach_P2 = 0.5 * (size_P3K[:, 1, [0, -1]] + size_P3K[:, 2, [0, -1]])
    ball_P2 = np.hypot(side_P2 * across_seen_P2[:, :1], reach_P2 * across_seen_P2[:, 1:])
    slant_P2 = np.hypot(side_P2 * along_seen_P2[:, :1], reach_P2 * along_seen_P2[:, 1:])
    caps_P2: Float64 = np.maximum(roundness_P2 * ball_P2, slant_P2) / depth_P2 + 0.5
    return caps_P2


def _at(size_P3K: Float64, t_PK: Float64) -> Float64:
    """(P, 3, K): sizes between the knots, by linear interpolation."""
    place_PK = t_PK * (KNOTS - 1)
    below_PK = np.minimum(place_PK.astype(np.intp), KNOTS - 2)
    flat = size_P3K.reshape(-1)
    base_P3 = np.arange(0, flat.size, KNOTS).reshape(-1, 3)
    index_P3K = base_P3[..., None] + below_PK[:, None]
    lower = flat.take(index_P3K)
    between: Float64 = lower + (flat.take(index_P3K + 1) - lower) * (place_PK - below_PK)[:, None]
    return between


def _half_widths(
    size_P3K: Float64, across_seen_P2: Float64, depth_P2: Float64, t_PK: Float64
) -> tuple[Float64, Float64]:
    """Pixels from the axis to both edges: the support of two half ellipses."""
    seen_P3 = across_seen_P2[:, [0, 1, 1]]
    squared_P3K = (size_P3K * seen_P3[..., None]) ** 2
    ahead_P1 = across_seen_P2[:, 1:] > 0.0
    plus_PK = squared_P3K[:, 0] + np.where(ahead_P1, squared_P3K[:, 1], squared_P3K[:, 2])
    minus_PK = squared_P3K[:, 0] + np.where(ahead_P1, squared_P3K[:, 2], squared_P3K[:, 1])
    depth_PK = depth_P2[:, :1] + (depth_P2[:, 1:] - depth_P2[:, :1]) * t_PK
    return np.sqrt(plus_PK) / depth_PK, np.sqrt(minus_PK) / depth_PK


def _boxes(
    start_P2: Float64,
    along_P2: Float64,
    across_P2: Float64,
    from_start_PK: Float64,
    half_PK: Float64,
    middle_PK: Float64,
) -> Index:
    """(P, 4) whole pixels around each outline."""
    box_P4 = np.empty((len(half_PK), 4), np.int64)
    for axis in (0, 1):
        line_PK = start_P2[:, axis, None] + along_P2[:, axis, None] * from_start_PK
        line_PK += across_P2[:, axis, None] * middle_PK
        wide_PK = np.abs(across_P2[:, axis, None]) * half_PK
        box_P4[:, axis] = np.floor((line_PK - wide_PK).min(axis=1) - 0.5)
        box_P4[:, axis + 2] = np.ceil((line_PK + wide_PK).max(axis=1) + 1.5)
    return box_P4


def _rows(texture_P5: Float64, t_PK: Float64) -> Intp:
    """Offset of each sample's row in the flat textures."""
    first_P1, height_P1, width_P1, rows_P1 = texture_P5.T[:4, :, None]
    # The last row belongs to t = 1, so that a wrapped picture does not start again there.
    row_PK = np.floor(t_PK * (rows_P1 - 1e-3)) % height_P1
    rows: Intp = (row_PK * width_P1 + first_P1).astype(np.intp)
    return rows


def _columns(
    texture_P5: Float64, middle_P3: Float64, sides_P23: Float64, across_seen_P2: Float64
) -> Intp:
    """The texture column at each position across, from minus to plus."""
    reach_P2 = np.stack([middle_P3[:, 0], 0.5 * (middle_P3[:, 1] + middle_P3[:, 2])], axis=-1)
    seen_P2 = reach_P2 * across_seen_P2
    # On the ellipse (cos, sin) of the angle, the outline's middle is where `seen` is extremal.
    centre_P = np.arctan2(-seen_P2[:, 0], seen_P2[:, 1])
    ahead_P2 = reach_P2 * sides_P23[..., 2]
    hidden_P = ahead_P2[:, 0] * np.cos(centre_P) + ahead_P2[:, 1] * np.sin(centre_P) > 0.0
    centre_P = centre_P + np.pi * hidden_P
    angle_PS = centre_P[:, None] + np.where(hidden_P, -1.0, 1.0)[:, None] * _TURN_S
    width_P1, columns_P1 = texture_P5[:, 2:3], texture_P5[:, 4:5]
    column_PS = np.floor(angle_PS * (0.5 / np.pi) % 1.0 * columns_P1) % width_P1
    columns: Intp = column_PS.astype(np.intp)
    return columns


# Positions across a tube, -1 to 1, at the middle of each sample, with the angle around the tube and
# how much the surface faces the viewer there.
_ACROSS_S = (np.arange(ACROSS) + 0.5) * (2.0 / ACROSS) - 1.0
_TURN_S = np.arcsin(_ACROSS_S)
_DEPTH_S = np.sqrt(1.0 - _ACROSS_S**2)


def _lit(axis_P3: Float64, across_P2: Float64, light: Light) -> Float32:
    """(P, S) brightness: light from the front, the sky from above, less towards the edges."""
    x_P, y_P = across_P2.T
    axis_x_P, axis_y_P, axis_z_P = axis_P3.T
    # The axis times `across`: perpendicular to both, turned to the camera.
    facing_3P = np.stack([-axis_z_P * y_P, axis_z_P * x_P, axis_x_P * y_P - axis_y_P * x_P])
    facing_3P *= np.where(facing_3P[2] > 0.0, -1.0, 1.0) / (np.sqrt((facing_3P**2).sum(0)) + 1e-9)
    right, down, ahead = light.towards_3
    flat_P1 = (x_P * right + y_P * down)[:, None]
    front_P1 = (facing_3P[0] * right + facing_3P[1] * down + facing_3P[2] * ahead)[:, None]
    shine_PS = light.direct * np.maximum(flat_P1 * _ACROSS_S + front_P1 * _DEPTH_S, 0.0)
    sky_PS = y_P[:, None] * _ACROSS_S + facing_3P[1][:, None] * _DEPTH_S
    shine_PS += light.ambient * (0.9 - 0.18 * sky_PS)
    return np.asarray(shine_PS * (0.72 + 0.28 * _DEPTH_S), np.float32)


def _darkened(dark_P2: Float64, t_PK: Float64) -> Float32:
    """(P, K) share of the light left near covered ends."""
    t = t_PK.astype(np.float32)
    first_P1, last_P1 = dark_P2.astype(np.float32).T[..., None]
    left: Float32 = 1.0 - first_P1 * np.exp(t * -10.0) - last_P1 * np.exp((t - 1.0) * 10.0)
    return left
