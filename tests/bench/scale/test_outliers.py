"""Cells far off their neighbours, by hand."""

from __future__ import annotations

from edgehuman.bench.scale.outliers import off_their_neighbours
from edgehuman.bench.scale.points import Point

SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625)


def series(arch: str = "a", times: float = 1.0) -> list[Point]:
    """Losses on a line, a tenth of a percent off it in turn."""
    return [
        Point(f"{arch}{seed}-{share}", arch=arch, share=share, seed=seed,
              loss=times * share**-0.1 * (1 + 0.001 * (-1) ** (seed + n)))
        for seed in (0, 1)
        for n, share in enumerate(SHARES)
    ]  # fmt: skip


def test_a_line_has_none() -> None:
    assert off_their_neighbours(series()) == []
    assert off_their_neighbours([]) == []


def test_one_that_is_far_above_and_none_that_is_far_below() -> None:
    points = series()
    odd = Point("odd", arch="a", share=0.25, seed=2, loss=1.5)
    low = Point("low", arch="a", share=0.25, seed=3, loss=0.9)
    assert off_their_neighbours([*points, odd, low]) == [odd]


def test_a_little_above_is_noise() -> None:
    near = Point("near", arch="a", share=1.0, seed=2, loss=1.014)
    far = Point("far", arch="a", share=1.0, seed=2, loss=1.017)
    assert off_their_neighbours([*series(), near]) == []
    assert off_their_neighbours([*series(), far]) == [far]


def test_each_series_has_a_line_of_its_own_and_few_points_have_none() -> None:
    other = series("b", times=3.0)
    assert off_their_neighbours([*series(), *other]) == []
    assert off_their_neighbours([*series(), *other[:5]]) == []
    lost = Point("lost", arch="a", share=1.0, status="diverged")
    assert off_their_neighbours([*series(), lost]) == []


def test_one_amount_alone_is_judged_by_its_median() -> None:
    points = [Point(str(n), arch="a", share=1.0, seed=n, loss=2.0) for n in range(6)]
    odd = Point("odd", arch="a", share=1.0, seed=9, loss=2.2)
    assert off_their_neighbours([*points, odd]) == [odd]
