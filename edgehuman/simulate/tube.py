"""Tubes: the rounded, tapered pieces that a drawn body is made of, and how a camera sees them.

A tube runs along a straight axis; its cross-sections are two half ellipses, one to the front, one
to the back, whose sizes change along the axis. Seen from anywhere, its outline is known in closed
form, and so are the texture coordinates and the normal of every pixel inside it.

Axes: P tube, N point, K sample along the axis, S sample across.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

# Points along a tube at which its sizes are given, evenly spaced from its first end to its last.
KNOTS = 9
ACROSS = 64


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture wrapped around a tube: columns around it, rows along it; it repeats both ways.

    Attributes:
        rgb_N3: uint8 (height * width, 3): colours.
        height, width: texels.
        part_N: uint8 (height * width,): what each texel belongs to, where it is not one thing.
    """

    rgb_N3: NDArray[np.uint8]
    height: int
    width: int
    part_N: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Tube:
    """One piece of a body or of what it wears.

    Attributes:
        name: what it is.
        part: index of the part that the piece belongs to, unless its texture says otherwise.
        ends_23: metres: the axis' first and last point.
        left_3, front_3: unit vectors across the axis.
        size_3K: metres: half width to the sides, reach to the front, reach to the back.
        texture: what it shows. Column 0 of the texture is at the left, a quarter turn on is front.
        texels: rows along the whole axis and columns around it.
        offset: row and column that the texture begins with.
        roundness: 0 (cut straight) to 1 (a half ball) of both ends.
        dark: how dark both ends are, 0..1, for what covers them.
        folds: how strongly the surface is creased, 0..1.
        joints: names of the joints that lie in this piece.
    """

    name: str
    part: int
    ends_23: Array
    left_3: Array
    front_3: Array
    size_3K: Array
    texture: Texture
    texels: tuple[float, float]
    offset: tuple[int, int] = (0, 0)
    roundness: tuple[float, float] = (1.0, 1.0)
    dark: tuple[float, float] = (0.0, 0.0)
    folds: float = 0.0
    joints: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera is and how its picture is cut out.

    Attributes:
        position_3: metres.
        axes_33: unit rows: right, down and ahead as the camera sees them.
        scale_2: pixels per unit of tangent, in x and y.
        shift_2: pixel that lies straight ahead.
    """

    position_3: Array
    axes_33: Array
    scale_2: Array
    shift_2: Array

    def project(self, points_N3: Array) -> tuple[Array, Array]:
        """Pixels (N, 2), the centre of pixel (0, 0) at 0, 0, and depths (N,) in metres."""
        seen_N3 = (points_N3 - self.position_3) @ self.axes_33.T
        depth_N = np.maximum(seen_N3[..., 2], 0.05)
        return seen_N3[..., :2] / depth_N[..., None] * self.scale_2 + self.shift_2, depth_N

    def depth(self, point_3: Array) -> float:
        """Metres ahead of the camera."""
        return float((point_3 - self.position_3) @ self.axes_33[2])


@dataclass(frozen=True, slots=True)
class Outlines:
    """Tubes as a camera sees them; pixels, K samples along each axis.

    Attributes:
        start_P2, along_P2: pixel where the first sample lies, and the unit direction of the axis.
        step_P: pixels from one sample to the next.
        half_PK, middle_PK: half the width, and its middle off the axis (towards `along` turned
            by a quarter); the first and last sample are outside: half is -1.
        row_PK, column_PS: texture row along and texture column across.
        light_PS: how bright the surface is across; dark_PK: how much of it is left along.
        box_P4: x0, y0, x1, y1 around all that is drawn, as whole pixels (end exclusive).
    """

    start_P2: Floats
    along_P2: Floats
    step_P: Floats
    half_PK: Floats
    middle_PK: Floats
    row_PK: Indices
    column_PS: Indices
    light_PS: Floats
    dark_PK: Floats
    box_P4: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Light:
    """What shines on the scene.

    Attributes:
        towards_3: unit vector to the lamp or sun, in the camera's axes (right, down, ahead).
        direct, ambient: how bright a surface is that faces it, and one that does not.
    """

    towards_3: tuple[float, float, float]
    direct: float
    ambient: float


def outline(tubes: Sequence[Tube], view: View, light: Light, samples: int) -> Outlines:
    """What every tube covers in the picture, and how bright it is."""
    ends_P23 = np.stack([tube.ends_23 for tube in tubes])
    pixel_P22, depth_P2 = view.project(ends_P23)
    span_P2 = pixel_P22[:, 1] - pixel_P22[:, 0]
    length_P = np.sqrt((span_P2**2).sum(-1)) + 1e-6
    along_P2 = span_P2 / length_P[:, None]
    across_P2 = np.stack([-along_P2[:, 1], along_P2[:, 0]], axis=-1)
    sides_P23 = np.stack([(tube.left_3, tube.front_3) for tube in tubes]) @ view.axes_33.T
    flat_P22 = sides_P23[..., :2] * view.scale_2
    size_P3K = np.stack([tube.size_3K for tube in tubes])
    caps_P2 = _caps(tubes, size_P3K[..., [0, -1]], flat_P22, along_P2, across_P2, depth_P2)
    first_P = -caps_P2[:, 0]
    step_P = (length_P + caps_P2.sum(-1)) / (samples - 1)
    at_PK = first_P[:, None] + step_P[:, None] * np.arange(samples)
    t_PK = np.clip(at_PK / length_P[:, None], 0.0, 1.0)
    beyond_PK = at_PK - t_PK * length_P[:, None]
    over_PK = beyond_PK / np.where(beyond_PK < 0.0, caps_P2[:, :1], caps_P2[:, 1:])
    round_PK = np.sqrt(np.clip(1.0 - over_PK**2, 0.0, 1.0))
    plus_PK, minus_PK = _half_widths(_at(size_P3K, t_PK), flat_P22, across_P2, depth_P2, t_PK)
    half_PK = 0.5 * (plus_PK + minus_PK) * round_PK
    middle_PK = 0.5 * (plus_PK - minus_PK)
    start_P2 = pixel_P22[:, 0] + along_P2 * first_P[:, None]
    boxes_P4 = _boxes(start_P2, along_P2, across_P2, at_PK - first_P[:, None], half_PK, middle_PK)
    half_PK[:, [0, -1]] = -1.0
    return Outlines(
        start_P2.astype(np.float32),
        along_P2.astype(np.float32),
        step_P.astype(np.float32),
        half_PK.astype(np.float32),
        middle_PK.astype(np.float32),
        _rows(tubes, t_PK),
        _columns(tubes, size_P3K, sides_P23, flat_P22, across_P2),
        _lit(ends_P23, view, across_P2, light).astype(np.float32),
        _darkened(tubes, t_PK).astype(np.float32),
        boxes_P4,
    )


def _caps(
    tubes: Sequence[Tube],
    end_P32: Array,
    flat_P22: Array,
    along_P2: Array,
    across_P2: Array,
    depth_P2: Array,
) -> Array:
    """(P, 2) pixels by which each end's round or slanted cap reaches beyond the axis."""
    side_P2, depth_reach_P2 = end_P32[:, 0], 0.5 * (end_P32[:, 1] + end_P32[:, 2])

    def reach(direction_P2: Array) -> Array:
        seen_P2 = (flat_P22 * direction_P2[:, None]).sum(-1)
        return np.hypot(side_P2 * seen_P2[:, :1], depth_reach_P2 * seen_P2[:, 1:])

    roundness_P2 = np.array([tube.roundness for tube in tubes])
    caps_P2: Array = np.maximum(roundness_P2 * reach(across_P2), reach(along_P2)) / depth_P2
    return caps_P2 + 0.5


