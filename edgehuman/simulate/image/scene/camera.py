"""Cameras: position, light, and image formation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from edgehuman.records import Float32, Float64, Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.figure.tube import Light, View
from edgehuman.simulate.image.scene.backdrop import FAMILIES

NUM_CAMERAS = 6

_GRAIN = 512
# Light is stored in eight bits with this scale, so that bright cloth in the sun is not clipped.
_HEADROOM = 0.75


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of a network.

    Attributes:
        number: from 0.
        family, seed: its surroundings.
        height_m: above the ground; distance_m: nearest and farthest person.
        light: lamp or sun, and ambient light.
        gain_3: gain of red, green and blue.
        gamma: of its brightness curve; 1 is linear.
        blur_px: of its lens, at 256 rows.
        noise: of its sensor, standard deviation of 0..255.
        detail: rows of its picture of a person, as a fraction of the crop's.
        quality: of its JPEG, 0..100.
    """

    number: int
    family: str
    seed: int
    height_m: float
    distance_m: tuple[float, float]
    light: Light
    gain_3: tuple[float, float, float]
    gamma: float
    blur_px: float
    noise: float
    detail: float
    quality: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """Camera effects that vary between pictures of one camera.

    Attributes:
        gain: brightness relative to the camera's usual.
        blur_px: additional blur (focus, motion), at 256 rows.
        detail: rows of the picture, as a fraction of the crop's.
        noise_at: offset into the noise table.
        quality: of the JPEG.
    """

    gain: float
    blur_px: float
    detail: float
    noise_at: tuple[int, int]
    quality: int


@lru_cache(maxsize=64)
def sample_camera(seed: int, number: int) -> Camera:
    """Sample a camera of a network; the families of surroundings alternate."""
    rng = generator(seed, 0xCA3E2A, number)
    side = rng.uniform(-0.9, 0.9)
    towards = np.array([side, -rng.uniform(0.5, 1.2), -rng.uniform(-0.2, 0.9)])
    towards /= np.linalg.norm(towards)
    direct = float(rng.uniform(0.15, 0.75))
    near_m = float(rng.uniform(4.0, 6.0))
    warmth = rng.normal(0.0, 0.06)
    gain = rng.uniform(0.88, 1.16) / (0.62 + 0.5 * direct)
    return Camera(
        number=number,
        family=FAMILIES[number % len(FAMILIES)],
        seed=int(rng.integers(2**31)),
        height_m=float(rng.uniform(1.5, 3.6)),
        distance_m=(near_m, near_m + float(rng.uniform(2.0, 7.0))),
        light=Light((float(towards[0]), float(towards[1]), float(towards[2])), direct, 0.62),
        gain_3=(
            float(gain * np.exp(warmth)),
            float(gain * np.exp(rng.normal(0.0, 0.02))),
            float(gain * np.exp(-warmth)),
        ),
        gamma=float(np.exp(rng.normal(0.0, 0.07))),
        blur_px=float(rng.uniform(0.2, 0.9)),
        noise=float(rng.uniform(2.0, 7.0)),
        detail=float(rng.uniform(0.45, 1.0)),
        quality=int(rng.integers(45, 92)),
    )


def look_at(camera_height_m: float, distance_m: float, azimuth_rad: float) -> View:
    """View of a person at the origin from an azimuth: 0 from the front, a quarter turn: from the
    person's left. Lengths are tangents; scale and shift are not set yet.
    """
    cosine, sine = np.cos(azimuth_rad), np.sin(azimuth_rad)
    position_3 = np.array([distance_m * cosine, distance_m * sine, camera_height_m])
    ahead = np.array([0.0, 0.0, 0.9]) - position_3
    ahead /= np.sqrt(ahead @ ahead)
    right = np.array([-sine, cosine, 0.0])
    axes_33 = np.stack([right, np.cross(ahead, right), ahead])
    return View(position_3, axes_33, np.ones(2), np.zeros(2))


def expose(colour_CHW: Float32, camera: Camera, exposure: Exposure) -> Uint8:
    """Convert light (3, H, W), 0..255, to the camera's picture (H, W, 3)."""
    height, width = colour_CHW.shape[1:]
    planes = cv2.convertScaleAbs(colour_CHW.reshape(-1, width), alpha=_HEADROOM)
    light = cv2.merge(list(np.asarray(planes).reshape(3, height, width)))
    rows, columns = max(8, round(height * exposure.detail)), max(4, round(width * exposure.detail))
    # Blur of the lens, and the averaging of fewer pixels.
    gathered_px = 0.5 * (1.0 / exposure.detail - 1.0)
    blur_px = float(np.hypot((camera.blur_px + exposure.blur_px) * height / 256.0, gathered_px))
    if blur_px > 0.3:
        light = cv2.GaussianBlur(light, (0, 0), blur_px)
    if rows < height:
        light = cv2.resize(light, (columns, rows), interpolation=cv2.INTER_LINEAR)
    gain_3 = np.array(camera.gain_3) * (exposure.gain / _HEADROOM)
    image = cv2.LUT(light, _curves(gain_3, camera.gamma))
    grain = _grain(*exposure.noise_at, rows, columns)
    image = cv2.scaleAdd(grain, camera.noise, np.asarray(image, np.float32))
    image = cv2.convertScaleAbs(np.maximum(image, 0.0))
    if rows < height:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return _compressed(np.asarray(image, np.uint8), exposure.quality)


def _curves(gain_3: Float64, gamma: float) -> Uint8:
    """(1, 256, 3) lookup table of gain and brightness curve."""
    level = np.minimum(np.arange(256)[:, None] / 255.0 * gain_3, 1.0)
    return np.round(255.0 * level**gamma).astype(np.uint8)[None]


def _compressed(image_HWC: Uint8, quality: int) -> Uint8:
    """Apply JPEG compression to a picture."""
    bgr = cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR)
    _, packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    opened = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(opened, cv2.COLOR_BGR2RGB), np.uint8)


@lru_cache(maxsize=1)
def _noise() -> Float32:
    """Noise of unit variance, correlated between neighbours as after demosaicing."""
    white = generator(0x6A1).standard_normal((_GRAIN, _GRAIN, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(white, (0, 0), 0.6)
    return np.asarray(smooth / smooth.std(), np.float32)


def _grain(row: int, column: int, height: int, width: int) -> Float32:
    """Part of the noise table, repeated if the picture is larger."""
    noise = _noise()
    if row + height <= _GRAIN and column + width <= _GRAIN:
        return noise[row : row + height, column : column + width]
    rows, columns = (row + np.arange(height)) % _GRAIN, (column + np.arange(width)) % _GRAIN
    repeated: Float32 = noise[rows[:, None], columns]
    return repeated
