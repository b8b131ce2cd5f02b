"""The textures of one look: what is painted where around the torso and the feet."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.records import Uint8
from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import TORSO_HEIGHT, TORSO_WIDTH, make_wardrobe
from edgehuman.simulate.image.figure.parts import PART
from edgehuman.simulate.image.figure.rig import Texture
from tests.simulate.image.dressed import BLUE, RED, cloth, dressed

# Columns of the torso's picture: its back and its front.
BACK, FRONT = 48, 144


def around_torso(look: Look) -> tuple[Uint8, Uint8]:
    """The picture around the torso and its parts, upright, as they are drawn."""
    made = make_wardrobe(look).torso
    assert (made.height, made.width) == (TORSO_HEIGHT, TORSO_WIDTH)
    assert made.part_N is not None
    picture = made.rgb_N3.reshape(TORSO_HEIGHT, TORSO_WIDTH, 3)
    return picture[::-1, ::-1], made.part_N.reshape(TORSO_HEIGHT, TORSO_WIDTH)[::-1, ::-1]


def is_red(picture: Uint8) -> bool:
    return bool(picture.reshape(-1, 3).mean(axis=0) == pytest.approx(RED, rel=0.05))


def colours(made: Texture) -> set[tuple[int, ...]]:
    return set(map(tuple, made.rgb_N3.tolist()))


def test_a_shirt_is_open_at_the_neck_and_closed_elsewhere() -> None:
    look = dressed(neckline=0.5)
    picture, part = around_torso(look)
    skin = part == PART["torso_skin"]
    rows, columns = np.nonzero(skin)
    assert rows.min() == 0
    assert 15 <= rows.max() <= 12 + 13
    assert abs(columns.mean() - FRONT) < 1.0
    assert picture[skin].mean(axis=0) == pytest.approx(look.skin, rel=0.02)
    assert set(np.unique(part)) == {PART["torso_skin"], PART["upper_clothes"]}
    assert is_red(picture[40:])


def test_a_deeper_neckline_shows_more_skin() -> None:
    bare = [
        (around_torso(dressed(neckline=deep))[1] == PART["torso_skin"]).sum() for deep in (0, 1)
    ]
    assert bare[1] > 2 * bare[0]


def test_blocks_are_a_band_of_the_other_colour() -> None:
    picture, _ = around_torso(dressed(top_cloth=cloth("blocks", seed=3)))  # rows 0 to 52
    assert picture[45, BACK].tolist() == list(BLUE)
    assert is_red(picture[53:])


def test_a_print_is_on_the_chest() -> None:
    plain, _ = around_torso(dressed())
    printed, _ = around_torso(dressed(top_cloth=cloth("print")))
    changed = (plain != printed).any(axis=-1)
    rows, columns = np.nonzero(changed[:, 96:])
    assert abs(columns.mean() + 96 - FRONT) < 12
    assert 25 < rows.mean() < 85


def test_a_jacket_shows_the_shirt_between_its_halves() -> None:
    white = cloth(ground=(240.0, 240.0, 240.0))
    picture, _ = around_torso(dressed(top="open jacket", under_cloth=white))
    assert picture[80, FRONT].min() > 200
    assert is_red(picture[60:, BACK - 20 : BACK + 20])
    zipped, _ = around_torso(dressed(top="zipped jacket"))
    assert not is_red(zipped[60:80, FRONT : FRONT + 1])
    assert is_red(zipped[60:80, FRONT + 5 : FRONT + 25])


@pytest.mark.parametrize(
    ("bag", "left", "wide"), [("backpack", False, (2, 0)), ("shoulder bag", True, (1, 1))]
)
def test_straps_of_a_bag_run_over_the_chest(bag: str, left: bool, wide: tuple[int, int]) -> None:
    _, part = around_torso(dressed(bag=bag, bag_left=left))
    row = part[40] == PART["bag"]
    entries = row & ~np.roll(row, 1)
    assert (entries[96:].sum(), entries[:96].sum()) == wide
    assert not (around_torso(dressed())[1] == PART["bag"]).any()


def test_a_trainer_has_laces_and_a_sole() -> None:
    look = dressed(shoe_colour=RED, sole_colour=(240.0, 240.0, 240.0))
    assert colours(make_wardrobe(look).shoe) == {
        (200, 40, 40), (240, 240, 240), (220, 140, 140),
    }  # fmt: skip
    leather = dressed(shoes="leather", shoe_colour=RED, sole_colour=BLUE)
    assert colours(make_wardrobe(leather).shoe) == {(200, 40, 40), (40, 40, 200)}


def test_cloth_skin_and_hair_have_the_look_s_colours() -> None:
    look = dressed()
    made = make_wardrobe(look)
    for texture, colour in (
        (made.skin, look.skin),
        (made.hair, look.hair_colour),
        (made.top, RED),
        (made.bottom, BLUE),
        (made.hat, look.hat_colour),
    ):
        assert texture.rgb_N3.mean(axis=0) == pytest.approx(colour, rel=0.03, abs=1.0)
