"""What cameras do to a crop: light, darkness, grey, few pixels, blur, compression and noise.

Every effect has its own probability, and the labels are not touched. Axes: H height, W width, C
colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.reading.parsers import foreign
from edgehuman.records import Float64, Uint8


@dataclass(frozen=True, slots=True)
class Marring:
    """Attributes:
    light: largest relative change of brightness, contrast and each colour's gain.
    dark, grey, coarse, blur, streak, blocks, noise: probabilities of darkness, a grey picture, few
        pixels, defocus, motion blur, JPEG's blocks, and noise.
    fewest_px, most_px: height of a coarse crop before it is enlarged.
    """

    light: float = 0.3
    dark: float = 0.12
    grey: float = 0.12
    coarse: float = 0.3
    blur: float = 0.1
    streak: float = 0.08
    blocks: float = 0.25
    noise: float = 0.2
    fewest_px: int = 40
    most_px: int = 128


def mar(image_HWC: Uint8, marring: Marring, rng: np.random.Generator) -> Uint8:
    """Return the crop as a camera might have seen it."""
    import cv2

    marred_HWC = _lit(image_HWC, marring, rng)
    if rng.random() < marring.coarse:
        marred_HWC = _coarse(marred_HWC, marring, rng)
    if rng.random() < marring.blur:
        sigma = float(rng.uniform(0.5, 2.0))
        marred_HWC = np.asarray(cv2.GaussianBlur(marred_HWC, (0, 0), sigma), np.uint8)
    if rng.random() < marring.streak:
        marred_HWC = _streaked(marred_HWC, rng)
    if rng.random() < marring.noise:
        strength = float(rng.uniform(2, 14))
        noise_HWC = rng.integers(-128, 128, image_HWC.shape, np.int16)
        noisy_HWC = marred_HWC + noise_HWC * np.float32(strength / 74)
        marred_HWC = np.clip(noisy_HWC, 0, 255).astype(np.uint8)
    if rng.random() < marring.blocks:
        marred_HWC = _blocks(marred_HWC, int(rng.integers(20, 75)))
    return marred_HWC


def _lit(image_HWC: Uint8, marring: Marring, rng: np.random.Generator) -> Uint8:
    """Light, darkness and grey, all as one table of each colour's values."""
    import cv2

    light = marring.light
    if rng.random() < marring.grey:
        image_HWC = cv2.cvtColor(cv2.cvtColor(image_HWC, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)  # type: ignore[assignment]
    contrast = 1 + float(rng.uniform(-light, light))
    gain_C: Float64 = contrast * (1 + rng.uniform(-light, light, 3) / 2)
    offset = 255 * float(rng.uniform(-light, light)) / 2
    gamma = float(rng.uniform(1.4, 3.0)) if rng.random() < marring.dark else 1.0
    value_256 = 255 * (np.arange(256) / 255) ** gamma
    value_C256 = (value_256 - 128) * gain_C[:, None] + 128 + (offset if gamma == 1 else 0)
    table_C256 = np.clip(value_C256, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.LUT(image_HWC, np.ascontiguousarray(table_C256.T[None])))


def _coarse(image_HWC: Uint8, marring: Marring, rng: np.random.Generator) -> Uint8:
    """The crop of a person who is few pixels high, enlarged again."""
    import cv2

    height, width = image_HWC.shape[:2]
    tall = min(height, int(rng.integers(marring.fewest_px, marring.most_px + 1)))
    small = (max(4, round(width * tall / height)), tall)
    shrunk = cv2.resize(image_HWC, small, interpolation=cv2.INTER_AREA)
    how = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=how), np.uint8)


def _streaked(image_HWC: Uint8, rng: np.random.Generator) -> Uint8:
    """Blur along a line, mostly a level one."""
    import cv2

    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    angle = float(rng.normal(0, 0.4))
    middle = (length - 1) / 2
    for step in np.linspace(-middle, middle, 2 * length):
        row, column = middle + step * np.sin(angle), middle + step * np.cos(angle)
        kernel[round(float(row)), round(float(column))] = 1
    return np.asarray(cv2.filter2D(image_HWC, -1, kernel / kernel.sum()), np.uint8)


def _blocks(image_HWC: Uint8, quality: int) -> Uint8:
    import cv2

    with foreign():
        packed = cv2.imencode(".jpg", image_HWC, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
