"""The wearable paper's figures: what each shows, and what is said where it cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.bench.figures.parts import Figure
from edgehuman.bench.figures.wearable import figures
from edgehuman.bench.fits.fits import Wanted, fits_of
from edgehuman.bench.scale.points import Point, read_table, write_points
from tests.bench.figures.sweeps import RULES, fitted


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Figure]:
    return {each.name: each for each in figures(fitted(tmp_path_factory.mktemp("sweep")), RULES)}


def test_all_are_drawn_and_say_that_they_are_simulated(drawn: dict[str, Figure]) -> None:
    assert [each.paper.rpartition(" ")[2] for each in drawn.values()] == [*"234567"]
    for figure in drawn.values():
        assert figure.panels, figure.lacks
        assert figure.simulated


def test_loss_by_data_has_the_best_network_of_each_group(drawn: dict[str, Figure]) -> None:
    (panel,) = drawn["loss_by_data"].panels
    assert panel.log_y
    assert {trace.colour for trace in panel.traces} == {"random", "top"}
    assert all([dot.x for dot in trace.dots] == [1000, 2000, 4000] for trace in panel.traces)


def test_loss_by_parameters_is_of_the_most_data(drawn: dict[str, Figure]) -> None:
    (panel,) = drawn["loss_by_parameters"].panels
    # two families, two samplings, with augmentation and without; whatever the share
    assert len(panel.traces) == 8


def test_where_all_of_the_data_was_learned_from_a_share_is_not_the_most(tmp_path: Path) -> None:
    points = [
        Point(f"{sampling}{n}", "mae", f"v_{n}", sampling, share, params=n, items=100 * share,
              loss=1 / n)
        for n in (1, 2, 4)
        for sampling, share in (("user", 0.5), ("random", 0.5), ("all", 1.0))
    ]  # fmt: skip
    write_points(tmp_path / "points.csv", points)
    found = figures(fits_of(read_table(tmp_path / "points.csv"), Wanted(), RULES), RULES)
    ((trace,),) = [p.traces for f in found if f.name == "loss_by_parameters" for p in f.panels]
    assert [dot.cell for dot in trace.dots] == ["all1", "all2", "all4"]


def test_the_best_of_each_network_by_width(drawn: dict[str, Figure]) -> None:
    (panel,) = drawn["metric_by_parameters"].panels
    assert len(panel.traces) == 6
    assert {trace.colour for trace in panel.traces} == {"width 64", "width 128", "width 192"}
    assert all(dot.low < dot.y < dot.high for trace in panel.traces for dot in trace.dots)


def test_augmentation_shows_both(drawn: dict[str, Figure]) -> None:
    (panel,) = drawn["augmentation"].panels
    assert [trace.label for trace in panel.traces] == [
        *("gaitformer, augment off", "gaitformer, augment on"),
        *("gaitptv2_deep, augment off", "gaitptv2_deep, augment on"),
    ]
    for off, on in (panel.traces[:2], panel.traces[2:]):
        assert sum(a.y > b.y for a, b in zip(on.dots, off.dots, strict=True)) >= 2


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    points = [Point(f"c{k}", items=2.0**k, loss=2.0**-k, seed=0) for k in range(4)]
    write_points(tmp_path / "points.csv", points)
    fits = fits_of(read_table(tmp_path / "points.csv"), Wanted(), RULES)
    found = {each.name: each for each in figures(fits, RULES)}
    assert found["loss_by_data"].panels
    assert found["metric_by_data"].lacks.startswith("metric.NAME, and three amounts")
    assert "width" in found["metric_by_parameters"].lacks
    assert "augment" in found["augmentation"].lacks
    assert not found["loss_by_data"].simulated
