"""The wearable table: each training is asked for once, with the words that its row says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.imu import wearable
from edgehuman.bench.pages.imu.wearable import ROWS, TARGETS, TableConfig, build_table, render
from edgehuman.outcome import Outcome

Asked = list[tuple[Any, bool]]
SCORES: list[Mapping[str, float]] = [
    {"macro_f1": 0.5, "auroc": 0.9},
    {"macro_f1": 0.7, "auroc": 0.9},
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The configs of all trainings, which are left out: a probe scores 0.5, a fine-tuning 0.75."""
    pytest.importorskip("torch")
    found: Asked = []

    def pretrained(config: Any) -> Outcome:
        found.append((config, True))
        return Outcome({"windows": 10, "hours": 1.5, "people": 3}, "")

    def tuned(config: Any) -> Outcome:
        found.append((config, False))
        score = 0.5 if config.mode == "probe" else 0.75
        return Outcome({"metrics": {"macro_f1": score, "auroc": score + 0.1, "ece": 0.0}}, "")

    monkeypatch.setattr("edgehuman.pretrain.mae.train", pretrained)
    monkeypatch.setattr("edgehuman.tasks.imu.activity.train", tuned)
    return found


@pytest.fixture
def config(tmp_path: Path) -> TableConfig:
    recipes = Path(wearable.__file__).resolve().parents[3] / "recipes"
    return TableConfig(data=tmp_path / "data", out=tmp_path / "out", seeds=(0, 1), recipes=recipes)


def test_every_row_is_trained_once_a_target_and_a_seed(asked: Asked, config: TableConfig) -> None:
    config.out.mkdir()
    data = build_table(config).data
    assert isinstance(data, dict)
    encoders = [words for words, is_pretraining in asked if is_pretraining]
    tunings = [words for words, is_pretraining in asked if not is_pretraining]
    assert [words.seed for words in encoders] == [0, 1]
    assert {words.arch for words, _ in asked} == {config.arch}
    assert len(tunings) == len(ROWS) * len(TARGETS) * 2
    assert len({words.out for words in tunings}) == len(tunings)
    begun = [words for words in tunings if words.weights is not None]
    assert {words.weights for words in begun} == {words.out for words in encoders}
    assert len(begun) == len(tunings) / 2
    found = [one["macro_f1"] for one in data["scores"]["from scratch"]["UCI HAR"]]
    assert found == [0.75, 0.75]
    found = [one["auroc"] for one in data["scores"]["linear probe after MAE"]["UCI HAR"]]
    assert found == [0.6, 0.6]
    assert json.loads((config.out / "table.json").read_text()) == data
    assert "3 people" in (config.out / "table.md").read_text()


def test_a_row_of_the_table_is_its_mean_and_spread() -> None:
    scores = {"from scratch": dict.fromkeys(TARGETS, SCORES)}
    text = render(scores, {"windows": 10, "hours": 1.5, "people": 3})
    cells = next(line for line in text.splitlines() if line.startswith("| from scratch"))
    assert cells.count("60.0 ± 14.1") == cells.count("90.0 ± 0.0") == 2
    assert "10 windows, 1.5 hours of 3 people" in text
