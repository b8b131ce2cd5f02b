"""A square of a frame, which may be turned and may leave the frame, as a network's input.

Square(centre x, y, side, angle) in continuous pixels of the frame; the angle in radians, clockwise
as pictures have it (y down): the square's own right is (cos, sin) of the frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Float32, Uint8


@dataclass(frozen=True, slots=True)
class Square:
    """Attributes:
    x, y: its centre; side: its length; pixels of the frame.
    angle_rad: how far it is turned.
    """

    x: float
    y: float
    side: float
    angle_rad: float = 0.0

    def to_frame(self, point_K2: NDArray[Any]) -> Float32:
        """Points (K, 2) of the square, 0 to 1 along its sides, in pixels of the frame."""
        cosine, sine = math.cos(self.angle_rad), math.sin(self.angle_rad)
        own_K2 = (np.asarray(point_K2, np.float64) - 0.5) * self.side
        x_K = self.x + own_K2[:, 0] * cosine - own_K2[:, 1] * sine
        y_K = self.y + own_K2[:, 0] * sine + own_K2[:, 1] * cosine
        return np.stack((x_K, y_K), axis=1).astype(np.float32)

    def cut(self, frame_HWC: Uint8, side: int, border: int = 0) -> Uint8:
        """The square as (side, side, 3); what lies outside the frame has the border's level."""
        import cv2

        frame_HWC, scale_x, scale_y = _shrunk(frame_HWC, self.side / (2 * side))
        matrix_23 = self._matrix(side) @ np.diag((1 / scale_x, 1 / scale_y, 1.0))
        # OpenCV counts from the first pixel's centre.
        matrix_23[:, 2] += 0.5 * (matrix_23[:, 0] + matrix_23[:, 1]) - 0.5
        cut = cv2.warpAffine(
            frame_HWC, matrix_23, (side, side), flags=cv2.INTER_LINEAR, borderValue=(border,) * 3
        )
        return np.asarray(cut, np.uint8)

    def paste(self, value_SS: Float32, height: int, width: int) -> Float32:
        """Values (S, S) of the square on a frame of this size; zero outside the square."""
        import cv2

        matrix_23 = self._matrix(len(value_SS))
        matrix_23[:, 2] += 0.5 * (matrix_23[:, 0] + matrix_23[:, 1]) - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        pasted_HW = cv2.warpAffine(value_SS, matrix_23, (width, height), flags=flags)
        return np.asarray(pasted_HW, np.float32)

    def _matrix(self, side: int) -> NDArray[np.float64]:
        """From pixels of the frame to those of the cut, (2, 3)."""
        scale = side / self.side
        cosine, sine = scale * math.cos(self.angle_rad), scale * math.sin(self.angle_rad)
        return np.array(
            (
                (cosine, sine, side / 2 - cosine * self.x - sine * self.y),
                (-sine, cosine, side / 2 + sine * self.x - cosine * self.y),
            )
        )


def around(box_4: Sequence[float] | Float32, margin: float) -> Square:
    """The upright square about a box: its longer side times the margin."""
    x0, y0, x1, y1 = (float(each) for each in box_4)
    side = max(1.0, max(x1 - x0, y1 - y0) * margin)
    return Square((x0 + x1) / 2, (y0 + y1) / 2, side)


def box_of(point_K2: Float32) -> Float32:
    """The box around points (K, 2); at least a pixel each way."""
    low_2, high_2 = point_K2.min(axis=0), point_K2.max(axis=0)
    return np.asarray(np.concatenate((low_2, np.maximum(high_2, low_2 + 1))), np.float32)


def box_of_mask(mask_HW: NDArray[np.bool_]) -> Float32:
    """The tight box of a mask that has pixels."""
    x_K, y_K = np.flatnonzero(mask_HW.any(axis=0)), np.flatnonzero(mask_HW.any(axis=1))
    return np.array((x_K[0], y_K[0], x_K[-1] + 1, y_K[-1] + 1), np.float32)


def _shrunk(frame_HWC: Uint8, factor: float) -> tuple[Uint8, float, float]:
    """The frame shrunk by a factor above 1, as interpolation alone would cause aliasing; and the
    pixels of the frame per pixel of it, along x and y.
    """
    if factor <= 1.0:
        return frame_HWC, 1.0, 1.0
    height, width = frame_HWC.shape[:2]
    rows, columns = max(1, round(height / factor)), max(1, round(width / factor))
    return resize(frame_HWC, rows, columns), columns / width, rows / height
