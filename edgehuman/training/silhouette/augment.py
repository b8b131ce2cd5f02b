"""Augmentations of silhouette sequences: one draw for a sequence, the same in all its frames.

Kinds: Table 6 of the diffusion paper (OpenReview r4GxmIBDbO), which are those of GaitSSB (Fan et
al., 2023): random affine, perspective, horizontal flip, dilated part, blurred part. `GAITBASE` are
those of GaitBase, with a rotation. Ranges are those of OpenGait.

OpenGait cuts 64 columns to the middle 44 after affine and perspective. What follows acts on those
44 here too: a part outside cannot grow into them, and a blur is mirrored at their edges. The 20
outer columns stay in the result, for the network to cut.

Axes: T frame, H row, W column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.config import require
from edgehuman.records import Float64, Uint8

SIDE = 64
# Columns that networks read: 10 are cut from each side.
CUT = slice(10, 54)
# How far control points move, pixels; rows of a part begin and end in these ranges, both included.
_MOVE_PX = 10
_TOP, _BOTTOM = (9, 20), (39, 50)
_ROTATE_DEG = 10.0
# A blurred pixel of 0..1 is white above 0.2.
_BLUR_LIMIT = 51
_KERNELS: tuple[tuple[int, tuple[int, int]], ...] = (
    *((cv2.MORPH_RECT, size) for size in ((5, 3), (5, 5), (3, 5))),
    *((cv2.MORPH_CROSS, size) for size in ((3, 3), (3, 5), (5, 3))),
    *((cv2.MORPH_ELLIPSE, size) for size in ((3, 3), (3, 5), (5, 3))),
)


@dataclass(frozen=True, slots=True)
class Draw:
    """What happens to a sequence; None: nothing of the kind.

    Attributes:
        affine: (2, 3), of the whole picture.
        perspective: (3, 3), of the whole picture.
        flip: whether left and right are swapped.
        rotate: (2, 3), of the middle columns.
        dilate: first row, row after the last, and index of a kernel.
        blur: first row, row after the last.
    """

    affine: Float64 | None = None
    perspective: Float64 | None = None
    flip: bool = False
    rotate: Float64 | None = None
    dilate: tuple[int, int, int] | None = None
    blur: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Augment:
    """Share of the sequences that each augmentation is applied to.

    Attributes:
        affine: moves three corners by up to 9 pixels, before and after.
        perspective: brings either side in by up to 9 pixels, above and below.
        flip: mirrors.
        dilate: widens the rows between head and knees.
        blur: smooths the same rows, and makes them black and white again.
        rotate: by up to 10 degrees.
    """

    affine: float = 0.2
    perspective: float = 0.2
    flip: float = 0.5
    dilate: float = 0.2
    blur: float = 0.2
    rotate: float = 0.0

    def __post_init__(self) -> None:
        names = ("affine", "perspective", "flip", "dilate", "blur", "rotate")
        require(self, ((0 <= getattr(self, n) <= 1, n, "a share from 0 to 1") for n in names))

    def __call__(self, silhouette_THW: Uint8, rng: np.random.Generator) -> Uint8:
        """Augment a sequence uint8 (T, 64, 64); the result is new, its edges may be grey."""
        return augment(silhouette_THW, self.draw(rng))

    def made(self, silhouette_THW: Uint8, draw: Draw) -> Uint8:
        """Return a sequence uint8 (T, 64, 64) with that draw."""
        return augment(silhouette_THW, draw)

    def draw(self, rng: np.random.Generator) -> Draw:
        """Draw what happens to a sequence."""
        return Draw(
            affine=_affine(rng) if rng.random() < self.affine else None,
            perspective=_perspective(rng) if rng.random() < self.perspective else None,
            flip=rng.random() < self.flip,
            rotate=_rotation(rng) if rng.random() < self.rotate else None,
            dilate=_dilation(rng) if rng.random() < self.dilate else None,
            blur=_rows(rng) if rng.random() < self.blur else None,
        )


# Of GaitBase in OpenGait; the default is Table 6.
GAITBASE = Augment(affine=0.0, perspective=0.2, flip=0.2, dilate=0.0, blur=0.0, rotate=0.2)
NONE = Augment(affine=0.0, perspective=0.0, flip=0.0, dilate=0.0, blur=0.0)


def augment(silhouette_THW: Uint8, draw: Draw) -> Uint8:
    """Apply a draw to a sequence uint8 (T, 64, 64): the same in every frame."""
    assert silhouette_THW.shape[1:] == (SIDE, SIDE), silhouette_THW.shape
    made_THW = silhouette_THW
    if draw.affine is not None:
        made_THW = _warped(made_THW, cv2.warpAffine, draw.affine)
    if draw.perspective is not None:
        made_THW = _warped(made_THW, cv2.warpPerspective, draw.perspective)
    made_THW = np.array(made_THW[:, :, ::-1] if draw.flip else made_THW, order="C")
    if draw.rotate is not None:
        made_THW[:, :, CUT] = _warped(made_THW[:, :, CUT], cv2.warpAffine, draw.rotate)
    if draw.dilate is not None:
        _dilate(made_THW, *draw.dilate)
    if draw.blur is not None:
        _blur(made_THW, *draw.blur)
    return made_THW


def _affine(rng: np.random.Generator) -> Float64:
    """Three corners, each moved inwards before and after."""
    points = []
    for _ in range(2):
        x, y = rng.integers(0, _MOVE_PX, (2, 3)).astype(np.float32)
        points.append(np.stack([np.array([x[0], SIDE - x[1], x[2]]), [y[0], y[1], SIDE - y[2]]], 1))
    return np.asarray(cv2.getAffineTransform(*(p.astype(np.float32) for p in points)))


def _perspective(rng: np.random.Generator) -> Float64:
    """Left edge from 0..9 and right edge from 54..63, above and below, to the whole width."""
    left, right = rng.integers(0, _MOVE_PX, 2), rng.integers(SIDE - _MOVE_PX, SIDE, 2)
    source = [(left[0], 0), (right[0], 0), (right[1], SIDE), (left[1], SIDE)]
    target = [(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)]
    made = cv2.getPerspectiveTransform(np.array(source, np.float32), np.array(target, np.float32))
    return np.asarray(made)


def _rotation(rng: np.random.Generator) -> Float64:
    """About the middle of the middle columns."""
    angle_deg = float(rng.uniform(-_ROTATE_DEG, _ROTATE_DEG))
    middle = (0.5 * (CUT.stop - CUT.start - 1), 0.5 * (SIDE - 1))
    return np.asarray(cv2.getRotationMatrix2D(middle, angle_deg, 1.0))


def _rows(rng: np.random.Generator) -> tuple[int, int]:
    top, bottom = rng.integers(*_TOP, endpoint=True), rng.integers(*_BOTTOM, endpoint=True)
    return int(top), int(bottom)


def _dilation(rng: np.random.Generator) -> tuple[int, int, int]:
    """Rows, and a kernel: first its shape, then its size."""
    rows = _rows(rng)
    return *rows, int(3 * rng.integers(3) + rng.integers(3))


def _warped(silhouette_THW: Uint8, warp: Any, matrix: NDArray[Any]) -> Uint8:
    """Every frame through the same warp."""
    made_THW = np.empty(silhouette_THW.shape, np.uint8)
    size = (silhouette_THW.shape[2], silhouette_THW.shape[1])
    for frame_HW, made_HW in zip(silhouette_THW, made_THW, strict=True):
        warp(frame_HW, matrix, size, dst=made_HW)
    return made_THW


def _dilate(silhouette_THW: Uint8, top: int, bottom: int, kernel: int) -> None:
    """Dilate rows, in place: frames stand above each other, black between them, in one call."""
    shape, size = _KERNELS[kernel]
    part_THW = silhouette_THW[:, top:bottom, CUT]
    black = size[1] // 2
    tall_THW = np.zeros((len(part_THW), bottom - top + black, part_THW.shape[2]), np.uint8)
    tall_THW[:, black:] = part_THW
    made = cv2.dilate(_stacked(tall_THW), cv2.getStructuringElement(shape, size))
    part_THW[:] = made.reshape(tall_THW.shape)[:, black:]


def _blur(silhouette_THW: Uint8, top: int, bottom: int) -> None:
    """Blur rows with 1 2 1 both ways, mirrored at the edges, and binarise them, in place."""
    part_THW = silhouette_THW[:, top:bottom, CUT]
    tall_THW = np.empty((len(part_THW), bottom - top + 2, part_THW.shape[2]), np.uint8)
    tall_THW[:, 1:-1] = part_THW
    tall_THW[:, 0], tall_THW[:, -1] = part_THW[:, 1], part_THW[:, -2]
    grey = cv2.GaussianBlur(_stacked(tall_THW), (3, 3), 0)
    _, made = cv2.threshold(grey, _BLUR_LIMIT, 255, cv2.THRESH_BINARY)
    part_THW[:] = made.reshape(tall_THW.shape)[:, 1:-1]


def _stacked(tall_THW: Uint8) -> Uint8:
    return tall_THW.reshape(-1, tall_THW.shape[2])
