"""Compute: C = gamma N D, cells of equal compute, lines of equal accuracy: the gait paper's.

Source: arXiv 2504.07598, figures 5 to 7. N is the column params, D samples, C flops.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from edgehuman.bench.fits.groups import DATA, in_every_sampling
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.laws import frontier
from edgehuman.records import Float64

LEAST_OF_A_LINE, LEAST_OF_A_PLANE = 3, 6
_ALIKE = 0.9
"""Amounts of data that differ by less are one, drawn by other seeds."""
_NAMES = ("family", "sampling", "fold", "augment")


def alike_but_size(study: Study, *needed: str) -> Iterator[tuple[str, list[Cell]]]:
    """Cells that have these amounts, by all that makes their values differ but size and data:
    family, sampling, fold, augmentation; those of a simulation apart. The name says what differs.
    Of one network that saw equally many samples, the cells with the most data: fewer data seen more
    often are another curve.
    """
    found: dict[tuple[tuple[str, ...], bool], list[Cell]] = defaultdict(list)
    for cell in in_every_sampling(study.cells):
        if all(name in cell.amounts for name in needed):
            key = tuple(cell.held.get(name, "") for name in _NAMES)
            found[key, cell.simulated].append(cell)
    varying = [k for k in range(len(_NAMES)) if len({key[k] for key, _ in found}) > 1]
    for (key, _), cells in found.items():
        words = [
            f"{_NAMES[k]} {key[k]}" if _NAMES[k] in ("fold", "augment") else key[k]
            for k in varying
            if key[k]
        ]
        yield ", ".join(words) or "all", _of_most_data(cells)


def _of_most_data(cells: Sequence[Cell]) -> list[Cell]:
    most: dict[tuple[object, ...], float] = defaultdict(float)

    def key(cell: Cell) -> tuple[object, ...]:
        return (cell.held.get("arch"), cell.amounts.get("params"), cell.amounts.get("samples"))

    def data(cell: Cell) -> float:
        return next((cell.amounts[x] for x in DATA if x in cell.amounts and x != "samples"), 0.0)

    for cell in cells:
        most[key(cell)] = max(most[key(cell)], data(cell))
    return [cell for cell in cells if data(cell) >= _ALIKE * most[key(cell)]]


def column(cells: Sequence[Cell], name: str) -> Float64:
    """An amount of each cell."""
    return np.array([cell.amounts[name] for cell in cells])


def values_of(cells: Sequence[Cell]) -> Float64:
    """The loss or metric of each cell."""
    return np.array([cell.value for cell in cells])


def compute_laws(study: Study) -> list[dict[str, Any]]:
    """For each group gamma, the lines or parabolas of equal compute, and of shares the plane
    P = a log2 N + b log2 D + E, whose lines of equal P are `data_for` each N.
    """
    found = []
    for name, cells in alike_but_size(study, "flops", "params", "samples"):
        n_P, d_P = column(cells, "params"), column(cells, "samples")
        if len(cells) < LEAST_OF_A_LINE:
            continue
        row: dict[str, Any] = {
            "group": name,
            "simulated": cells[0].simulated,
            "gamma": frontier.compute_constant(n_P, d_P, column(cells, "flops")),
            "iso_flop": [
                line for x in ("params", "samples") for line in _equal_compute(study, cells, x)
            ],
        }
        spread = min(len(np.unique(n_P)), len(np.unique(d_P)))
        if study.kind != "loss" and len(cells) >= LEAST_OF_A_PLANE and spread >= 2:
            plane = frontier.fit_plane(n_P, d_P, values_of(cells))
            row["iso_accuracy"] = {
                "form": "P = a log2 N + b log2 D + E",
                "a": plane.a,
                "b": plane.b,
                "E": plane.e,
            }
        found.append(row)
    return found


def _equal_compute(study: Study, cells: Sequence[Cell], x: str) -> list[dict[str, Any]]:
    lines = []
    for budget, members in frontier.budgets(column(cells, "flops")):
        of = [cells[k] for k in members]
        x_P, y_P = column(of, x), values_of(of)
        if len(np.unique(x_P)) < LEAST_OF_A_LINE:
            continue
        row: dict[str, Any] = {"x": x, "flops": budget, "points": len(of)}
        if study.kind != "loss":
            line = frontier.fit_log2(x_P, y_P)
            row |= {"form": f"P = a log2 {x} + E", "a": line.a, "E": line.e}
        else:
            parabola = frontier.fit_parabola(x_P, y_P)
            if isinstance(parabola, str):
                row["not_fitted"] = parabola
            else:
                row |= {"form": "parabola in log10", "vertex": parabola.vertex}
                row["warnings"] = list(parabola.warnings)
        lines.append(row)
    return lines
