"""The true parts of everybody in a composed scene, painted as the scene is.

Who stands nearer hides who stands behind, and things hide both. A pixel is a person's where their
cut-out is more than half opaque; blur of the picture moves no label. Axes: H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.crowds.cutouts import CutOut
from edgehuman.data.image.crowds.plan import Placed, Plan, Thing
from edgehuman.data.image.crowds.seen import People, in_order, matrix_of, region, to_level
from edgehuman.data.image.crowds.things import cover
from edgehuman.records import Uint8

_OPAQUE = 127


class Labelled(NamedTuple):
    """The labels of a scene.

    Attributes:
        part_HW: uint8, the part of every pixel.
        who_HW: uint16, 1 + the number of the plan's person whose pixel it is; 0: nobody's.
        region_HW: uint8, of what that person wears (`simulate.image.worn`); 0: nothing, or it is
            not known what.
    """

    part_HW: Uint8
    who_HW: NDArray[np.uint16]
    region_HW: Uint8


def label_scene(
    plan: Plan, people: People, tables: Sequence[Uint8], mirrored: Sequence[int]
) -> Labelled:
    """Paint the labels of a plan.

    Args:
        tables: for each source of people, the scene's part (256,) of each of the source's parts.
        mirrored: of each part of the scene, that of the mirror image.
    """
    shape = plan.camera.height, plan.camera.width
    labels = Labelled(
        np.zeros(shape, np.uint8), np.zeros(shape, np.uint16), np.zeros(shape, np.uint8)
    )
    number_of = {id(each): number for number, each in enumerate(plan.people)}
    mirror = np.arange(256, dtype=np.uint8)
    mirror[: len(mirrored)] = mirrored
    for item in in_order(plan):
        if isinstance(item, Thing):
            hidden_HW = np.zeros(shape, np.bool_)
            cover(hidden_HW, item, 1.0)
            for map_HW in labels:
                map_HW[hidden_HW] = 0
            continue
        cut = people(item.source, item.number)
        if cut is not None and cut.part_HW is not None:
            table = tables[item.source]
            table = mirror[table] if item.mirrored else table
            _paint(labels, number_of[id(item)] + 1, item, cut, table)
    return labels


def _paint(labels: Labelled, number: int, placed: Placed, cut: CutOut, table: Uint8) -> None:
    matrix_23 = matrix_of(placed, cut)
    found = region(matrix_23, cut, *labels.part_HW.shape)
    if found is None:
        return
    x0, y0, x1, y1 = found
    level = cut.level_for(placed.height_px / cut.height_px)
    alpha_HW = _warped(cut.levels[level][..., 3], matrix_23, 2.0**level, found, cv2.INTER_LINEAR)
    assert cut.part_HW is not None
    own_HW = _warped(cut.part_HW, matrix_23, 1.0, found, cv2.INTER_NEAREST)
    opaque_HW = alpha_HW > _OPAQUE
    place = slice(y0, y1), slice(x0, x1)
    labels.part_HW[place][opaque_HW] = table[own_HW[opaque_HW]]
    labels.who_HW[place][opaque_HW] = number
    worn_HW = np.zeros_like(own_HW)
    if cut.worn is not None:
        worn_HW = _warped(cut.worn.region_HW, matrix_23, 1.0, found, cv2.INTER_NEAREST)
    labels.region_HW[place][opaque_HW] = worn_HW[opaque_HW]


def _warped(
    map_HW: Uint8,
    matrix_23: NDArray[np.float64],
    factor: float,
    found: tuple[int, int, int, int],
    how: int,
) -> Uint8:
    """A map of a cut-out, so many times smaller than its first level, in a region of the frame."""
    x0, y0, x1, y1 = found
    moved_23 = to_level(matrix_23, factor)
    moved_23[:, 2] -= (x0, y0)
    warped = cv2.warpAffine(np.ascontiguousarray(map_HW), moved_23, (x1 - x0, y1 - y0), flags=how)
    return np.asarray(warped, np.uint8)
