"""Mistakes in masks and in records of silhouettes, in words that follow their name.

Axes: S frames, H and W pixels.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Bool, Float64, Index, Uint8

# Fewer white pixels than this show nobody: 10000 / 255, as in GaitSet's preprocessing.
MIN_PIXELS = 40
_WHITE = 127
# A person touches the edge of a mask with the head, the feet or an arm; a background is most of it.
_BORDER_WHITE = 0.5
# Of the body, this share may be holes: between the arms and the trunk there is less.
MOST_HOLES = 0.08
# Rows that the person fills, of 64, and how far from the middle column half of the body may lie.
_LEAST_ROWS, _FARTHEST = 60, 4

EMPTY = "shows nobody (it is black); remove the frame, or segment it again"
GREY = (
    "has no white in it, only values up to 127; a mask is 255 (the person) on 0: set the person's "
    "pixels to 255"
)
INVERTED = (
    "has a white background; the person must be white on black: invert it with cv2.bitwise_not"
)


def mask_mistake(mask_HW: Uint8) -> str | None:
    """What makes a mask of any size useless; None if nothing does."""
    import cv2

    height, width = mask_HW.shape
    white = int(cv2.countNonZero(mask_HW))
    if white < MIN_PIXELS:
        return EMPTY
    if np.count_nonzero(mask_HW > _WHITE) < MIN_PIXELS:
        return GREY
    if 2 * white < min(height, width):  # too few to fill half of the border
        return None
    border = sum(
        int(np.count_nonzero(edge > _WHITE))
        for edge in (mask_HW[0], mask_HW[-1], mask_HW[:, 0], mask_HW[:, -1])
    )
    return INVERTED if border > _BORDER_WHITE * 2 * (height + width) else None


def is_cut(mask_HW: Uint8) -> bool:
    """Whether the person reaches the lower, the left or the right edge of a mask of any size, where
    a part of the body is likely to be missing. Of masks that somebody has cut to the person, such
    as records, nothing is known: there the person reaches the upper edge, too.
    """
    white_HW = mask_HW > _WHITE
    if white_HW[0].any():
        return False
    return bool(white_HW[-1].any() or white_HW[:, 0].any() or white_HW[:, -1].any())


def is_empty(silhouette_SHW: Uint8) -> Bool:
    """(S,) records that show nobody."""
    empty: Bool = _white(silhouette_SHW).sum(axis=(1, 2)) < MIN_PIXELS
    return empty


def is_inverted(silhouette_SHW: Uint8) -> Bool:
    """(S,) records with a white background."""
    white = _white(silhouette_SHW)
    edges = (white[:, 0], white[:, -1], white[:, :, 0], white[:, :, -1])
    inverted: Bool = np.mean([edge.mean(axis=1) for edge in edges], axis=0) > _BORDER_WHITE
    return inverted


def is_unsized(silhouette_SHW: Uint8) -> Bool:
    """(S,) records whose person does not fill the 64 rows, or is not in the middle."""
    white = _white(silhouette_SHW)
    row_SH: Bool = np.asarray(white.any(axis=2))
    rows_S = row_SH.shape[1] - row_SH.argmax(axis=1) - row_SH[:, ::-1].argmax(axis=1)
    unsized: Bool = (rows_S < _LEAST_ROWS) | (np.abs(_middle(white) - 32) > _FARTHEST)
    return unsized & ~is_empty(silhouette_SHW)


def _middle(white_SHW: Bool) -> Index:
    """(S,) the column that halves the white pixels."""
    total_SW = white_SHW.sum(axis=1).cumsum(axis=1)
    middle: Index = (2 * total_SW > total_SW[:, -1:]).argmax(axis=1)
    return middle


def _white(silhouette_SHW: Uint8) -> Bool:
    white: Bool = silhouette_SHW > _WHITE
    return white


def hole_share(silhouette_SHW: Uint8) -> Float64:
    """(S,) area of the black spots inside the person, relative to the person's area."""
    import cv2

    shares = np.zeros(len(silhouette_SHW))
    for i, frame in enumerate(silhouette_SHW):
        # A black margin, so that the background is one area that begins in the corner.
        padded = np.zeros((frame.shape[0] + 2, frame.shape[1] + 2), np.uint8)
        padded[1:-1, 1:-1] = frame > _WHITE
        white = int(np.count_nonzero(padded))
        cv2.floodFill(padded, None, (0, 0), 1)
        shares[i] = (padded.size - np.count_nonzero(padded)) / max(white, 1)
    return shares
