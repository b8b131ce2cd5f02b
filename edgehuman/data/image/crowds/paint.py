"""Draw a composed scene: the background, then people and things from the farthest to the nearest.

Axes: H height, W width, C red, green, blue (and alpha).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.crowds.cutouts import CutOut
from edgehuman.data.image.crowds.grounds import grain_table
from edgehuman.data.image.crowds.plan import Light, Placed, Plan, Thing
from edgehuman.data.image.crowds.seen import (
    People,
    in_order,
    matrix_of,
    region,
    to_level,
    warp_alpha,
)
from edgehuman.data.image.crowds.things import paint_thing
from edgehuman.records import Float32, Uint8

_FOG = 200.0
_FAINT = 0.25


def paint_scene(plan: Plan, ground_HWC: Uint8, people: People) -> Uint8:
    """Draw a plan onto its background; uint8 RGB."""
    light = plan.light
    scene_HWC = ground_HWC.astype(np.float32)
    grain_HW = _grain(plan)
    scene_HWC += (2.0 + 4.0 * light.match) * grain_HW[..., None]
    mean_3 = ground_HWC[ground_HWC.shape[0] // 3 :].mean(axis=(0, 1), dtype=np.float32)
    for item in in_order(plan):
        if isinstance(item, Thing):
            paint_thing(scene_HWC, item, grain_HW)
        elif isinstance(item, Placed):
            cut = people(item.source, item.number)
            if cut is not None:
                _paint_person(scene_HWC, item, cut, light, mean_3)
    return _taken(scene_HWC, light)


def _grain(plan: Plan) -> Float32:
    table = grain_table()
    row, column = plan.background.seed % 97, plan.background.seed % 89
    return table[row : row + plan.camera.height, column : column + plan.camera.width]


def _paint_person(
    scene_HWC: Float32, placed: Placed, cut: CutOut, light: Light, mean_3: Float32
) -> None:
    height, width = scene_HWC.shape[:2]
    matrix_23 = matrix_of(placed, cut)
    _paint_shadow(scene_HWC, placed, cut, matrix_23, light)
    found = region(matrix_23, cut, height, width)
    if found is None:
        return
    x0, y0, x1, y1 = found
    level = cut.level_for(placed.height_px / cut.height_px)
    moved_23 = to_level(matrix_23, 2.0**level)
    moved_23[:, 2] -= (x0, y0)
    shown_HWC = (cut.dark if placed.dark else cut.levels)[level]
    patch = cv2.warpAffine(shown_HWC, moved_23, (x1 - x0, y1 - y0))
    patch_HWC = _blurred(np.asarray(patch, np.float32), light)
    patch_HWC[..., :3] *= _gain(placed, cut, light, mean_3)
    part_HWC = scene_HWC[y0:y1, x0:x1]
    part_HWC *= 1.0 - patch_HWC[..., 3:] * np.float32(1 / 255)
    part_HWC += patch_HWC[..., :3]


def _blurred(patch_HWC: Float32, light: Light) -> Float32:
    if light.people_px > _FAINT:
        patch_HWC = np.asarray(cv2.GaussianBlur(patch_HWC, (0, 0), light.people_px), np.float32)
    if light.motion_px >= 2.0:
        patch_HWC = np.asarray(cv2.blur(patch_HWC, (int(light.motion_px), 1)), np.float32)
    return patch_HWC


def _gain(placed: Placed, cut: CutOut, light: Light, mean_3: Float32) -> Float32:
    """Of red, green and blue: towards the scene's brightness and tint, by `match`."""
    level = float(mean_3.mean()) + 8.0
    brighter = (level / (float(cut.colour_3.mean()) + 8.0)) ** (0.4 * light.match)
    tint_3 = ((mean_3 + 8.0) / level) ** (0.5 * light.match)
    return np.asarray(placed.gain * np.clip(brighter, 0.65, 1.5) * tint_3, np.float32)


def _paint_shadow(
    scene_HWC: Float32,
    placed: Placed,
    cut: CutOut,
    matrix_23: NDArray[np.float64],
    light: Light,
) -> None:
    """Darken the ground: the cut-out laid down along the sun, and a spot under the feet."""
    height, width = scene_HWC.shape[:2]
    if light.shadow < 0.03:
        return
    foot_2 = np.array(placed.foot)
    across, along = light.sun
    # A point that is `up` above the feet falls `across * up` aside and `along * up` down.
    laid_22 = np.array(((1.0, -across), (0.0, -along))) if any(light.sun) else np.zeros((2, 2))
    if any(light.sun):
        shade_23 = np.empty((2, 3))
        shade_23[:, :2] = laid_22 @ matrix_23[:, :2]
        shade_23[:, 2] = laid_22 @ (matrix_23[:, 2] - foot_2) + foot_2
        found = region(shade_23, cut, height, width)
        if found is not None:
            x0, y0, x1, y1 = found
            alpha_HW = warp_alpha(cut, shade_23, found)
            soft_HW = cv2.blur(alpha_HW, (3, 3)).astype(np.float32)
            scene_HWC[y0:y1, x0:x1] *= 1.0 - (light.shadow / 255.0) * soft_HW[..., None]
    wide, deep = 0.22 * placed.height_px * placed.wide, 0.045 * placed.height_px
    x, y = placed.foot
    x0, x1 = max(0, int(x - wide)), min(width, int(x + wide) + 1)
    y0, y1 = max(0, int(y - deep)), min(height, int(y + deep) + 1)
    if x1 <= x0 or y1 <= y0:
        return
    off_W = (np.arange(x0, x1, dtype=np.float32) + 0.5 - x) / wide
    off_H = (np.arange(y0, y1, dtype=np.float32) + 0.5 - y) / max(deep, 1.0)
    near_HW = np.maximum(0.0, 1.0 - off_W**2 - off_H[:, None] ** 2)
    scene_HWC[y0:y1, x0:x1] *= 1.0 - np.float32(0.8 * light.shadow) * near_HW[..., None]


def _taken(scene_HWC: Float32, light: Light) -> Uint8:
    """The camera's picture of a scene."""
    image_HWC = np.asarray(cv2.convertScaleAbs(np.maximum(scene_HWC, 0.0)), np.uint8)
    if light.blur_px > _FAINT:
        image_HWC = np.asarray(cv2.GaussianBlur(image_HWC, (0, 0), light.blur_px), np.uint8)
    if light.grey:
        grey_HW = cv2.cvtColor(image_HWC, cv2.COLOR_RGB2GRAY)
        image_HWC = np.asarray(cv2.cvtColor(grey_HW, cv2.COLOR_GRAY2RGB), np.uint8)
    return np.asarray(cv2.LUT(image_HWC, _curve(light)), np.uint8)


def _curve(light: Light) -> Uint8:
    """(1, 256, 3) of gain, contrast about the middle, fog and gamma."""
    level_L1 = np.arange(256, dtype=np.float64)[:, None]
    gain_3 = np.full(3, np.mean(light.gain_3)) if light.grey else np.array(light.gain_3)
    made_L3 = 115.0 + light.contrast * (level_L1 * gain_3 - 115.0)
    made_L3 = np.clip(made_L3 * (1.0 - light.fog) + _FOG * light.fog, 0.0, 255.0)
    made_L3 = 255.0 * (made_L3 / 255.0) ** light.gamma
    return np.asarray(np.rint(np.clip(made_L3, 0.0, 255.0)), np.uint8)[None]
