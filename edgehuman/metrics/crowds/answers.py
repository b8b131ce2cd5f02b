"""Read the answer of a network that parts people: who is where, and the parts of each.

    for each in people_of(row_RX, len(card.output.labels), (320, 416), place, least=0.3):
        each.box_4, each.score, each.person.part_HW

The graph gives (N, K + C, 5 + h w). The first K rows are people: x1, y1, x2, y2 in pixels of the
input, a score, and the logits of a mask at a stride of 4. The last C are parts, the background
first: five zeros, and the logits of the part, likewise. Logits lie quarter by quarter: those of the
upper left of every 2x2 cells, row by row, then the upper right, the lower left, the lower right. A
pixel inside a person's mask is of its likeliest part. A graph that leaves the choice of people to
the runtime gives one row; see `outside`. This numpy and OpenCV code runs on the device, in
`evaluate` and in training.

Axes: K people, C parts, R rows of both, X numbers of a row, h w rows and columns of a map, H
height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.metrics.crowds.outside import HEAD, STRIDES, chosen, is_outside
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.metrics.person_answers import parts_of
from edgehuman.records import Bool, Float32, Float64, Uint8

STRIDE = 4
"""Of masks and parts, pixels of the input."""
# A mask may reach beyond its box by so much of the box's sides.
_BEYOND = 0.1
_BROKEN = "the network's outputs are not finite; train or export it again"
MOST_PIXELS = 100_000_000
"""Of the maps of all people of a picture; who comes after that has a box alone."""


class Placed(Protocol):
    """Where a picture lies in a network's input; see `preprocess.image.letterbox`."""

    @property
    def scale_x(self) -> float: ...
    @property
    def scale_y(self) -> float: ...
    @property
    def left(self) -> int: ...
    @property
    def top(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """One person of an answer, in pixels of the picture.

    Attributes:
        box_4: x1, y1, x2, y2, inside the picture.
        score: 0 to 1.
        person: the parts of the person's pixels.
        mask_HW: bool, of the same rectangle: all pixels of the person.
    """

    box_4: Float32
    score: float
    person: PersonParts
    mask_HW: Bool


def columns_of(size: tuple[int, int]) -> int:
    """Numbers of a row, for an input of this height and width."""
    return HEAD + (size[0] // STRIDE) * (size[1] // STRIDE)


def require_rows(
    output: Float32, num_labels: int, size: tuple[int, int], least: float = 0.0
) -> Float32:
    """The outputs (N, R, X); ArtefactError unless they are people and parts of such an input.

    Args:
        least: people of lower scores need no mask, where it is not computed yet.
    """
    if is_outside(output):
        require_size(output, size)
        output = chosen(output, num_labels, least)
    rows = output.shape[1] if output.ndim == 3 else 0
    if output.ndim != 3 or rows <= num_labels or output.shape[2] != columns_of(size):
        raise ArtefactError(
            f"the network gives {output.shape}; people and {num_labels} parts of an input of "
            f"{size[1]}x{size[0]} pixels are (N, people + {num_labels}, {columns_of(size)}). "
            "Export it again"
        )
    if not np.isfinite(output).all():
        raise ArtefactError(_BROKEN)
    return output


def require_size(output_N1X: Float32, size: tuple[int, int]) -> None:
    """Raise ArtefactError unless rows of which nobody is chosen yet are of an input of this size,
    and finite.
    """
    if not np.isfinite(output_N1X).all():
        raise ArtefactError(_BROKEN)
    if (output_N1X[:, 0, :2] != np.array(size) // STRIDES[0]).any():
        raise ArtefactError(
            f"the network's answer is not of an input of {size[1]}x{size[0]} pixels. Export it "
            "again"
        )


def boxes_in(row_RX: Float32, num_labels: int) -> Float32:
    """The boxes and scores (K, 5) of an answer, in pixels of the input."""
    return row_RX[:-num_labels, :HEAD]


def woven(quarters: Float32, grid: tuple[int, int]) -> Float32:
    """Maps (..., h, w) from the numbers (..., h w) of a row, quarter by quarter."""
    height, width = grid
    each = quarters.reshape(*quarters.shape[:-1], 4, height // 2, width // 2)
    map_Xhw = np.empty((*quarters.shape[:-1], height, width), np.float32)
    for quarter in range(4):
        map_Xhw[..., quarter // 2 :: 2, quarter % 2 :: 2] = each[..., quarter, :, :]
    return map_Xhw


def people_of(
    row_RX: Float32, num_labels: int, size: tuple[int, int], place: Placed, least: float
) -> list[Seen]:
    """The people of at least this score, the best first.

    Args:
        size: height and width of the network's input.
        place: where the picture lies in it.
    """
    grid = size[0] // STRIDE, size[1] // STRIDE
    part_HW = parts_of(woven(row_RX[-num_labels:, HEAD:], grid), *size)
    rows_KX = row_RX[:-num_labels]
    rows_KX = rows_KX[rows_KX[:, 4] >= least]
    seen, pixels = [], 0
    for row_X in rows_KX[np.argsort(-rows_KX[:, 4], kind="stable")]:
        box_4 = in_picture(row_X[:4], place)
        area = reach(box_4, place)
        pixels += (area[2] - area[0]) * (area[3] - area[1])
        if pixels > MOST_PIXELS or min(area[2] - area[0], area[3] - area[1]) <= 0:
            area = (0, 0, 0, 0)
        mask_HW = mask_in(woven(row_X[HEAD:], grid), area, place)
        own_HW = np.where(mask_HW, _looked_up(part_HW, area, place), 0).astype(np.uint8)
        seen.append(Seen(box_4, float(row_X[4]), PersonParts(area[0], area[1], own_HW), mask_HW))
    return seen


def in_picture(box_4: Float32, place: Placed) -> Float32:
    """A box of the input in pixels of the picture, and inside it."""
    shift_4 = np.array((place.left, place.top) * 2, np.float32)
    scale_4 = np.array((place.scale_x, place.scale_y) * 2, np.float32)
    limit_4 = np.array((place.width, place.height) * 2, np.float32)
    return np.asarray(np.clip((box_4 - shift_4) / scale_4, 0, limit_4), np.float32)


def reach(box_4: Float32, place: Placed) -> tuple[int, int, int, int]:
    """The whole pixels in which a person's mask may lie: x0, y0, x1, y1."""
    x1, y1, x2, y2 = map(float, box_4)
    across, down = _BEYOND * (x2 - x1), _BEYOND * (y2 - y1)
    return (
        max(0, int(np.floor(x1 - across))),
        max(0, int(np.floor(y1 - down))),
        min(place.width, int(np.ceil(x2 + across))),
        min(place.height, int(np.ceil(y2 + down))),
    )


def _along(first: int, last: int, scale: float, shift: int) -> Float64:
    """Places in the input of the centres of the picture's pixels from `first` to before `last`."""
    return np.asarray((np.arange(first, last) + 0.5) * scale + shift, np.float64)


def mask_in(logit_hw: Float32, area: tuple[int, int, int, int], place: Placed) -> Bool:
    """Where the interpolated logits are over 0, in a rectangle of the picture."""
    import cv2

    x0, y0, x1, y1 = area
    if x1 <= x0:
        return np.zeros((0, 0), np.bool_)
    scale_x, scale_y = place.scale_x / STRIDE, place.scale_y / STRIDE
    matrix_23 = np.array(
        (
            (scale_x, 0, (x0 + 0.5) * scale_x + place.left / STRIDE - 0.5),
            (0, scale_y, (y0 + 0.5) * scale_y + place.top / STRIDE - 0.5),
        )
    )
    warped = cv2.warpAffine(
        np.ascontiguousarray(logit_hw, np.float32),
        matrix_23,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped) > 0


def _looked_up(part_HW: Uint8, area: tuple[int, int, int, int], place: Placed) -> Uint8:
    """The parts of the input at the pixels of a rectangle of the picture."""
    x0, y0, x1, y1 = area
    rows, columns = part_HW.shape
    x_W = np.clip(_along(x0, x1, place.scale_x, place.left).astype(np.int64), 0, columns - 1)
    y_H = np.clip(_along(y0, y1, place.scale_y, place.top).astype(np.int64), 0, rows - 1)
    return np.asarray(part_HW[y_H[:, None], x_W], np.uint8)