def _at(size_P3K: Array, t_PK: Array) -> Array:
    """(P, 3, K): sizes between the knots, by straight lines."""
    place_PK = t_PK * (KNOTS - 1)
    below_PK = np.minimum(place_PK.astype(np.intp), KNOTS - 2)
    part_P1K = (place_PK - below_PK)[:, None]
    lower = np.take_along_axis(size_P3K, below_PK[:, None], axis=2)
    upper = np.take_along_axis(size_P3K, below_PK[:, None] + 1, axis=2)
    between: Array = lower + (upper - lower) * part_P1K
    return between


def _half_widths(
    size_P3K: Array, flat_P22: Array, across_P2: Array, depth_P2: Array, t_PK: Array
) -> tuple[Array, Array]:
    """Pixels from the axis to both edges: the support of two half ellipses."""
    seen_P2 = (flat_P22 * across_P2[:, None]).sum(-1)
    side_PK = (size_P3K[:, 0] * seen_P2[:, :1]) ** 2
    front_PK = (size_P3K[:, 1] * seen_P2[:, 1:]) ** 2
    back_PK = (size_P3K[:, 2] * seen_P2[:, 1:]) ** 2
    ahead_P1 = seen_P2[:, 1:] > 0.0
    nearness_PK = 1.0 / (depth_P2[:, :1] + (depth_P2[:, 1:] - depth_P2[:, :1]) * t_PK)
    plus_PK = np.sqrt(side_PK + np.where(ahead_P1, front_PK, back_PK)) * nearness_PK
    minus_PK = np.sqrt(side_PK + np.where(ahead_P1, back_PK, front_PK)) * nearness_PK
    return plus_PK, minus_PK


