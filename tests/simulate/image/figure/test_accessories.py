"""Hair that stands off, hats and bags: what there is, and where a standing body holds it."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.accessories import accessories
from edgehuman.simulate.image.figure.rig import Piece
from edgehuman.simulate.image.figure.trunk import head
from tests.simulate.image.dressed import dressed, ends, standing


def worn(look: Look) -> dict[str, Piece]:
    return {piece.name: piece for piece in accessories(look, make_wardrobe(look))}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"hair": "thin"}, []),
        ({"hair": "long"}, ["long hair"]),
        ({"hair": "ponytail"}, ["long hair"]),
        ({"hair": "bun"}, ["bun"]),
        ({"hat": "beanie"}, ["crown"]),
        ({"hat": "brim"}, ["brim", "crown"]),
        ({"hat": "cap"}, ["crown", "peak"]),
        ({"bag": "backpack"}, ["backpack"]),
        ({"bag": "shoulder bag"}, ["shoulder bag"]),
        ({"bag": "handbag"}, ["handbag", "handle"]),
        ({"hair": "bun", "hat": "cap", "bag": "backpack"}, ["bun", "crown", "peak", "backpack"]),
    ],
)
def test_what_is_worn(changes: dict[str, object], names: list[str]) -> None:
    assert list(worn(dressed(**changes))) == names


def test_each_belongs_to_its_part() -> None:
    made = worn(dressed(hair="long", hat="cap", bag="handbag"))
    assert {name: piece.part for name, piece in made.items()} == {
        "long hair": "hair", "crown": "hat", "peak": "hat", "handbag": "bag", "handle": "bag",
    }  # fmt: skip


def test_long_hair_falls_behind_the_shoulders() -> None:
    look = dressed(hair="long")
    body = standing(look)
    start, end = ends(worn(look)["long hair"], body)
    neck, ahead = body.joint("neck"), body.frame("trunk")[:, 0]
    assert start[2] > neck[2] + 0.1
    assert neck[2] - 0.35 < end[2] < neck[2] - 0.1
    assert (end - neck) @ ahead < -0.05


@pytest.mark.parametrize("hat", ["cap", "beanie", "brim"])
def test_a_hat_is_on_the_head_and_wider_than_it(hat: str) -> None:
    look = dressed(hat=hat)
    body = standing(look)
    low, high = ends(worn(look)["crown"], body)
    skull = head(look, make_wardrobe(look))
    chin, crown = ends(skull, body)
    assert chin[2] + 0.6 * (crown - chin)[2] < low[2] < crown[2] < high[2]
    assert (worn(look)["crown"].size_3K[:, 0] > skull.size_3K[:, 5]).all()


def test_a_peak_points_ahead_and_a_brim_goes_all_around() -> None:
    look = dressed(hat="cap")
    body = standing(look)
    root, tip = ends(worn(look)["peak"], body)
    assert (tip - root) @ body.frame("head")[:, 0] == pytest.approx(0.065)
    brim = worn(dressed(hat="brim"))
    assert (brim["brim"].size_3K[:, 0] - brim["crown"].size_3K[:, 0]) == pytest.approx(0.065)


def test_a_backpack_is_on_the_back() -> None:
    look = dressed(bag="backpack")
    body = standing(look)
    bottom, top = ends(worn(look)["backpack"], body)
    ahead, neck = body.frame("trunk")[:, 0], body.joint("neck")
    assert ((top - neck) @ ahead, (bottom - neck) @ ahead) == pytest.approx(
        (-0.17 * look.person.height_m / 1.70,) * 2
    )
    assert bottom[2] > body.joint("pelvis")[2] - 0.15


@pytest.mark.parametrize("bag", ["shoulder bag", "handbag"])
@pytest.mark.parametrize("left", [False, True])
def test_a_bag_is_on_its_side(bag: str, left: bool) -> None:
    look = dressed(bag=bag, bag_left=left)
    body = standing(look)
    low, high = ends(worn(look)[bag], body)
    aside = (low - body.joint("pelvis")) @ body.frame("pelvis")[:, 1]
    assert np.sign(aside) == (1 if left else -1)
    assert abs(aside) > 0.15
    assert low[2] < high[2]


def test_a_handbag_hangs_from_the_hand() -> None:
    look = dressed(bag="handbag", bag_left=True)
    body = standing(look)
    made = worn(look)
    _, grip = ends(made["handle"], body)
    assert grip == pytest.approx(body.joint("l_hand"))
    assert ends(made["handle"], body)[0] == pytest.approx(ends(made["handbag"], body)[1])
