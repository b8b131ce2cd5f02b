"""The gait paper's figures: what each shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.figures.gait import figures
from edgehuman.bench.figures.parts import Figure
from edgehuman.bench.fits.fits import Wanted, fits_of
from edgehuman.bench.scale.points import Point, read_table, write_points
from tests.bench.figures.sweeps import RULES, fitted


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figure]:
    return {each.name: each for each in figures(fitted(tmp_path_factory.mktemp("sweep")), RULES)}


def test_six_of_seven_are_drawn_and_the_seventh_says_why(drawn: dict[str, Figure]) -> None:
    assert [each.paper.rpartition(" ")[2] for each in drawn.values()] == [*"2345678"]
    assert all(each.panels or each.lacks for each in drawn.values())
    assert {name for name, each in drawn.items() if not each.panels} <= {"isoflop_by_samples"}


def test_model_scaling_has_a_panel_for_each_family_and_sampling(drawn: dict[str, Figure]) -> None:
    panels = drawn["model_scaling"].panels
    assert [panel.title for panel in panels] == [
        *("gaitptv2_deep, sampling random", "gaitptv2_deep, sampling top"),
        *("gaitformer, sampling random", "gaitformer, sampling top"),
    ]
    assert {trace.colour for trace in panels[0].traces} == {"0.25", "0.5", "1"}


def test_data_quality_compares_what_is_equal_in_all_else(drawn: dict[str, Figure]) -> None:
    (panel,) = drawn["data_quality"].panels
    assert len(panel.traces) == 24  # six networks, two samplings, augmented or not
    assert {trace.colour for trace in panel.traces} == {"random", "top"}


def test_equal_compute_is_equal_compute(drawn: dict[str, Figure]) -> None:
    panel = drawn["isoflop_by_parameters"].panels[0]
    for trace in panel.traces:
        # params x samples of the cells of one budget are the same: sizes double as shares halve
        assert [dot.x for dot in trace.dots] == sorted(dot.x for dot in trace.dots)
        assert len({dot.x for dot in trace.dots}) >= 3
        assert trace.law.startswith("P = ")


def test_lines_of_equal_accuracy_stay_on_the_grid(drawn: dict[str, Figure]) -> None:
    panel = drawn["isoaccuracy"].panels[0]
    assert panel.traces[0].grey
    for trace in panel.traces[1:]:
        d_G = np.asarray(trace.y_G)
        assert (d_G >= 25_000 * 0.999).all()
        assert (d_G <= 100_000 * 1.001).all()
        assert (np.diff(d_G) < 0).all()  # a larger network needs less
    assert any("C = 6.5 N D" in note for note in drawn["isoaccuracy"].notes)


def test_losses_of_equal_compute_have_a_parabola_that_says_it_is_a_picture(tmp_path: Path) -> None:
    points = []
    for k, exponent in enumerate((5.2, 5.6, 6.0, 6.4, 6.8)):
        loss = 10.0 ** ((exponent - 6) ** 2)
        params = round(10.0**exponent)
        points.append(
            Point(
                f"c{k}",
                arch=f"v_{k}",
                seed=0,
                params=params,
                items=1e6 / params,
                samples=round(1e13 / params),
                flops=6e13,
                loss=loss,
            )
        )
    for k in range(3):  # a curve along data, each of another budget
        points.append(
            Point(f"d{k}", arch="w_1", seed=0, params=10**6, items=4.0**k, flops=1e9 * 4**k, loss=2)
        )
    write_points(tmp_path / "points.csv", points)
    fits = fits_of(read_table(tmp_path / "points.csv"), Wanted(), RULES)
    found = {each.name: each for each in figures(fits, RULES)}
    (trace,) = found["isoflop_by_parameters"].panels[0].traces
    assert "vertex 1e+06" in trace.law
    assert any("a picture only" in note for note in found["isoflop_by_parameters"].notes)
