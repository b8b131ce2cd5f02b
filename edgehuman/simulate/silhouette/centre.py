"""Size-normalised, centred masks: cut to the person's top and bottom, as gait recognition wants.

Axes: H row, W column.
"""

from __future__ import annotations

import cv2
import numpy as np

from edgehuman.records import Uint8

SIDE = 64


def centred(mask_HW: Uint8) -> Uint8:
    """A mask (0 or 255) as uint8 (64, 64): the person from top to bottom, and the median of the
    mass in the middle. Empty in, empty out.
    """
    made = np.zeros((SIDE, SIDE), np.uint8)
    left, top, width, height = cv2.boundingRect(mask_HW)
    if height == 0:
        return made
    wide = max(1, round(width * SIDE / height))
    cut_HW = mask_HW[top : top + height, left : left + width]
    scaled_HW = cv2.resize(cut_HW, (wide, SIDE), interpolation=cv2.INTER_AREA)
    _, white_HW = cv2.threshold(scaled_HW, 127, 255, cv2.THRESH_BINARY)
    mass_W = np.cumsum(cv2.reduce(white_HW, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0])
    middle = int(np.searchsorted(mass_W, 0.5 * mass_W[-1]))
    first = SIDE // 2 - middle
    begin, end = max(first, 0), min(first + wide, SIDE)
    made[:, begin:end] = white_HW[:, begin - first : end - first]
    return made
