"""Appearance of a simulated person: build, skin, hair, clothes and bags."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp

import numpy as np

from edgehuman.simulate.body.person import Person, sample_person
from edgehuman.simulate.body.seeding import generator

Colour = tuple[float, float, float]

PATTERNS = ("plain", "stripes", "pinstripes", "checks", "dots", "blotches", "blocks", "print")
HAIR = ("short", "long", "ponytail", "bun", "thin")
HATS = ("none", "cap", "beanie", "brim")
BAGS = ("none", "backpack", "shoulder bag", "handbag")
TOPS = ("t-shirt", "shirt", "jumper", "open jacket", "zipped jacket", "coat")
BOTTOMS = ("trousers", "leggings", "shorts", "skirt")
SHOES = ("trainers", "leather", "boots")

# Most street clothes are dark, grey, blue or white, so colour alone identifies few people.
_CLOTHES: Sequence[tuple[Colour, float]] = (
    ((24, 24, 28), 5.0),
    ((48, 50, 56), 3.0),
    ((92, 94, 98), 2.5),
    ((150, 152, 154), 2.0),
    ((226, 226, 222), 4.0),
    ((32, 42, 74), 3.5),
    ((60, 84, 130), 2.5),
    ((128, 158, 196), 1.8),
    ((196, 182, 152), 1.8),
    ((112, 84, 60), 1.5),
    ((74, 82, 56), 1.4),
    ((38, 86, 62), 0.9),
    ((140, 34, 40), 1.6),
    ((96, 30, 48), 0.9),
    ((214, 98, 52), 0.6),
    ((226, 190, 72), 0.7),
    ((214, 140, 158), 0.9),
    ((112, 74, 128), 0.7),
    ((70, 150, 160), 0.7),
)
_BOTTOM_CLOTHES: Sequence[tuple[Colour, float]] = (
    ((26, 26, 30), 6.0),
    ((56, 58, 64), 2.5),
    ((38, 50, 82), 4.0),
    ((70, 92, 132), 3.0),
    ((124, 146, 174), 1.4),
    ((186, 172, 142), 1.8),
    ((88, 72, 54), 1.0),
    ((78, 84, 62), 1.0),
    ((208, 206, 200), 1.0),
    ((110, 34, 42), 0.5),
)
_SKIN: Sequence[tuple[Colour, float]] = (
    ((236, 200, 178), 3.0),
    ((222, 182, 154), 3.0),
    ((198, 152, 120), 2.0),
    ((162, 114, 84), 1.5),
    ((116, 78, 56), 1.2),
    ((78, 54, 42), 0.8),
)
_HAIR: Sequence[tuple[Colour, float]] = (
    ((26, 22, 20), 4.0),
    ((54, 38, 28), 3.0),
    ((96, 66, 42), 2.0),
    ((172, 136, 84), 1.5),
    ((126, 62, 36), 0.5),
    ((150, 148, 146), 1.2),
)
_LEATHER: Sequence[tuple[Colour, float]] = (
    ((28, 26, 26), 4.0),
    ((84, 56, 38), 2.0),
    ((136, 100, 66), 1.0),
    ((60, 62, 68), 1.0),
    ((220, 218, 212), 2.0),
    ((140, 40, 44), 0.6),
    ((44, 60, 100), 0.8),
)


@dataclass(frozen=True, slots=True)
class Cloth:
    """A piece of cloth: its pattern and colours.

    Attributes:
        pattern: one of `PATTERNS`.
        ground, figure: colour of the cloth and of the pattern on it.
        count: number of repeats of the pattern over the cloth (0.64 m).
        share: of a repeat that the figure takes, 0..1.
        seed: of the random part of the pattern.
    """

    pattern: str
    ground: Colour
    figure: Colour
    count: int
    share: float
    seed: int


@dataclass(frozen=True, slots=True)
class Build:
    """Body shape as factors of the average."""

    girth: float
    shoulders: float
    hips: float
    bust: float
    belly: float


@dataclass(frozen=True, slots=True)
class Look:
    """The appearance of an identity.

    Attributes:
        seed: the seed it was sampled with.
        person: the walker: bone lengths and gait.
        build: body shape.
        skin, hair_colour: RGB, 0..255 under white light.
        hair: one of `HAIR`; beard, glasses: whether the person has them.
        hat, bag: one of `HATS`, `BAGS`; with `hat_colour`, `bag_colour`.
        bag_left: whether the bag hangs on the person's left side.
        top: one of `TOPS`; top_cloth, under_cloth: its cloth and that of the shirt under it.
        sleeve: sleeve length: 0 none, 1 to the elbow, 2 to the wrist.
        neckline: depth of the neckline, 0..1.
        bottom: one of `BOTTOMS`; bottom_cloth; reach: leg length, 1 to the knee, 2 to the ankle.
        width: looseness, metres around the leg.
        shoes: one of `SHOES`; shoe_colour, sole_colour.
        right_hand, left_hand: arm gestures, of `stance.GESTURES`.
    """

    seed: int
    person: Person
    build: Build
    skin: Colour
    hair: str
    hair_colour: Colour
    beard: bool
    glasses: bool
    hat: str
    hat_colour: Colour
    bag: str
    bag_colour: Colour
    bag_left: bool
    top: str
    top_cloth: Cloth
    under_cloth: Cloth
    sleeve: float
    neckline: float
    bottom: str
    bottom_cloth: Cloth
    reach: float
    width: float
    shoes: str
    shoe_colour: Colour
    sole_colour: Colour
    right_hand: str
    left_hand: str


def sample_look(seed: int) -> Look:
    """Sample a person's look; the walker is sampled with the same seed."""
    rng = generator(seed, 0x100C)
    womanly = rng.random() < 0.5
    hair = _pick(rng, HAIR, (0.25, 0.40, 0.18, 0.12, 0.05) if womanly else (8, 0.5, 0.3, 0.2, 2.5))
    top = _pick(rng, TOPS, (3.0, 2.0, 2.5, 2.0, 1.5, 1.2))
    bottom = _pick(rng, BOTTOMS, (4.0, 2.0, 1.5, 3.0) if womanly else (7.0, 0.3, 2.0, 0.0))
    bag, bag_left = _pick(rng, BAGS, (5.0, 2.2, 1.6, 1.2)), bool(rng.random() < 0.5)
    right = _pick(rng, ("hang", "pocket", "carry", "phone", "strap"), (7, 1, 0.8, 1, 0.4))
    left = _pick(rng, ("hang", "pocket", "carry", "strap"), (8, 1, 0.6, 0.3))
    hat = _pick(rng, HATS, (7.0, 1.5, 1.0, 0.6))
    return Look(
        seed=seed,
        person=sample_person(seed),
        build=_sample_build(rng, womanly),
        skin=_colour(rng, _SKIN, 0.05),
        hair=hair,
        hair_colour=_colour(rng, _HAIR, 0.12),
        beard=bool(not womanly and rng.random() < 0.35),
        glasses=bool(rng.random() < 0.25),
        hat=hat,
        hat_colour=_colour(rng, _CLOTHES, 0.15),
        bag=bag,
        bag_colour=_colour(rng, _CLOTHES if rng.random() < 0.5 else _LEATHER, 0.15),
        bag_left=bag_left,
        top=top,
        top_cloth=_sample_cloth(rng, _CLOTHES, 0.45 if top == "coat" else 1.0),
        under_cloth=_sample_cloth(rng, _CLOTHES, 0.5),
        sleeve=_sample_sleeve(rng, top),
        neckline=float(rng.uniform(0.1, 0.9) if top in ("t-shirt", "shirt") else 0.15),
        bottom=bottom,
        bottom_cloth=_sample_cloth(rng, _BOTTOM_CLOTHES, 0.9 if bottom == "skirt" else 0.18),
        reach=_sample_reach(rng, bottom),
        width=_sample_width(rng, bottom),
        shoes=_pick(rng, SHOES, (4.0, 2.0, 2.0)),
        shoe_colour=_colour(rng, _LEATHER, 0.15),
        sole_colour=(214.0, 212.0, 206.0) if rng.random() < 0.5 else (52.0, 46.0, 42.0),
        right_hand="hang" if bag == "handbag" and not bag_left else right,
        left_hand="hang" if bag == "handbag" and bag_left else left,
    )


