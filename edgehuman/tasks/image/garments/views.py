"""Garments of an augmented view: boxes, labels, attributes, and masks at the stride of the answers.

    box_M4, kind_M, label_M, attribute_MA, mask_Mhw = garments_in(garments, view)

Masks are looked up at the centre of each cell, through the window and the mirror that made the
view; they are never scaled. Axes: M things, A attributes, h w rows and columns of cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from edgehuman.data.image.frames.set import FrameGarments, People
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.records import Bool, Float32, Index, Uint8
from edgehuman.tasks.image.crowds.views import columns_shown, rows_shown
from edgehuman.tasks.image.detection.augment import IGNORED, PERSON, View, in_order

MOST_THINGS = 128
"""Of a view; the largest, if there are more."""
# What is less than so many pixels of a view along a side teaches nothing.
_SMALLEST_PX = 4.0


class GarmentTargets(NamedTuple):
    """What a view holds, padded to `MOST_THINGS`.

    Attributes:
        box_M4, kind_M: as of people in `detection.augment`.
        label_M: 0: a person. attribute_MA: uint8, which attributes each has.
        mask_Mhw: uint8, 1 where each is seen; 0 everywhere, where that is not known.
    """

    box_M4: Float32
    kind_M: Uint8
    label_M: Index
    attribute_MA: Uint8
    mask_Mhw: Uint8


def boxes_of(garments: FrameGarments) -> People:
    """All things of a frame as boxes, for `draw_view`."""
    return People(garments.box_M4, garments.ignore_M)


def garments_in(garments: FrameGarments, view: View) -> GarmentTargets:
    """Return what a view holds."""
    side_M = (view.box_M4[:, 2:] - view.box_M4[:, :2]).min(axis=1, initial=np.inf)
    is_tiny_M = (side_M < _SMALLEST_PX) & (view.kind_M == PERSON)
    kind_M = np.where(is_tiny_M, IGNORED, view.kind_M).astype(np.uint8)
    order_M = in_order(view.box_M4, kind_M, MOST_THINGS)
    index_M = view.index_M[order_M]
    found = GarmentTargets(
        view.box_M4[order_M],
        kind_M[order_M],
        garments.label_M[index_M],
        garments.attribute_MA[index_M].astype(np.uint8),
        _masks([garments.masks[index] for index in index_M.tolist()], view),
    )
    missing = MOST_THINGS - len(order_M)
    padded: list[Any] = [
        np.pad(each, ((0, missing), *((0, 0),) * (each.ndim - 1))) for each in found
    ]
    return GarmentTargets(*padded)


def _masks(masks: list[PersonParts | None], view: View) -> Uint8:
    """Where each is seen, (M, h, w), in cells of the view."""
    x_w, is_x_w = columns_shown(view)
    y_h, is_y_h = rows_shown(view)
    mask_Mhw = np.zeros((len(masks), len(y_h), len(x_w)), np.uint8)
    for mask_hw, mask in zip(mask_Mhw, masks, strict=True):
        if mask is not None and mask.part_HW.size:
            x0, y0, x1, y1 = mask.box
            across_w = is_x_w & (x_w >= x0) & (x_w < x1)
            down_h = is_y_h & (y_h >= y0) & (y_h < y1)
            place = np.ix_(_where(down_h), _where(across_w))
            mask_hw[place] = mask.part_HW[np.ix_(y_h[down_h] - y0, x_w[across_w] - x0)] > 0
    return mask_Mhw


def _where(is_there: Bool) -> Index:
    return np.flatnonzero(is_there).astype(np.int64)
