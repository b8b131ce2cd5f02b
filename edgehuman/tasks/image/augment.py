"""Augment person images with their joints and part maps.

One affine map per image applies flip, shift, scale and rotation, so that image, joints and mask
move together; then the light changes, and for re-identification a rectangle is erased (Zhong et
al., "Random erasing", 2017). Mirroring swaps left and right in joints and parts.

Affine maps use pixels of the network's input from its upper left corner, so mirroring maps x to
W - x. Joint coordinates start at the centre of the first pixel, as in COCO.
Axes: H height, W width, J joint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float32, Float64, Uint8

IGNORED = 255
"""Label of part-map pixels that losses and metrics ignore."""


@dataclass(frozen=True, slots=True)
class Variation:
    """How much an augmented view may differ from the image.

    Attributes:
        flip: probability of a mirror image.
        shift_px: largest shift along each axis.
        scale: range of the scale around 1; 0.25 gives 0.75 to 1.25.
        rotate_deg: largest rotation.
        light: largest relative change of brightness, contrast and each colour's gain.
        erase: probability that a rectangle of 2 to 40 % of the image becomes noise.
    """

    flip: float = 0.0
    shift_px: int = 0
    scale: float = 0.0
    rotate_deg: float = 0.0
    light: float = 0.0
    erase: float = 0.0


@dataclass(frozen=True, slots=True)
class Move:
    """One sampled affine map.

    Attributes:
        matrix_23: float64 (2, 3): (x, y, 1) of the image -> (x, y) of the view, pixels.
        is_flipped: whether left and right are swapped.
    """

    matrix_23: Float64
    is_flipped: bool

    @property
    def is_still(self) -> bool:
        """Whether the map is the identity."""
        return bool(np.array_equal(self.matrix_23, np.eye(3)[:2]))


def draw_move(variation: Variation, rng: np.random.Generator, height: int, width: int) -> Move:
    """Sample a random affine map about the centre of an image of this size."""
    is_flipped = bool(rng.random() < variation.flip)
    angle = math.radians(rng.uniform(-1, 1) * variation.rotate_deg)
    size = 1 + rng.uniform(-1, 1) * variation.scale
    shift_2 = rng.uniform(-1, 1, 2) * variation.shift_px
    if not (variation.rotate_deg or variation.scale):
        shift_2 = np.rint(shift_2)  # whole pixels keep the image sharp
    middle_2 = np.array([width / 2, height / 2])
    cosine, sine = size * math.cos(angle), size * math.sin(angle)
    turn_22 = np.array([[cosine, -sine], [sine, cosine]])
    if is_flipped:
        turn_22 = turn_22 @ np.diag([-1.0, 1.0])
    offset_2 = middle_2 - turn_22 @ middle_2 + shift_2
    return Move(np.concatenate([turn_22, offset_2[:, None]], axis=1), is_flipped)


def vary(image_HWC: Uint8, move: Move, variation: Variation, rng: np.random.Generator) -> Uint8:
    """Move an image, change its light, and maybe erase a rectangle."""
    moved_HWC = change_light(move_image(image_HWC, move), variation.light, rng)
    return erase(moved_HWC, variation.erase, rng)


def move_image(image_HWC: Uint8, move: Move) -> Uint8:
    """Apply the map to an image; pixels from outside are grey."""
    if move.is_still:
        return image_HWC
    return _warp(image_HWC, move, cv2.INTER_LINEAR, (124, 116, 104))


def move_mask(mask_HW: Uint8, move: Move, mirrored: Sequence[int] = ()) -> Uint8:
    """Apply the map to a part map; pixels from outside are `IGNORED`.

    Args:
        mirrored: index of each part's mirror image (`mirror_order`).
    """
    if move.is_still:
        return mask_HW
    moved = _warp(mask_HW, move, cv2.INTER_NEAREST, IGNORED)
    if not move.is_flipped or not len(mirrored):
        return moved
    table = np.arange(256, dtype=np.uint8)
    table[: len(mirrored)] = mirrored
    swapped: Uint8 = table[moved]
    return swapped


def move_joints(
    joint_J3: Float32, move: Move, height: int, width: int, mirrored: Sequence[int] = ()
) -> Float32:
    """Apply the map to joints (x, y, visibility); joints that leave the image become unlabelled.

    Args:
        mirrored: index of each joint's mirror image.
    """
    moved_J3 = joint_J3.copy()
    by_centre_23 = _by_centre(move)
    moved_J3[:, :2] = joint_J3[:, :2] @ by_centre_23[:, :2].T + by_centre_23[:, 2]
    x_J, y_J = moved_J3[:, 0] + 0.5, moved_J3[:, 1] + 0.5
    inside_J = (x_J >= 0) & (y_J >= 0) & (x_J < width) & (y_J < height)
    moved_J3[:, 2] = np.where(inside_J, moved_J3[:, 2], 0)
    if move.is_flipped and len(mirrored):
        moved_J3 = moved_J3[list(mirrored)]
    return moved_J3


def change_light(image_HWC: Uint8, light: float, rng: np.random.Generator) -> Uint8:
    """Change brightness, contrast and the gain of each colour by at most this share."""
    if not light:
        return image_HWC
    gain_C = (1 + rng.uniform(-light, light)) * (1 + rng.uniform(-light, light, 3) / 2)
    offset = 255 * rng.uniform(-light, light) / 2
    table_C256 = np.clip(np.arange(256) * gain_C[:, None] + offset, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.LUT(image_HWC, np.ascontiguousarray(table_C256.T[None])))


def erase(image_HWC: Uint8, probability: float, rng: np.random.Generator) -> Uint8:
    """With this probability, return a copy with a rectangle of noise."""
    if rng.random() >= probability:
        return image_HWC
    height, width = image_HWC.shape[:2]
    area = rng.uniform(0.02, 0.4) * height * width
    aspect = math.exp(rng.uniform(math.log(0.3), math.log(1 / 0.3)))
    tall = min(height, max(1, round(math.sqrt(area * aspect))))
    wide = min(width, max(1, round(math.sqrt(area / aspect))))
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    erased = image_HWC.copy()
    erased[top : top + tall, left : left + wide] = rng.integers(0, 256, (tall, wide, 3), np.uint8)
    return erased


def _by_centre(move: Move) -> Float64:
    """Return the map in coordinates from the centre of the first pixel, as in OpenCV and COCO."""
    matrix_23 = move.matrix_23.copy()
    matrix_23[:, 2] += 0.5 * move.matrix_23[:, :2].sum(axis=1) - 0.5
    return matrix_23


def _warp(array: NDArray[Any], move: Move, how: int, fill: Any) -> Uint8:
    height, width = array.shape[:2]
    return cv2.warpAffine(  # type: ignore[return-value]
        array,
        _by_centre(move),
        (width, height),
        flags=how,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=fill,
    )
