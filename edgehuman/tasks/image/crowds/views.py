"""Parts and people of an augmented view, at the stride of a parser's answers.

    part_hw, who_hw = labels_in(parts, view, in_order(view.box_M4, view.kind_M), mirrored)

Labels are looked up at the centre of each cell, through the window and the mirror that made the
view; they are never scaled. Axes: h w rows and columns of cells, M people.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.frames.set import FrameParts
from edgehuman.data.image.set import IGNORE
from edgehuman.metrics.crowds.answers import STRIDE
from edgehuman.records import Bool, Index, Uint8
from edgehuman.tasks.image.detection.augment import View


def labels_in(
    parts: FrameParts, view: View, order_M: Index, mirrored: Sequence[int]
) -> tuple[Uint8, NDArray[np.int16]]:
    """Return the part of each cell, 255 where it is not labelled, and the place of its person among
    the boxes `order_M` of the view, from 1 on; 0: nobody's, or of nobody among them.

    Args:
        mirrored: of each part, that of the mirror image.
    """
    rows, columns = parts.part_HW.shape
    (x_w, is_x_w), (y_h, is_y_h) = columns_shown(view), rows_shown(view)
    is_there_hw = (is_y_h & (y_h < rows))[:, None] & is_x_w & (x_w < columns)
    x_w, y_h = np.clip(x_w, 0, columns - 1), np.clip(y_h, 0, rows - 1)
    part_hw = np.where(is_there_hw, parts.part_HW[y_h[:, None], x_w], 0).astype(np.uint8)
    if view.is_flipped:
        table = np.full(256, IGNORE, np.uint8)
        table[: len(mirrored)] = mirrored
        part_hw = table[part_hw]
    place_M = np.zeros(len(parts.people) + 1, np.int16)
    chosen_M = view.index_M[order_M]
    place_M[chosen_M + 1] = np.arange(1, len(chosen_M) + 1)
    who_HW = _people(parts)
    who_hw = np.where(is_there_hw, who_HW[y_h[:, None], x_w], 0)
    return part_hw, place_M[who_hw]


def columns_shown(view: View) -> tuple[Index, Bool]:
    """The frame's column at each cell, and whether the view shows it: beside the window is grey,
    and so is what the window has to the left of the frame. To its right columns go on.
    """
    width = view.image_HWC.shape[1]
    x_w = (np.arange(width // STRIDE) + 0.5) * STRIDE
    x_w = width - x_w if view.is_flipped else x_w
    in_window_w = (x_w - view.place.left) / view.place.scale_x
    return _looked_up(in_window_w, view.window.left, view.window.width)


def rows_shown(view: View) -> tuple[Index, Bool]:
    """The frame's row at each cell, likewise."""
    y_h = (np.arange(view.image_HWC.shape[0] // STRIDE) + 0.5) * STRIDE
    in_window_h = (y_h - view.place.top) / view.place.scale_y
    return _looked_up(in_window_h, view.window.top, view.window.height)


def _looked_up(in_window_K: NDArray[np.floating], begin: int, window: int) -> tuple[Index, Bool]:
    pixel_K = np.floor(in_window_K + begin).astype(np.int64)
    return pixel_K, (in_window_K >= 0) & (in_window_K < window) & (pixel_K >= 0)


def _people(parts: FrameParts) -> NDArray[np.uint16]:
    """The number of the person of every pixel of the frame, from 1 on."""
    who_HW = np.zeros(parts.part_HW.shape, np.uint16)
    for number, person in enumerate(parts.people, 1):
        x0, y0, x1, y1 = person.box
        who_HW[y0:y1, x0:x1][person.part_HW > 0] = number
    return who_HW
