"""All that a table allows is fitted, and what is not is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.fits.fits import Wanted, fits_of
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.points import Point, read_table, write_points
from edgehuman.errors import DataError

_RULES = Rules(draws=100)


def _points(folder: Path, points: list[Point]) -> Path:
    write_points(folder / "points.csv", points)
    return folder / "points.csv"


def test_a_metric_that_only_some_cells_have_does_not_stop_the_loss(tmp_path: Path) -> None:
    points = [
        Point(f"c{k}", share=2.0**-k, items=100 * 2.0**-k, loss=1.0 + k, seed=0) for k in range(4)
    ]
    points[0] = Point("c0", share=1.0, items=100.0, loss=1.0, seed=0, metrics={"f1": 0.5})
    (loss, *more) = fits_of(read_table(_points(tmp_path, points)), Wanted(), _RULES)
    assert loss.study.y == "loss"
    assert [law.group.x for law in loss.laws] == ["items"]
    assert more == []
    assert any("no amount varies over the 1 points" in reason for reason in loss.not_fitted)


def test_x_is_the_compute_where_it_is_asked_for(tmp_path: Path) -> None:
    points = [
        Point(f"c{k}", arch=f"v_{k}", flops=4.0**k, loss=2.0**-k, seed=0, items=10.0)
        for k in range(5)
    ]
    table = read_table(_points(tmp_path, points))
    (found,) = fits_of(table, Wanted(x="C"), _RULES)
    (law,) = found.laws
    assert law.curve.exponent == pytest.approx(-0.5)
    assert law.group.held["cells"] == "best per octave"
    with pytest.raises(DataError, match="not all points have params"):
        fits_of(table, Wanted(x="N"), _RULES)


def test_exponents_of_two_forms_are_compared_in_one(tmp_path: Path) -> None:
    points = []
    for k in range(7):
        x = 2.0**k
        for sampling, loss in (("random", x**-0.1), ("user", 0.5 + x**-0.6)):
            one = Point(f"{sampling}{k}", "mae", "v_1", sampling, x / 64, params=1, items=x)
            points.append(replace(one, loss=loss))
    (each,) = fits_of(read_table(_points(tmp_path, points)), Wanted(x="items"), Rules(draws=100))
    assert {law.curve.form for law in each.laws} == {"L = a items^-b", "L = E + a items^-b"}
    (row,) = each.contrasts
    assert row["what"] == "exponent of items in L = a items^-b: sampling user less random"
    x_P = 2.0 ** np.arange(7)
    slope = np.polyfit(np.log(x_P), np.log(0.5 + x_P**-0.6), 1)[0]
    assert row["difference"] == pytest.approx(slope + 0.1, rel=1e-6)


def test_points_below_the_least_x_bend_no_law_and_are_named(tmp_path: Path) -> None:
    loss = [9.0, *(100.0**0.5 * (100 * 4**k) ** -0.5 for k in range(4))]  # the first is off
    points = [
        Point(f"c{k}", items=each, loss=loss[k], seed=0)
        for k, each in enumerate((20.0, 100.0, 400.0, 1600.0, 6400.0))
    ]
    table = read_table(_points(tmp_path, points))
    ((law,), (all_law,)) = (
        fits_of(table, Wanted(x="items", least=least), _RULES)[0].laws for least in (100.0, 0.0)
    )
    assert law.curve.exponent == pytest.approx(-0.5)
    assert law.study.excluded == ("c0: items 20, below 100",)
    assert all_law.curve.exponent < -0.6
    with pytest.raises(DataError, match="no items is 7000 or more; lower --least"):
        fits_of(table, Wanted(x="items", least=7000.0), _RULES)
