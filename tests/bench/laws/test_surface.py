"""When a joint law can be carried, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.laws.surface import fit_surface, too_few
from edgehuman.records import Float64

_RULES = Rules(draws=200)


def grid(sizes: int, amounts: int, span: float) -> tuple[Float64, Float64]:
    """So many sizes from 1e5 over 64 times, and amounts over `span`."""
    n, d = np.meshgrid(np.geomspace(1e5, 6.4e6, sizes), np.geomspace(1e3, 1e3 * span, amounts))
    return n.ravel(), d.ravel()


@pytest.mark.parametrize(
    ("sizes", "amounts", "span", "noise", "said"),
    [
        (5, 6, 64, math.nan, ""),
        (5, 6, 32, math.nan, "5 sizes x 6 amounts over 32 times the data, with no noise known"),
        (3, 5, 16, 0.002, ""),
        (3, 5, 16, 0.004, "noise of 0.40%; a joint law needs 5 x 6 over 64 times"),
        (2, 6, 64, 0.001, "2 sizes x 6 amounts"),
        (5, 6, 8, 0.001, "over 8 times the data; a joint law needs"),
    ],
)
def test_too_few_points_are_said(
    sizes: int, amounts: int, span: float, noise: float, said: str
) -> None:
    found = too_few(*grid(sizes, amounts, span), noise)
    assert said in found
    assert bool(said) == bool(found)


def test_a_planted_surface_with_its_checks() -> None:
    n, d = grid(5, 6, 64)
    planted = 0.3 + 2.0 * n**-0.3 + 1.5 * d**-0.35
    rng = np.random.default_rng(0)
    loss = planted * np.exp(0.001 * rng.standard_normal(30))
    found = fit_surface(n, d, loss, _RULES, 6.5 * n * d)
    for name, value in (("E", 0.3), ("alpha", 0.3), ("beta", 0.35)):
        low, high = found.intervals[name]
        assert low < value < high, name
    assert found.gamma == pytest.approx(6.5)
    assert found.check.starts >= 50
    assert found.check.agreeing > found.check.starts // 2
    assert found.check.law.beta == pytest.approx(found.law.beta, abs=0.02)
    star = found.held_out
    assert star is not None
    assert star["x"] == {"N": pytest.approx(6.4e6), "D": pytest.approx(6.4e4)}
    assert star["inside"]


def test_no_floor_and_an_outlier_are_said() -> None:
    n, d = grid(5, 6, 64)
    loss = 2.0 * n**-0.1 + 1.5 * d**-0.1
    loss *= np.exp(0.002 * np.random.default_rng(1).standard_normal(30))
    assert any("no floor seen" in each for each in fit_surface(n, d, loss, _RULES).warnings)
