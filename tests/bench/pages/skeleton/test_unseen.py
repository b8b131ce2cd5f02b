"""The page of unseen joints: each kind of loss by hand, and the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton import unseen
from edgehuman.bench.pages.skeleton.unseen import UnseenConfig, build_page, without
from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Bool
from tests.runtime.gait_models import write_gait_model

JOINTS_TJ3 = np.full((96, 18, 3), 0.6, np.float32)


def lost(lose: unseen.Lose) -> Bool:
    return lose(JOINTS_TJ3, np.random.default_rng(1))


def test_each_kind_of_loss() -> None:
    assert 0.17 < lost(unseen.at_random(0.2)).mean() < 0.23
    assert not lost(unseen.at_random(0.0)).any()
    assert lost(unseen.under(0.7)).all()
    assert not lost(unseen.under(0.5)).any()
    never_TJ = lost(unseen.never("nose", "r_ear"))
    assert [OPENPOSE_18[j] for j in np.flatnonzero(never_TJ.all(axis=0))] == ["nose", "r_ear"]
    assert never_TJ.sum() == 2 * len(never_TJ)
    while_TJ = lost(unseen.for_a_while(12, 0.5))
    assert set(while_TJ[:48].sum(axis=0).tolist()) == {0, 12}
    assert 0.05 < while_TJ.mean() < 0.2


def test_only_the_chosen_walks_lose_joints() -> None:
    walks = simulated_set(2, 2, 0)
    chosen_N = np.array([False, True, False, True])
    lacking, share = without(walks, unseen.never("nose"), chosen_N)
    assert share >= 1 / 18
    assert (lacking.sequence(0) == walks.sequence(0)).all()
    assert not lacking.sequence(1)[:, 0].any()
    assert walks.sequence(1)[:, 0].any()


def test_the_table_says_simulated_and_has_every_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(unseen, "load_test", lambda data, rate_hz: simulated_set(6, 2, 0))
    # This model sees the nose alone.
    kinds = {name: unseen.LOSSES[name] for name in ("none", "one arm, never seen")}
    monkeypatch.setattr(unseen, "LOSSES", kinds)
    model = str(write_gait_model(tmp_path / "nose.onnx"))
    assert main(UnseenConfig, build_page, ["--model", model, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "SIMULATED" in said
    rows = json.loads((tmp_path / "table.json").read_text())["losses"]
    assert list(rows) == list(kinds)
    assert all(0 <= row[part] <= 1 for row in rows.values() for part in row)


def test_no_threads_are_refused() -> None:
    with pytest.raises(UsageError, match="threads is 0"):
        UnseenConfig(threads=0)
