"""Masks of a person to records: uint8 64x64, 0 or 255, size-normalised and centred.

    record_HW = normalise(mask_HW)                    a mask of any size
    records_THW = normalise_walk(masks_THW)           every frame of a walk
    records_KHW, kept_K, why = usable(masks)          without the frames that show nobody

The person's height is scaled to 64 rows, and the column that halves the white pixels is put into
the middle, as in the preprocessing of GaitSet (Chao et al., AAAI 2019) and OpenGait. Training and
device both read masks with this file. Axes: T frames, K of them, H and W pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.screen import mask_mistake
from edgehuman.records import Index, Uint8

SIDE = 64
_THRESHOLD = 127
# A mask wider than this many heights is cut around the person before it is resized.
_WIDEST = 16
# Of a picture: colours and transparency.
_PLANES = 4


def one_channel(image: NDArray[Any], name: str = "the mask") -> Uint8:
    """A mask (H, W) of an image: True and False, 0 and 1, or 0 to 255, also with a darker white;
    grey stored as colour too.

    Raises:
        DataError: a colour picture, or not an image.
    """
    if image.dtype == np.bool_:
        image = image.astype(np.uint8)
    planes = image.shape[2:] or (1,)
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or not image.size or planes[0] > _PLANES:
        raise DataError(
            f"{name} is {image.dtype} {image.shape}; a mask is uint8 (height, width), white on "
            "black"
        )
    if image.ndim == 3:
        grey = image[..., 0]
        if (image[..., :3] != grey[..., None]).any():
            raise DataError(
                f"{name} is a colour picture; a mask is white (the person) on black. Give the "
                "masks, or make them with a segmenter first"
            )
        image = grey
    return full_white(image)


def full_white(image: Uint8) -> Uint8:
    """Masks whose white is 1, or a grey over 127, in 0 and 255; others stay as they are."""
    most = int(image.max(initial=0))
    if most == 1:
        return image * np.uint8(255)
    if _THRESHOLD < most < 255:
        return np.where(image > _THRESHOLD, np.uint8(255), np.uint8(0))
    return image


def normalise(mask_HW: NDArray[Any], binary: bool = True) -> Uint8:
    """The record (64, 64) of a mask (H, W) of any size.

    Args:
        binary: whether to make every pixel 0 or 255; else the edges stay grey, as in the files that
            OpenGait prepares.

    Raises:
        DataError: nobody in the mask, a white background, or not a mask (see `one_channel`).
    """
    mask_HW = one_channel(mask_HW)
    mistake = mask_mistake(mask_HW)
    if mistake is not None:
        raise DataError(f"the mask {mistake}")
    return _normalised(mask_HW, binary)


def normalise_walk(
    masks: NDArray[Any] | Sequence[NDArray[Any]], binary: bool = True, name: str = "the walk"
) -> Uint8:
    """The records (T, 64, 64) of every mask of a walk.

    Raises:
        DataError: no frames; or as `normalise`, with the number of the frame.
    """
    records_KHW, kept_K, why = usable(masks, binary)
    if why or not len(kept_K):
        said = f"frame {min(why)} {why[min(why)]}" if why else "has no frames"
        more = f"; so do {len(why) - 1} more frames" if len(why) > 1 else ""
        raise DataError(f"{name}: {said}{more}")
    return records_KHW


def usable(
    masks: Iterable[NDArray[Any]], binary: bool = True
) -> tuple[Uint8, Index, dict[int, str]]:
    """Records of the masks that show a person.

    Returns:
        records (K, 64, 64); the frame of each (K,); what is wrong with the other frames.

    Raises:
        DataError: not masks (see `one_channel`).
    """
    records: list[Uint8] = []
    kept: list[int] = []
    why: dict[int, str] = {}
    for number, image in enumerate(masks):
        mask_HW = one_channel(image, f"frame {number}")
        mistake = mask_mistake(mask_HW)
        if mistake is not None:
            why[number] = mistake
            continue
        records.append(_normalised(mask_HW, binary))
        kept.append(number)
    records_KHW = np.stack(records) if records else np.empty((0, SIDE, SIDE), np.uint8)
    return records_KHW, np.array(kept, np.int64), why


def _normalised(mask_HW: Uint8, binary: bool) -> Uint8:
    """Cut to the person's height, resize, centre, and cut or pad to the width."""
    import cv2

    row_H = np.flatnonzero(mask_HW.max(axis=1))
    cut_HW = mask_HW[row_H[0] : row_H[-1] + 1]
    height, width = cut_HW.shape
    if width > _WIDEST * height:
        cut_HW = _narrowed(cut_HW)
        width = cut_HW.shape[1]
    size = (max(int(SIDE * width / height), 1), SIDE)
    sized_HW = cv2.resize(cut_HW, size, interpolation=cv2.INTER_CUBIC)
    middle = _middle(sized_HW)
    # Column `middle` becomes column 32.
    left = middle - SIDE // 2
    record_HW = np.zeros((SIDE, SIDE), np.uint8)
    first, last = max(left, 0), min(left + SIDE, size[0])
    record_HW[:, first - left : last - left] = sized_HW[:, first:last]
    if binary:
        cv2.threshold(record_HW, _THRESHOLD, 255, cv2.THRESH_BINARY, dst=record_HW)
    return record_HW


def _narrowed(cut_HW: Uint8) -> Uint8:
    """Cut to the person's columns and, of a line that no person is, to its middle: a strip of few
    rows would be scaled to millions of columns.
    """
    column_W = np.flatnonzero(cut_HW.max(axis=0))
    cut_HW = cut_HW[:, column_W[0] : column_W[-1] + 1]
    height, width = cut_HW.shape
    if width <= _WIDEST * height:
        return cut_HW
    first = max(_middle(cut_HW) - _WIDEST * height // 2, 0)
    return cut_HW[:, first : first + _WIDEST * height]


def _middle(mask_HW: NDArray[Any]) -> int:
    """The column that halves the white."""
    total_W = mask_HW.sum(axis=0, dtype=np.int64).cumsum()
    return int(np.searchsorted(total_W, total_W[-1] / 2, side="right"))
