"""What drawn people of a composed scene wear, as true as the scene is drawn.

    found = garments_of(plan, labels, people, listed)

A region of the frame in which too little of something is seen, because others hide it, the frame
cuts it off or it is tiny, counts neither way. Axes: M things of a frame, P people, A attributes, H
height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.crowds.cutouts import CutOut
from edgehuman.data.image.crowds.parts import Labelled
from edgehuman.data.image.crowds.plan import Plan
from edgehuman.data.image.crowds.seen import People, matrix_of
from edgehuman.data.image.frames.set import FrameGarments
from edgehuman.data.image.frames.set import People as Boxes
from edgehuman.metrics.crowds.people import PersonParts, people_in, person_of
from edgehuman.records import Bool, Float32, Index, Uint8
from edgehuman.simulate.image.worn import ATTRIBUTES, CATEGORIES, WornItem

LEAST_SEEN = 0.3
"""The share of something that must be seen."""
LEAST_SIDE_PX, LEAST_PX = 3, 16
"""Pixels that it must have: along each side, and in all."""
_PLACE = {name: i for i, name in enumerate(ATTRIBUTES)}
_LABEL = {name: 1 + i for i, name in enumerate(CATEGORIES)}


class Scene(Protocol):
    """Composed scenes of one role."""

    def garments(self, index: int) -> FrameGarments:
        """What people wear in one."""


class Scenery(Protocol):
    """Composed scenes of all roles."""

    def at(self, index: int) -> tuple[Scene, int]:
        """The scenes of its role, and the index among those."""


@dataclass(frozen=True)
class DrawnGarments:
    """The garments of composed scenes of drawn people, found when they are asked for."""

    scenes: Scenery
    categories: tuple[str, ...] = CATEGORIES
    attributes: tuple[str, ...] = ATTRIBUTES
    wrong: tuple[str, ...] = ()

    @property
    def described(self) -> tuple[bool, ...]:
        """Which categories have attributes."""
        return tuple(bool(row_A.any()) for row_A in _together())

    def __getitem__(self, index: int, /) -> FrameGarments:
        scenes, own = self.scenes.at(index)
        return scenes.garments(own)

    def together_CA(self, index_K: Index) -> Bool:
        """Which attributes a category can have; of all scenes, as to draw them takes long."""
        return _together()


def _together() -> Bool:
    """What the drawings have, (C, A)."""
    lengths = ("hip (length)", "above-the-knee (length)")
    patterns = (
        "printed", "plain (pattern)", "abstract", "letters, numbers", "camouflage", "check",
        "dot", "geometric", "stripe",
    )  # fmt: skip
    tiles = tuple(name for name in patterns if name not in _OF_THE_CHEST)
    shirts = ("sleeveless", *patterns)
    have = {
        "shirt, blouse": (lengths[0], *shirts, "single breasted"),
        "top, t-shirt, sweatshirt": (lengths[0], *shirts, "no opening"),
        "sweater": (lengths[0], *patterns, "no opening"),
        "jacket": (lengths[0], *patterns, "zip-up"),
        "coat": (lengths[1], *patterns, "zip-up"),
        "pants": (
            *tiles, "leggings", "tight (fit)", "regular (fit)", "loose (fit)", "maxi (length)",
        ),
        "shorts": (*tiles, "mini (length)", "above-the-knee (length)"),
        "skirt": (
            *tiles, "flare", "straight", "a-line", "mini (length)", "above-the-knee (length)",
            "knee (length)", "below the knee (length)", "midi",
        ),
        "sleeve": ("short (length)", "elbow-length", "wrist-length"),
        "neckline": ("round (neck)", "v-neck"),
    }  # fmt: skip
    together_CA = np.zeros((len(CATEGORIES), len(ATTRIBUTES)), np.bool_)
    for category, names in have.items():
        together_CA[_LABEL[category] - 1, [_PLACE[name] for name in names]] = True
    return together_CA


_OF_THE_CHEST = ("printed", "abstract", "letters, numbers", "geometric")


def garments_of(
    plan: Plan, labels: Labelled, cut_of: People, boxes: Boxes, number_P: Index
) -> FrameGarments:
    """Everything that the people of a scene wear, people first.

    Args:
        cut_of: the cut-outs.
        boxes: of the people who are listed, and number_P: which of the plan's each is.
    """
    by_number = dict(
        zip(
            (np.unique(labels.who_HW[labels.who_HW > 0]) - 1).tolist(),
            people_in(np.ones_like(labels.part_HW), labels.who_HW),
            strict=True,
        )
    )
    nobody = PersonParts(0, 0, np.zeros((0, 0), np.uint8))
    masks: list[PersonParts | None] = [by_number.get(each, nobody) for each in number_P.tolist()]
    rows: list[tuple[Float32, int, Bool, bool, int]] = []
    for place, number in enumerate(number_P.tolist()):
        placed = plan.people[number]
        cut, own = cut_of(placed.source, placed.number), by_number.get(number)
        if cut is None or cut.worn is None or own is None:
            continue
        x0, y0, x1, y1 = own.box
        region_HW = np.where(own.part_HW > 0, labels.region_HW[y0:y1, x0:x1], 0).astype(np.uint8)
        scale = abs(float(np.linalg.det(matrix_of(placed, cut)[:, :2])))
        for item in cut.worn.items:
            found = _found(item, cut, region_HW, (x0, y0), scale)
            if found is not None:
                mask, ignored = found
                masks.append(mask)
                attribute_A = np.zeros(len(ATTRIBUTES), np.bool_)
                attribute_A[[_PLACE[name] for name in item.attributes]] = True
                box_4 = np.array(mask.box, np.float32)
                rows.append((box_4, _LABEL[item.category], attribute_A, ignored, place))
    count = len(number_P)
    return FrameGarments(
        np.concatenate([boxes.box_M4, _array([row[0] for row in rows], 4)]).astype(np.float32),
        np.array([0] * count + [row[1] for row in rows], np.int64),
        np.concatenate(
            [
                np.zeros((count, len(ATTRIBUTES)), np.bool_),
                _array([row[2] for row in rows], len(ATTRIBUTES)).astype(np.bool_),
            ]
        ),
        np.append(boxes.ignore_M, [row[3] for row in rows]).astype(np.bool_),
        masks,
        np.array([-1] * count + [row[4] for row in rows], np.int64),
    )


def _array(rows: list[Any], columns: int) -> NDArray[Any]:
    return np.array(rows).reshape(-1, columns)


def _found(
    item: WornItem, cut: CutOut, region_HW: Uint8, corner: tuple[int, int], scale: float
) -> tuple[PersonParts, bool] | None:
    """Where an item is seen, and whether that is too little; None: nowhere."""
    own = person_of(np.ones_like(region_HW), np.isin(region_HW, item.regions))
    pixels = int(own.part_HW.sum())
    if not pixels:
        return None
    assert cut.worn is not None
    whole = scale * int(np.count_nonzero(cut.worn.mask(item)))
    is_tiny = pixels < LEAST_PX or min(own.part_HW.shape) < LEAST_SIDE_PX
    mask = PersonParts(own.left + corner[0], own.top + corner[1], own.part_HW)
    return mask, is_tiny or pixels < LEAST_SEEN * whole
