"""A frame at a network's size: scaled as a whole, centred, the rest grey.

    input_HWC, place = fit(frame_HWC, 320, 416)
    box_K4 = place.to_frame(box_K4)          the network's boxes, in pixels of the frame

Boxes are x1, y1, x2, y2 in continuous pixels: pixel i covers i to i + 1, so a frame's box is
(0, 0, width, height). Axes: H height, W width, K boxes or points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Float32, Uint8

GREY = 114
"""The level of the border, as detectors of the YOLO family have it."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a frame lies in a network's input.

    Attributes:
        scale_x, scale_y: input pixels per frame pixel; they differ by rounding alone.
        left, top: the frame's corner in the input, pixels.
        height, width: of the frame, pixels.
    """

    scale_x: float
    scale_y: float
    left: int
    top: int
    height: int
    width: int

    def to_frame(self, box_K4: Float32) -> Float32:
        """Boxes (K, 4), or points (K, 2), of the input, in pixels of the frame, not clipped."""
        shift, scale = self._along(box_K4.shape[-1])
        return np.asarray((box_K4 - shift) / scale, np.float32)

    def to_input(self, box_K4: Float32) -> Float32:
        """Boxes (K, 4), or points (K, 2), of the frame, in pixels of the input."""
        shift, scale = self._along(box_K4.shape[-1])
        return np.asarray(box_K4 * scale + shift, np.float32)

    def _along(self, columns: int) -> tuple[Float32, Float32]:
        shift = np.tile(np.array((self.left, self.top), np.float32), columns // 2)
        return shift, np.tile(np.array((self.scale_x, self.scale_y), np.float32), columns // 2)


def fit(
    frame_HWC: Uint8, height: int, width: int, centred: bool = True, level: int = GREY
) -> tuple[Uint8, Letterbox]:
    """Scale a frame (H, W, 3) into (height, width, 3) without changing its shape.

    Args:
        centred: whether the rest is shared by both sides; else it is at the right and the bottom.
        level: of the rest.

    Returns:
        The input, and where the frame lies in it.
    """
    rows, columns = frame_HWC.shape[:2]
    scale = min(height / rows, width / columns)
    tall = min(height, max(1, round(rows * scale)))
    wide = min(width, max(1, round(columns * scale)))
    top, left = ((height - tall) // 2, (width - wide) // 2) if centred else (0, 0)
    place = Letterbox(wide / columns, tall / rows, left, top, rows, columns)
    if (tall, wide) == (height, width):
        return resize(frame_HWC, height, width), place
    input_HWC = np.full((height, width, 3), level, np.uint8)
    input_HWC[top : top + tall, left : left + wide] = resize(frame_HWC, tall, wide)
    return input_HWC, place
