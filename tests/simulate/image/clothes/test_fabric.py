"""Cloth as tiles: colours that stay what they are, patterns that repeat as often as asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.records import Bool
from edgehuman.simulate.image.clothes.fabric import TILE, column, from_planes, plain, texture, tile
from edgehuman.simulate.image.clothes.look import Cloth

# Black cloth with a white figure: what is over half way is the figure.
BLACK_WHITE = Cloth("plain", (0.0, 0.0, 0.0), (250.0, 250.0, 250.0), 4, 0.5, 3)


def figure(pattern: str, **changes: float) -> Bool:
    """(TILE, TILE) where the figure is."""
    made = tile(replace(BLACK_WHITE, pattern=pattern, **changes))  # type: ignore[arg-type]
    return made[..., 0] > 125


def edges(line: Bool) -> int:
    """How many times a line that closes on itself enters the figure."""
    return int((line & ~np.roll(line, 1)).sum())


def test_plain_cloth_is_its_colour_with_a_little_grain() -> None:
    made = tile(replace(BLACK_WHITE, ground=(200.0, 100.0, 50.0)))
    assert made.shape == (TILE, TILE, 3)
    assert made.reshape(-1, 3).mean(axis=0) == pytest.approx([200, 100, 50], rel=0.01)
    assert made[..., 0].std() == pytest.approx(0.03 * 200, rel=0.1)


@pytest.mark.parametrize("count", [4, 8])
def test_stripes_lie_level_as_many_as_asked(count: int) -> None:
    stripes = figure("stripes", count=count)
    assert (stripes == stripes[:, :1]).all()
    assert edges(stripes[:, 0]) == count
    for share in (0.25, 0.5):
        made = tile(replace(BLACK_WHITE, pattern="stripes", count=count, share=share))
        assert made.mean() / 250.0 == pytest.approx(share, abs=0.01)


def test_pinstripes_stand_upright_and_are_thin() -> None:
    stripes = figure("pinstripes", count=8)
    assert (stripes == stripes[:1]).all()
    assert edges(stripes[0]) == 8
    assert stripes.mean() < 0.45


def test_checks_are_stripes_both_ways_half_as_strong() -> None:
    made = tile(replace(BLACK_WHITE, pattern="checks"))[..., 0].astype(int)
    values, counts = np.unique(made, return_counts=True)
    share = dict(zip(values.tolist(), (counts / made.size).tolist(), strict=True))
    # Of a period of 32 texels each way 15 are figure, 15 are ground, and the 2 between are half.
    assert (values.min(), values.max()) == (0, 250)
    assert share[0] == share[250] == (15 / 32) ** 2
    assert share[125] == 2 * (15 / 32) ** 2 + (2 / 32) ** 2
    assert (made == made.T).all()


def test_dots_are_spots_on_the_ground() -> None:
    dots = figure("dots", count=8, share=0.5)
    assert edges(dots[0]) == 4  # half as many dots as the cloth's count, on every second row
    assert 0.02 < dots.mean() < 0.4


def test_blotches_differ_by_seed_alone() -> None:
    one = figure("blotches", seed=1)
    assert np.array_equal(one, figure("blotches", seed=1))
    assert (one != figure("blotches", seed=2)).mean() > 0.2


def test_colours_are_cut_off_at_the_ends() -> None:
    planes = column((300.0, 100.4, -20.0)) * np.ones((1, 2, 2), np.float32)
    assert from_planes(planes).tolist() == [[[255, 100, 0]] * 2] * 2


def test_a_texture_is_a_flat_list_of_texels() -> None:
    picture = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    made = texture(picture, np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    assert (made.height, made.width) == (2, 3)
    assert made.rgb_N3[4].tolist() == picture[1, 1].tolist()
    assert made.part_N is not None
    assert made.part_N.tolist() == [1, 2, 3, 4, 5, 6]
    assert texture(picture).part_N is None


def test_a_plain_texture_has_as_much_grain_as_asked() -> None:
    rgb = plain((100.0, 100.0, 100.0), 0.10).rgb_N3.astype(float)
    assert rgb.mean() == pytest.approx(100.0, rel=0.02)
    assert rgb[:, 0].std() == pytest.approx(10.0, rel=0.15)
