"""The table of a sweep's cells, and the lines as they end."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from edgehuman.bench.scale.cells import DIVERGED, DONE, RUNNING, CellState
from edgehuman.bench.scale.estimate import Cost, hours, in_words, seconds_of, shape_of
from edgehuman.bench.scale.sweep import read_sweep
from edgehuman.bench.scale.watch import Watch, table_of
from tests.bench.scale.trained import sweep_file

GRID = "lr = [1e-3, 1e-4]\nhop = [64, 128]\nseed = [0, 1]"


def test_the_table_has_a_mark_for_every_cell(tmp_path: Path) -> None:
    sweep = read_sweep(sweep_file(tmp_path, GRID))
    names = [cell.name for cell in sweep.cells]
    marks = (DONE, DONE, DIVERGED, RUNNING)
    states = {n: CellState(n, {}, (), status=s) for n, s in zip(names, marks, strict=False)}
    assert table_of(sweep, states).splitlines() == [
        "lr     64 128",
        "0.001  ## !>",
        "0.0001 .. ..",
        "# done  > running  - stopped  x failed  ! diverged  . waiting",
    ]


def test_many_cells_of_a_place_are_a_number(tmp_path: Path) -> None:
    seeds = ", ".join(map(str, range(30)))
    sweep = read_sweep(sweep_file(tmp_path, f"lr = [1e-3]\nhop = [64]\nseed = [{seeds}]"))
    done = {cell.name: CellState(cell.name, {}, (), status=DONE) for cell in sweep.cells[:7]}
    assert "0.001 7/30" in table_of(sweep, done)
    sweep = read_sweep(sweep_file(tmp_path, ""))
    assert table_of(sweep, {}).startswith(".  # done")


def test_what_is_left_by_measured_steps(tmp_path: Path) -> None:
    sweep = read_sweep(sweep_file(tmp_path, GRID))
    costs = {shape_of(sweep.cells[0]): Cost(step_s=0.5, rest_s=3.0)}
    assert seconds_of(sweep.cells[0], costs) == 3.0 + 20 * 0.5
    assert seconds_of(sweep.cells[0], {}) is None
    said = in_words(sweep, {}, costs, 2)
    assert "8 of 8 cells are left: about 52 s in 2 processes" in said
    name = sweep.cells[0].name
    said = in_words(sweep, {name: CellState(name, {}, (), status=DONE)}, costs, 1)
    assert "7 of 8 cells are left: about 91 s in 1 process, from 10 measured steps" in said
    assert [hours(s) for s in (99, 100, 5999, 6000)] == ["99 s", "2 min", "100 min", "1.7 h"]


def test_a_cell_that_ends_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = read_sweep(sweep_file(tmp_path, GRID))
    costs = {shape_of(sweep.cells[0]): Cost(step_s=0.5, rest_s=3.0)}
    watch = Watch(sweep, {}, costs, 1)
    state = CellState(sweep.cells[0].name, {}, (), status=DONE, outcome={"test_loss": 1.5})
    watch.add(replace(state, found={"uci": {"f1": 0.75}}, seconds=12.0))
    first, second = capsys.readouterr().err.splitlines()
    assert first == "done     lr=0.001+hop=64+seed=0  loss 1.5000  uci f1 0.750  12 s"
    assert second.endswith("1 of 8 cells, about 91 s left")
    watch.close()
    watch.add(replace(state, status=DIVERGED, outcome=None, error="no finite loss"))
    assert "no finite loss" in capsys.readouterr().err


def test_on_a_terminal_the_table_stays_in_one_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    sweep = read_sweep(sweep_file(tmp_path, GRID))
    watch = Watch(sweep, {}, None, 1)
    for cell in sweep.cells[:2]:
        watch.add(CellState(cell.name, {}, (), status=DONE, outcome={"test_loss": 1.5}))
    watch.close()
    first, second = terminal.getvalue().split("\x1b[7F")
    assert "0.001  #. .." in first
    assert "0.001  ## .." in second
    assert second.count("loss 1.5000") == 2
    assert second.endswith("\x1b[?25h")
