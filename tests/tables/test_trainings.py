"""The tables of methods and tasks: every path leads to code, every example names its row."""

from __future__ import annotations

import pytest

from edgehuman.catalogue import RECORDS, load_object
from edgehuman.tables.trainings import METHODS, TASKS, Method, Task

ROWS: dict[str, Method | Task] = {
    **{f"pretrain --method {name}": row for name, row in METHODS.items()},
    **{
        f"finetune --task {name}": row for name, task in TASKS.items() for row in (task, *task.also)
    },
}


@pytest.mark.parametrize("command", ROWS)
def test_a_row_names_its_config_its_function_and_its_example(command: str) -> None:
    pytest.importorskip("torch")
    row = ROWS[command]
    assert all(callable(load_object(dotted)) for dotted in (row.config, row.train))
    assert row.modality in {record.modality for record in RECORDS.values()}
    assert row.example.startswith(f"edgehuman {command} ")
