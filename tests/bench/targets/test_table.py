"""The table of the targets: names, and the rows of every subject."""

from __future__ import annotations

import ast
from pathlib import Path

from edgehuman.bench.targets import table
from edgehuman.bench.targets.table import TARGETS
from edgehuman.bench.targets.targets import choose

ROWS = Path(table.__file__).parent / "rows"


def test_names_are_unique() -> None:
    assert len({each.name for each in TARGETS}) == len(TARGETS)
    assert [each.name for each in choose(["real"])] == ["real-time"]


def test_the_rows_of_every_file_are_in_the_table() -> None:
    imported = {
        node.module.rpartition(".")[2]
        for node in ast.parse(Path(table.__file__).read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module and ".rows." in node.module
    }
    subjects = {each.stem for each in ROWS.glob("*.py")} - {"__init__", "eager"}
    assert imported == subjects
