"""What is in a composed scene, before a pixel of it is drawn: a camera, people, things.

A plan depends on its seed, its index and the sizes of the cut-outs alone. The ground is a plane: a
person whose feet are `y` rows down is `slope * (y - horizon)` rows high, as for a camera that looks
ahead. People and things are painted by their feet, from the farthest to the nearest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgehuman.simulate.body.seeding import generator

SHAPES = (
    (312, 416, 0.26),
    (336, 448, 0.2),
    (234, 416, 0.18),
    (270, 480, 0.18),
    (416, 312, 0.08),
    (448, 252, 0.04),
    (352, 352, 0.06),
)
"""Rows, columns and share of frames."""
MOST_PEOPLE = 30
SMALLEST_PX = 22
PORTRAITS = ((416, 312), (448, 336), (448, 252), (352, 352))
"""Rows and columns of portraits."""
_THINGS = (1.3, 0.3)
"""How many stand about on average: in crowds, in portraits."""
_EMPTY = 0.05
_KINDS = ("far", "street", "near", "close")
_KIND_SHARES = (0.34, 0.4, 0.18, 0.08)
# Probability that a person stands beside another, how near as a share of the height, and how often
# people stand so.
_LOOSE, _DENSE = (0.4, (0.12, 0.75)), (0.8, (0.06, 0.4))
_DENSE_SHARE = 0.3
_BACKGROUNDS = ("street", "drawn", "plain")
_BACKGROUND_SHARES = (0.66, 0.24, 0.1)


@dataclass(frozen=True, slots=True)
class Camera:
    """Attributes:
    height, width: of the frame, pixels.
    kind: "far": small people, from above; "street": eye level; "near": few, large; "close":
        from the height of the eyes; "portrait": one to three, who fill the picture.
    horizon: its row, which may be outside.
    slope: a person's height over the rows between horizon and feet.
    squeeze: rows of a person over those that the cut-out would have: seen from above.
    """

    height: int
    width: int
    kind: str
    horizon: float
    slope: float
    squeeze: float
    is_dense: bool = False

    def height_at(self, foot_y: float) -> float:
        """Rows of a person whose feet are at this row."""
        return self.slope * (foot_y - self.horizon)

    def foot_of(self, height_px: float) -> float:
        """Row of the feet of a person of this height."""
        return self.horizon + height_px / self.slope


@dataclass(frozen=True, slots=True)
class Light:
    """How a scene is lit and taken.

    Attributes:
        gain_3, contrast, gamma: of the whole picture.
        match: share of the difference between a person's and the scene's colour that is taken out.
        shadow: of people on the ground, 0 to 1; sun: its direction and length, in heights.
        blur_px: of the whole picture; people_px: of people alone, who are sharper or softer.
        motion_px: of people, sideways.
        grey: whether the picture has no colour.
        fog: share of a light grey that far scenes are mixed with.
    """

    gain_3: tuple[float, float, float]
    contrast: float
    gamma: float
    match: float
    shadow: float
    sun: tuple[float, float]
    blur_px: float
    people_px: float
    motion_px: float
    grey: bool
    fog: float


@dataclass(frozen=True, slots=True)
class Placed:
    """A person in a scene.

    Attributes:
        source: 0: cut out of photos; 1: simulated.
        number: which of them.
        foot: column and row of the middle of the feet, pixels.
        height_px: rows of the body, squeezed.
        wide: columns over those that the cut-out's proportions give before the squeeze.
        mirrored: left and right exchanged; turn_rad: clockwise about the feet.
        gain: brightness; dark: whether the clothes are dark.
    """

    source: int
    number: int
    foot: tuple[float, float]
    height_px: float
    wide: float
    mirrored: bool
    turn_rad: float
    gain: float
    dark: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is no person, and may hide people.

    Attributes:
        shape: "pole", "box", "bench", "bush", "sign" or "bin".
        box: x0, y0, x1, y1, pixels; y1 is where it stands.
        colour: red, green, blue; seed: of its details.
    """

    shape: str
    box: tuple[float, float, float, float]
    colour: tuple[float, float, float]
    seed: int


