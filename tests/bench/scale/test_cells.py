"""Cells: run once, resumed where they stopped, and each failure told apart."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from edgehuman.bench.scale import cells
from edgehuman.bench.scale.cells import CellState, begin, read_state, run_cell, write_state
from edgehuman.bench.scale.commands import Stop
from edgehuman.bench.scale.sweep import read_sweep
from edgehuman.errors import DataError, UsageError
from tests.bench.scale.trained import ran, sweep_file, without_training

PROBE = """
[[downstream]]
name = "ucihar"
metrics = ["macro_f1", "accuracy"]
trials = { accuracy = 2947 }
flags = { task = "activity", mode = "probe" }
"""


def made(folder: Path, seed: int = 0, more: str = "") -> Path:
    """The folder of a cell that has not run yet."""
    (cell,) = read_sweep(sweep_file(folder, f"seed = [{seed}]\n{more}")).cells
    place = folder / "cells" / cell.name
    write_state(place, begin(place, cell, "abc", "p"))
    return place


@pytest.fixture(autouse=True)
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    without_training(monkeypatch)


def test_a_cell_is_trained_then_fine_tuned_and_never_run_again(tmp_path: Path) -> None:
    place = made(tmp_path, more=PROBE)
    state = run_cell(place)
    assert state.status == cells.DONE
    assert state.outcome is not None
    assert (state.outcome["test_loss"], state.outcome["flops"]) == (2.0, 20_000.0)
    assert (state.outcome["params"], state.outcome["params_all"]) == (256, 256 + 48 * 16 + 32)
    assert state.found == {"ucihar": {"macro_f1": 0.75, "accuracy": 0.8}}
    assert state == read_state(place)
    words = ran(tmp_path)
    assert [line.split()[0] for line in words] == ["pretrain", "finetune"]
    assert f"--weights {place}/train" in words[1]
    assert run_cell(place) == state
    assert ran(tmp_path) == words


@pytest.mark.parametrize(
    ("seed", "status", "error"),
    [
        (7, cells.DIVERGED, "edgehuman: step 3: no finite loss in 10 consecutive steps"),
        (8, cells.FAILED, "edgehuman: the disk is full"),
        (9, cells.STOPPED, ""),
    ],
)
def test_how_a_cell_ended(tmp_path: Path, seed: int, status: str, error: str) -> None:
    state = run_cell(made(tmp_path, seed))
    assert (state.status, state.error) == (status, error)


def test_a_stopped_cell_goes_on_and_a_failed_one_begins_again(tmp_path: Path) -> None:
    place = made(tmp_path, seed=9)
    assert run_cell(place).attempts == 1
    state = run_cell(place)
    assert (state.status, state.attempts) == (cells.DONE, 2)
    assert [line.endswith("--resume") for line in ran(tmp_path)] == [False, True]
    place = made(tmp_path, seed=8)
    run_cell(place)
    assert run_cell(place).attempts == 2


def test_a_missing_metric_is_said_with_those_that_are_there(tmp_path: Path) -> None:
    place = made(tmp_path, more=PROBE.replace('"macro_f1"', '"f1"'))
    state = run_cell(place)
    assert state.status == cells.FAILED
    assert "ucihar: its outcome has no metric f1; it has macro_f1, accuracy" in state.error
    run_cell(place)
    assert [line.split()[0] for line in ran(tmp_path)] == ["pretrain", "finetune", "finetune"]


def test_a_stop_ends_what_runs_and_nothing_begins_after_it(tmp_path: Path) -> None:
    place = made(tmp_path)
    (place / "slow").touch()
    stop, found = Stop(), []
    thread = threading.Thread(target=lambda: found.append(run_cell(place, stop)))
    thread.start()
    until = time.monotonic() + 20
    while not (place / "begun").exists() and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(UsageError, match="this cell is run by another process"):
        run_cell(place)
    stop.ask()
    stop.wait(20)
    thread.join(20)
    assert [state.status for state in found] == [cells.STOPPED]
    assert run_cell(place, stop).attempts == 1
    assert len(ran(tmp_path)) == 1


def test_states_that_cannot_be_read(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    with pytest.raises(DataError, match=r"has no cell\.json; run the sweep again"):
        run_cell(tmp_path)
    write_state(tmp_path, CellState("a", {}, ("pretrain",)))
    whole = (tmp_path / "cell.json").read_text()
    changed = [
        whole.replace(before, after)
        for before, after in (
            ('"schema": 1', '"schema": 2'),
            ('"steps": []', '"steps": [1]'),
            ("status", "state"),
        )
    ]
    for text in (whole[:40], "[]", "{}", "9" * 5000, *changed):
        (tmp_path / "cell.json").write_text(text)
        with pytest.raises(DataError, match="delete the cell's folder"):
            read_state(tmp_path)


def test_cells_of_other_code_are_refused(tmp_path: Path) -> None:
    state = CellState("a", {}, ("pretrain",), commit="abc", attempts=1)
    cells.require_same_code(tmp_path, [state], "abc")
    with pytest.raises(UsageError, match="has cells of the code abc, and this is def; check"):
        cells.require_same_code(tmp_path, [state], "def")
