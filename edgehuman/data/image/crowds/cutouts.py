"""People cut out of photos by their masks, at several sizes, to be pasted into scenes.

A level is RGBA, the colours already multiplied by alpha: so a cut-out is shrunk, warped and blurred
without a fringe of the photo that it is from. Axes: H height, W width, C red, green, blue, alpha.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edgehuman.records import Bool, Float32, Uint8
from edgehuman.simulate.image.worn import Worn

_SMALLEST_PX = 24
_MARGIN_PX = 2
_LEAST_PART = 0.01
SHRUNK_PX = 40
"""The last level has at most so many rows."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """One person.

    Attributes:
        levels: uint8 (H, W, 4), each half as large as the one before.
        dark: the second level and those after it in dark clothes, which most people wear; none if
            it is not known what is clothes.
        box_4: tight box of the body without bags, in pixels of the first level.
        hull_K2: corners of the smallest convex shape around the body, likewise.
        colour_3: mean red, green and blue.
        area: of the whole cut-out, pixels of the first level.
        part_HW: uint8, the parts of the first level; 0: none of theirs. None: not known.
        worn: what the person wears, its regions those of the first level; None: not known.
    """

    levels: Sequence[Uint8]
    dark: Sequence[Uint8]
    box_4: Float32
    hull_K2: Float32
    colour_3: Float32
    area: float
    part_HW: Uint8 | None = None
    worn: Worn | None = None

    @property
    def height_px(self) -> float:
        """Rows of the body at the first level."""
        return float(self.box_4[3] - self.box_4[1])

    @property
    def num_bytes(self) -> int:
        of_parts = 0 if self.part_HW is None else self.part_HW.nbytes
        of_parts += 0 if self.worn is None else self.worn.region_HW.nbytes
        return of_parts + sum(level.nbytes for level in (*self.levels, *self.dark))

    def shown(self, level: int, dark: bool) -> Uint8:
        """A level, in dark clothes if there is such a one."""
        return self.dark[level - 1] if dark and 0 < level <= len(self.dark) else self.levels[level]

    def level_for(self, scale: float) -> int:
        """The smallest level that still has the pixels that this scale shows."""
        level = 0
        while level + 1 < len(self.levels) and scale * 2 ** (level + 1) <= 1.0:
            level += 1
        return level


def cut_out(
    image_HWC: Uint8,
    whole_HW: Bool,
    body_HW: Bool,
    cloth_HW: Bool | None = None,
    shade: float = 0.3,
    part_HW: Uint8 | None = None,
    worn: Worn | None = None,
) -> CutOut | None:
    """Cut one person out.

    Args:
        image_HWC: uint8 RGB.
        whole_HW: the person with what they carry.
        body_HW: without it.
        cloth_HW: what they wear and carry; None: not known.
        shade: brightness of dark clothes, of what it is in the photo.
        part_HW: the parts of every pixel; None: not known.
        worn: what the person wears; None: not known.

    Returns:
        None: there is no person, or the photo cuts them off at its lower edge.
    """
    whole_HW = _without_crumbs(whole_HW)
    body_HW = body_HW & whole_HW
    if not body_HW.any() or whole_HW[-1].any():
        return None
    x0, y0, x1, y1 = _box(whole_HW)
    bx0, by0, bx1, by1 = _box(body_HW)
    if by1 - by0 < _SMALLEST_PX:
        return None
    margins = ((_MARGIN_PX, _MARGIN_PX), (_MARGIN_PX, _MARGIN_PX), (0, 0))
    image_HWC = np.pad(image_HWC[y0:y1, x0:x1], margins, mode="edge")
    mask_HW = np.pad(whole_HW[y0:y1, x0:x1], _MARGIN_PX)
    box_4 = np.array((bx0 - x0, by0 - y0, bx1 - x0, by1 - y0), np.float32) + _MARGIN_PX
    hull_K2 = _hull(body_HW[y0:y1, x0:x1]) + np.float32(_MARGIN_PX)
    colour_3 = image_HWC[mask_HW].mean(axis=0, dtype=np.float32)
    whole_HWC = _premultiplied(image_HWC, mask_HW)
    levels = _levels(whole_HWC)
    dark: tuple[Uint8, ...] = ()
    if cloth_HW is not None:
        worn_HW = np.pad(cloth_HW[y0:y1, x0:x1], _MARGIN_PX)
        dark = _levels(_darkened(whole_HWC, worn_HW, shade))[1:]
    area = float(levels[0][..., 3].sum(dtype=np.int64)) / 255.0

    def own(map_HW: Uint8) -> Uint8:
        return np.pad(np.where(whole_HW, map_HW, 0)[y0:y1, x0:x1], _MARGIN_PX)

    own_HW = None if part_HW is None else own(part_HW)
    worn = None if worn is None else Worn(own(worn.region_HW), worn.items)
    return CutOut(levels, dark, box_4, hull_K2, colour_3, area, own_HW, worn)


def _hull(mask_HW: Bool) -> Float32:
    """Corners (K, 2) of the convex shape around all pixels, each of which is a square."""
    y_K = np.flatnonzero(mask_HW.any(axis=1))
    left_K = mask_HW[y_K].argmax(axis=1)
    right_K = mask_HW.shape[1] - mask_HW[y_K, ::-1].argmax(axis=1)
    ends = [np.stack((x_K, y_K + row), axis=1) for x_K in (left_K, right_K) for row in (0, 1)]
    hull = cv2.convexHull(np.concatenate(ends).astype(np.float32))
    return np.asarray(hull, np.float32).reshape(-1, 2)


def _box(mask_HW: Bool) -> tuple[int, int, int, int]:
    x_K, y_K = np.flatnonzero(mask_HW.any(axis=0)), np.flatnonzero(mask_HW.any(axis=1))
    return int(x_K[0]), int(y_K[0]), int(x_K[-1]) + 1, int(y_K[-1]) + 1


def _without_crumbs(mask_HW: Bool) -> Bool:
    """The mask without parts that are too small to be of a person."""
    count, label_HW, stats, _ = cv2.connectedComponentsWithStats(mask_HW.astype(np.uint8))
    if count <= 2:
        return mask_HW
    area_K = np.asarray(stats)[:, cv2.CC_STAT_AREA]
    kept_K = area_K >= _LEAST_PART * area_K[1:].sum()
    kept_K[0] = False
    return np.asarray(kept_K[label_HW], bool)


def _premultiplied(image_HWC: Uint8, mask_HW: Bool) -> Uint8:
    """RGBA with a soft edge whose colours are the person's own.

    Labels drawn by hand reach about half a pixel too far: the edge is moved inwards by that.
    """
    hard_HW = mask_HW.astype(np.float32)
    soft_HW = np.clip(cv2.GaussianBlur(hard_HW, (0, 0), 0.8) * 1.6 - 0.6, 0.0, 1.0)
    inner_HW1 = (soft_HW > 0.8)[..., None].astype(np.float32)
    weight_HW = cv2.GaussianBlur(inner_HW1[..., 0], (0, 0), 1.5)[..., None]
    near_HWC = cv2.GaussianBlur(image_HWC * inner_HW1, (0, 0), 1.5) / np.maximum(weight_HW, 1e-3)
    own_HWC = np.where((inner_HW1 > 0) | (weight_HW < 1e-3), image_HWC, near_HWC)
    alpha_HW1 = soft_HW[..., None].astype(np.float32)
    made_HWC = np.concatenate((own_HWC * alpha_HW1, 255.0 * alpha_HW1), axis=2)
    return np.asarray(np.clip(np.rint(made_HWC), 0, 255), np.uint8)


def _darkened(image_HWC: Uint8, cloth_HW: Bool, shade: float) -> Uint8:
    """The cut-out with clothes of less light and less colour."""
    amount_HW1 = cv2.blur(cloth_HW.astype(np.float32), (3, 3))[..., None]
    colour_HWC = image_HWC[..., :3].astype(np.float32)
    grey_HW1 = colour_HWC.mean(axis=2, keepdims=True)
    dark_HWC = shade * (0.5 * colour_HWC + 0.5 * grey_HW1)
    mixed_HWC = colour_HWC + amount_HW1 * (dark_HWC - colour_HWC)
    made_HWC = np.concatenate((mixed_HWC, image_HWC[..., 3:]), axis=2)
    return np.asarray(np.rint(made_HWC), np.uint8)


def _levels(image_HWC: Uint8) -> tuple[Uint8, ...]:
    """The picture, and halves of it down to `SHRUNK_PX` rows."""
    levels = [image_HWC]
    while levels[-1].shape[0] > SHRUNK_PX:
        height, width = levels[-1].shape[:2]
        size = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
        # An odd side gets one more column, so that every level is exactly half.
        even = cv2.copyMakeBorder(levels[-1], 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT)
        levels.append(np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8))
    return tuple(levels)
