"""Looks: the same seed is the same person, and people differ as people do."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.simulate.body.stance import GESTURES
from edgehuman.simulate.image.clothes.fabric import TEXEL_M, TILE, tile
from edgehuman.simulate.image.clothes.look import (
    BAGS,
    BOTTOMS,
    HAIR,
    HATS,
    PATTERNS,
    SHOES,
    TOPS,
    Cloth,
    Look,
    sample_look,
)
from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.parts import PART


@pytest.fixture(scope="module")
def looks() -> list[Look]:
    return [sample_look(seed) for seed in range(300)]


def test_a_seed_is_a_person(looks: list[Look]) -> None:
    again = sample_look(7)
    assert (again.top_cloth, again.build, again.skin) == (
        looks[7].top_cloth,
        looks[7].build,
        looks[7].skin,
    )
    assert again.person.bone_m == looks[7].person.bone_m
    assert len({look.top_cloth for look in looks}) == len(looks)
    with pytest.raises(UsageError, match="seed is -1"):
        sample_look(-1)


def test_everything_there_is_is_worn_by_somebody(looks: list[Look]) -> None:
    worn = {
        "hair": HAIR,
        "hat": HATS,
        "bag": BAGS,
        "top": TOPS,
        "bottom": BOTTOMS,
        "shoes": SHOES,
    }
    for field, names in worn.items():
        count = Counter(getattr(look, field) for look in looks)
        assert set(count) == set(names), field
        assert min(count.values()) > 3
    assert {look.top_cloth.pattern for look in looks} == set(PATTERNS)
    assert {look.right_hand for look in looks} <= set(GESTURES)


def test_colours_are_colours_and_many_are_alike(looks: list[Look]) -> None:
    colours = np.array([look.top_cloth.ground for look in looks])
    assert colours.min() >= 6.0
    assert colours.max() <= 245.0
    near = np.sqrt(((colours[:, None] - colours) ** 2).sum(axis=-1)) < 25.0
    assert (near.sum(axis=1) - 1 > 5).mean() > 0.5  # most share their colour with five others


def test_who_carries_a_handbag_does_so_with_a_hanging_arm(looks: list[Look]) -> None:
    for look in looks:
        if look.bag == "handbag":
            assert (look.left_hand if look.bag_left else look.right_hand) == "hang"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_cloth_has_its_two_colours_and_no_others(pattern: str) -> None:
    cloth = Cloth(pattern, (20.0, 30.0, 40.0), (200.0, 180.0, 160.0), 8, 0.5, 3)
    picture = tile(cloth).astype(float)
    assert picture.shape == (TILE, TILE, 3)
    assert pytest.approx(0.64) == TILE * TEXEL_M
    share = ((picture[..., 0] - 20.0) / 180.0).mean()
    if pattern in ("plain", "blocks", "print"):  # what the last two add is on the torso only
        assert share == pytest.approx(0.0, abs=0.01)
    elif pattern in ("stripes", "checks"):
        assert share == pytest.approx(0.5, abs=0.02)
    else:
        assert 0.02 < share < 0.75


def test_stripes_lie_and_repeat() -> None:
    cloth = Cloth("stripes", (0.0, 0.0, 0.0), (200.0, 200.0, 200.0), 4, 0.5, 0)
    rows = tile(cloth)[..., 0].mean(axis=1)
    assert np.abs(np.diff(rows)).max() > 60
    assert rows[:32] == pytest.approx(rows[32:64], abs=8)
    assert tile(cloth)[..., 0].std(axis=1).max() < 12


def test_the_torso_shows_skin_at_the_neck_and_the_bag_s_strap(looks: list[Look]) -> None:
    for look in looks[:40]:
        part = make_wardrobe(look).torso.part_N
        assert part is not None
        assert (part == PART["torso_skin"]).any()
        assert (part == PART["bag"]).any() == (look.bag in ("backpack", "shoulder bag"))
