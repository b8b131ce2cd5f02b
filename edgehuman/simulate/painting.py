"""Painting tubes onto a picture, back to front, with smooth edges and a mask of what is what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.seeding import generator
from edgehuman.simulate.tube import ACROSS, Light, Outlines, Tube, View, outline

Floats = NDArray[np.float32]

_FOLDS = 512


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture under construction.

    Attributes:
        colour_HWC: float32 (H, W, 3): light, 0..255.
        owner_HW: uint8 (H, W): number of the tube that is seen, from 1; 0: background.
        part_HW: uint8 (H, W): the part that is seen; 0: background.
    """

    colour_HWC: Floats
    owner_HW: NDArray[np.uint8]
    part_HW: NDArray[np.uint8]


def blank(colour_HWC: Floats) -> Canvas:
    """A canvas with nothing but a background."""
    size = colour_HWC.shape[:2]
    return Canvas(colour_HWC, np.zeros(size, np.uint8), np.zeros(size, np.uint8))


def paint(
    canvas: Canvas, tubes: Sequence[Tube], view: View, light: Light, random: np.random.Generator
) -> None:
    """Paint tubes in their order; the last one covers the others."""
    height, width = canvas.owner_HW.shape
    samples = max(64, height // 4)
    outlines = outline(tubes, view, light, samples)
    shift_P2 = random.integers(0, (_FOLDS - samples, _FOLDS - ACROSS), (len(tubes), 2))
    grid_HW = _grid(height, width)
    for i, tube in enumerate(tubes):
        x0, y0, x1, y1 = outlines.box_P4[i]
        x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
        if x0 < x1 and y0 < y1:
            row, column = shift_P2[i]
            folds = _folds()[row : row + samples, column : column + ACROSS]
            _paint_one(canvas, tube, i, outlines, (x0, y0, x1, y1), folds, grid_HW)


def _paint_one(
    canvas: Canvas,
    tube: Tube,
    i: int,
    outlines: Outlines,
    box: tuple[int, int, int, int],
    folds_KS: Floats,
    grid_HW: NDArray[np.int32],
) -> None:
    x0, y0, x1, y1 = box
    along_x, along_y = outlines.along_P2[i]
    x_W = np.arange(x0, x1, dtype=np.float32) - outlines.start_P2[i, 0]
    y_H = np.arange(y0, y1, dtype=np.float32) - outlines.start_P2[i, 1]
    samples = outlines.half_PK.shape[1]
    inverse = 1.0 / outlines.step_P[i]
    sample_HW = np.add.outer(y_H * (along_y * inverse) + np.float32(0.5), x_W * (along_x * inverse))
    row_HW = np.clip(sample_HW, 0.0, samples - 1).astype(np.intp)
    off_HW = np.add.outer(y_H * along_x, x_W * -along_y)
    off_HW -= outlines.middle_PK[i].take(row_HW)
    half_HW = outlines.half_PK[i].take(row_HW)
    cover_HW = half_HW - np.abs(off_HW) + np.float32(0.5)
    inside_HW = cover_HW > 0.0
    where = grid_HW[y0:y1, x0:x1][inside_HW]
    if not len(where):
        return
    cover = np.minimum(cover_HW[inside_HW], 1.0)
    row = row_HW[inside_HW]
    across = off_HW[inside_HW] / half_HW[inside_HW]
    across = np.clip((across + 1.0) * (ACROSS / 2), 0, ACROSS - 1).astype(np.intp)
    shade_KS = outlines.light_PS[i] * outlines.dark_PK[i][:, None]
    if tube.folds:
        shade_KS = shade_KS * (1.0 + tube.folds * folds_KS)
    texel = outlines.row_PK[i].take(row) + outlines.column_PS[i].take(across)
    shade = shade_KS.ravel().take(row * ACROSS + across)
    colour = tube.texture.rgb_N3.take(texel, axis=0) * shade[:, None]
    flat_N3 = canvas.colour_HWC.reshape(-1, 3)
    under = flat_N3.take(where, axis=0)
    colour -= under
    colour *= cover[:, None]
    colour += under
    flat_N3[where] = colour
    mostly = cover > 0.5
    seen = where[mostly]
    canvas.owner_HW.reshape(-1)[seen] = i + 1
    parts = tube.texture.part_N
    canvas.part_HW.reshape(-1)[seen] = tube.part if parts is None else parts[texel[mostly]]


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> NDArray[np.int32]:
    return np.arange(height * width, dtype=np.int32).reshape(height, width)


@lru_cache(maxsize=1)
def _folds() -> Floats:
    """Creases of cloth: smooth noise of two sizes, slanted, about -1 to 1."""
    noise = generator(0xF01D).standard_normal((_FOLDS, _FOLDS)).astype(np.float32)
    coarse = cv2.GaussianBlur(noise, (0, 0), sigmaX=9.0, sigmaY=5.0)
    fine = cv2.GaussianBlur(noise, (0, 0), sigmaX=5.0, sigmaY=1.8)
    folds = coarse / coarse.std() + 0.6 * fine / fine.std()
    return np.tanh(0.7 * folds).astype(np.float32)
