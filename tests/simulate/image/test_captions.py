"""Sentences about simulated people are true of the look and of what is seen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.simulate.image.captions import COLOURS, captions_of, colour_name
from edgehuman.simulate.image.clothes.look import Cloth, Look, sample_look
from edgehuman.simulate.image.figure.parts import PART, PARTS
from edgehuman.simulate.image.people import SimulatedImages

RED, BLACK = (140.0, 34.0, 40.0), (25.0, 25.0, 28.0)
EVERYTHING = np.repeat(np.arange(len(PARTS), dtype=np.uint8), 20)[None]


def plain(colour: tuple[float, float, float]) -> Cloth:
    return Cloth("plain", colour, colour, 5, 0.5, 0)


def made(**changes: object) -> Look:
    look = dataclasses.replace(
        sample_look(3),
        top="coat",
        top_cloth=plain(RED),
        bottom="trousers",
        bottom_cloth=plain(BLACK),
        bag="backpack",
        bag_colour=(226.0, 190.0, 72.0),
        hat="none",
        shoes="boots",
    )
    return dataclasses.replace(look, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_and_its_shades_have_its_name(name: str) -> None:
    assert colour_name(COLOURS[name]) == name
    red, green, blue = COLOURS[name]
    assert colour_name((1.04 * red, 1.04 * green, 1.04 * blue)) == name


def test_a_sentence_names_what_is_worn() -> None:
    said = captions_of(made(), EVERYTHING, {"backpack": True, "back_view": True}, 0, count=60)
    assert all("red coat" in one or "red long jacket" in one for one in said)
    assert all("black" in one for one in said)
    with_bag = [one for one in said if "yellow backpack" in one or "yellow rucksack" in one]
    assert 35 < len(with_bag) < 60
    assert not any(word in one for one in said for word in ("hat", "cap", "front", "glasses"))
    assert len(set(said)) > 40  # varied wording
    assert said[:2] == captions_of(made(), EVERYTHING, {"backpack": True, "back_view": True}, 0)


def test_what_is_hidden_is_not_said() -> None:
    hidden = EVERYTHING.copy()
    hidden[np.isin(hidden, [PART[p] for p in ("trousers", "skirt", "hair", "bag")])] = 0
    for one in captions_of(made(), hidden, {}, 1, count=40):
        assert not any(
            word in one for word in ("trousers", "pants", "hair", "backpack", "rucksack")
        )
    nothing = np.zeros((20, 20), np.uint8)
    assert "clothes that are hardly seen" in captions_of(made(), nothing, {}, 1)[0]


def test_women_and_men_are_called_so() -> None:
    build = made().build
    for bust, words in ((0.7, ("woman", "lady")), (0.0, ("man", "guy"))):
        look = made(build=dataclasses.replace(build, bust=bust))
        said = captions_of(look, EVERYTHING, {}, 2, count=20)
        assert all(set(one.replace(".", "").split()) & set(words) for one in said)


def test_pictures_of_one_person_have_sentences_of_their_own() -> None:
    images = SimulatedImages(1, 2, 5, 64, 32)
    first, second = (images.captions(i, images.labelled(i)) for i in (0, 1))
    assert len(first) == len(second) == 2
    assert first != second
    assert first == images.captions(0, images.labelled(0))
