"""Where a detector would cut a person out of a picture: boxes too large, shifted, cut off, turned.

A view is one affine map from the picture to the crop, so that picture, masks and joints move
together. Maps use pixels from the upper left corner; joints start at the centre of the first pixel,
as in COCO. Axes: H height, W width, J joint. A box is (x0, y0, x1, y1), pixels.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.set import IGNORE
from edgehuman.records import Float32, Float64, Uint8

ABSENT = -1.0
"""In the third column of joints: known not to be in the crop, or to be covered; 0 stays unknown."""
Box = tuple[float, float, float, float]
# Share of the person kept by each kind of cut: feet, head, and either side are beyond the picture.
_KEPT = {"top": (0.16, 0.75), "bottom": (0.3, 0.7), "left": (0.5, 0.85), "right": (0.5, 0.85)}
_CUTS = ("top", "top", "bottom", "left", "right")
_SMALLEST = 8.0
# Probability of a second cut, where the picture may end at both.
_TWICE = 0.25


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a crop may be from a close, upright, whole one.

    Attributes:
        whole: probability of the whole picture, squeezed to the crop as `evaluate` does.
        enlarge: smallest and largest size of the crop, as a factor of the person's.
        shift: largest shift, as a share of the crop.
        squeeze: probability that the crop does not keep the person's shape.
        cut: probability that the picture ends within the person.
        rotate_deg, flip: largest rotation; probability of a mirror image.
    """

    whole: float = 0.15
    enlarge: tuple[float, float] = (1.0, 1.4)
    shift: float = 0.1
    squeeze: float = 0.3
    cut: float = 0.25
    ends: float = 0.0
    rotate_deg: float = 20.0
    flip: float = 0.5


@dataclass(frozen=True, slots=True)
class View:
    """One sampled map.

    Attributes:
        matrix_23: float64 (2, 3): (x, y, 1) of the picture -> (x, y) of the crop, from the corner.
        size: height and width of the crop.
        is_flipped: whether left and right are swapped.
    kept: x0, y0, x1, y1 of the crop, pixels: the rest is beyond the picture, or covered; None: all.
    goes_on: whether the edge of what is kept goes on beyond it, as at the edge of a picture.
    """

    matrix_23: Float64
    size: tuple[int, int]
    is_flipped: bool = False
    kept: tuple[int, int, int, int] | None = None
    goes_on: bool = True

    @property
    def by_centre_23(self) -> Float64:
        """The map between pixels counted from the centre of the first, as in OpenCV and COCO."""
        matrix_23 = self.matrix_23.copy()
        matrix_23[:, 2] += 0.5 * self.matrix_23[:, :2].sum(axis=1) - 0.5
        return matrix_23

    def picture(self, image_HWC: Uint8, fill: Any = None) -> Uint8:
        """The crop of a picture; beyond its edges the colour `fill`, or the edge goes on."""
        import cv2

        mode = cv2.BORDER_REPLICATE if fill is None else cv2.BORDER_CONSTANT
        return self._warp(image_HWC, cv2.INTER_LINEAR, mode, fill)

    def labels(self, mask_HW: Uint8, outside: int = IGNORE) -> Uint8:
        """The crop of a map of labels."""
        import cv2

        return self._warp(mask_HW, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT, outside)

    def cover(self, is_person_HW: NDArray[np.bool_]) -> Float32:
        """The share of every pixel that is the person, 0 to 1."""
        import cv2

        full_HW = is_person_HW.astype(np.uint8) * 255
        moved_HW = self._warp(full_HW, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, 0)
        return np.asarray(moved_HW / np.float32(255), np.float32)

    def joints(self, joint_J3: Float32, mirrored: Sequence[int] = ()) -> Float32:
        """Joints in pixels of the crop; a known joint that is outside becomes `ABSENT`."""
        moved_J3 = joint_J3.copy()
        matrix_23 = self.by_centre_23
        moved_J3[:, :2] = joint_J3[:, :2] @ matrix_23[:, :2].T + matrix_23[:, 2]
        x_J, y_J = moved_J3[:, 0] + 0.5, moved_J3[:, 1] + 0.5
        height, width = self.size
        is_outside_J = (x_J < 0) | (y_J < 0) | (x_J >= width) | (y_J >= height)
        moved_J3[is_outside_J & (moved_J3[:, 2] > 0), 2] = ABSENT
        return moved_J3[list(mirrored)] if self.is_flipped and len(mirrored) else moved_J3

    def _warp(self, array: NDArray[Any], how: int, mode: int, fill: Any) -> Uint8:
        import cv2

        height, width = self.size
        return cv2.warpAffine(  # type: ignore[return-value]
            array,
            self.by_centre_23,
            (width, height),
            flags=how,
            borderMode=mode,
            borderValue=0 if fill is None else fill,
        )


