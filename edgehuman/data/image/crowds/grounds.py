"""Backgrounds of composed scenes: streets of photos, the simulator's, and plain ones.

Each is rendered for a camera, so that its ground lies under the people's feet.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from edgehuman.data.image.crowds.plan import Camera
from edgehuman.records import Float32, Uint8
from edgehuman.simulate.body.seeding import child_seed, generator
from edgehuman.simulate.image.figure.tube import View
from edgehuman.simulate.image.scene.backdrop import FAMILIES, Scene, Spot, backdrop, scene
from edgehuman.simulate.image.scene.camera import look_at

NUM_DRAWN = 24
"""Drawn surroundings of one stock; 1.3 MB each."""
_BODY_M = 1.7
_GRAIN = 640


def street_ground(street_HWC: Uint8, camera: Camera, seed: int) -> Uint8:
    """A street beside a person of a photo, enlarged and mirrored to fill the frame.

    The photos are taken at eye level: their horizon is some third of the way down. Of a camera that
    looks down, only the ground is shown.
    """
    rng = generator(seed, 0x57EE7)
    rows, columns = street_HWC.shape[:2]
    top = camera.horizon / camera.height
    if top > 0.0:
        eye = rows * rng.uniform(0.22, 0.42)
        low = rows * rng.uniform(0.86, 1.0)
        scale = (low - eye) / (camera.height - camera.horizon)
        first = eye - scale * camera.horizon
    else:
        first = rows * rng.uniform(0.3, 0.6) * min(1.0, 0.6 - top)
        first = min(first, 0.62 * rows)
        scale = (rows * rng.uniform(0.9, 1.0) - first) / camera.height
    across = scale * rng.uniform(0.7, 1.3) * (1.0 if rng.random() < 0.5 else -1.0)
    turn = rng.normal(0.0, 0.04)
    start = rng.uniform(0.0, columns)
    inverse_23 = np.array(((across, scale * turn, start), (-scale * turn * 0.3, scale, first)))
    made_HWC = cv2.warpAffine(
        street_HWC,
        inverse_23,
        (camera.width, camera.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(made_HWC, np.uint8)


@lru_cache(maxsize=2 * NUM_DRAWN)
def _scenery(seed: int, number: int) -> Scene:
    return scene(FAMILIES[number % len(FAMILIES)], child_seed(seed, 0xBAC, number))


def drawn_ground(stock_seed: int, number: int, camera: Camera, seed: int) -> Uint8:
    """The simulator's floor and wall, seen by a camera of this horizon and height."""
    rng = generator(seed, 0xD2A)
    focal_px = camera.width * rng.uniform(0.9, 1.6)
    middle = 0.5 * camera.height
    down = math.atan(max(0.02, (middle - camera.horizon) / focal_px))
    high_m = max(1.2, _BODY_M / camera.slope)
    distance_m = max(2.0, (high_m - 0.9) / math.tan(down))
    view = look_at(high_m, distance_m, float(rng.uniform(0.0, 2 * math.pi)))
    shift_2 = np.array((0.5 * camera.width, middle))
    view = View(view.position_3, view.axes_33, np.full(2, focal_px), shift_2)
    spot = Spot(
        wall_m=float(rng.uniform(1.0, 4.0) * distance_m**0.7),
        wall_rad=float(rng.normal(0.0, 0.3)),
        along_m=float(rng.uniform(1.5, 11.0)),
        floor_rad=float(rng.normal(0.0, 0.4)),
        floor_m=(float(rng.uniform(0.0, 10.0)), float(rng.uniform(0.0, 10.0))),
    )
    return backdrop(_scenery(stock_seed, number), spot, view, camera.height, camera.width)


def plain_ground(camera: Camera, seed: int) -> Uint8:
    """Two colours, a gradient, soft spots and a few flat shapes; now and then what a covered or
    broken camera gives: one shade, or noise.
    """
    rng = generator(seed, 0x91A)
    if rng.random() < 0.25:
        return _no_picture(camera, rng)
    low_3, high_3 = rng.uniform(20.0, 235.0, (2, 3))
    grey = rng.uniform(0.0, 1.0)
    low_3, high_3 = (grey * each.mean() + (1 - grey) * each for each in (low_3, high_3))
    size = (camera.width, camera.height)
    share_HW1 = np.linspace(0.0, 1.0, camera.height, dtype=np.float32)[:, None, None]
    made_HWC = low_3 + (high_3 - low_3) * share_HW1 + np.zeros((1, camera.width, 1), np.float32)
    for cells, amount in ((4, 14.0), (24, 9.0)):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        made_HWC += amount * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)[..., None]
    image_HWC = np.asarray(np.clip(made_HWC, 0, 255), np.uint8)
    for _ in range(int(rng.integers(0, 7))):
        x, y = int(rng.uniform(0, camera.width)), int(rng.uniform(0, camera.height))
        wide, tall = (int(each) for each in rng.uniform(0.02, 0.5, 2) * size)
        colour = (0.5 * (low_3 + high_3) * rng.uniform(0.6, 1.4)).tolist()
        cv2.rectangle(image_HWC, (x, y), (x + wide, y + tall), colour, -1)
    return image_HWC


def _no_picture(camera: Camera, rng: np.random.Generator) -> Uint8:
    """One shade, also black or white, with no noise, or noise of each pixel, or of each colour."""
    shade = float(np.clip(rng.uniform(-60.0, 315.0), 0, 255))
    amount = float(rng.choice((0.0, rng.uniform(2.0, 90.0))))
    colours = 3 if rng.random() < 0.5 else 1
    size = (camera.height, camera.width, colours)
    noise_HWC = rng.standard_normal(size, np.float32) * np.float32(amount)
    if rng.random() < 0.3:  # every value as often
        noise_HWC = rng.uniform(-255.0, 255.0, size).astype(np.float32)
    image_HWC = np.clip(shade + noise_HWC, 0, 255).astype(np.uint8)
    return np.repeat(image_HWC, 3 // colours, axis=2)


@lru_cache(maxsize=1)
def grain_table() -> Float32:
    """Noise of unit variance, with the grain of a surface, (640, 640)."""
    white = generator(0x62A1).standard_normal((_GRAIN, _GRAIN)).astype(np.float32)
    smooth = white + 2.0 * cv2.GaussianBlur(white, (0, 0), 1.0)
    return np.asarray(smooth / smooth.std(), np.float32)
