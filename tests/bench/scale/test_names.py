"""Names of a sweep: one folder a cell, and nothing that a terminal, a shell or a table obeys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgehuman.bench.scale.names import RETRY, cell_name, label_of, require_words, words_of
from edgehuman.bench.scale.sweep import read_sweep
from edgehuman.bench.scale.watch import table_of
from edgehuman.errors import UsageError
from tests.bench.scale.trained import sweep_file


def test_labels_of_numbers_tell_them_apart() -> None:
    assert [label_of(each) for each in (0.5, 1.0, 1e-4, 3, True, "a")] == [
        *("0.5", "1", "0.0001", "3", "True", "a")
    ]
    assert label_of(0.1) == "0.1"
    assert label_of(0.10000001) == "0.10000001"
    assert label_of(1 / 3) == "0.3333333333333333"


def test_no_two_cells_have_one_folder_and_none_is_the_retry_of_another() -> None:
    names = [
        cell_name({"a": "x", "b": "y+b=z"}),
        cell_name({"a": "x+b=y", "b": "z"}),
        cell_name({"a": "x", "b": "y"}),
        cell_name({"a": "x", "b": f"y{RETRY}"}),
        cell_name({"a": "x", "b": "y"}) + RETRY,
        cell_name({"a": "x/../y"}),
    ]
    assert len(set(names)) == len(names)
    assert all("/" not in name for name in names)
    assert len(cell_name({"a": "\u754c" * 300}).encode()) <= 100
    # Folders of sweeps that have begun keep their names.
    assert cell_name({"seed": "0", "arch": "own:Net"}) == "seed=0+arch=own_Net-2a71fb62"


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ("[grid.'../x']\na = {}", "axis '../x' is no name"),
        ("[grid.'']\na = {}", "axis '' is no name"),
        ('[grid.a]\n"\\u001b[2J" = {}', "cannot be used; begin it with a letter or digit"),
        ('[grid.a]\n"=1+1" = {}', r"label '=1\+1' cannot be used"),
        ('[grid.a]\n"x\\ny" = {}', "cannot be used"),
        ("[grid.a]\nx = { seed = 1 }\nX = { seed = 2 }", "differ in case alone"),
        ("[grid.a]\nx = { out = '/elsewhere' }", "out is set by the sweep itself"),
        ("[grid.a]\nx = { resume = true }", "resume is set by the sweep itself"),
        ("[grid]\nmethod = ['mae']", "method is set by the sweep itself"),
        ("[grid.a]\nx = { data = ['-x'] }", "'-x', which would be read as a flag"),
    ],
)
def test_grids_that_are_refused(tmp_path: Path, grid: str, said: str) -> None:
    path = sweep_file(tmp_path, "")
    path.write_text(path.read_text().replace("[grid]\n", grid))
    with pytest.raises(UsageError, match=said):
        read_sweep(path)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("'p'", "'Train'", "other than train"),
        ("'f1'", "'a.trials'", "metric 'a.trials' is no"),
        ("'f1'", "'f1', 'f1'", "has a name twice"),
        ("}", ", out = 'x' }", "out is set by the sweep"),
        ("}", ", data = ['-x'] }", "'-x', which would be read as a flag"),
        ("}", "}\nonly = 3", "only is 3; it must be a table"),
        ("}", "}" + "\n[[downstream]]" * 1000, "at most 1,000"),
    ],
)
def test_downstreams_that_are_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    probe = "name = 'p'\nmetrics = ['f1']\nflags = { task = 'activity' }"
    given = probe.replace(before, after)
    path = sweep_file(tmp_path, f"seed = [0]\n[[downstream]]\n{given}")
    with pytest.raises(UsageError, match=said):
        read_sweep(path)


def test_values_close_to_each_other_are_two_cells(tmp_path: Path) -> None:
    sweep = read_sweep(sweep_file(tmp_path, "subset = [0.1, 0.10000001]"))
    assert [cell.name for cell in sweep.cells] == ["subset=0.1", "subset=0.10000001"]


def test_the_table_holds_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, 'data = [["\\u001b[2Jx"], ["y"]]')
    path.write_text(path.read_text().replace('data = ["simulated"]\n', ""))
    labels = {"\x1b[2Jx": "a"}
    sweep = read_sweep(path)
    cell = replace(sweep.cells[0], labels={"data": next(iter(labels))})
    table = table_of(replace(sweep, axes={"data": tuple(labels)}, cells=(cell,)), {})
    assert "\x1b" not in table
    assert "?[2Jx" in table


def test_words_are_no_flags(tmp_path: Path) -> None:
    config = read_sweep(sweep_file(tmp_path, "seed = [0]")).cells[0].config
    assert words_of(replace(config, seed=3, out=Path("x")))[:2] == ["--out", "x"]
    with pytest.raises(UsageError, match="out is '-x/train', which would be read as a flag"):
        require_words(replace(config, out=Path("-x/train")))
