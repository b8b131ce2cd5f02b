"""Paint pieces onto a picture, back to front, with antialiased edges and a mask of the parts.

The pixels of all pieces are computed together in flat arrays (N pixel, R row of a piece). Only the
last piece that fully covers a pixel, and the last one with an edge in it, are coloured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from edgehuman.records import Float32, Float64, Intp, Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.figure.rig import Rig
from edgehuman.simulate.image.figure.tube import ACROSS, Outlines

_FOLDS = 512


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture under construction.

    Attributes:
        colour_CHW: float32 (3, H, W): light, red, green and blue, 0..255.
        owner_HW: uint8 (H, W): 1 + the visible piece; 0: background.
        part_HW: uint8 (H, W): the visible part; 0: background.
        detail_HW: uint8 (H, W): of `parts.DETAILS`, of the visible texture.
    """

    colour_CHW: Float32
    owner_HW: Uint8
    part_HW: Uint8
    detail_HW: Uint8


def blank(colour_CHW: Float32) -> Canvas:
    """A canvas with only a background."""
    size = colour_CHW.shape[1:]
    return Canvas(colour_CHW, *(np.zeros(size, np.uint8) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Pixels that pieces cover, piece by piece.

    Attributes:
        where_N: index into the flat picture.
        row_N: row of a piece; piece_R: index of its outline.
        along_N: index into the outlines' flat (P, K) arrays.
        off_N: pixels from the middle of the piece; half_N: half of the piece's width there.
        cover_N: coverage of the pixel, over 0; 1 or more: full.
    """

    where_N: Intp
    row_N: Intp
    piece_R: Intp
    along_N: Intp
    off_N: Float32
    half_N: Float32
    cover_N: Float32

    def chosen(self, index_M: Intp) -> _Pixels:
        """Select some of the pixels."""
        return _Pixels(
            self.where_N.take(index_M),
            self.row_N.take(index_M),
            self.piece_R,
            self.along_N.take(index_M),
            self.off_N.take(index_M),
            self.half_N.take(index_M),
            self.cover_N.take(index_M),
        )


def paint(canvas: Canvas, rig: Rig, outlines: Outlines, seed: int) -> None:
    """Paint outlines in order, the last one on top. The seed sets the creases of cloth."""
    height, width = canvas.owner_HW.shape
    everything = _covered(outlines, height, width)
    pixels, num_whole = _seen(everything, height * width)
    piece_N = pixels.piece_R.take(pixels.row_N)
    across_N = _across(pixels, piece_N)
    texel_N = outlines.row_PK.ravel().take(pixels.along_N)
    texel_N += outlines.column_PS.ravel().take(across_N)
    shade_N = _shade(rig, outlines, pixels.along_N, across_N, piece_N, seed)
    whole, edge = pixels.where_N[:num_whole], pixels.where_N[num_whole:]
    cover_E = pixels.cover_N[num_whole:]
    for plane_HW, texture_N in zip(canvas.colour_CHW, rig.rgb_CN, strict=True):
        colour_N = texture_N.take(texel_N) * shade_N
        plane = plane_HW.reshape(-1)
        plane[whole] = colour_N[:num_whole]
        under_E = plane.take(edge)
        plane[edge] = under_E + cover_E * (colour_N[num_whole:] - under_E)
    mostly_N = pixels.cover_N > 0.5
    where_M, piece_M = pixels.where_N[mostly_N], outlines.piece_P.take(piece_N[mostly_N])
    canvas.owner_HW.reshape(-1)[where_M] = piece_M + 1
    texel_M = texel_N[mostly_N]
    own_M = rig.part_N.take(texel_M)
    part_M = np.where(rig.own_part_P.take(piece_M), own_M, rig.part_P.take(piece_M))
    canvas.part_HW.reshape(-1)[where_M] = part_M
    canvas.detail_HW.reshape(-1)[where_M] = rig.detail_N.take(texel_M)


def _seen(pixels: _Pixels, size: int) -> tuple[_Pixels, int]:
    """The last piece that fully covers each pixel, followed by the last edges over those.

    Return the pixels, and how many of the first ones are fully covered.
    """
    # NumPy assigns in order, so for a repeated index the last value remains.
    is_whole_N = pixels.cover_N >= 1.0
    whole, edge = np.flatnonzero(is_whole_N), np.flatnonzero(~is_whole_N)
    last_whole, last_edge = np.full(size, -1), np.full(size, -1)
    last_whole[pixels.where_N.take(whole)] = whole
    last_edge[pixels.where_N.take(edge)] = edge
    kept = last_whole[last_whole >= 0]
    over = last_edge[last_edge > last_whole]
    return pixels.chosen(np.concatenate([kept, over])), len(kept)


def _across(pixels: _Pixels, piece_N: Intp) -> Intp:
    """Index into the outlines' flat (P, S) arrays."""
    across_N = pixels.off_N / pixels.half_N
    across_N += np.float32(1.0)
    across_N *= np.float32(0.5 * ACROSS)
    np.clip(across_N, 0.0, ACROSS - 1.0, out=across_N)
    return across_N.astype(np.intp) + piece_N * ACROSS


def _covered(outlines: Outlines, height: int, width: int) -> _Pixels:
    """The pixels of every piece: all pixels of its rows, reduced to the covered ones."""
    piece_R, y_R, first_R, count_R = _rows(outlines, height, width)
    samples = outlines.half_PK.shape[1]
    dx_R = first_R - outlines.start_P2[:, 0].take(piece_R)
    dy_R = y_R - outlines.start_P2[:, 1].take(piece_R)
    along_x_R, along_y_R = outlines.along_P2.T.take(piece_R, axis=1)
    step_R = outlines.step_P.take(piece_R)
    sample_R = (dx_R * along_x_R + dy_R * along_y_R) / step_R + 0.5
    off_R = dy_R * along_x_R - dx_R * along_y_R
    start_R = np.cumsum(count_R) - count_R
    row_N = np.repeat(np.arange(len(count_R)), count_R)
    right_N = np.arange(len(row_N)) - start_R.take(row_N)
    right = right_N.astype(np.float32)
    sample_N = _float(along_x_R / step_R).take(row_N) * right
    sample_N += _float(sample_R).take(row_N)
    np.clip(sample_N, 0.0, samples - 1.0, out=sample_N)
    along_N = sample_N.astype(np.intp)
    along_N += (piece_R * samples).take(row_N)
    off_N = _float(-along_y_R).take(row_N) * right
    off_N += _float(off_R).take(row_N)
    off_N -= outlines.middle_PK.ravel().take(along_N)
    half_N = outlines.half_PK.ravel().take(along_N)
    cover_N = half_N - np.abs(off_N)
    cover_N += np.float32(0.5)
    where_N = (y_R * width + first_R).take(row_N) + right_N
    pixels = _Pixels(where_N, row_N, piece_R, along_N, off_N, half_N, cover_N)
    return pixels.chosen(np.flatnonzero(cover_N > 0.0))


def _float(values: Float64) -> Float32:
    return values.astype(np.float32)


def _rows(outlines: Outlines, height: int, width: int) -> tuple[Intp, Intp, Intp, Intp]:
    """Rows of pixels that pieces may cover: piece, y, first x and count, each (R,)."""
    box_P4 = outlines.box_P4
    top_P = np.maximum(box_P4[:, 1], 0)
    tall_P = np.maximum(np.minimum(box_P4[:, 3], height) - top_P, 0)
    piece_R = np.repeat(np.arange(len(tall_P)), tall_P)
    start_P = np.cumsum(tall_P) - tall_P
    y_R = np.arange(len(piece_R)) - (start_P - top_P).take(piece_R)
    # Between the two lines parallel to the axis that touch the piece's widest positions.
    low_P = (outlines.middle_PK - outlines.half_PK).min(axis=1) - 0.5
    high_P = (outlines.middle_PK + outlines.half_PK).max(axis=1) + 0.5
    along_x_P, along_y_P = outlines.along_P2.T
    slope_P = np.where(np.abs(along_y_P) < 1e-3, 1e-3, along_y_P)
    dy_R = y_R - outlines.start_P2[:, 1].take(piece_R)
    middle_R = along_x_P.take(piece_R) * dy_R
    edges_2R = (middle_R - np.stack([low_P, high_P]).take(piece_R, axis=1)) / slope_P.take(piece_R)
    edges_2R += outlines.start_P2[:, 0].take(piece_R)
    low_R = np.maximum(np.floor(edges_2R.min(axis=0)), np.maximum(box_P4[:, 0], 0).take(piece_R))
    high_R = np.minimum(
        np.ceil(edges_2R.max(axis=0)) + 1.0, np.minimum(box_P4[:, 2], width).take(piece_R)
    )
    count_R = np.maximum(high_R - low_R, 0.0).astype(np.intp)
    return piece_R, y_R, low_R.astype(np.intp), count_R


def _shade(
    rig: Rig,
    outlines: Outlines,
    along_N: Intp,
    across_N: Intp,
    piece_N: Intp,
    seed: int,
) -> Float32:
    """(N,) brightness of each pixel's surface: light, shadow at covered ends, creases."""
    shade_N = outlines.light_PS.ravel().take(across_N)
    shade_N *= outlines.dark_PK.ravel().take(along_N)
    samples = outlines.half_PK.shape[1]
    # Each piece uses another part of the creases; large pictures repeat them.
    shift_P = (seed + 7919 * outlines.piece_P) % 104729
    row_PK = (shift_P[:, None] + np.arange(samples)) % _FOLDS * _FOLDS
    column_PS = (shift_P // _FOLDS)[:, None] % (_FOLDS - ACROSS) + np.arange(ACROSS)
    crease_N = row_PK.ravel().take(along_N)
    crease_N += column_PS.ravel().take(across_N)
    folds_N = _folds().take(crease_N)
    folds_N *= rig.folds_P[outlines.piece_P].astype(np.float32).take(piece_N)
    folds_N += np.float32(1.0)
    shade_N *= folds_N
    return shade_N


@lru_cache(maxsize=1)
def _folds() -> Float32:
    """Creases of cloth: smooth noise of two sizes, about -1 to 1, flat (_FOLDS * _FOLDS,)."""
    noise = generator(0xF01D).standard_normal((_FOLDS, _FOLDS)).astype(np.float32)
    coarse = cv2.GaussianBlur(noise, (0, 0), sigmaX=9.0, sigmaY=5.0)
    fine = cv2.GaussianBlur(noise, (0, 0), sigmaX=5.0, sigmaY=1.8)
    folds = coarse / coarse.std() + 0.6 * fine / fine.std()
    return np.asarray(np.tanh(0.7 * folds), np.float32).ravel()
