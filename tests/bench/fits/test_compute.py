"""Equal compute and equal accuracy, by numbers that were planted."""

from __future__ import annotations

import itertools
import math

import pytest

from edgehuman.bench.fits.compute import alike_but_size, compute_laws
from edgehuman.bench.fits.study import Cell, Study


def _cell(n: float, d: float, value: float, family: str = "v", gamma: float = 6.5) -> Cell:
    amounts = {"params": n, "samples": d, "flops": gamma * n * d}
    return Cell(f"{family}{n}-{d}", {"family": family}, amounts, value)


def test_the_planted_plane_and_gamma_are_found() -> None:
    cells = [
        _cell(n, d, 0.02 * math.log2(n) + 0.01 * math.log2(d) - 0.1)
        for n, d in itertools.product((1e5, 2e5, 4e5), (1e4, 2e4, 4e4))
    ]
    (row,) = compute_laws(Study("rank1", "share", "P", tuple(cells)))
    assert row["gamma"] == pytest.approx(6.5)
    plane = row["iso_accuracy"]
    assert [plane[name] for name in ("a", "b", "E")] == pytest.approx([0.02, 0.01, -0.1])
    # Along equal compute a doubling of N halves D: .02 - .01 a doubling
    (line, by_samples) = row["iso_flop"]
    assert (line["x"], line["points"]) == ("params", 3)
    assert line["a"] == pytest.approx(0.01)
    assert by_samples["a"] == pytest.approx(-0.01)


def test_losses_of_few_sizes_have_no_parabola_and_say_so() -> None:
    cells = [_cell(n, 4e9 / n, 1.0) for n in (1e4, 2e4, 4e4)]
    (row,) = compute_laws(Study("loss", "loss", "L", tuple(cells)))
    assert "iso_accuracy" not in row
    assert row["iso_flop"][0]["not_fitted"] == "3 sizes within a decade; a parabola needs 5"


def test_families_are_apart_and_named_by_what_differs() -> None:
    cells = [_cell(1e4, 1e4, 0.1, family) for family in ("v", "w")]
    study = Study("f1", "share", "P", tuple(cells))
    assert [name for name, _ in alike_but_size(study, "params")] == ["v", "w"]
    assert list(alike_but_size(study, "hours")) == []
    assert compute_laws(study) == []


def test_fewer_data_seen_as_often_are_no_part_of_equal_compute() -> None:
    def cell(name: str, people: float, samples: float) -> Cell:
        amounts = {"params": 1e4, "samples": samples, "flops": 6e4 * samples, "people": people}
        return Cell(name, {"arch": "a"}, amounts, 0.5)

    cells = [cell("few", 32, 600), cell("all", 512, 600), cell("short", 512, 300)]
    cells += [cell("once", 64, 150), cell("drawn anew", 60, 150)]  # as another seed draws it
    ((_, kept),) = alike_but_size(Study("rank1", "share", "P", tuple(cells)), "samples")
    assert [each.name for each in kept] == ["all", "short", "once", "drawn anew"]
