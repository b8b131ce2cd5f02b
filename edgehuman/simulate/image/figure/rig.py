"""Rigs: the rounded, tapered pieces of a drawn body, and how a skeleton moves them.

A piece is a tube along a straight axis between two anchors. Its cross-sections are two half
ellipses, one to the front and one to the back, whose sizes change along the axis. The parameters of
a look are stored once, in arrays; a pose then costs a few matrix products.

Axes: P piece, J joint, S segment, K knot along a piece.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgehuman.geometry import SEGMENTS, SKELETON_26
from edgehuman.records import Bool, Float64, Intp, Uint8
from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.image.figure.parts import PART

# Number of positions along a piece at which its sizes are given, evenly spaced from end to end.
KNOTS = 9
_FORWARD, _LEFT, _UP = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture wrapped around a piece: columns around it, rows along it; it repeats both ways.

    Attributes:
        rgb_N3: uint8 (height * width, 3).
        height, width: texels. Column 0 is at the piece's left, a quarter turn on is its front.
        part_N: uint8 (height * width,): part of each texel, if there are several.
        detail_N: uint8 (height * width,): of `parts.DETAILS`, if there are any.
    """

    rgb_N3: Uint8
    height: int
    width: int
    part_N: Uint8 | None = None
    detail_N: Uint8 | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """A point that follows the body: joints by weight, and offsets in segments' frames.

    Attributes:
        joints: (joint, weight); the weights sum to 1.
        offsets: (segment, metres forward, left, up).
    """

    joints: tuple[tuple[str, float], ...]
    offsets: tuple[tuple[str, float, float, float], ...] = ()

    def moved(self, segment: str, forward: float, left: float, up: float) -> Anchor:
        """Return the anchor moved by some metres along a segment's axes."""
        return Anchor(self.joints, (*self.offsets, (segment, forward, left, up)))

    def towards(self, other: Anchor, part: float) -> Anchor:
        """Return the anchor moved part of the way to another."""
        joints = [(name, weight * (1.0 - part)) for name, weight in self.joints]
        joints += [(name, weight * part) for name, weight in other.joints]
        scaled = [
            (name, x * share, y * share, z * share)
            for anchor, share in ((self, 1.0 - part), (other, part))
            for name, x, y, z in anchor.offsets
        ]
        return Anchor(tuple(joints), tuple(scaled))


def at(joint: str) -> Anchor:
    """The anchor at a joint of `SKELETON_26`."""
    return Anchor(((joint, 1.0),))


@dataclass(frozen=True, slots=True)
class Piece:
    """One tube of a body or of its clothes.

    Attributes:
        group: pieces painted together (see `figure.paint_order`).
        name: its name; part: the part that it belongs to, unless its texture defines it.
        start, end: its axis.
        segment: the segment whose frame gives its left and front.
        size_3K: metres: half width to the sides, extent to the front, extent to the back.
        texture: its texture.
        texels: rows along the whole axis and columns around it; None: the texture once.
        lying: whether its front is the segment's up (feet) instead of its forward.
        roundness: of both ends, 0 (cut straight) to 1 (hemisphere).
        dark: shading of both ends where they are covered, 0..1.
        folds: strength of creases, 0..1.
        joints: the joints inside this piece.
    """

    group: str
    name: str
    part: str
    start: Anchor
    end: Anchor
    segment: str
    size_3K: Float64
    texture: Texture
    texels: tuple[float, float] | None = None
    lying: bool = False
    roundness: tuple[float, float] = (1.0, 1.0)
    dark: tuple[float, float] = (0.0, 0.0)
    folds: float = 0.0
    joints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skirt:
    """A piece whose last knots widen with the legs inside.

    Attributes:
        piece: its index.
        least_3: metres: sizes of its hem with the legs together (side, front, back).
        leg_m: half the width of a leg, plus clearance for the cloth.
    """

    piece: int
    least_3: Float64
    leg_m: float


@dataclass(frozen=True, slots=True)
class Rig:
    """All pieces of a look, as arrays.

    Attributes:
        names, groups, joints: of each piece.
        weight_EJ, offset_EC: both ends of each piece (E = 2 P rows), from joints and from the
            axes of all segments (C = 3 S columns).
        segment_P, front_P: segment of each frame, and which of its axes is the front.
        size_P3K: metres.
        part_P, own_part_P: the part, and whether the texture overrides it.
        rgb_CN: uint8 (3, N): all textures concatenated; part_N, detail_N: their parts and details.
        texture_P5: first texel, height, width of each piece's texture; rows and columns used.
        roundness_P2, dark_P2, folds_P: as in `Piece`.
        skirts: pieces that widen with the legs.
    """

    names: tuple[str, ...]
    groups: Mapping[str, tuple[int, ...]]
    joints: tuple[frozenset[str], ...]
    weight_EJ: Float64
    offset_EC: Float64
    segment_P: Intp
    front_P: Intp
    size_P3K: Float64
    part_P: Uint8
    own_part_P: Bool
    rgb_CN: Uint8
    part_N: Uint8
    detail_N: Uint8
    texture_P5: Float64
    roundness_P2: Float64
    dark_P2: Float64
    folds_P: Float64
    skirts: tuple[Skirt, ...]


