"""What clothes are made of: patterns of cloth as tiles, and the picture around a torso."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.look import Cloth, Colour
from edgehuman.simulate.seeding import generator
from edgehuman.simulate.tube import Texture

Floats = NDArray[np.float32]

TILE = 128
TEXEL_M = 0.005


def tile(cloth: Cloth) -> Floats:
    """(128, 128, 3) float32: a cloth of 0.64 m x 0.64 m that repeats both ways."""
    rng = generator(cloth.seed)
    figure_HW = _figure(cloth, rng)
    ground, figure = np.float32(cloth.ground), np.float32(cloth.figure)
    colour = ground + (figure - ground) * figure_HW[..., None]
    if cloth.pattern == "checks":
        colour += 0.25 * (np.float32(cloth.ground)[::-1] - colour) * _bars(7, 0.12)[:, None, None]
    grain = rng.standard_normal((TILE, TILE), np.float32)
    return np.clip(colour * (1.0 + 0.03 * grain[..., None]), 0.0, 255.0).astype(np.float32)


def texture(image_HWC: Floats, part_HW: NDArray[np.uint8] | None = None) -> Texture:
    """A picture as tubes take it."""
    height, width = image_HWC.shape[:2]
    flat = np.clip(image_HWC, 0, 255).astype(np.uint8).reshape(-1, 3)
    return Texture(flat, height, width, None if part_HW is None else part_HW.ravel())


def plain(colour: Colour, grain: float = 0.03, seed: int = 0) -> Texture:
    """One colour with a little grain."""
    noise = generator(seed, 0x9A1).standard_normal((32, 32, 1), np.float32)
    return texture(np.clip(np.float32(colour) * (1.0 + grain * noise), 0.0, 255.0))


def _bars(count: int, share: float) -> Floats:
    """(TILE,) soft bars, 0 or 1: `count` of them, each `share` of its period wide."""
    place = np.arange(TILE) * (count / TILE) % 1.0
    edge = TILE / count
    rise = np.clip((share / 2 - np.abs(place - 0.5)) * edge + 0.5, 0.0, 1.0)
    return rise.astype(np.float32)


def _figure(cloth: Cloth, rng: np.random.Generator) -> Floats:
    """(TILE, TILE) 0..1: where the figure's colour shows."""
    bars = _bars(cloth.count, cloth.share)
    if cloth.pattern == "stripes":
        return np.repeat(bars[:, None], TILE, axis=1)
    if cloth.pattern == "pinstripes":
        return np.repeat(_bars(cloth.count, 0.3)[None], TILE, axis=0)
    if cloth.pattern == "checks":
        return 0.5 * (bars[:, None] + bars[None])
    if cloth.pattern == "dots":
        return _dots(cloth.count, cloth.share)
    if cloth.pattern == "blotches":
        return _blotches(rng, cloth.count, cloth.share)
    return np.zeros((TILE, TILE), np.float32)


def _dots(count: int, share: float) -> Floats:
    wave = np.cos(np.arange(TILE) * (2.0 * np.pi * (count // 2) / TILE))
    return np.clip((np.abs(wave[:, None] + wave[None]) - 2.2 + share) * 4.0, 0.0, 1.0).astype(
        np.float32
    )


def _blotches(rng: np.random.Generator, count: int, share: float) -> Floats:
    """Flowers from afar, or camouflage: thresholded smooth noise."""
    coarse = rng.standard_normal((count, count), np.float32)
    wrapped = np.pad(coarse, ((0, 2), (0, 2)), mode="wrap")
    fine = cv2.resize(
        wrapped, None, fx=TILE / count, fy=TILE / count, interpolation=cv2.INTER_CUBIC
    )
    return np.clip((fine[:TILE, :TILE] + 2.0 * share - 1.0) * 4.0, 0.0, 1.0)
