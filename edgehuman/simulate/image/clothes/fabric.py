"""Cloth patterns as repeating tiles."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from edgehuman.records import Float32, Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.clothes.look import Cloth, Colour
from edgehuman.simulate.image.figure.rig import Texture

TILE = 128
TEXEL_M = 0.005


def tile(cloth: Cloth) -> Uint8:
    """(128, 128, 3): a cloth of 0.64 m x 0.64 m."""
    ground, figure = column(cloth.ground), column(cloth.figure)
    colour_CHW: Float32 = ground * _grain()
    if cloth.pattern in _FIGURES:
        colour_CHW += (figure - ground) * _FIGURES[cloth.pattern](cloth)
    return from_planes(colour_CHW)


def column(colour: Colour) -> Float32:
    """A colour as (3, 1, 1)."""
    return np.array(colour, np.float32).reshape(3, 1, 1)


def from_planes(colour_CHW: Float32) -> Uint8:
    """(H, W, 3) from red, green and blue (3, H, W), clipped to 0 and 255."""
    _, height, width = colour_CHW.shape
    np.maximum(colour_CHW, 0.0, out=colour_CHW)
    planes = cv2.convertScaleAbs(colour_CHW.reshape(-1, width))
    return np.asarray(cv2.merge(list(np.asarray(planes).reshape(3, height, width))), np.uint8)


def texture(
    picture_HWC: Uint8, part_HW: Uint8 | None = None, detail_HW: Uint8 | None = None
) -> Texture:
    """Convert a picture to a texture for tubes."""
    height, width = picture_HWC.shape[:2]
    numbers = [None if each is None else each.reshape(-1) for each in (part_HW, detail_HW)]
    return Texture(picture_HWC.reshape(-1, 3), height, width, *numbers)


def plain(colour: Colour, grain: float = 0.03) -> Texture:
    """One colour with a little grain."""
    coarse = 1.0 + (grain / _GRAIN) * (_grain()[:32, :32] - 1.0)
    return texture(from_planes(column(colour) * coarse))


_GRAIN = 0.03


@lru_cache(maxsize=1)
def _grain() -> Float32:
    """(TILE, TILE) brightness of each thread, about 1."""
    noise = generator(0x9A1).standard_normal((TILE, TILE))
    return np.asarray(1.0 + _GRAIN * noise, np.float32)


@lru_cache(maxsize=256)
def _bars(count: int, share: float) -> Float32:
    """(TILE,) soft bars, 0 or 1: `count` of them, each `share` of its period wide."""
    place = np.arange(TILE) * (count / TILE) % 1.0
    rise = np.clip((share / 2 - np.abs(place - 0.5)) * (TILE / count) + 0.5, 0.0, 1.0)
    return np.asarray(rise, np.float32)


def _stripes(cloth: Cloth) -> Float32:
    return _bars(cloth.count, cloth.share)[:, None]


def _pinstripes(cloth: Cloth) -> Float32:
    return _bars(cloth.count, 0.3)[None]


def _checks(cloth: Cloth) -> Float32:
    bars = _bars(cloth.count, cloth.share)
    return np.asarray(0.5 * (bars[:, None] + bars), np.float32)


def _dots(cloth: Cloth) -> Float32:
    wave = np.cos(np.arange(TILE) * (2.0 * np.pi * (cloth.count // 2) / TILE)).astype(np.float32)
    dots = np.clip((np.abs(wave[:, None] + wave) - 2.2 + cloth.share) * 4.0, 0.0, 1.0)
    return np.asarray(dots, np.float32)


def _blotches(cloth: Cloth) -> Float32:
    """Flowers seen from a distance, or camouflage: thresholded smooth noise."""
    count = cloth.count
    coarse = generator(cloth.seed).standard_normal((count, count), np.float32)
    fine = cv2.resize(coarse, (TILE, TILE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip((fine + 2.0 * cloth.share - 1.0) * 4.0, 0.0, 1.0), np.float32)


_FIGURES = {
    "stripes": _stripes,
    "pinstripes": _pinstripes,
    "checks": _checks,
    "dots": _dots,
    "blotches": _blotches,
}
