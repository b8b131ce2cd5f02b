"""What one choice does, by pairs worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.fits.contrasts import (
    augmentation,
    capacity_by_data,
    slopes_apart,
    wide_or_deep,
)
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.laws.curves import Rules

_RULES = Rules(draws=200)


def _cell(value: float, share: str, n: float = 1e6, size: tuple[int, int] = (1, 1)) -> Cell:
    return Cell(
        f"{value}-{share}-{n}",
        {"family": "v", "share": share, "arch": f"v_{size}"},
        {"items": 100 * float(share), "params": n},
        value,
        width=size[0],
        depth=size[1],
    )


def _study(cells: list[Cell]) -> Study:
    return Study("loss", "loss", "L", tuple(cells))


def test_augmentation_that_takes_a_tenth_off_every_loss() -> None:
    cells = []
    for share, loss in (("1", 1.0), ("0.5", 2.0), ("0.25", 3.0)):
        for word, factor in (("off", 1.0), ("on", 0.9)):
            one = _cell(loss * factor, share)
            cells.append(Cell(one.name, {**one.held, "augment": word}, one.amounts, one.value))
    (row,) = augmentation(_study(cells), _RULES)
    assert row["what"] == "augment on against off: ratio of losses"
    assert row["value"] == pytest.approx(0.9)
    assert row["interval"] == [pytest.approx(0.9), pytest.approx(0.9)]
    assert row["pairs"] == 3
    assert augmentation(_study(cells[:4]), _RULES) == []  # two pairs say little


def test_wide_against_deep_of_equal_size() -> None:
    cells = []
    for share in ("1", "0.5", "0.25"):
        cells += [_cell(1.0, share, 1e6, (64, 20)), _cell(0.8, share, 1.05e6, (128, 5))]
        cells.append(_cell(0.1, share, 5e6, (256, 2)))  # of another size
    (row,) = wide_or_deep(_study(cells), _RULES)
    assert row["value"] == pytest.approx(0.8)
    assert row["pairs"] == 3


def test_the_best_network_grows_with_the_data() -> None:
    cells = [
        *(_cell(1.0, "0.5", 1e6), _cell(1.2, "0.5", 4e6)),
        *(_cell(0.9, "1", 1e6), _cell(0.7, "1", 4e6)),
    ]
    (found,) = capacity_by_data(_study(cells), "items")
    assert [(row["x"], row["params"]) for row in found["rows"]] == [(50.0, 1e6), (100.0, 4e6)]
    assert found["rows"][0]["as_good"] == [1e6, 1e6]


def test_slopes_apart_of_two_samplings() -> None:
    drawn = np.asarray(np.linspace(-0.01, 0.01, 201), np.float64)
    named = {"random": (-0.02, -0.02 + drawn), "user": (-0.05, -0.05 + drawn)}
    (row,) = slopes_apart(named, {"fold": "0"}, "hours", 50, False, _RULES)
    assert row["what"] == "exponent of hours: sampling user less random"
    assert row["difference"] == pytest.approx(-0.03)
    assert row["interval"][0] < -0.03 < row["interval"][1] < 0
