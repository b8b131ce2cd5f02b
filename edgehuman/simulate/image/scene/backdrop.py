"""Surroundings of cameras: a floor and a wall, drawn once per camera and seen in perspective.

Ground coordinates have their origin at the person: right and ahead as seen by the camera, and up;
metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from edgehuman.records import Float64, Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.figure.tube import View

FAMILIES = ("street", "park", "shops", "hall", "car park", "station")

_TEXEL_M = 0.02
_FLOOR = 512
_WALL_HEIGHT, _WALL_WIDTH = 256, 640


@dataclass(frozen=True, slots=True)
class Scene:
    """One camera's surroundings: floor (512, 512, 3), 10 m wide; wall (256, 640, 3), 5 m high."""

    floor_HWC: Uint8
    wall_HWC: Uint8


@dataclass(frozen=True, slots=True)
class Spot:
    """Position of the person in a scene.

    Attributes:
        wall_m: distance of the wall behind the person; wall_rad: its rotation.
        along_m: position along the wall; floor_rad, floor_m: rotation and offset of the floor.
    """

    wall_m: float
    wall_rad: float
    along_m: float
    floor_rad: float
    floor_m: tuple[float, float]


@lru_cache(maxsize=32)
def scene(family: str, seed: int) -> Scene:
    """Generate the surroundings of a family from a seed."""
    rng = generator(seed, 0x5CE2E)
    floor, wall = _FLOORS[family](rng), _WALLS[family](rng)
    return Scene(_hazy(floor), _hazy(wall)[::-1].copy())


def _hazy(image: Float64) -> Uint8:
    """Reduce contrast and colour, as for distant objects."""
    grey = image.mean(axis=-1, keepdims=True)
    hazy: Float64 = 30.0 + 0.72 * (grey + 0.75 * (image - grey))
    return np.asarray(np.clip(hazy, 0.0, 255.0), np.uint8)