def _boxes(
    start_P2: Array,
    along_P2: Array,
    across_P2: Array,
    at_PK: Array,
    half_PK: Array,
    middle_PK: Array,
) -> NDArray[np.int64]:
    """(P, 4) whole pixels around each outline."""
    axis_PK2 = start_P2[:, None] + along_P2[:, None] * at_PK[..., None]
    edges = [
        axis_PK2 + across_P2[:, None] * (middle_PK + sign * half_PK)[..., None] for sign in (-1, 1)
    ]
    both_P2K2 = np.stack(edges, axis=1)
    low_P2 = np.floor(both_P2K2.min(axis=(1, 2)) - 0.5)
    high_P2 = np.ceil(both_P2K2.max(axis=(1, 2)) + 1.5)
    return np.concatenate([low_P2, high_P2], axis=1).astype(np.int64)


def _rows(tubes: Sequence[Tube], t_PK: Array) -> Indices:
    """Where in the flat texture each sample's row begins."""
    texels_P1 = np.array([[tube.texels[0]] for tube in tubes])
    offset_P1 = np.array([[tube.offset[0]] for tube in tubes])
    height_P1 = np.array([[tube.texture.height] for tube in tubes])
    width_P1 = np.array([[tube.texture.width] for tube in tubes])
    # The last row belongs to t = 1, so that a wrapped picture does not begin anew there.
    row_PK = (t_PK * (texels_P1 - 1e-3)).astype(np.intp) + offset_P1
    rows: Indices = row_PK % height_P1 * width_P1
    return rows


def _columns(
    tubes: Sequence[Tube], size_P3K: Array, sides_P23: Array, flat_P22: Array, across_P2: Array
) -> Indices:
    """The texture's column at each place across, from minus to plus."""
    middle_P3 = size_P3K[..., KNOTS // 2]
    reach_P2 = np.stack([middle_P3[:, 0], 0.5 * (middle_P3[:, 1] + middle_P3[:, 2])], axis=-1)
    seen_P2 = reach_P2 * (flat_P22 * across_P2[:, None]).sum(-1)
    # On the ellipse (cos, sin) of the angle, the middle of the outline is where `seen` is level.
    centre_P = np.arctan2(-seen_P2[:, 0], seen_P2[:, 1])
    ahead_P2 = reach_P2 * sides_P23[..., 2]
    ahead_P = ahead_P2[:, 0] * np.cos(centre_P) + ahead_P2[:, 1] * np.sin(centre_P)
    hidden_P = ahead_P > 0.0
    centre_P = centre_P + np.pi * hidden_P
    turn_S = np.arcsin(_across())
    angle_PS = centre_P[:, None] + np.where(hidden_P, -1.0, 1.0)[:, None] * turn_S
    texels_P1 = np.array([[tube.texels[1]] for tube in tubes])
    offset_P1 = np.array([[tube.offset[1]] for tube in tubes])
    width_P1 = np.array([[tube.texture.width] for tube in tubes])
    column_PS = np.floor(angle_PS / (2.0 * np.pi) % 1.0 * texels_P1).astype(np.intp) + offset_P1
    columns: Indices = column_PS % width_P1
    return columns


def _across() -> Array:
    """(S,) places across a tube, -1 to 1, at the middle of each sample."""
    return (np.arange(ACROSS) + 0.5) * (2.0 / ACROSS) - 1.0


def _lit(ends_P23: Array, view: View, across_P2: Array, light: Light) -> Array:
    """(P, S) brightness: light from the front, the sky from above, less towards the edges."""
    axis_P3 = (ends_P23[:, 1] - ends_P23[:, 0]) @ view.axes_33.T
    across_P3 = np.concatenate([across_P2, np.zeros((len(across_P2), 1))], axis=1)
    facing_P3 = np.cross(axis_P3, across_P3)
    facing_P3 *= -np.sign(facing_P3[:, 2:] + 1e-9)
    facing_P3 /= np.sqrt((facing_P3**2).sum(-1, keepdims=True)) + 1e-9
    s_S = _across()
    depth_S = np.sqrt(1.0 - s_S**2)
    towards_3 = np.asarray(light.towards_3)
    flat_PS = (across_P3 @ towards_3)[:, None] * s_S + (facing_P3 @ towards_3)[:, None] * depth_S
    down_PS = across_P3[:, 1:2] * s_S + facing_P3[:, 1:2] * depth_S
    shine_PS = light.ambient * (0.9 - 0.18 * down_PS) + light.direct * np.maximum(flat_PS, 0.0)
    lit_PS: Array = shine_PS * (0.72 + 0.28 * depth_S)
    return lit_PS


def _darkened(tubes: Sequence[Tube], t_PK: Array) -> Array:
    """(P, K) what is left of the light near ends that something covers."""
    dark_P2 = np.array([tube.dark for tube in tubes])
    first_PK = dark_P2[:, :1] * np.exp(-t_PK / 0.10)
    last_PK = dark_P2[:, 1:] * np.exp((t_PK - 1.0) / 0.10)
    left_PK: Array = 1.0 - first_PK - last_PK
    return left_PK
