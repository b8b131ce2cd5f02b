"""What `edgehuman evaluate` reports of pairs of conditions: of the model and of both baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgehuman.metrics.gait.pairs import ACROSS, PairSums, gain_over

MODEL = "this_model"


def pair_tables(found: Mapping[str, PairSums]) -> dict[str, Any]:
    """Return the metrics of every column with their 95 % intervals over people.

    Args:
        found: of `this_model` and of each baseline.

    Returns:
        who -> column -> {"metrics", "intervals"}; under "gain_over" the same of the paired
        differences between the model and a baseline, over pairs of different conditions.
    """
    tables: dict[str, Any] = {
        who: {column: _table(sums, column) for column in sums.columns}
        for who, sums in found.items()
    }
    gains = {who: gain_over(found[MODEL], sums) for who, sums in found.items() if who != MODEL}
    tables["gain_over"] = {
        who: {ACROSS: _table(gain, ACROSS)} for who, gain in gains.items() if gain is not None
    }
    return tables


def _table(sums: PairSums, column: str) -> dict[str, Any]:
    ends = {name: list(pair) for name, pair in sums.intervals(column).items()}
    return {"metrics": sums.shares(column), "intervals": ends}


def pair_lines(tables: Mapping[str, Any]) -> list[str]:
    """Return the text: rank-1 of every column, its interval over people in brackets."""
    names = [who for who in tables if who != "gain_over"]
    lines = [f"  {'rank-1, 95 % over people':<26}" + "".join(f"{_said(n):<26}" for n in names)]
    for column in tables[MODEL]:
        cells = [_cell(tables[who].get(column), "rank1") for who in names]
        lines.append(f"  {column:<26}" + "".join(f"{cell:<26}" for cell in cells))
    for who, columns in tables["gain_over"].items():
        said = f"gain over {_said(who)}"
        lines.append(f"  {said:<32} {_cell(columns[ACROSS], 'rank1')}")
    return [line.rstrip() for line in lines]


def _said(name: str) -> str:
    return name.replace("_", " ")


def _cell(table: Mapping[str, Any] | None, metric: str) -> str:
    if table is None:
        return "-"
    ends = table["intervals"].get(metric)
    between = f" [{ends[0]:.3f}, {ends[1]:.3f}]" if ends else ""
    return f"{table['metrics'][metric]:.3f}{between}"