def box_of(mask_HW: Uint8 | None, joint_J3: Float32 | None, height: int, width: int) -> Box:
    """The box of a person: of the mask, else of the known joints with room for head and feet, else
    the whole picture.
    """
    if mask_HW is not None:
        is_person_HW = (mask_HW > 0) & (mask_HW != IGNORE)
        rows, columns = np.flatnonzero(is_person_HW.any(1)), np.flatnonzero(is_person_HW.any(0))
        if len(rows):
            return float(columns[0]), float(rows[0]), columns[-1] + 1.0, rows[-1] + 1.0
    known_J2 = np.zeros((0, 2)) if joint_J3 is None else joint_J3[joint_J3[:, 2] > 0, :2]
    if len(known_J2) < 2:
        return 0.0, 0.0, float(width), float(height)
    low_2, high_2 = known_J2.min(axis=0), known_J2.max(axis=0)
    room = 0.08 * float((high_2 - low_2).max())
    low_2, high_2 = np.maximum(low_2 - room, 0), np.minimum(high_2 + room, (width, height))
    return float(low_2[0]), float(low_2[1]), float(high_2[0]), float(high_2[1])


def draw_view(
    box: Box,
    picture: tuple[int, int],
    size: tuple[int, int],
    reach: Reach,
    rng: np.random.Generator,
) -> View:
    """Sample a crop of the person in a box.

    Args:
        picture: height and width of the picture. size: height and width of the crop.
    """
    height, width = size
    is_flipped = bool(rng.random() < reach.flip)
    angle = math.radians(float(np.clip(rng.normal(0, 0.5), -1, 1)) * reach.rotate_deg)
    if rng.random() < reach.whole:
        x0, y0, x1, y1 = 0.0, 0.0, float(picture[1]), float(picture[0])
        part, angle = box, 0.2 * angle
    else:
        part = _cut(box, reach, rng)
        x0, y0, x1, y1 = _detected(part, width / height, reach, rng)
    scale_2 = np.array([width / (x1 - x0), height / (y1 - y0)])
    if is_flipped:
        scale_2[0] = -scale_2[0]
    # The picture is turned before the crop squeezes it: a person is never sheared.
    cosine, sine = math.cos(angle), math.sin(angle)
    turn_22 = scale_2[:, None] * np.array([[cosine, -sine], [sine, cosine]])
    middle_2 = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    offset_2 = np.array([width / 2, height / 2]) - turn_22 @ middle_2
    view = View(np.concatenate([turn_22, offset_2[:, None]], axis=1), size, is_flipped)
    drawn = rng.random() if reach.ends and part != box else 1.0
    if drawn >= 2 * reach.ends:
        return view
    kept = kept_of(box, part, (x0, y0, x1, y1), size, is_flipped)
    return dataclasses.replace(view, kept=kept, goes_on=drawn < reach.ends)


def kept_of(
    box: Box, part: Box, crop: Box, size: tuple[int, int], is_flipped: bool
) -> tuple[int, int, int, int]:
    """The part of the crop that is not beyond a side at which the person's box was cut; its edges
    are level, as those of a picture are, whether the person is turned or not.
    """
    height, width = size
    (x0, y0, x1, y1), (low_x, low_y, high_x, high_y) = part, crop
    across, down = width / (high_x - low_x), height / (high_y - low_y)
    left = (x0 - low_x) * across if x0 != box[0] else 0
    right = (x1 - low_x) * across if x1 != box[2] else width
    top = (y0 - low_y) * down if y0 != box[1] else 0
    bottom = (y1 - low_y) * down if y1 != box[3] else height
    if is_flipped:
        left, right = width - right, width - left
    # At least a pixel is kept.
    first_x, first_y = min(max(0, round(left)), width - 1), min(max(0, round(top)), height - 1)
    last_x, last_y = max(first_x + 1, round(right)), max(first_y + 1, round(bottom))
    return first_x, first_y, min(last_x, width), min(last_y, height)


def _cut(box: Box, reach: Reach, rng: np.random.Generator) -> Box:
    """A part of the person's box: what a picture shows of somebody at its edge."""
    if rng.random() >= reach.cut:
        return box
    part = _cut_at(_CUTS[int(rng.integers(len(_CUTS)))], box, rng)
    if reach.ends and rng.random() < _TWICE:
        part = _cut_at(_CUTS[int(rng.integers(len(_CUTS)))], part, rng)
    return part


def _cut_at(side: str, box: Box, rng: np.random.Generator) -> Box:
    kept = float(rng.uniform(*_KEPT[side]))
    x0, y0, x1, y1 = box
    if side == "top":
        return x0, y0, x1, y0 + kept * (y1 - y0)
    if side == "bottom":
        return x0, y1 - kept * (y1 - y0), x1, y1
    if side == "left":
        return x0, y0, x0 + kept * (x1 - x0), y1
    return x1 - kept * (x1 - x0), y0, x1, y1


def _detected(box: Box, shape: float, reach: Reach, rng: np.random.Generator) -> Box:
    """The box enlarged, shifted, and mostly grown to the crop's shape (width over height)."""
    x0, y0, x1, y1 = box
    wide, high = max(x1 - x0, _SMALLEST), max(y1 - y0, _SMALLEST)
    more = float(rng.uniform(*reach.enlarge))
    wide, high = more * wide, more * high
    grown = max(wide, high * shape), max(high, wide / shape)
    if rng.random() < reach.squeeze:
        share = float(rng.random())
        wide, high = wide + share * (grown[0] - wide), high + share * (grown[1] - high)
    else:
        wide, high = grown
    shift_2 = np.clip(rng.normal(0, 0.5, 2), -1, 1) * reach.shift
    x, y = (x0 + x1) / 2 + shift_2[0] * wide, (y0 + y1) / 2 + shift_2[1] * high
    return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
