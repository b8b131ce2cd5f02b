"""What a drawn person wears, with attributes that are true of what is drawn.

    worn = worn_by(look, rig, canvas)
    worn.items[0].category, worn.items[0].attributes, worn.mask(worn.items[0])

Categories and attributes have the names of Fashionpedia (Jia et al., ECCV 2020), of which these are
the ones that the drawings have. Colours are none of them. An attribute is said only where it can be
seen: the print of somebody who is seen from behind is not. A garment holds its parts (sleeves, a
zip), as there.

Axes: H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Bool, Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.clothes.look import Cloth, Look
from edgehuman.simulate.image.figure.parts import DETAIL, PART
from edgehuman.simulate.image.figure.rig import Rig
from edgehuman.simulate.image.scene.painting import Canvas

CATEGORIES = (
    "shirt, blouse",
    "top, t-shirt, sweatshirt",
    "sweater",
    "jacket",
    "pants",
    "shorts",
    "skirt",
    "coat",
    "glasses",
    "hat",
    "shoe",
    "bag, wallet",
    "sleeve",
    "neckline",
    "zipper",
)
ATTRIBUTES = (
    *("leggings", "flare", "straight", "a-line", "tight (fit)", "regular (fit)", "loose (fit)"),
    *("hip (length)", "mini (length)", "above-the-knee (length)", "knee (length)"),
    *("below the knee (length)", "midi", "maxi (length)", "sleeveless", "short (length)"),
    *("elbow-length", "wrist-length", "round (neck)", "v-neck", "single breasted", "zip-up"),
    *("no opening", "printed", "plain (pattern)", "abstract", "letters, numbers", "camouflage"),
    *("check", "dot", "geometric", "stripe"),
)
_REGIONS = (
    *("none", "top", "left sleeve", "right sleeve", "neckline", "zip", "under", "print", "bottom"),
    *("left shoe", "right shoe", "hat", "bag", "glasses"),
)
_REGION = {name: i for i, name in enumerate(_REGIONS)}
_TOPS = {
    "t-shirt": "top, t-shirt, sweatshirt",
    "shirt": "shirt, blouse",
    "jumper": "sweater",
    "open jacket": "jacket",
    "zipped jacket": "jacket",
    "coat": "coat",
}
_BOTTOMS = {"trousers": "pants", "leggings": "pants", "shorts": "shorts", "skirt": "skirt"}
_PATTERNS = {
    "plain": "plain (pattern)",
    "stripes": "stripe",
    "pinstripes": "stripe",
    "checks": "check",
    "dots": "dot",
    "blotches": "camouflage",
    "blocks": "geometric",
}
# Fewer pixels show nothing.
_FEWEST = 4
# Of a garment's pixels, those that show its front or its print.
_SHOWS = 0.01


@dataclass(frozen=True, slots=True)
class WornItem:
    """Something that somebody wears.

    Attributes:
        category: of `CATEGORIES`.
        attributes: of `ATTRIBUTES`.
        regions: the numbers of its regions.
    """

    category: str
    attributes: tuple[str, ...]
    regions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Worn:
    """What one person wears in one picture.

    Attributes:
        region_HW: uint8, the region of each pixel; 0: nothing that is worn.
        items: those that are seen.
    """

    region_HW: Uint8
    items: Sequence[WornItem]

    def mask(self, item: WornItem) -> Bool:
        """Where an item is seen."""
        return np.isin(self.region_HW, item.regions)


def worn_by(look: Look, rig: Rig, canvas: Canvas) -> Worn:
    """What the person drawn on a canvas wears."""
    region_HW = _regions(rig, canvas)
    count_R = np.bincount(region_HW.ravel(), minlength=len(_REGIONS))
    items = [
        WornItem(item.category, item.attributes, item.regions)
        for item in _items(look, count_R.tolist())
        if sum(count_R[region] for region in item.regions) >= _FEWEST
    ]
    return Worn(region_HW, items)


def _regions(rig: Rig, canvas: Canvas) -> Uint8:
    """The region of each pixel, of its piece, its part and its detail."""
    table = np.zeros(256, np.uint8)
    side = {i: group.startswith("l_") for group, own in rig.groups.items() for i in own}
    for piece, name in enumerate(rig.names):
        said = {
            "torso": "top", "coat tails": "top", "seat": "bottom", "skirt": "bottom",
            "trouser leg": "bottom", "crown": "hat", "brim": "hat", "peak": "hat",
            "backpack": "bag", "shoulder bag": "bag", "handbag": "bag", "handle": "bag",
        }.get(name, "none")  # fmt: skip
        if name in ("sleeve", "long sleeve"):
            said = "left sleeve" if side[piece] else "right sleeve"
        if name in ("instep", "shoe", "boot"):
            said = "left shoe" if side[piece] else "right shoe"
        table[piece + 1] = _REGION[said]
    region_HW: Uint8 = table[canvas.owner_HW]
    is_top_HW = region_HW == _REGION["top"]
    region_HW[is_top_HW & (canvas.part_HW == PART["bag"])] = _REGION["bag"]
    seen_HW = canvas.part_HW > 0
    for name in ("neckline", "zip", "under", "print", "glasses"):
        region_HW[seen_HW & (canvas.detail_HW == DETAIL[name])] = _REGION[name]
    region_HW[~seen_HW] = 0
    return region_HW


def _items(look: Look, count_R: Sequence[int]) -> list[WornItem]:
    """Everything that the person has on, seen or not."""
    top = tuple(_REGION[name] for name in ("top", "left sleeve", "right sleeve", "zip", "print"))
    made = [
        _item(_TOPS[look.top], _of_top(look, count_R), *top),
        _item(_BOTTOMS[look.bottom], _of_bottom(look), _REGION["bottom"]),
    ]
    if look.top == "open jacket":
        made.append(_item("shirt, blouse", [_of_tile(look.under_cloth)], _REGION["under"]))
    length = _sleeve(look.sleeve)
    for name in ("left sleeve", "right sleeve"):
        made.append(_item("sleeve", [length] if length else [], _REGION[name]))
    neck = "v-neck" if look.top_cloth.seed % 2 else "round (neck)"
    made.append(_item("neckline", [neck], _REGION["neckline"]))
    for category, name in (
        ("glasses", "glasses"), ("hat", "hat"), ("bag, wallet", "bag"), ("zipper", "zip"),
        ("shoe", "left shoe"), ("shoe", "right shoe"),
    ):  # fmt: skip
        made.append(_item(category, [], _REGION[name]))
    return made


def _item(category: str, attributes: Sequence[str], *regions: int) -> WornItem:
    return WornItem(category, tuple(attributes), regions)


def _of_top(look: Look, count_R: Sequence[int]) -> list[str]:
    cloth = count_R[_REGION["top"]]
    front = sum(count_R[_REGION[name]] for name in ("neckline", "zip", "under"))
    found = ["above-the-knee (length)" if look.top == "coat" else "hip (length)"]
    if not look.sleeve:
        found.append("sleeveless")
    if look.top in ("t-shirt", "jumper"):
        found.append("no opening")
    elif front > _SHOWS * cloth and look.top != "open jacket":
        found.append("single breasted" if look.top == "shirt" else "zip-up")
    prints = count_R[_REGION["print"]]
    return [*found, *_pattern(look.top_cloth, prints > _SHOWS * (cloth + prints))]


def _pattern(cloth: Cloth, shows_print: bool = False) -> list[str]:
    """The pattern of a cloth; a print is only on the chest, and at times on the back."""
    if cloth.pattern != "print":
        return [_PATTERNS[cloth.pattern]]
    if not shows_print:
        return ["plain (pattern)"]
    is_text = int(generator(cloth.seed, 0x9417).integers(0, 4)) == 2
    return ["printed", "letters, numbers" if is_text else "abstract"]


def _of_tile(cloth: Cloth) -> str:
    """The pattern of cloth that is no chest: blocks and prints are on that alone."""
    return _PATTERNS["plain" if cloth.pattern in ("blocks", "print") else cloth.pattern]


def _of_bottom(look: Look) -> list[str]:
    found = [_of_tile(look.bottom_cloth)]
    if look.bottom == "skirt":
        wide = "straight" if look.width < 0.03 else "a-line" if look.width < 0.08 else "flare"
        return [*found, wide, _hem(look.reach)]
    if look.bottom == "shorts":
        return [*found, "mini (length)" if look.reach < 0.7 else "above-the-knee (length)"]
    if look.bottom == "leggings":
        return [*found, "leggings", "tight (fit)", "maxi (length)"]
    return [*found, "loose (fit)" if look.width > 0.02 else "regular (fit)", "maxi (length)"]


def _hem(reach: float) -> str:
    """Where a skirt ends: 1 at the knee, 2 at the ankle."""
    steps = (
        (0.75, "mini (length)"), (0.93, "above-the-knee (length)"), (1.07, "knee (length)"),
        (1.25, "below the knee (length)"),
    )  # fmt: skip
    return next((name for most, name in steps if reach < most), "midi")


def _sleeve(length: float) -> str:
    """How long sleeves are: 1 to the elbow, 2 to the wrist."""
    if not length:
        return ""
    return "short (length)" if length < 0.9 else "elbow-length" if length < 1.5 else "wrist-length"
