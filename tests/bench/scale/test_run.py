"""Sweeps: every cell once, points as they end, retries, stops, and two at once."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from edgehuman import cli
from edgehuman.bench.scale import cells, run
from edgehuman.bench.scale.points import read_points
from edgehuman.bench.scale.run import ScaleRunConfig
from edgehuman.errors import DataError, UsageError
from tests.bench.scale.trained import ran, sweep_file, without_training

pytest.importorskip("torch")
GRID = """subset = [1.0, 0.5, 0.25]
subset_by = ['user', 'random']
seed = [0, 1]
[[skip]]
subset = 1.0
subset_by = 'random'
"""


@pytest.fixture(autouse=True)
def no_training(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("long") is None:
        without_training(monkeypatch)


def swept(path: Path, **named: Any) -> Any:
    given = {"out": path.parent / "out", "processes": 2, "estimate": "no", **named}
    return run.run(ScaleRunConfig(path, **given))


def test_every_cell_runs_once_and_is_a_point(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, GRID)
    outcome = swept(path)
    assert (outcome.exit_code, outcome.data["done"], outcome.data["left"]) == (0, 10, 0)
    points = read_points(tmp_path / "out" / "points.csv")
    assert len(points) == 10
    point = next(p for p in points if p.cell == "subset=0.25+subset_by=user+seed=1")
    assert (point.arch, point.sampling, point.share, point.seed) == ("imuvit_64x2", "user", 0.25, 1)
    assert (point.width, point.depth, point.params, point.flops) == (16, 2, 256, 20_000)
    assert (point.people, point.hours, point.items, point.samples) == (20, 10, 1000, 1280)
    assert point.loss == pytest.approx(2 * 0.25**-0.05)
    assert {p.sampling for p in points if p.share == 1} == {"all"}
    assert (tmp_path / "out" / "sweep.toml").read_text() == path.read_text()
    before = ran(tmp_path / "out")
    assert swept(path).data["done"] == 10
    assert ran(tmp_path / "out") == before
    assert len(before) == 10


def test_a_grid_may_grow_but_not_change(tmp_path: Path) -> None:
    swept(sweep_file(tmp_path, "seed = [0]"))
    outcome = swept(sweep_file(tmp_path, "seed = [0, 1]"))
    assert outcome.data["done"] == 2
    assert len(ran(tmp_path / "out")) == 2
    path = sweep_file(tmp_path, "seed = [0, 1]")
    path.write_text(path.read_text().replace("steps = 20", "steps = 30"))
    with pytest.raises(UsageError, match="it has --steps 20, the sweep --steps 30; take"):
        swept(path)


def test_what_diverged_is_run_once_more_with_half_the_learning_rate(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [0, 7]")
    for _ in range(2):
        outcome = swept(path)
        assert (outcome.exit_code, outcome.data["diverged"], outcome.data["retried"]) == (0, 1, 1)
    rows = {p.cell: p for p in read_points(tmp_path / "out" / "points.csv")}
    assert rows["seed=7"].status == "diverged"
    assert rows["seed=7"].loss is None
    again = rows["seed=7+half-lr"]
    assert (again.status, again.lr, again.more["retry_of"]) == ("done", 5e-4, "seed=7")
    assert len(ran(tmp_path / "out")) == 3
    assert "seed=7: edgehuman: step 3: no finite loss" in outcome.text


def test_a_cell_far_off_its_neighbours_is_flagged_and_run_again(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "subset = [1.0, 0.5, 0.25]\nseed = [0, 1, 2, 6]")
    path.write_text(path.read_text() + "[[skip]]\nsubset = [1.0, 0.5]\nseed = 6\n")
    outcome = swept(path)
    # It is three times too large, and no learning rate mends that here.
    assert outcome.data["flagged"] == ["subset=0.25+seed=6", "subset=0.25+seed=6+half-lr"]
    assert outcome.data["retried"] == 1


def test_a_failed_cell_is_said_and_tried_again_later(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [0, 8]")
    outcome = swept(path)
    assert (outcome.exit_code, outcome.data["failed"], outcome.data["left"]) == (1, 1, 1)
    assert outcome.data["errors"] == {"seed=8": "edgehuman: the disk is full"}
    assert "the same command goes on" in outcome.text
    swept(path)
    assert len(ran(tmp_path / "out")) == 3


def test_a_signal_ends_the_sweep_which_goes_on_later(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [0, 1, 2, 3, 4, 5]")
    slow = tmp_path / "out" / "cells" / "seed=1"
    slow.mkdir(parents=True)
    (slow / "slow").touch()

    def ask() -> None:
        until = time.monotonic() + 20
        while not (slow / "begun").exists() and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask).start()
    outcome = swept(path, processes=1)
    assert (outcome.exit_code, outcome.data["done"], outcome.data["left"]) == (1, 1, 5)
    states = {n: cells.read_state(slow.parent / f"seed={n}") for n in range(6)}
    assert [state.attempts for state in states.values() if state] == [1, 1, 0, 0, 0, 0]
    (slow / "slow").unlink()
    assert swept(path).data["done"] == 6
    assert [line.endswith("--resume") for line in ran(tmp_path / "out")].count(True) == 1


def test_two_sweeps_in_one_folder(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [0]")
    slow = tmp_path / "out" / "cells" / "seed=0"
    slow.mkdir(parents=True)
    (slow / "slow").touch()
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(swept(path)))
    thread.start()
    until = time.monotonic() + 20
    while not (slow / "begun").exists() and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(UsageError, match="another sweep runs in it"):
        swept(path)
    assert swept(path, status=True).data["left"] == 1
    (slow / "slow").unlink()
    thread.join(20)
    assert found[0].data["done"] == 1


def test_other_code_is_refused_or_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sweep_file(tmp_path, "seed = [0, 9]")
    monkeypatch.setattr(run, "commit", lambda: "abc")
    swept(path)
    monkeypatch.setattr(run, "commit", lambda: "def")
    with pytest.raises(UsageError, match="has cells of the code abc, and this is def"):
        swept(path)
    assert swept(path, mixed_code=True).data["done"] == 2
    rows = {p.cell: p.commit for p in read_points(tmp_path / "out" / "points.csv")}
    assert rows == {"seed=0": "abc", "seed=9": "abc+def"}


def test_what_it_costs_is_said_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sweep_file(tmp_path, "seed = [0, 1]")
    assert swept(path, estimate="only").data["done"] == 0
    said = capsys.readouterr().err
    # 64 samples a step at 640 a second.
    assert "2 of 2 cells are left: about" in said
    assert "imuvit_64x2 64 1 1 : 100.0 ms a step" in said
    assert not (tmp_path / "out" / "estimate").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"processes": 0}, "--processes is 0; it must be at least 1"),
        ({"job": ("slurm_partition",), "cluster": "slurm"}, "it must be pairs"),
        ({"job": ("a=b",)}, "given with --cluster slurm or local"),
    ],
)
def test_wrong_flags(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ScaleRunConfig(Path("a.toml"), **given)


def test_the_folder_is_named_for_the_file(tmp_path: Path) -> None:
    assert ScaleRunConfig(tmp_path / "wearable.toml").out == Path("runs/scale/wearable")


@pytest.mark.long
def test_a_real_sweep_of_two_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sweep_file(tmp_path, "subset = [1.0, 0.5]", "save_every = 20\nvalid_share = 0.3")
    words = [
        "scale",
        "run",
        str(path),
        "--out",
        str(tmp_path / "out"),
        "--estimate",
        "no",
        "--json",
    ]
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out)["done"] == 2
    whole, half = read_points(tmp_path / "out" / "points.csv")
    assert (whole.params_all, whole.params) == (7376, 7376 - 48 * 16 - 16)
    assert whole.people is not None
    assert half.people is not None
    assert whole.people >= half.people
    assert whole.simulated


PROBE = """[[downstream]]
name = "ucihar"
metrics = ["macro_f1"]
flags = { task = "activity", mode = "probe" }
"""


def changed(folder: Path, **fields: Any) -> None:
    """Change the state of a cell as somebody does who sends its folder."""
    row = json.loads((folder / "cell.json").read_text())
    (folder / "cell.json").write_text(json.dumps({**row, **fields}))


def test_nothing_is_run_that_only_the_folder_says(tmp_path: Path) -> None:
    path, cell = sweep_file(tmp_path, f"seed = [0]\n{PROBE}"), tmp_path / "out" / "cells" / "seed=0"
    swept(path)
    evil = {"name": "evil", "words": ["run", "--out", str(cell / "evil")], "metrics": ["macro_f1"]}
    said = {"labels": {"augment": "\x1b[2J"}, "protocol": "other", "name": "../x"}
    changed(cell, status="failed", found={}, steps=[{**evil, "trials": {}}], **said)
    assert swept(path).data["done"] == 1
    assert [each.split()[0] for each in ran(tmp_path / "out")] == [
        *("pretrain", "finetune", "finetune")
    ]
    (point,) = read_points(tmp_path / "out" / "points.csv")
    assert (point.cell, point.augment, [*point.metrics]) == ("seed=0", "", ["ucihar.macro_f1"])
    assert point.protocol != "other"


def test_a_retry_that_only_the_folder_says_is_refused(tmp_path: Path) -> None:
    path = sweep_file(tmp_path, "seed = [7]")
    swept(path)
    again = tmp_path / "out" / "cells" / "seed=7+half-lr"
    changed(again, status="failed", words=["run", "--out", str(again / "evil")])
    with pytest.raises(UsageError, match="was another training"):
        swept(path)
    assert len(ran(tmp_path / "out")) == 2


def test_a_fine_tuning_may_be_added_to_cells_that_are_done(tmp_path: Path) -> None:
    swept(sweep_file(tmp_path, "seed = [0]"))
    path = sweep_file(tmp_path, f"seed = [0]\n{PROBE}")
    assert swept(path).data["done"] == 1
    assert [each.split()[0] for each in ran(tmp_path / "out")] == ["pretrain", "finetune"]
    assert read_points(tmp_path / "out" / "points.csv")[0].metrics == {"ucihar.macro_f1": 0.75}


def test_a_cell_without_a_result_fails_and_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = cells._COMMAND.replace('"flops_per_step": 1000', '"flops_per_step": "x"', 1)
    monkeypatch.setattr(cells, "_COMMAND", text)
    outcome = swept(sweep_file(tmp_path, "seed = [0, 1]"))
    assert outcome.data["failed"] == 2
    assert "metrics.jsonl" in outcome.data["errors"]["seed=0"]


def test_what_cannot_be_written_ends_the_sweep_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sweep_file(tmp_path, "seed = [0, 1, 2, 3, 4, 5, 6]")

    def full(self: object, state: object) -> None:
        raise DataError("the disk is full")

    monkeypatch.setattr(run._Points, "add", full)
    with pytest.raises(DataError, match="the disk is full"):
        swept(path, processes=1)
    assert len(ran(tmp_path / "out")) <= 3
