"""Readers of latency tables of other machines, and of fitted laws."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgehuman.bench.budget.curve import place_on, read_laws
from edgehuman.bench.budget.latencies import Accuracy, as_json
from edgehuman.bench.scale.plan import PlanConfig, plan
from tests.bench.budget.tables import made_row, made_table
from tests.bench.budget.test_curve import a_law
from tests.fuzz.target import Target, written


def _latencies(content: bytes, folder: Path) -> None:
    """Whatever a table says, a plan of it is text and JSON."""
    path = written(content, folder, "device.json")
    outcome = plan(PlanConfig(8.0, device=str(path), arch="imuconv_288k", people=3, fps=25.0))
    assert outcome.text


def _laws(content: bytes, folder: Path) -> None:
    for law in read_laws(written(content, folder, "laws.json")):
        place_on(law).as_table()


def _table_seeds() -> Sequence[bytes]:
    accuracy = (Accuracy("macro_f1", 0.9, "uci_har", False, 0.01),)
    rows = [
        made_row(arch, 1.0 + i, arch=arch, accuracy=accuracy, batch=1 + i)
        for i, arch in enumerate(("imuconv_288k", "imuconv_292k", "imuconv_4m"))
    ]
    return [as_json(made_table(*rows)).encode(), as_json(made_table(rows[0])).encode()]


def _law_seeds() -> Sequence[bytes]:
    cells = [{"cell": "1", "x": 4.0}]
    share = a_law(form="logit P = c + k ln people", parameters={"c": 0.0, "k": 1.0}, points=cells)
    return [json.dumps({"points": "points.csv", "laws": [a_law(), share]}).encode()]


TARGETS: Mapping[str, Target] = {
    "latencies": Target(_latencies, _table_seeds, "json"),
    "laws": Target(_laws, _law_seeds, "json"),
}
