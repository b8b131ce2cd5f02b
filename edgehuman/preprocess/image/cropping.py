"""Where one person is cut out of an image, which the crop may leave.

    crop_HWC = padded(image_HWC, person_box(box, *image_HWC.shape[:2], shape=0.75, margin=0.125))

Boxes are (x0, y0, x1, y1), pixels from the upper left corner of the image. Axes: H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.preprocess.image.pixels import HEIGHT, WIDTH, Box, clip_box, whole_pixels
from edgehuman.records import Uint8

MARGIN = 0.125
"""Share of a person's box added on every side, in training and on a device: 1.25 times the box."""


def padded(image_HWC: Uint8, box: Sequence[float], fill: int | None = None) -> Uint8:
    """The part of an image (H, W, 3), or of a map (H, W), in a box that may leave it.

    Args:
        fill: value beyond the edges; None: the edge goes on.

    Raises:
        DataError: see `clip_box`.
    """
    import cv2

    height, width = image_HWC.shape[:2]
    x0, y0, x1, y1 = clip_box(box, height, width)
    left, top, right, bottom = whole_pixels(box)
    part_HWC = image_HWC[y0:y1, x0:x1]
    beyond = y0 - top, bottom - y1, x0 - left, right - x1
    if not any(beyond):
        return part_HWC
    mode = cv2.BORDER_REPLICATE if fill is None else cv2.BORDER_CONSTANT
    return np.asarray(cv2.copyMakeBorder(part_HWC, *beyond, mode, value=fill or 0), np.uint8)


def person_box(
    box: Sequence[float], height: int, width: int, shape: float = WIDTH / HEIGHT, margin: float = 0
) -> Box:
    """Grow a person's box about its centre to the shape of the crop, so that resizing does not
    stretch it and the person is in the middle. It may leave the image; see `padded`.

    Only a side that would be more than twice as long as the image's is no longer, and the crop is
    stretched.

    Args:
        box: (x0, y0, x1, y1) around the person, pixels; clipped first.
        height, width: of the image.
        shape: width over height of the crop.
        margin: share of the box added on every side.

    Raises:
        DataError: see `clip_box`.
    """
    x0, y0, x1, y1 = clip_box(box, height, width)
    wide, high = (x1 - x0) * (1 + 2 * margin), (y1 - y0) * (1 + 2 * margin)
    wide, high = max(wide, high * shape), max(high, wide / shape)
    wide, high = min(wide, 2 * width), min(high, 2 * height)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
