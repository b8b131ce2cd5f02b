"""Things in scenes that are no people: poles, boxes, benches, bushes, signs and bins.

Each is a few rectangles and circles in its own square, 0 to 1 along both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from edgehuman.data.image.crowds.plan import Thing
from edgehuman.records import Bool, Float32, Uint8
from edgehuman.simulate.body.seeding import generator

_FINE = 4  # bits of a pixel's fraction, for OpenCV


@dataclass(frozen=True, slots=True)
class Piece:
    """Attributes:
    box: x0, y0, x1, y1 in the thing's own square; round: whether it is an ellipse inside.
    shade: of the thing's colour.
    """

    box: tuple[float, float, float, float]
    shade: float
    round: bool = False


def pieces(thing: Thing) -> Sequence[Piece]:
    """What a thing is made of, in painting order."""
    rng = generator(thing.seed, 0x7419)
    if thing.shape == "bench":
        legs = [Piece((x, 0.5, x + 0.06, 1.0), 0.6) for x in (0.05, 0.47, 0.89)]
        backs = [Piece((0.0, y, 1.0, y + 0.13), rng.uniform(0.8, 1.1)) for y in (0.0, 0.2)]
        return [*legs, *backs, Piece((0.0, 0.48, 1.0, 0.62), 1.1)]
    if thing.shape == "bush":
        return [
            Piece((x, y, x + wide, y + 1.1 * wide), shade, True)
            for x, y, wide, shade in zip(
                rng.uniform(0.0, 0.6, 14),
                rng.uniform(0.0, 0.55, 14),
                rng.uniform(0.25, 0.4, 14),
                rng.uniform(0.5, 1.25, 14),
                strict=True,
            )
        ]
    if thing.shape == "sign":
        plate = float(rng.uniform(0.3, 0.55))
        face = Piece((0.0, 0.0, 1.0, plate), 1.2, bool(rng.random() < 0.4))
        return [Piece((0.45, 0.1, 0.55, 1.0), 0.6), face]
    if thing.shape == "pole":
        stripes = np.linspace(0.0, 1.0, int(rng.integers(2, 9)))
        light = 1.0 if rng.random() < 0.7 else 1.6
        return [
            Piece((0.0, low, 1.0, high), light if index % 2 else 1.0)
            for index, (low, high) in enumerate(pairwise(stripes.tolist()))
        ]
    shades = rng.uniform(0.6, 1.3, 4)
    body = [Piece((0.0, 0.0, 1.0, 1.0), 1.0)]
    for shade in shades[: int(rng.integers(0, 4))]:
        x, y = rng.uniform(0.0, 0.7, 2)
        wide, high = rng.uniform(0.15, 0.5, 2)
        body.append(Piece((x, y, min(1.0, x + wide), min(1.0, y + high)), float(shade)))
    return body


def cover(taken_HW: Bool, thing: Thing, shrink: float) -> None:
    """Mark the cells of a grid, so many times smaller than the frame, that a thing hides."""
    mark_HW = np.zeros(taken_HW.shape, np.uint8)
    for piece in pieces(thing):
        _draw(mark_HW, _place(thing, piece, 1.0 / shrink), piece.round, (1.0,))
    taken_HW |= mark_HW > 0


def paint_thing(scene_HWC: Float32, thing: Thing, grain_HW: Float32) -> None:
    """Paint a thing onto a scene, float32 RGB.

    Args:
        grain_HW: noise of unit variance, at least as large as the scene.
    """
    height, width = scene_HWC.shape[:2]
    x0, y0 = (max(0, int(each) - 1) for each in thing.box[:2])
    x1, y1 = min(width, int(thing.box[2]) + 2), min(height, int(thing.box[3]) + 2)
    if x1 <= x0 or y1 <= y0:
        return
    patch_HWC = np.zeros((y1 - y0, x1 - x0, 4), np.uint8)
    rough = 14.0 if thing.shape == "bush" else 4.0
    for piece in pieces(thing):
        left, top, right, low = _place(thing, piece, 1.0)
        colour = tuple(min(255.0, each * piece.shade) for each in thing.colour)
        place = (left - x0, top - y0, right - x0, low - y0)
        _draw(patch_HWC, place, piece.round, (*colour, 255.0))
    alpha_HW1 = patch_HWC[..., 3:] * np.float32(1 / 255)
    # One side is darker, as light comes from somewhere.
    side_W1 = np.linspace(1.12, 0.88, x1 - x0, dtype=np.float32)[:, None]
    lit_HWC = patch_HWC[..., :3] * side_W1 + rough * grain_HW[: y1 - y0, : x1 - x0, None]
    part_HWC = scene_HWC[y0:y1, x0:x1]
    part_HWC += alpha_HW1 * (lit_HWC - part_HWC)


def _place(thing: Thing, piece: Piece, scale: float) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = thing.box
    left, top, right, low = piece.box
    wide, high = x1 - x0, y1 - y0
    return (
        (x0 + left * wide) * scale,
        (y0 + top * high) * scale,
        (x0 + right * wide) * scale,
        (y0 + low * high) * scale,
    )


def _draw(
    image: Uint8, box: tuple[float, float, float, float], is_round: bool, colour: Sequence[float]
) -> None:
    """Fill a rectangle or an ellipse of continuous pixels; pixel i covers i to i + 1."""
    x0, y0, x1, y1 = (round((each - 0.5) * 2**_FINE) for each in box)
    if is_round:
        middle, axes = ((x0 + x1) // 2, (y0 + y1) // 2), ((x1 - x0) // 2, (y1 - y0) // 2)
        if min(axes) > 0:
            cv2.ellipse(image, middle, axes, 0, 0, 360, colour, -1, cv2.LINE_8, _FINE)
        return
    corner = np.array(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), np.int32)
    cv2.fillConvexPoly(image, corner, colour, cv2.LINE_8, _FINE)
