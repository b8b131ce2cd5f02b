"""What `--json` prints is plain, and complete."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from edgehuman.bench.fits.fits import Wanted, fits_of
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.fits.values import as_data, points_data
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.points import read_table
from edgehuman.outcome import to_json


def test_a_law_as_json_has_what_the_issue_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("x,y\n1,8\n4,4\n16,2\n64,1\n", encoding="utf-8")
    table, rules = read_table(path), Rules(draws=100)
    data = json.loads(to_json(as_data(table, fits_of(table, Wanted(), rules), rules)))
    (law,) = data["laws"]
    assert law["x"] == "x"
    assert law["form"] == "y = a x^-b"
    assert law["exponent"] == pytest.approx(-0.5)
    assert law["interval"] == [pytest.approx(-0.5), pytest.approx(-0.5)]
    assert law["held_out"]["predicted"] == pytest.approx(1.0)
    assert law["held_out"]["measured"] == 1.0
    assert law["range"] == [1.0, 64.0]
    assert [point["y"] for point in law["points"]] == [8.0, 4.0, 2.0, 1.0]
    assert data["checklist"]["y"]["points"] == "4 cells of 4 runs; y is y"


def test_a_share_has_its_binomial_interval_and_seeds_their_spread() -> None:
    cells = [Cell("a", {}, {"x": 1.0}, 0.5, trials=100.0), Cell("b", {}, {"x": 2.0}, 0.6, 3, 0.01)]
    rows = points_data(cells, "x", Study("f1", "share", "P", tuple(cells)), 0.95)
    assert rows[0]["interval"] == [pytest.approx(0.4038, abs=1e-4), pytest.approx(0.5962, abs=1e-4)]
    assert rows[1]["spread"] == 0.01
    assert "interval" not in rows[1]
    assert not any(math.isnan(value) for value in rows[0]["interval"])
