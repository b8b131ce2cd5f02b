"""Where people of a plan are seen: their boxes, and how much of each is inside and not hidden.

Nothing is drawn: alpha of small cut-outs on a grid of half the frame's size tells who hides whom.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.crowds.cutouts import CutOut
from edgehuman.data.image.crowds.plan import Placed, Plan, Thing
from edgehuman.data.image.crowds.things import cover
from edgehuman.records import Bool, Float32, Index, Uint8

LEAST_INSIDE, LEAST_SHOWN = 0.3, 0.3
"""People of whom less is inside the frame, or less of what is inside is not hidden, count neither
way."""
_GONE = 0.02
_GRID = 2
_SEEN_ALPHA = 110

People = Callable[[int, int], CutOut | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """People of a plan who are in the frame, from the farthest to the nearest.

    Attributes:
        full_M4: boxes of whole bodies, which may leave the frame.
        inside_M: share of each that is inside the frame.
        shown_M: share of that which nothing hides.
        ignore_M: whether too little is inside or shown.
        number_M: which of the plan's people each is.
    """

    full_M4: Float32
    inside_M: Float32
    shown_M: Float32
    ignore_M: Bool
    number_M: Index


def matrix_of(placed: Placed, cut: CutOut) -> NDArray[np.float64]:
    """From pixels of a cut-out's first level to pixels of the frame, (2, 3), continuous."""
    x0, _, x1, y1 = (float(each) for each in cut.box_4)
    tall = placed.height_px / cut.height_px
    wide = tall * placed.wide * (-1.0 if placed.mirrored else 1.0)
    cosine, sine = math.cos(placed.turn_rad), math.sin(placed.turn_rad)
    matrix_23 = np.array(((cosine * wide, -sine * tall, 0.0), (sine * wide, cosine * tall, 0.0)))
    matrix_23[:, 2] = np.array(placed.foot) - matrix_23[:, :2] @ (0.5 * (x0 + x1), y1)
    return matrix_23


def to_level(matrix_23: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """The same, from pixels of a level that is so many times smaller, for OpenCV, which counts from
    the middle of the first pixel.
    """
    scaled_23 = matrix_23 * (factor, factor, 1.0)
    scaled_23[:, 2] += 0.5 * (scaled_23[:, 0] + scaled_23[:, 1]) - 0.5
    return scaled_23


def region(
    matrix_23: NDArray[np.float64], cut: CutOut, height: int, width: int
) -> tuple[int, int, int, int] | None:
    """The part of a frame that a cut-out can reach: x0, y0, x1, y1; None: none."""
    rows, columns = cut.levels[0].shape[:2]
    corner_42 = np.array(((0, 0), (columns, 0), (0, rows), (columns, rows)), np.float64)
    place_42 = corner_42 @ matrix_23[:, :2].T + matrix_23[:, 2]
    low_2, high_2 = np.floor(place_42.min(axis=0)), np.ceil(place_42.max(axis=0))
    x0, y0 = max(0, int(low_2[0])), max(0, int(low_2[1]))
    x1, y1 = min(width, int(high_2[0])), min(height, int(high_2[1]))
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def see(plan: Plan, people: People) -> Seen:
    """Find where each person is seen."""
    height, width = plan.camera.height, plan.camera.width
    taken_HW = np.zeros((-(-height // _GRID), -(-width // _GRID)), bool)
    boxes, inside, shown, numbers = [], [], [], []
    number_of = {id(each): number for number, each in enumerate(plan.people)}
    for item in reversed(in_order(plan)):
        if isinstance(item, Thing):
            cover(taken_HW, item, _GRID)
            continue
        cut = people(item.source, item.number)
        if cut is None:
            continue
        matrix_23 = matrix_of(item, cut)
        own, free = _share(taken_HW, matrix_23, cut)
        if own <= _GONE or free <= _GONE:
            continue
        corner_K2 = cut.hull_K2 @ matrix_23[:, :2].T + matrix_23[:, 2]
        boxes.append(np.concatenate((corner_K2.min(axis=0), corner_K2.max(axis=0))))
        inside.append(min(1.0, own))
        shown.append(free)
        numbers.append(number_of[id(item)])
    box_M4 = np.array(boxes[::-1], np.float32).reshape(-1, 4)
    inside_M, shown_M = np.array(inside[::-1], np.float32), np.array(shown[::-1], np.float32)
    ignore_M = (inside_M < LEAST_INSIDE) | (shown_M < LEAST_SHOWN)
    return Seen(box_M4, inside_M, shown_M, ignore_M, np.array(numbers[::-1], np.int64))


def in_order(plan: Plan) -> Sequence[Placed | Thing]:
    """People and things, from the farthest to the nearest."""
    feet: list[tuple[float, Placed | Thing]] = [(each.foot[1], each) for each in plan.people]
    feet += [(each.box[3], each) for each in plan.things]
    return [each for _, each in sorted(feet, key=lambda pair: pair[0])]


def _share(taken_HW: Bool, matrix_23: NDArray[np.float64], cut: CutOut) -> tuple[float, float]:
    """Share of a cut-out that is inside, and of that, not taken yet; then it is taken."""
    grid_23 = matrix_23 / _GRID
    found = region(grid_23, cut, *taken_HW.shape)
    if found is None:
        return 0.0, 0.0
    x0, y0, x1, y1 = found
    alpha_HW = warp_alpha(cut, grid_23, found)
    own_HW = alpha_HW > _SEEN_ALPHA
    count = int(np.count_nonzero(own_HW))
    if not count:
        return 0.0, 0.0
    part_HW = taken_HW[y0:y1, x0:x1]
    free = int(np.count_nonzero(own_HW & ~part_HW))
    part_HW |= own_HW
    whole = cut.area * abs(float(np.linalg.det(grid_23[:, :2])))
    return count / max(whole, 1.0), free / count


def warp_alpha(
    cut: CutOut, matrix_23: NDArray[np.float64], found: tuple[int, int, int, int]
) -> Uint8:
    """Alpha of the smallest level in a region of a frame."""
    level = len(cut.levels) - 1
    x0, y0, x1, y1 = found
    moved_23 = to_level(matrix_23, 2.0**level)
    moved_23[:, 2] -= (x0, y0)
    alpha_HW = np.ascontiguousarray(cut.levels[level][..., 3])
    return np.asarray(cv2.warpAffine(alpha_HW, moved_23, (x1 - x0, y1 - y0)), np.uint8)
