"""Sentences about a simulated person: true of what the picture shows, in varied wording.

    captions_of(look, part_HW, attributes, seed)
    ("A woman with long brown hair wears a red coat and black trousers.", "The woman ...")

Every sentence names the top and what is below it, with colours and patterns, and by chance hair,
hat, glasses, bag, shoes and the side that is seen; nothing that is hidden in the picture. Colours
are the nearest of `COLOURS` to the cloth under white light, so a camera's light may say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgehuman.records import Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.clothes.look import Cloth, Colour, Look
from edgehuman.simulate.image.figure.parts import PART

COLOURS: Mapping[str, Colour] = {
    "black": (25, 25, 28),
    "dark grey": (50, 52, 58),
    "grey": (100, 102, 105),
    "light grey": (152, 153, 154),
    "white": (222, 222, 218),
    "navy": (33, 43, 76),
    "blue": (62, 86, 131),
    "light blue": (127, 155, 190),
    "beige": (193, 179, 148),
    "brown": (100, 76, 56),
    "olive": (76, 83, 58),
    "green": (38, 86, 62),
    "red": (140, 34, 40),
    "burgundy": (96, 30, 48),
    "orange": (214, 98, 52),
    "yellow": (226, 190, 72),
    "pink": (214, 140, 158),
    "purple": (112, 74, 128),
    "turquoise": (70, 150, 160),
}
_OTHER_WORDS: Mapping[str, Sequence[str]] = {
    "grey": ("grey", "gray"),
    "dark grey": ("dark grey", "dark gray", "charcoal"),
    "light grey": ("light grey", "pale grey"),
    "navy": ("navy", "navy blue", "dark blue"),
    "beige": ("beige", "tan"),
    "burgundy": ("burgundy", "dark red", "wine-red"),
    "turquoise": ("turquoise", "teal"),
    "light blue": ("light blue", "pale blue"),
    "olive": ("olive", "olive green"),
}
_PATTERNS: Mapping[str, Sequence[str]] = {
    "stripes": ("striped", "with broad stripes"),
    "pinstripes": ("pinstriped", "with thin stripes"),
    "checks": ("checked", "plaid"),
    "dots": ("dotted", "with dots"),
    "blotches": ("blotched", "with a camouflage pattern"),
    "print": ("printed", "with a print"),
}
_TOPS: Mapping[str, Sequence[str]] = {
    "t-shirt": ("t-shirt", "tee", "short top"),
    "shirt": ("shirt", "button-up shirt"),
    "jumper": ("jumper", "sweater", "pullover"),
    "open jacket": ("open jacket", "jacket worn open"),
    "zipped jacket": ("jacket", "zipped jacket"),
    "coat": ("coat", "long jacket"),
}
_BOTTOMS: Mapping[str, Sequence[str]] = {
    "trousers": ("trousers", "pants", "long trousers"),
    "leggings": ("leggings", "tight trousers"),
    "shorts": ("shorts", "short trousers"),
    "skirt": ("skirt",),
}
_SHOES: Mapping[str, Sequence[str]] = {
    "trainers": ("trainers", "sneakers", "sports shoes"),
    "leather": ("leather shoes", "shoes"),
    "boots": ("boots",),
}
_BAGS: Mapping[str, Sequence[str]] = {
    "backpack": ("backpack", "rucksack"),
    "shoulder bag": ("shoulder bag", "bag over the shoulder"),
    "handbag": ("handbag", "bag in the hand"),
}
_HATS: Mapping[str, Sequence[str]] = {
    "cap": ("cap", "baseball cap"),
    "beanie": ("beanie", "woollen hat"),
    "brim": ("hat with a brim", "brimmed hat"),
}
_HAIR: Mapping[str, Sequence[str]] = {
    "short": ("short {} hair",),
    "long": ("long {} hair",),
    "ponytail": ("{} hair in a ponytail", "a {} ponytail"),
    "bun": ("{} hair in a bun", "a {} bun"),
    "thin": ("thinning {} hair",),
}
_HAIR_COLOURS: Mapping[str, Colour] = {
    "black": (26, 22, 20),
    "dark brown": (54, 38, 28),
    "brown": (96, 66, 42),
    "blond": (172, 136, 84),
    "ginger": (126, 62, 36),
    "grey": (150, 148, 146),
}
_VIEWS = {
    "front_view": ("seen from the front", "facing the camera"),
    "side_view": ("seen from the side", "in profile"),
    "back_view": ("seen from behind", "turned away"),
}
# Minimum fraction of the picture's pixels that must show an item, as for attributes.
_SEEN = 0.001


def colour_name(colour: Colour, names: Mapping[str, Colour] = COLOURS) -> str:
    """The name of the nearest colour, by square roots of red, green and blue."""
    own_3 = np.sqrt(np.array(colour))
    far = {name: np.square(np.sqrt(np.array(one)) - own_3).sum() for name, one in names.items()}
    return min(far, key=far.__getitem__)


def captions_of(
    look: Look, part_HW: Uint8, attributes: Mapping[str, bool], seed: int, count: int = 2
) -> tuple[str, ...]:
    """So many sentences about a picture; each is drawn by the seed and its number alone.

    Args:
        look: of the person. part_HW: index into `PARTS` of each pixel.
        attributes: what is true and visible, by the names of `simulate.image.attributes`.
    """
    return tuple(
        _Sentence(look, part_HW, attributes, generator(seed, 0xCA97, number)).text()
        for number in range(count)
    )


class _Sentence:
    """One sentence, whose words are drawn as they are needed."""

    def __init__(
        self, look: Look, part_HW: Uint8, attributes: Mapping[str, bool], rng: np.random.Generator
    ) -> None:
        self.look, self.attributes, self.rng = look, attributes, rng
        self.part_P = np.bincount(part_HW.ravel(), minlength=len(PART))
        self.enough = max(4.0, _SEEN * part_HW.size)

    def text(self) -> str:
        """The whole sentence."""
        who, clothes, beside = self._who(), self._clothes(), self._beside()
        worn = self._one(
            ("{who} wearing {clothes}", "{who} wears {clothes}", "{who} in {clothes}",
             "{who} is dressed in {clothes}")
        ).format(who=who, clothes=clothes)  # fmt: skip
        parts = [worn, *beside]
        if self._maybe(0.3) and (view := self._view()):
            parts.append(view)
        said = ", ".join(parts)
        return f"{said[0].upper()}{said[1:]}."

    def _sees(self, *parts: str) -> bool:
        return sum(int(self.part_P[PART[part]]) for part in parts) >= self.enough

    def _maybe(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _one(self, words: Sequence[str]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def _who(self) -> str:
        """Women of the simulator have a bust, men have none."""
        woman = self.look.build.bust > 0
        who = self._one(("woman", "lady") if woman else ("man", "guy"))
        who = f"{self._one(('a', 'the', 'this'))} {who}"
        known = self.look.hat == "none" and self._sees("hair")
        if known and self._maybe(0.6):
            who += f" with {self._hair()}"
        return who

    def _hair(self) -> str:
        colour = colour_name(self.look.hair_colour, _HAIR_COLOURS)
        return self._one(_HAIR[self.look.hair]).format(colour)

    def _clothes(self) -> str:
        parts = []
        if self._sees("upper_clothes"):
            parts.append(self._article(self._garment(self.look.top_cloth, _TOPS[self.look.top])))
        if self._sees("trousers", "skirt"):
            below = self._garment(self.look.bottom_cloth, _BOTTOMS[self.look.bottom])
            parts.append(self._article(below) if self.look.bottom == "skirt" else below)
        if not parts:
            return "clothes that are hardly seen"
        return self._one((" and ", " above ")).join(parts)

    def _garment(self, cloth: Cloth, names: Sequence[str]) -> str:
        name, colour = self._one(names), self._colour(cloth.ground)
        if cloth.pattern == "plain":
            return f"{colour} {name}"
        if cloth.pattern == "blocks":
            return f"{colour} and {self._colour(cloth.figure)} {name}"
        pattern = self._one(_PATTERNS[cloth.pattern])
        if pattern.startswith("with "):
            return f"{colour} {name} {pattern}"
        return f"{colour} {pattern} {name}"

    def _colour(self, colour: Colour) -> str:
        name = colour_name(colour)
        return self._one(_OTHER_WORDS.get(name, (name,)))

    def _article(self, noun: str) -> str:
        return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"

    def _beside(self) -> list[str]:
        """What is carried and worn besides, each by chance."""
        look, parts = self.look, []
        shows_bag = self.attributes.get("backpack") or self.attributes.get("bag")
        if look.bag != "none" and shows_bag and self._maybe(0.8):
            bag = f"{self._colour(look.bag_colour)} {self._one(_BAGS[look.bag])}"
            parts.append(f"{self._one(('with', 'carrying'))} {self._article(bag)}")
        if look.hat != "none" and self.attributes.get("hat") and self._maybe(0.8):
            hat = f"{self._colour(look.hat_colour)} {self._one(_HATS[look.hat])}"
            parts.append(f"{self._one(('with', 'wearing'))} {self._article(hat)}")
        if self.attributes.get("glasses") and self._maybe(0.6):
            parts.append(self._one(("with glasses", "wearing glasses")))
        if self._sees("left_shoe", "right_shoe") and self._maybe(0.5):
            shoes = f"{self._colour(look.shoe_colour)} {self._one(_SHOES[look.shoes])}"
            parts.append(f"{self._one(('with', 'in'))} {shoes}")
        return parts

    def _view(self) -> str:
        view = next((name for name in _VIEWS if self.attributes.get(name)), "")
        return self._one(_VIEWS[view]) if view else ""
