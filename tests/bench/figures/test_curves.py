"""The figures of a user's own table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.figures.curves import figures, joint
from edgehuman.bench.fits.fits import Fits, Wanted, fits_of
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.points import read_table

_RULES = Rules(draws=100)


def _fits(folder: Path, text: str) -> list[Fits]:
    (folder / "mine.csv").write_text(text, encoding="utf-8")
    return fits_of(read_table(folder / "mine.csv"), Wanted(), _RULES)


def test_the_curves_of_groups(tmp_path: Path) -> None:
    text = "x,y,group\n1,8,a\n4,4,a\n16,2,a\n1,9,b\n4,3,b\n16,1,b\n"
    (figure,) = figures(_fits(tmp_path, text), _RULES)
    assert [trace.label for trace in figure.panels[0].traces] == ["a", "b"]
    assert figure.name == "curves"


def test_a_joint_law_against_its_points(tmp_path: Path) -> None:
    n, d = (each.ravel() for each in np.meshgrid(np.geomspace(1, 64, 5), np.geomspace(1, 64, 6)))
    loss = 0.3 + 0.5 * n**-0.3 + 0.7 * d**-0.4
    rows = "".join(f"{a},{b},{c}\n" for a, b, c in zip(n, d, loss, strict=True))
    fits = _fits(tmp_path, f"N,D,loss\n{rows}")
    figure = joint(fits, _RULES)
    (trace,) = figure.panels[0].traces
    assert len(trace.dots) == 30
    assert [dot.x for dot in trace.dots] == pytest.approx([dot.y for dot in trace.dots], rel=1e-4)
    # a curve along N has one D
    by_n, by_d = figures(fits, _RULES)
    assert (by_n.name, len(by_n.panels[0].traces)) == ("curves_by_n", 6)
    assert len(by_d.panels[0].traces) == 5


def test_without_a_joint_law_it_says_what_is_missing(tmp_path: Path) -> None:
    figure = joint(_fits(tmp_path, "x,y\n1,8\n4,4\n16,2\n"), _RULES)
    assert "5 sizes x 6 amounts" in figure.lacks
