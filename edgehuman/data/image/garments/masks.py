"""Masks as COCO's files state them: polygons, and run lengths, counted or packed into text.

    mask = mask_of(segmentation, (height, width))

Polygons are rasterised by pycocotools, as COCO's evaluation does. Axes: H height, W width.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from edgehuman.errors import ImageError
from edgehuman.install import not_installed
from edgehuman.metrics.crowds.people import PersonParts, person_of
from edgehuman.reading.parsers import foreign
from edgehuman.reading.values import shown
from edgehuman.records import Float32

_FEWEST = 6  # numbers of a polygon: three corners
_FAR = 1e6


def fault_in(segmentation: Any, size: tuple[int, int]) -> str:
    """What is wrong with a mask of a picture of this height and width; "": nothing.

    A mask of no polygons is right: what it is of is hidden.
    """
    if isinstance(segmentation, list):
        return next((said for each in segmentation if (said := _fault_of(each))), "")
    if not isinstance(segmentation, dict):
        return f"its mask is {shown(segmentation)}, neither polygons nor run lengths"
    counts, stated = segmentation.get("counts"), segmentation.get("size")
    if stated != list(size):
        return f"its mask is of {shown(stated)} pixels, height first, and its picture of {[*size]}"
    if isinstance(counts, str):
        return ""
    if not isinstance(counts, list) or not all(_is_count(each) for each in counts):
        return f"the run lengths of its mask are {shown(counts)}; they must be whole numbers"
    if sum(counts) != size[0] * size[1]:
        return (
            f"the run lengths of its mask are of {sum(counts)} pixels, and its picture has "
            f"{size[0] * size[1]}"
        )
    return ""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _FAR**2


def _fault_of(polygon: Any) -> str:
    try:
        numbers = np.array(polygon, np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.zeros((0, 0))
    fits = numbers.ndim == 1 and numbers.size >= _FEWEST and numbers.size % 2 == 0
    if fits and (np.abs(numbers) < _FAR).all():
        return ""
    return f"{shown(polygon)} is no polygon; it must be x, y of three corners or more, in pixels"


def extent_of(segmentation: Any) -> Float32 | None:
    """The box around polygons, x1, y1, x2, y2; None of run lengths and of none."""
    if not isinstance(segmentation, list) or not segmentation:
        return None
    corner_K2 = np.concatenate([np.array(each, np.float32) for each in segmentation]).reshape(-1, 2)
    return np.asarray(np.concatenate((corner_K2.min(axis=0), corner_K2.max(axis=0))), np.float32)


def packed(segmentation: Any) -> Any:
    """The same mask, in which `fault_in` finds nothing wrong, its polygons in an eighth of the
    memory that lists of Python's numbers take.
    """
    if isinstance(segmentation, list):
        return [np.array(each, np.float64) for each in segmentation]
    return segmentation


def mask_of(segmentation: Any, size: tuple[int, int], where: str) -> PersonParts:
    """The mask of a picture of this height and width, in which `fault_in` finds nothing wrong.

    Args:
        where: for the message.

    Raises:
        ImageError: run lengths in text that are none.
        MissingDependencyError: pycocotools is not installed.
    """
    if isinstance(segmentation, list) and not segmentation:
        return PersonParts(0, 0, np.zeros((0, 0), np.uint8))
    try:
        from pycocotools import mask as of_coco
    except ImportError:
        raise not_installed("pycocotools", "masks of polygons and run lengths") from None
    try:
        with warnings.catch_warnings(), foreign():
            warnings.simplefilter("ignore", DeprecationWarning)  # of NumPy 2, about its arrays
            rows = segmentation
            if isinstance(rows, list):
                rows = of_coco.merge(of_coco.frPyObjects(rows, *size))
            elif isinstance(rows["counts"], list):
                rows = of_coco.frPyObjects(rows, *size)
            mask_HW = np.asarray(of_coco.decode(rows), np.uint8)
    except ValueError as error:
        raise ImageError(f"{where}: its mask cannot be read ({error}); copy it again") from None
    if mask_HW.shape != size:
        raise ImageError(f"{where}: its mask is of {mask_HW.shape} pixels, its picture of {size}")
    return person_of(mask_HW, mask_HW > 0)