@dataclass(frozen=True, slots=True)
class Background:
    """Attributes:
    kind: "street": of photos; "drawn": of the simulator; "plain": a gradient with noise.
    number: which of them; seed: of the part that is seen.
    """

    kind: str
    number: int
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Attributes:
    people, things: from the farthest to the nearest.
    """

    camera: Camera
    light: Light
    background: Background
    people: tuple[Placed, ...]
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """How many there are to choose from, and which can be: people by source, and backgrounds.

    Attributes:
        people: by source, how many; of the simulated, the second half is seen from above.
        simulated: share of people who are.
        streets: how many; drawn: how many.
        is_person: (source, number) -> whether it can be used.
        is_street: likewise.
        portraits: share of scenes that are.
    """

    people: tuple[int, int]
    simulated: float
    streets: int
    drawn: int
    is_person: Callable[[int, int], bool]
    is_street: Callable[[int], bool]
    portraits: float = 0.0


def sample_plan(seed: int, index: int, choices: Choices) -> Plan:
    """Sample the scene of an index."""
    rng = generator(seed, 0x5CE7E, index)
    is_portrait = choices.portraits > 0 and bool(rng.random() < choices.portraits)
    camera = _portrait(rng) if is_portrait else _camera(rng)
    count = _count(rng, camera)
    people: list[Placed] = []
    for _ in range(count):
        people.append(_person(rng, camera, people, choices))
    people.sort(key=lambda each: each.foot[1])
    things = sorted(
        (_thing(rng, camera, people) for _ in range(rng.poisson(_THINGS[is_portrait]))),
        key=lambda each: each.box[3],
    )
    return Plan(
        camera, _light(rng, camera), _background(rng, choices), tuple(people), tuple(things)
    )


def _pick(rng: np.random.Generator, names: tuple[str, ...], shares: tuple[float, ...]) -> str:
    return names[min(int(np.searchsorted(np.cumsum(shares), rng.random())), len(names) - 1)]


def _camera(rng: np.random.Generator) -> Camera:
    shares = np.cumsum([each[2] for each in SHAPES])
    found = min(int(np.searchsorted(shares, rng.random())), len(SHAPES) - 1)
    height, width = SHAPES[found][:2]
    kind = _pick(rng, _KINDS, _KIND_SHARES)
    if kind == "far":
        horizon = -height * rng.uniform(0.05, 2.5)
        nearest = height * math.exp(rng.uniform(math.log(0.11), math.log(0.38)))
        squeeze = rng.uniform(0.68, 1.0)
    elif kind == "street":
        horizon = height * rng.uniform(0.05, 0.5)
        nearest = height * rng.uniform(0.5, 1.5)
        squeeze = rng.uniform(0.85, 1.03)
    elif kind == "near":
        horizon = height * rng.uniform(-0.2, 0.5)
        nearest = height * rng.uniform(0.8, 2.0)
        squeeze = rng.uniform(0.88, 1.05)
    else:  # from the height of the eyes, which is where the heads are then, and not the feet
        horizon = height * rng.uniform(0.0, 0.5)
        nearest = (height - horizon) * rng.uniform(0.85, 1.3)
        squeeze = rng.uniform(0.9, 1.05)
    slope, is_dense = nearest / (height - horizon), bool(rng.random() < _DENSE_SHARE)
    return Camera(height, width, kind, horizon, slope, squeeze, is_dense)


def _portrait(rng: np.random.Generator) -> Camera:
    """From the height of the chest; whose feet are at the lower edge is about as high as it."""
    height, width = PORTRAITS[int(rng.integers(len(PORTRAITS)))]
    horizon = height * rng.uniform(0.3, 0.5)
    slope = height * rng.uniform(0.8, 1.1) / (height - horizon)
    return Camera(height, width, "portrait", horizon, slope, rng.uniform(0.92, 1.05))


def _count(rng: np.random.Generator, camera: Camera) -> int:
    if camera.kind == "portrait":
        return 1 + min(2, int(rng.poisson(0.4)))
    if rng.random() < _EMPTY:
        return 0
    mean = {"far": 11.0, "street": 8.0, "near": 3.0, "close": 1.7}[camera.kind]
    return min(MOST_PEOPLE, 1 + int(rng.poisson((mean - 1) * rng.gamma(2.0, 0.5))))


def _person(
    rng: np.random.Generator, camera: Camera, others: list[Placed], choices: Choices
) -> Placed:
    foot = _foot(rng, camera, others)
    source, number = _who(rng, camera, choices)
    tall = math.exp(rng.normal(0.0, 0.07))
    # Simulated people who are seen from above are foreshortened already.
    squeeze = 1.0 if source and camera.kind == "far" else camera.squeeze
    turn = rng.normal(0.0, 0.03) if rng.random() < 0.8 else rng.normal(0.0, 0.15)
    shaded = rng.random() < 0.15
    return Placed(
        source,
        number,
        foot,
        height_px=max(SMALLEST_PX, camera.height_at(foot[1]) * tall),
        wide=math.exp(rng.normal(0.0, 0.08)) / squeeze,
        mirrored=bool(rng.random() < 0.5),
        turn_rad=float(turn),
        gain=float(rng.uniform(0.4, 0.75) if shaded else math.exp(rng.normal(0.0, 0.14))),
        dark=bool(rng.random() < 0.4),
    )


def _who(rng: np.random.Generator, camera: Camera, choices: Choices) -> tuple[int, int]:
    """A source and a number of it that can be used."""
    source = 1 if rng.random() < choices.simulated else 0
    for _ in range(8):
        number = _number(rng, camera, source, choices)
        if choices.is_person(source, number):
            return source, number
    return 1, _number(rng, camera, 1, choices)


def _number(rng: np.random.Generator, camera: Camera, source: int, choices: Choices) -> int:
    count = choices.people[source]
    if source == 0:
        return int(rng.integers(count))
    half = count // 2
    return int(rng.integers(half, count) if camera.kind == "far" else rng.integers(half))


def _foot(rng: np.random.Generator, camera: Camera, others: list[Placed]) -> tuple[float, float]:
    """Beside another person, or anywhere on the ground."""
    height, width = camera.height, camera.width
    beside, apart = _DENSE if camera.is_dense else _LOOSE
    if others and rng.random() < beside:
        other = others[int(rng.integers(len(others)))]
        tall = other.height_px
        x = other.foot[0] + tall * rng.uniform(*apart) * (1 if rng.random() < 0.5 else -1)
        y = other.foot[1] + tall * rng.normal(0.0, 0.07)
        return float(x), float(max(y, camera.foot_of(SMALLEST_PX)))
    x = rng.uniform(-0.04, 1.04) * width
    if camera.kind == "far":
        lowest = camera.foot_of(SMALLEST_PX)
        y = rng.uniform(max(lowest, 0.04 * height), 1.08 * height)
        return float(x), float(y)
    if camera.kind == "portrait":
        return float(width * rng.uniform(0.2, 0.8)), float(height * rng.uniform(0.92, 1.06))
    low, high = {"street": (0.08, 1.05), "near": (0.5, 1.7), "close": (1.0, 2.8)}[camera.kind]
    tall = height * math.exp(rng.uniform(math.log(low), math.log(high)))
    y = camera.foot_of(max(SMALLEST_PX, tall))
    # Feet far below the frame leave a head at most: such a person moves up.
    return float(x), float(min(y, height + 0.55 * camera.height_at(min(y, 2 * height))))


def _light(rng: np.random.Generator, camera: Camera) -> Light:
    warmth, level = rng.normal(0.0, 0.06), math.exp(rng.normal(0.0, 0.22))
    sunny = rng.random() < 0.5
    far = camera.kind == "far"
    return Light(
        gain_3=(level * math.exp(warmth), level, level * math.exp(-warmth)),
        contrast=float(rng.uniform(0.45, 1.2) if rng.random() < 0.5 else rng.uniform(0.8, 1.15)),
        gamma=math.exp(rng.normal(0.0, 0.15)),
        match=float(rng.uniform(0.0, 0.7)),
        shadow=float(rng.uniform(0.25, 0.65) if sunny else rng.uniform(0.0, 0.3)),
        sun=(float(rng.normal(0.0, 0.9)), float(rng.uniform(-0.1, 0.35))) if sunny else (0.0, 0.0),
        blur_px=float(rng.exponential(0.45 if far else 0.35)),
        people_px=float(rng.exponential(0.3)),
        motion_px=float(rng.uniform(1.0, 5.0)) if rng.random() < 0.12 else 0.0,
        grey=bool(rng.random() < 0.12),
        fog=float(rng.uniform(0.0, 0.3)) if rng.random() < 0.3 else 0.0,
    )


def _background(rng: np.random.Generator, choices: Choices) -> Background:
    kind = _pick(rng, _BACKGROUNDS, _BACKGROUND_SHARES)
    seed = int(rng.integers(2**31))
    if kind == "street" and choices.streets:
        for _ in range(12):
            number = int(rng.integers(choices.streets))
            if choices.is_street(number):
                return Background(kind, number, seed)
    if kind == "street":
        kind = "drawn"
    return Background(kind, int(rng.integers(choices.drawn)), seed)


def _thing(rng: np.random.Generator, camera: Camera, people: list[Placed]) -> Thing:
    """Anywhere, or in front of somebody; of the height that such a thing has there."""
    shape = ("pole", "box", "bench", "bush", "sign", "bin")[int(rng.integers(6))]
    if people and rng.random() < 0.45:
        other = people[int(rng.integers(len(people)))]
        x = other.foot[0] + rng.normal(0.0, 0.25) * other.height_px
        y = other.foot[1] + rng.uniform(0.01, 0.1) * other.height_px
    else:
        x = rng.uniform(0.0, 1.0) * camera.width
        y = rng.uniform(max(0.1 * camera.height, camera.foot_of(20)), 1.1 * camera.height)
    tall = max(8.0, camera.height_at(y))
    high, wide = {
        "pole": (rng.uniform(1.2, 3.0), rng.uniform(0.04, 0.12)),
        "box": (rng.uniform(0.3, 1.0), rng.uniform(0.3, 1.4)),
        "bench": (rng.uniform(0.3, 0.55), rng.uniform(0.6, 1.3)),
        "bush": (rng.uniform(0.35, 1.0), rng.uniform(0.4, 1.3)),
        "sign": (rng.uniform(1.0, 1.6), rng.uniform(0.25, 0.6)),
        "bin": (rng.uniform(0.4, 0.7), rng.uniform(0.2, 0.35)),
    }[shape]
    half = 0.5 * wide * tall
    shade = rng.uniform(25.0, 215.0)
    tint_3 = np.array((0.8, 1.1, 0.6) if shape == "bush" else (1.0, 1.0, 1.0))
    colour_3 = np.clip(shade * tint_3 * (1.0 + rng.normal(0.0, 0.12, 3)), 8.0, 245.0)
    red, green, blue = (float(each) for each in colour_3)
    box = (float(x - half), float(y - high * tall), float(x + half), float(y))
    return Thing(shape, box, (red, green, blue), int(rng.integers(2**31)))