def _index(rng: np.random.Generator, weights: Iterable[float]) -> int:
    edges = list(accumulate(weights))
    return bisect(edges, rng.random() * edges[-1])


def _pick(rng: np.random.Generator, names: Sequence[str], weights: Iterable[float]) -> str:
    return names[_index(rng, weights)]


def _colour(
    rng: np.random.Generator, palette: Sequence[tuple[Colour, float]], spread: float
) -> Colour:
    """A colour of a palette, a little brighter or darker, redder or bluer."""
    red, green, blue = palette[_index(rng, (weight for _, weight in palette))][0]
    brighter, redder, bluer = (spread * rng.standard_normal(3)).tolist()
    bright = exp(brighter)
    return (
        _within(red * bright * (1.0 + 0.3 * redder)),
        _within(green * bright),
        _within(blue * bright * (1.0 + 0.3 * bluer)),
    )


def _within(level: float) -> float:
    return min(max(level, 6.0), 245.0)


def _sample_build(rng: np.random.Generator, womanly: bool) -> Build:
    girth = float(np.exp(rng.normal(0.0, 0.12)))
    spread = rng.normal(0.0, 0.05, 2)
    return Build(
        girth=girth,
        shoulders=(0.94 if womanly else 1.05) + float(spread[0]),
        hips=(1.06 if womanly else 0.96) + float(spread[1]),
        bust=float(rng.uniform(0.4, 1.0)) if womanly else 0.0,
        belly=float(np.clip(rng.normal(2.0 * (girth - 1.0), 0.25), 0.0, 1.0)),
    )


