"""Labels, and points with their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.bench.figures.parts import dot_of, short_labels, traces_of, words_of
from edgehuman.bench.fits.fits import Law
from edgehuman.bench.fits.groups import Group
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.laws.curves import Rules, fit_curve


def test_what_all_have_alike_is_left_out_of_a_label() -> None:
    helds = [{"sampling": "user", "fold": "0"}, {"sampling": "user", "fold": "1"}]
    assert short_labels(helds) == ["fold 0", "fold 1"]
    assert short_labels(helds[:1]) == ["all"]


def test_values_are_said_as_people_say_them() -> None:
    assert words_of({"share": "0.0625", "augment": "on", "arch": "v_1", "family": "v"}) == {
        "share": "6.25 %",
        "augment": "augment on",
        "arch": "v_1",
    }
    assert words_of({"share": "100 items"}) == {"share": "100 items"}


@pytest.mark.parametrize(
    ("cell", "kind", "low", "high"),
    [
        (Cell("a", {}, {"x": 1.0}, 0.5, trials=100.0), "share", 0.4190, 0.5810),  # Wilson, 90 %
        (Cell("a", {}, {"x": 1.0}, 0.5, 2, math.log(2)), "loss", 0.25, 1.0),
        (Cell("a", {}, {"x": 1.0}, 50.0, 2, 4.0), "score", 46.0, 54.0),
    ],
)
def test_a_point_has_its_interval(cell: Cell, kind: str, low: float, high: float) -> None:
    study = Study("m", kind, "P", (cell,))  # type: ignore[arg-type]
    dot = dot_of(cell, "x", study, 0.9)
    assert dot.low == pytest.approx(low, abs=5e-4)
    assert dot.high == pytest.approx(high, abs=5e-4)


def test_a_law_is_a_trace_with_its_star_and_band() -> None:
    cells = tuple(Cell(f"c{k}", {}, {"x": 2.0**k}, 2.0**-k) for k in range(5))
    study = Study("loss", "loss", "L", cells)
    x = np.array([cell.amounts["x"] for cell in cells])
    curve = fit_curve(x, 1 / x, "loss", ("x", "L"), Rules(draws=100))
    law = Law(study, Group("x", {"fold": "0"}, cells), curve)
    made = Law(study, Group("x", {"fold": "0"}, cells, simulated=True), curve)
    traces = traces_of([law, made], "sampling", "fold", 0.9)
    assert [trace.label for trace in traces] == ["all", "all (simulated)"]
    star = traces[0].star
    assert star is not None
    assert (star.x, star.measured) == (16.0, 0.0625)
    assert star.predicted == pytest.approx(0.0625)
    assert len(traces[0].low_G) == len(traces[0].x_G) > 10
    assert "exponent -1.0000" in traces[0].law
