"""Size-normalised, centred masks: cut to the person's top and bottom, as gait recognition wants.

Axes: H row, W column.
"""

from __future__ import annotations

import cv2
import numpy as np

from edgehuman.records import Uint8

SIDE = 64


def centred(mask_HW: Uint8) -> Uint8:
    """A mask (0 or 255) as uint8 (64, 64): the person from top to bottom, and the column that
    halves the mass in column 32. Empty in, empty out. The same rule as `preprocess.silhouette`.
    """
    made_HW = np.zeros((SIDE, SIDE), np.uint8)
    _, top, _, height = cv2.boundingRect(mask_HW)
    if height == 0:
        return made_HW
    wide = max(1, int(mask_HW.shape[1] * SIDE / height))
    cut_HW = mask_HW[top : top + height]
    scaled_HW = cv2.resize(cut_HW, (wide, SIDE), interpolation=cv2.INTER_CUBIC)
    mass_W = np.cumsum(cv2.reduce(scaled_HW, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0])
    left = int(np.searchsorted(mass_W, 0.5 * mass_W[-1], side="right")) - SIDE // 2
    first, last = max(left, 0), min(left + SIDE, wide)
    made_HW[:, first - left : last - left] = scaled_HW[:, first:last]
    cv2.threshold(made_HW, 127, 255, cv2.THRESH_BINARY, dst=made_HW)
    return made_HW
