"""The parts of one person in a picture, and how far two people agree part by part.

    iou_GC = class_ious(found, people, num_classes=20, pixels=height * width)

A person's map covers a rectangle of the picture; outside it, and where it is 0, nothing is this
person's. The background counts as a class, over the whole picture.

Axes: G people, C classes (0: the background), H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.records import Bool, Float32, Float64, Index, Uint8


@dataclass(frozen=True, slots=True)
class PersonParts:
    """One person's parts.

    Attributes:
        left, top: where the map lies in the picture, whole pixels.
        part_HW: uint8; 0: not this person's.
    """

    left: int
    top: int
    part_HW: Uint8

    def counts(self, num_classes: int, pixels: int) -> Index:
        """Pixels of each class (C,) in a picture of so many.

        Raises:
            DataError: a part outside the classes.
        """
        found_C = np.bincount(self.part_HW.ravel(), minlength=num_classes)
        if len(found_C) > num_classes:
            raise DataError(
                f"found part {len(found_C) - 1} of a person; the {num_classes} classes are 0 to "
                f"{num_classes - 1}"
            )
        found_C[0] = pixels - int(found_C[1:].sum())
        return found_C.astype(np.int64)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The rectangle: x0, y0, x1, y1."""
        height, width = self.part_HW.shape
        return self.left, self.top, self.left + width, self.top + height

    def within(self, box: tuple[int, int, int, int]) -> Uint8:
        """The map inside a rectangle that lies in its own."""
        x0, y0, x1, y1 = box
        return self.part_HW[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left]

    def paint(self, part_HW: Uint8) -> None:
        """Write the person's pixels into the map of a whole picture."""
        x0, y0, x1, y1 = self.box
        own_HW = self.part_HW > 0
        part_HW[y0:y1, x0:x1][own_HW] = self.part_HW[own_HW]

    def share_of(self, region_HW: Bool) -> float:
        """Share of the person's pixels that lie in a region of the picture; 0 of nobody's."""
        x0, y0, x1, y1 = self.box
        own_HW = self.part_HW > 0
        total = int(np.count_nonzero(own_HW))
        return float(np.count_nonzero(region_HW[y0:y1, x0:x1] & own_HW) / total) if total else 0.0


def person_of(part_HW: NDArray[np.integer], own_HW: Bool) -> PersonParts:
    """The parts of the pixels that are a person's, cut out of the map of a whole picture; of
    nobody's pixels a map without any.
    """
    y_K, x_K = np.flatnonzero(own_HW.any(axis=1)), np.flatnonzero(own_HW.any(axis=0))
    if not len(y_K):
        return PersonParts(0, 0, np.zeros((0, 0), np.uint8))
    top, left = int(y_K[0]), int(x_K[0])
    place = slice(top, int(y_K[-1]) + 1), slice(left, int(x_K[-1]) + 1)
    return PersonParts(left, top, np.where(own_HW[place], part_HW[place], 0).astype(np.uint8))


def people_in(part_HW: Uint8, who_HW: NDArray[np.integer]) -> list[PersonParts]:
    """The people of a picture, by rising number.

    Args:
        part_HW: the parts of every pixel.
        who_HW: the number of the person of every pixel; 0: nobody's.
    """
    y_K, x_K = np.nonzero(who_HW)
    if not len(y_K):
        return []
    who_K = who_HW[y_K, x_K]
    order_K = np.argsort(who_K, kind="stable")
    number_G, first_G = np.unique(who_K[order_K], return_index=True)
    ends = [
        (
            np.minimum.reduceat(place_K[order_K], first_G),
            np.maximum.reduceat(place_K[order_K], first_G),
        )
        for place_K in (x_K, y_K)
    ]
    (x0_G, x1_G), (y0_G, y1_G) = ends
    found = []
    for number, x0, y0, x1, y1 in zip(number_G, x0_G, y0_G, x1_G, y1_G, strict=True):
        place = slice(int(y0), int(y1) + 1), slice(int(x0), int(x1) + 1)
        own_HW = np.where(who_HW[place] == number, part_HW[place], 0)
        found.append(PersonParts(int(x0), int(y0), own_HW.astype(np.uint8)))
    return found


def box_of(person: PersonParts) -> Float32:
    """The tight box of what is labelled, x1, y1, x2, y2; zeros if nothing is."""
    own_HW = person.part_HW > 0
    y_K, x_K = np.flatnonzero(own_HW.any(axis=1)), np.flatnonzero(own_HW.any(axis=0))
    if not len(y_K):
        return np.zeros(4, np.float32)
    corners = (x_K[0], y_K[0], x_K[-1] + 1, y_K[-1] + 1)
    shift = np.array((person.left, person.top) * 2, np.float32)
    return np.asarray(np.array(corners, np.float32) + shift, np.float32)


@dataclass(frozen=True)
class Crowd:
    """The people of a picture, counted once for many comparisons.

    Attributes:
        people: they.
        count_GC: pixels of each class.
        box_G4: their rectangles.
        pixels: of the picture.
    """

    people: Sequence[PersonParts]
    count_GC: Index
    box_G4: Index
    pixels: int


def crowd_of(people: Sequence[PersonParts], num_classes: int, pixels: int) -> Crowd:
    """Count the pixels of the people of a picture.

    Raises:
        DataError: a part outside the classes.
    """
    counts = [each.counts(num_classes, pixels) for each in people]
    boxes = [each.box for each in people]
    return Crowd(
        people,
        np.array(counts, np.int64).reshape(-1, num_classes),
        np.array(boxes, np.int64).reshape(-1, 4),
        pixels,
    )


def class_ious(one: PersonParts, crowd: Crowd) -> Float64:
    """IoU of each class of a person with each of the crowd (G, C), the background among them; NaN
    where neither of the two has a class.

    Raises:
        DataError: a part outside the classes.
    """
    num_classes = crowd.count_GC.shape[1]
    own_C = one.counts(num_classes, crowd.pixels)
    shared_GC = np.zeros(crowd.count_GC.shape, np.int64)
    both_G = np.zeros(len(crowd.people), np.int64)
    x0, y0, x1, y1 = one.box
    x0_G, y0_G, x1_G, y1_G = crowd.box_G4.T
    meets_G = (x0_G < x1) & (x1_G > x0) & (y0_G < y1) & (y1_G > y0)
    for g in np.flatnonzero(meets_G).tolist():
        other = crowd.people[g]
        left, top, right, low = other.box
        area = max(x0, left), max(y0, top), min(x1, right), min(y1, low)
        mine_HW, theirs_HW = one.within(area), other.within(area)
        both_HW = (mine_HW > 0) & (theirs_HW > 0)
        both_G[g] = np.count_nonzero(both_HW)
        same_HW = both_HW & (mine_HW == theirs_HW)
        shared_GC[g] = np.bincount(mine_HW[same_HW], minlength=num_classes)
    fore_G = crowd.pixels - crowd.count_GC[:, 0]
    shared_GC[:, 0] = crowd.pixels - (fore_G + (crowd.pixels - own_C[0]) - both_G)
    union_GC = own_C + crowd.count_GC - shared_GC
    blank_GC = np.full(union_GC.shape, np.nan)
    return np.asarray(np.divide(shared_GC, union_GC, out=blank_GC, where=union_GC > 0))