def backdrop(scenery: Scene, spot: Spot, view: View, height: int, width: int) -> Uint8:
    """Render the background without the person, (height, width, 3)."""
    floor_33, wall_33, edge_3 = _planes(spot, view)
    size = (width, height)
    seen = cv2.warpPerspective(
        scenery.floor_HWC, floor_33, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    x_W, y_H = np.arange(width), np.arange(height)
    above_HW = edge_3[0] * x_W + (edge_3[1] * y_H + edge_3[2])[:, None] > 0.0
    if above_HW[0].any():
        wall = cv2.warpPerspective(
            scenery.wall_HWC, wall_33, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        cv2.copyTo(wall, above_HW.view(np.uint8), seen)
    return np.asarray(seen, np.uint8)


def _planes(spot: Spot, view: View) -> tuple[Float64, Float64, Float64]:
    """Maps from texels of floor and wall to pixels, and the line (a, b, c) below the wall."""
    right, ahead = view.axes_33[0], view.axes_33[2] * (1.0, 1.0, 0.0)
    ahead = ahead / np.sqrt(ahead @ ahead)
    up = np.array([0.0, 0.0, 1.0])
    lens = np.diag([*view.scale_2, 1.0])
    lens[:2, 2] = view.shift_2
    to_pixel = lens @ view.axes_33

    def plane(first: Float64, second: Float64, origin: Float64) -> Float64:
        columns = [first * _TEXEL_M, second * _TEXEL_M, origin - view.position_3]
        made: Float64 = to_pixel @ np.stack(columns, axis=1)
        return made

    cosine, sine = np.cos(spot.floor_rad), np.sin(spot.floor_rad)
    across, away = cosine * right + sine * ahead, cosine * ahead - sine * right
    start = -spot.floor_m[0] * across - spot.floor_m[1] * away
    cosine, sine = np.cos(spot.wall_rad), np.sin(spot.wall_rad)
    along = cosine * right + sine * ahead
    foot = spot.wall_m * ahead - spot.along_m * along
    wall_33 = plane(along, up, foot)
    # The foot of the wall is the line through two of its points, in pixels; > 0 above it.
    a, b = wall_33[:, 2], wall_33[:, 2] + 100.0 * wall_33[:, 0]
    edge_3 = a[[1, 2, 0]] * b[[2, 0, 1]] - a[[2, 0, 1]] * b[[1, 2, 0]]
    edge_3 *= -np.sign(edge_3[1]) if edge_3[1] else 1.0
    return plane(across, away, start), wall_33, edge_3


def _noise(rng: np.random.Generator, height: int, width: int, *sizes_px: float) -> Float64:
    """(height, width) smooth noise of several sizes, each of unit variance, averaged."""
    total = np.zeros((height, width))
    for size in sizes_px:
        rows, columns = max(2, round(height / size)), max(2, round(width / size))
        coarse = rng.standard_normal((rows, columns))
        fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        total += np.asarray(fine, np.float64)
    return total / len(sizes_px)


def _tinted(rng: np.random.Generator, low: float, high: float, tint: float = 0.06) -> Float64:
    """A greyish colour."""
    colour: Float64 = rng.uniform(low, high) * (1.0 + rng.normal(0.0, tint, 3))
    return colour


def _rough(
    rng: np.random.Generator,
    colour: Float64,
    height: int,
    width: int,
    amount: float,
    *sizes_px: float,
) -> Float64:
    """A surface of one colour, uneven in brightness."""
    rough: Float64 = colour * (1.0 + amount * _noise(rng, height, width, *sizes_px)[..., None])
    return rough


def _asphalt(rng: np.random.Generator) -> Float64:
    floor = _rough(rng, _tinted(rng, 70, 130, 0.03), _FLOOR, _FLOOR, 0.10, 3, 12, 90)
    for _ in range(int(rng.integers(0, 4))):
        x = int(rng.integers(0, _FLOOR))
        cv2.line(floor, (x, 0), (x, _FLOOR), (205, 205, 198), 6)
    return floor


def _paving(rng: np.random.Generator) -> Float64:
    """Slabs of stone, each a little different."""
    size = int(rng.choice([16, 22, 32]))
    count = _FLOOR // size + 1
    shades = 1.0 + 0.08 * rng.standard_normal((count, count))
    slabs = np.kron(shades, np.ones((size, size)))[:_FLOOR, :_FLOOR]
    floor = _rough(rng, _tinted(rng, 105, 175), _FLOOR, _FLOOR, 0.05, 3, 60) * slabs[..., None]
    floor[::size] *= 0.72
    floor[:, ::size] *= 0.72
    return floor


def _tiles(rng: np.random.Generator) -> Float64:
    """An indoor floor: polished, in one or two shades."""
    size = int(rng.choice([20, 30, 45]))
    x = np.arange(_FLOOR) // size
    second = 1.0 - rng.choice([0.0, 0.12, 0.35]) * ((x[:, None] + x) % 2)
    floor = _rough(rng, _tinted(rng, 130, 205), _FLOOR, _FLOOR, 0.04, 90, 160)
    floor *= second[..., None]
    floor[::size] *= 0.86
    floor[:, ::size] *= 0.86
    return floor


def _grass(rng: np.random.Generator) -> Float64:
    green = np.array([92.0, 116.0, 58.0]) * rng.uniform(0.75, 1.2)
    floor = _rough(rng, green, _FLOOR, _FLOOR, 0.20, 2, 6, 70)
    x, wide = int(rng.integers(100, 300)), int(rng.integers(70, 140))
    path = _rough(rng, _tinted(rng, 130, 180), _FLOOR, wide, 0.06, 3, 40)
    floor[:, x : x + wide] = path
    return floor


def _bricks(rng: np.random.Generator) -> Float64:
    """A brick wall with windows and a door."""
    colour = np.array([150.0, 92.0, 72.0]) * rng.uniform(0.7, 1.2) * (1 + rng.normal(0, 0.08, 3))
    wall = _rough(rng, colour, _WALL_HEIGHT, _WALL_WIDTH, 0.10, 4, 50)
    wall[::4] *= 0.86
    _add_windows(rng, wall)
    return wall


def _plaster(rng: np.random.Generator) -> Float64:
    wall = _rough(rng, _tinted(rng, 120, 210), _WALL_HEIGHT, _WALL_WIDTH, 0.06, 40, 120)
    wall[-14:] *= 0.6
    _add_windows(rng, wall)
    return wall


def _add_windows(rng: np.random.Generator, wall: Float64) -> None:
    """Openings in a row, some of them doors."""
    x = int(rng.integers(0, 60))
    while x < _WALL_WIDTH - 70:
        wide = int(rng.integers(40, 80))
        top = int(rng.integers(70, 110))
        bottom = _WALL_HEIGHT if rng.random() < 0.3 else int(rng.integers(170, 215))
        frame = _tinted(rng, 40, 220)
        glass = _tinted(rng, 30, 110, 0.10)
        cv2.rectangle(wall, (x - 3, top - 3), (x + wide + 3, bottom + 3), frame.tolist(), -1)
        pane = _rough(rng, glass, bottom - top, wide, 0.35, 12, 40)
        wall[top:bottom, x : x + wide] = pane[:, : _WALL_WIDTH - x]
        wall[top:bottom, x + wide // 2 : x + wide // 2 + 2] = frame
        x += wide + int(rng.integers(25, 120))


def _hedge(rng: np.random.Generator) -> Float64:
    """Bushes, trunks, and sky above."""
    green = np.array([66.0, 88.0, 48.0]) * rng.uniform(0.7, 1.3)
    wall = _rough(rng, green, _WALL_HEIGHT, _WALL_WIDTH, 0.32, 3, 8, 25)
    line = 70 + 22 * _noise(rng, 1, _WALL_WIDTH, 40)[0]
    sky = np.arange(_WALL_HEIGHT)[:, None] < line
    wall[sky] = _tinted(rng, 170, 235, 0.04)
    for x in rng.integers(0, _WALL_WIDTH, 6):
        wide = int(rng.integers(6, 18))
        cv2.rectangle(wall, (int(x), 0), (int(x) + wide, 250), _tinted(rng, 45, 85).tolist(), -1)
    return wall


def _shop(rng: np.random.Generator) -> Float64:
    """Shop windows with bright contents."""
    wall = _rough(rng, _tinted(rng, 150, 225), _WALL_HEIGHT, _WALL_WIDTH, 0.04, 60)
    for x in range(8, _WALL_WIDTH - 120, 150):
        wide = int(rng.integers(90, 138))
        wall[60:240, x : x + wide] = _rough(rng, _tinted(rng, 50, 150), 180, wide, 0.2, 30, 80)
        for _ in range(26):
            at = (x + int(rng.integers(0, wide - 14)), int(rng.integers(80, 215)))
            end = (at[0] + int(rng.integers(6, 20)), at[1] + int(rng.integers(8, 28)))
            end = (min(end[0], x + wide - 1), min(end[1], 239))
            cv2.rectangle(wall, at, end, rng.uniform(30, 235, 3).tolist(), -1)
        cv2.rectangle(wall, (x, 30), (x + wide, 56), rng.uniform(30, 230, 3).tolist(), -1)
    return wall


def _panels(rng: np.random.Generator) -> Float64:
    """A hall: panels, doors, notices."""
    wall = _rough(rng, _tinted(rng, 140, 220), _WALL_HEIGHT, _WALL_WIDTH, 0.04, 80, 200)
    wall[int(rng.integers(190, 215)) :] *= rng.uniform(0.55, 0.9, 3)
    for x in range(int(rng.integers(0, 60)), _WALL_WIDTH, int(rng.integers(80, 160))):
        if rng.random() < 0.45:
            cv2.rectangle(wall, (x, 148), (x + 46, 255), _tinted(rng, 60, 170).tolist(), -1)
        else:
            tall = int(rng.integers(24, 60))
            picture = _rough(rng, rng.uniform(60, 220, 3), tall, 36, 0.4, 8, 20)
            wall[150 : 150 + tall, x : x + 36] = picture[:, : max(0, min(36, _WALL_WIDTH - x))]
    return wall


def _cars(rng: np.random.Generator) -> Float64:
    """Parked cars in front of a plain wall."""
    wall = _rough(rng, _tinted(rng, 110, 190), _WALL_HEIGHT, _WALL_WIDTH, 0.08, 5, 60, 150)
    x = int(rng.integers(0, 40))
    while x < _WALL_WIDTH - 80:
        long, paint = int(rng.integers(190, 230)), _tinted(rng, 30, 220, 0.18).tolist()
        cv2.rectangle(wall, (x, 208), (x + long, 244), paint, -1)
        roof = np.array([[x + 36, 209], [x + 62, 182], [x + 140, 182], [x + 172, 209]])
        cv2.fillConvexPoly(wall, roof, paint)
        glass = np.array([[x + 46, 207], [x + 66, 186], [x + 136, 186], [x + 160, 207]])
        cv2.fillConvexPoly(wall, glass, (44, 50, 56))
        for wheel in (x + 40, x + long - 42):
            cv2.circle(wall, (wheel, 243), 15, (26, 26, 28), -1)
            cv2.circle(wall, (wheel, 243), 7, (150, 150, 152), -1)
        x += long + int(rng.integers(14, 70))
    return wall


def _platform(rng: np.random.Generator) -> Float64:
    """A station: a tiled wall with a stripe, signs and benches."""
    wall = _rough(rng, _tinted(rng, 120, 200), _WALL_HEIGHT, _WALL_WIDTH, 0.03, 90)
    wall[::12] *= 0.9
    wall[:, ::12] *= 0.9
    stripe = int(rng.integers(100, 180))
    wall[stripe : stripe + 18] = rng.uniform(30, 220, 3)
    for x in rng.integers(0, _WALL_WIDTH - 90, 4):
        at = int(x)
        cv2.rectangle(wall, (at, 120), (at + 70, 175), rng.uniform(40, 230, 3).tolist(), -1)
        cv2.rectangle(wall, (at + 5, 126), (at + 65, 150), rng.uniform(150, 240, 3).tolist(), -1)
        cv2.rectangle(wall, (at - 10, 228), (at + 80, 236), (70, 60, 52), -1)
    return wall


_FLOORS = {
    "street": _paving,
    "park": _grass,
    "shops": _tiles,
    "hall": _tiles,
    "car park": _asphalt,
    "station": _paving,
}
_WALLS = {
    "street": lambda rng: (_bricks if rng.random() < 0.6 else _plaster)(rng),
    "park": _hedge,
    "shops": _shop,
    "hall": _panels,
    "car park": _cars,
    "station": _platform,
}
