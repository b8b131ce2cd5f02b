"""Fewer, larger parts of a person: datasets name up to 59 garments, more than a small network can
learn from a thousand photos, and more than most users need.

Garments are grouped by where they are worn. The table covers the names of Clothing Co-Parsing, LIP,
CIHP, LV-MHP-v2 and the simulator; the background stays the background.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgehuman.data.image.frames.set import FrameParts, FrameSet, PartLabels
from edgehuman.data.image.set import IGNORE, PersonSet, Pictures
from edgehuman.errors import DataError
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.records import Uint8

Grouping = Literal["person", "garments"]
BACKGROUND = "background"
_GARMENTS: Mapping[str, str] = {
    "hair": "",
    "skin": (
        "face torso_skin left_arm right_arm left_leg right_leg left_hand right_hand left_foot "
        "right_foot"
    ),
    "upper_clothes": (
        "blazer bikini blouse bra cape cardigan coat hooded_jacket hoodie jacket jumper "
        "other_upper_body_clothes polo_shirt shirt singlet sweater sweatshirt t-shirt top vest"
    ),
    "lower_clothes": (
        "jeans leggings other_lower_body_clothes panties pants shorts skirt socks stockings tights "
        "trousers"
    ),
    "whole_clothes": (
        "bodysuit dress intimate jumpsuit jumpsuits other_full_body_clothes robe romper suit "
        "swimwear"
    ),
    "shoes": (
        "boots clogs flats heels loafers pumps sandals sneakers wedges left_boot left_highheel "
        "left_sandal left_shoe right_boot right_highheel right_sandal right_shoe"
    ),
    "accessories": (
        "backpack bag ball bats belt bottle bracelet cap carrybag cases earrings eyewear glasses "
        "glove gloves hat headwear helmet necklace other_accessory protector purse ring scarf "
        "sunglasses tie umbrella wallet watch wristband"
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


@dataclass(frozen=True)
class GroupedParts:
    """Parts of the people of frames, mapped to groups.

    Attributes:
        parts: of the frames.
        names: of the groups.
        table: uint8 (256,), the new index for each old one.
    """

    parts: PartLabels
    names: tuple[str, ...]
    table: Uint8

    def __getitem__(self, index: int, /) -> FrameParts:
        own = self.parts[index]
        people = [PersonParts(each.left, each.top, self.table[each.part_HW]) for each in own.people]
        return FrameParts(people, self.table[own.part_HW])


def grouped_frames(frames: FrameSet, grouping: Grouping) -> FrameSet:
    """The same frames with fewer parts; one that has these groups already is returned as it is.

    Raises:
        DataError: the set has no parts, or a garment that is in no group.
    """
    if frames.parts is None:
        raise DataError(
            f"{frames.dataset} has boxes of people and no parts; give a set that has both, such as "
            "cihp, lv_mhp_v2, ccp or `simulated`"
        )
    labels = LABELS[grouping]
    if frames.parts.names == labels:
        return frames
    parts = GroupedParts(frames.parts, labels, _table(frames.parts.names, grouping))
    return dataclasses.replace(frames, parts=parts)


def _table(parts: Sequence[str], grouping: Grouping) -> Uint8:
    """The group (256,) of each part, and 255 of what is none."""
    table = np.full(256, IGNORE, np.uint8)
    table[: len(parts)] = places(parts, grouping)
    return table


def grouped(persons: PersonSet, grouping: Grouping) -> PersonSet:
    """The same people with fewer parts.

    Raises:
        DataError: a garment that is in no group.
    """
    masks = GroupedMasks(persons.masks, _table(persons.parts, grouping))
    return dataclasses.replace(persons, masks=masks, parts=LABELS[grouping])