@dataclass(frozen=True, slots=True)
class Posed:
    """A rig in a pose: metres in the world.

    Attributes:
        rig: the rig.
        ends_P23: axes; left_P3, front_P3: unit vectors across them.
        size_P3K: sizes, with widened skirts.
    """

    rig: Rig
    ends_P23: Float64
    left_P3: Float64
    front_P3: Float64
    size_P3K: Float64


def make_rig(pieces: Sequence[Piece], skirts: Sequence[Skirt] = ()) -> Rig:
    """Build a rig from pieces."""
    textures = {id(piece.texture): piece.texture for piece in pieces}
    counts = [len(texture.rgb_N3) for texture in textures.values()]
    first = dict(zip(textures, np.cumsum([0, *counts[:-1]]).tolist(), strict=True))
    groups: dict[str, tuple[int, ...]] = {}
    for i, piece in enumerate(pieces):
        groups[piece.group] = (*groups.get(piece.group, ()), i)
    weight_EJ = np.zeros((2 * len(pieces), len(SKELETON_26)))
    offset_EC = np.zeros((2 * len(pieces), 3 * len(SEGMENTS)))
    for i, piece in enumerate(pieces):
        _set_end(weight_EJ[2 * i], offset_EC[2 * i], piece.start)
        _set_end(weight_EJ[2 * i + 1], offset_EC[2 * i + 1], piece.end)
    return Rig(
        names=tuple(piece.name for piece in pieces),
        groups=groups,
        joints=tuple(frozenset(piece.joints) for piece in pieces),
        weight_EJ=weight_EJ,
        offset_EC=offset_EC,
        segment_P=np.array([_SEGMENT[piece.segment] for piece in pieces]),
        front_P=np.array([_UP if piece.lying else _FORWARD for piece in pieces]),
        size_P3K=np.stack([piece.size_3K for piece in pieces]),
        part_P=np.array([PART[piece.part] for piece in pieces], np.uint8),
        own_part_P=np.array([piece.texture.part_N is not None for piece in pieces]),
        rgb_CN=_planes([texture.rgb_N3 for texture in textures.values()]),
        part_N=np.concatenate([_numbers(each, each.part_N) for each in textures.values()]),
        detail_N=np.concatenate([_numbers(each, each.detail_N) for each in textures.values()]),
        texture_P5=np.array([_texture_row(first[id(p.texture)], p) for p in pieces]),
        roundness_P2=np.array([piece.roundness for piece in pieces]),
        dark_P2=np.array([piece.dark for piece in pieces]),
        folds_P=np.array([piece.folds for piece in pieces]),
        skirts=tuple(skirts),
    )


_JOINT = {name: i for i, name in enumerate(SKELETON_26)}
_SEGMENT = {name: i for i, name in enumerate(SEGMENTS)}


def _set_end(weight_J: Float64, offset_C: Float64, anchor: Anchor) -> None:
    for name, weight in anchor.joints:
        weight_J[_JOINT[name]] += weight
    for name, *metres in anchor.offsets:
        offset_C[3 * _SEGMENT[name] : 3 * _SEGMENT[name] + 3] += metres


def _planes(rgb: Sequence[Uint8]) -> Uint8:
    # OpenCV splits the three channels faster than a transposed copy.
    planes = cv2.split(np.concatenate(rgb)[:, None])
    return np.asarray(np.concatenate(planes).reshape(3, -1), np.uint8)


def _numbers(texture: Texture, number_N: Uint8 | None) -> Uint8:
    return np.zeros(len(texture.rgb_N3), np.uint8) if number_N is None else number_N


def _texture_row(first: int, piece: Piece) -> tuple[float, ...]:
    texture = piece.texture
    rows, columns = piece.texels or (texture.height, texture.width)
    return first, texture.height, texture.width, rows, columns


def pose_rig(rig: Rig, body: Body) -> Posed:
    """Position every piece on a body."""
    axes_C3 = body.rotation_S33.transpose(0, 2, 1).reshape(-1, 3)
    ends_E3 = rig.weight_EJ @ body.joints_J3 + rig.offset_EC @ axes_C3
    frames_P33 = body.rotation_S33[rig.segment_P]
    front_P3 = frames_P33[np.arange(len(rig.names)), :, rig.front_P]
    size_P3K = rig.size_P3K
    if rig.skirts:
        size_P3K = size_P3K.copy()
        for skirt in rig.skirts:
            _widen(skirt, body, frames_P33[skirt.piece], size_P3K[skirt.piece])
    return Posed(rig, ends_E3.reshape(-1, 2, 3), frames_P33[:, :, _LEFT], front_P3, size_P3K)


def _widen(skirt: Skirt, body: Body, frame_33: Float64, size_3K: Float64) -> None:
    """Widen the sizes from the hips down to a hem that encloses both legs."""
    apart = 0.5 * np.abs((body.joint("l_knee") - body.joint("r_knee")) @ frame_33)
    hem_3 = np.maximum(skirt.least_3, apart[[_LEFT, _FORWARD, _FORWARD]] + skirt.leg_m)
    hip_3 = size_3K[:, 2]
    size_3K[:, 2:] = hip_3[:, None] + (hem_3 - hip_3)[:, None] * _DOWN


_DOWN = np.linspace(0.0, 1.0, KNOTS - 2)