def _sample_cloth(
    rng: np.random.Generator, palette: Sequence[tuple[Colour, float]], patterned: float
) -> Cloth:
    """Sample a cloth; `patterned` scales the probability of a pattern."""
    shares = (0.30, 0.12, 0.22, 0.12, 0.16, 0.16, 0.35)
    pattern = _pick(rng, PATTERNS, (1.0, *(patterned * share for share in shares)))
    ground, figure = _colour(rng, palette, 0.15), _colour(rng, _CLOTHES, 0.15)
    if abs(sum(ground) - sum(figure)) < 120.0:
        figure = _contrasting(ground)
    count = {"pinstripes": (14, 24), "dots": (8, 17), "checks": (5, 13)}.get(pattern, (5, 15))
    return Cloth(
        pattern,
        ground,
        figure,
        int(rng.integers(*count)),
        float(rng.uniform(0.25, 0.6)),
        int(rng.integers(2**31)),
    )


def _contrasting(colour: Colour) -> Colour:
    """A colour of the same tint that is clearly brighter or darker."""
    factor, more = (0.35, 0.0) if sum(colour) > 330.0 else (2.2, 40.0)
    red, green, blue = colour
    return (
        _within(factor * red + more),
        _within(factor * green + more),
        _within(factor * blue + more),
    )


def _sample_sleeve(rng: np.random.Generator, top: str) -> float:
    if top == "t-shirt":
        return float(rng.choice([0.0, 0.5, 0.62, 0.75]))
    if top == "shirt":
        return float(rng.choice([0.7, 1.25, 2.0, 2.0]))
    return float(rng.uniform(1.93, 2.03))


_REACH: Mapping[str, tuple[float, float]] = {
    "trousers": (1.93, 2.02),
    "leggings": (1.80, 1.95),
    "shorts": (0.50, 0.95),
    "skirt": (0.60, 1.45),
}
_WIDTH: Mapping[str, tuple[float, float]] = {
    "trousers": (0.010, 0.030),
    "leggings": (0.002, 0.004),
    "shorts": (0.020, 0.040),
    "skirt": (0.0, 0.12),
}


def _sample_reach(rng: np.random.Generator, bottom: str) -> float:
    return float(rng.uniform(*_REACH[bottom]))


def _sample_width(rng: np.random.Generator, bottom: str) -> float:
    return float(rng.uniform(*_WIDTH[bottom]))
