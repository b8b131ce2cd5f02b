"""What a sweep will cost: measured once for each network, and kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.bench.scale import estimate
from edgehuman.bench.scale.estimate import measured
from edgehuman.bench.scale.sweep import read_sweep
from tests.bench.scale.trained import sweep_file, without_training


@pytest.fixture(autouse=True)
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    without_training(monkeypatch)


def test_every_network_is_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = read_sweep(sweep_file(tmp_path, "hop = [64, 128]\nseed = [0, 1]"))
    costs = measured(tmp_path, sweep, "abc")
    (shape,) = costs
    assert shape == "imuvit_64x2 64 1 1 "
    assert costs[shape].step_s == 0.1  # 64 samples, 640 a second
    assert costs[shape].rest_s >= 0
    assert not (tmp_path / "estimate").exists()
    monkeypatch.setattr(estimate, "_measure", lambda out, cell: pytest.fail("it is kept"))
    capsys.readouterr()
    assert measured(tmp_path, sweep, "abc") == costs
    assert capsys.readouterr().err == ""  # no bar where nothing is measured


def test_other_code_and_a_damaged_file_are_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = read_sweep(sweep_file(tmp_path, "seed = [0]"))
    costs = measured(tmp_path, sweep, "abc")
    other = estimate.Cost(9.0, 9.0)
    monkeypatch.setattr(estimate, "_measure", lambda out, cell: other)
    assert [*measured(tmp_path, sweep, "def").values()] == [other]
    for text in ("{", "[]", '{"of": 1}', '{"of": "def", "costs": {"a": {"b": 1}}}'):
        (tmp_path / estimate.FILE).write_text(text)
        assert [*measured(tmp_path, sweep, "def").values()] == [other]
    assert [*costs.values()] != [other]


def test_a_network_that_cannot_train_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = read_sweep(sweep_file(tmp_path, "seed = [8]"))
    costs = measured(tmp_path, sweep, "abc")
    assert costs == {}
    said = capsys.readouterr().err
    assert "seed=8: edgehuman: the disk is full" in said
    assert "1 could not be measured" in estimate.in_words(sweep, {}, costs, 1)


def test_a_decay_from_a_trunk_costs_its_own_steps(tmp_path: Path) -> None:
    more = "schedule = 'wsd'\ntrunk = 'runs/trunk'"
    grid = "[grid.length]\nshort = {decay_from = 1000, steps = 1100}"
    path = sweep_file(tmp_path, grid, more)
    path.write_text(path.read_text().replace("steps = 20\n", ""))
    sweep = read_sweep(path)
    costs = measured(tmp_path, sweep, "abc")
    (cost,) = costs.values()
    assert cost.step_s == 0.1
    assert estimate.seconds_of(sweep.cells[0], costs) == pytest.approx(cost.rest_s + 100 * 0.1)
