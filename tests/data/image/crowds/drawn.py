"""Photos of drawn people with masks by part: a body of two colours with a bag, on a grey street."""

from __future__ import annotations

import numpy as np

from edgehuman.data.image.set import PersonSet
from edgehuman.records import Uint8

PARTS = ("background", "coat", "skin", "bag")
HEIGHT, WIDTH = 120, 90


def photo(index: int) -> tuple[Uint8, Uint8]:
    """The body is 20 columns from 35 and 90 rows from 20; the bag is 10 further columns."""
    rng = np.random.default_rng(index)
    image_HWC = rng.integers(90, 130, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    part_HW = np.zeros((HEIGHT, WIDTH), np.uint8)
    part_HW[20:110, 35:55] = 1
    part_HW[20:40, 40:50] = 2
    part_HW[60:80, 55:65] = 3
    for part, colour in ((1, (200, 30, 30)), (2, (220, 180, 150)), (3, (20, 20, 160))):
        image_HWC[part_HW == part] = colour
    return image_HWC, part_HW


def drawn_persons(train: int = 4, test: int = 2) -> PersonSet:
    photos = [photo(index) for index in range(train + test)]
    nobody_N = np.full(len(photos), -1, np.int64)
    return PersonSet(
        [image for image, _ in photos],
        nobody_N,
        nobody_N.copy(),
        np.array(["train"] * train + ["test"] * test),
        masks=[part for _, part in photos],
        parts=PARTS,
        dataset="ccp",
        licence="Apache-2.0",
    )
