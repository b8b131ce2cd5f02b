"""Fewer, larger parts of a person: datasets name up to 59 garments, more than a small network can
learn from a thousand photos, and more than most users need.

Garments are grouped by where they are worn. The table covers the names of Clothing Co-Parsing, LIP
and the simulator; the background stays the background.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgehuman.data.image.set import IGNORE, PersonSet, Pictures
from edgehuman.errors import DataError
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.records import Uint8

Grouping = Literal["person", "garments"]
BACKGROUND = "background"
_GARMENTS: Mapping[str, str] = {
    "hair": "",
    "skin": "face torso_skin left_arm right_arm left_leg right_leg",
    "upper_clothes": (
        "blazer blouse bra cape cardigan coat hoodie jacket jumper shirt sweater "
        "sweatshirt t-shirt top vest"
    ),
    "lower_clothes": "jeans leggings panties pants shorts skirt socks stockings tights trousers",
    "whole_clothes": "bodysuit dress intimate jumpsuits romper suit swimwear",
    "shoes": "boots clogs flats heels loafers pumps sandals sneakers wedges left_shoe right_shoe",
    "accessories": (
        "bag belt bracelet earrings glasses glove gloves hat necklace purse ring scarf "
        "sunglasses tie wallet watch"
    ),
}
_GARMENT_OF = {
    part: group for group, parts in _GARMENTS.items() for part in (group, *parts.split())
}
LABELS: Mapping[Grouping, tuple[str, ...]] = {
    "person": SILHOUETTE,
    "garments": (BACKGROUND, *_GARMENTS),
}


def group_of(part: str, grouping: Grouping) -> str:
    """The group that a part belongs to.

    Raises:
        DataError: a garment that is in no group.
    """
    if part == BACKGROUND:
        return BACKGROUND
    if grouping == "person":
        return "person"
    if part not in _GARMENT_OF:
        raise DataError(
            f"the part {part} belongs to no group of garments ({', '.join(_GARMENTS)}); use "
            "--parts person, or all parts"
        )
    return _GARMENT_OF[part]


def grouping_with(labels: Sequence[str]) -> Grouping | None:
    """The grouping with these labels; None if they are a dataset's own parts."""
    return next((name for name, own in LABELS.items() if tuple(labels) == own), None)


def places(parts: Sequence[str], grouping: Grouping) -> list[int]:
    """Index of every part's group among the labels of the grouping.

    Raises:
        DataError: a garment that is in no group.
    """
    return [LABELS[grouping].index(group_of(part, grouping)) for part in parts]


@dataclass(frozen=True)
class GroupedMasks:
    """Masks with their parts mapped to groups.

    Attributes:
        masks: part indices (H, W).
        table: uint8 (256,), the new index for each old one.
    """

    masks: Pictures
    table: Uint8

    def __len__(self) -> int:
        return len(self.masks)

    def __getitem__(self, index: int, /) -> Uint8:
        grouped_HW: Uint8 = self.table[self.masks[index]]
        return grouped_HW


def grouped(persons: PersonSet, grouping: Grouping) -> PersonSet:
    """The same people with fewer parts.

    Raises:
        DataError: a garment that is in no group.
    """
    table = np.full(256, IGNORE, np.uint8)
    table[: len(persons.parts)] = places(persons.parts, grouping)
    masks = GroupedMasks(persons.masks, table)
    return dataclasses.replace(persons, masks=masks, parts=LABELS[grouping])
