"""The page of the skeleton networks' speed: what it says, what it keeps, one small real run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.pages.skeleton import speed as gait_speed
from edgehuman.bench.pages.skeleton.speed import GaitSpeedConfig, Speed, make_page, speed_of
from edgehuman.errors import UsageError

MADE = Speed("gaitformer_1", 12.0, 100.0, 30.0, 8.0, 24.0, 4.0)


@pytest.fixture
def config(tmp_path: Path) -> GaitSpeedConfig:
    return GaitSpeedConfig(out=tmp_path / "page.md", work=tmp_path / "kept", only=("gaitformer_1",))


def test_a_network_is_measured_in_its_own_process_once(
    config: GaitSpeedConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        asked.append(words[words.index("--one") :])
        said = json.dumps({key: getattr(MADE, key) for key in Speed.__slots__})
        return subprocess.CompletedProcess(words, 0, f"a note\n{said}\n", "")

    monkeypatch.setattr("edgehuman.bench.pages.skeleton.speed.subprocess.run", run)
    text = make_page(config).text
    assert make_page(config).text == text == config.out.read_text()
    assert asked == [
        ["--one", "gaitformer_1", "--batch", "8", "--rounds", "3", "--graphs", "gaitformer_1"]
    ]
    row = "| gaitformer_1 | 605,008 | 0.039 | 12.0 | 4.0 | 3.00 | 100.0 | 30.0 | 8 | 24 |"
    assert row in text


def test_a_network_that_was_not_exported_has_a_dash() -> None:
    text = gait_speed.render([Speed("gaitformer_2", 1.0, 2.0, 3.0, 4.0, 5.0)], 8)
    assert "| gaitformer_2 | 2,402,688 | 0.156 | 1.0 | - | - | 2.0 | 3.0 | 4 | 5 |" in text


def test_a_process_that_fails_says_its_last_words(
    config: GaitSpeedConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = subprocess.CompletedProcess([], 1, "", "x\nout of memory\n")
    monkeypatch.setattr(
        "edgehuman.bench.pages.skeleton.speed.subprocess.run", lambda words, **how: died
    )
    with pytest.raises(FailedRun, match="out of memory"):
        make_page(config)


def test_a_small_network_is_measured() -> None:
    pytest.importorskip("torch")
    speed = speed_of("gaitformer_1", batch=2, rounds=1, graph=False)
    assert speed.eager_ms > 0
    assert min(speed.train_per_s, speed.infer_per_s) > 0
    assert speed.train_mb >= speed.infer_mb >= 0
    assert speed.graph_ms is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 0}, "--batch is 0"),
        ({"graphs": ("vit_tiny",)}, "no skeleton network 'vit_tiny'"),
        ({"one": "nope"}, "no skeleton network 'nope'"),
    ],
)
def test_wrong_words_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        GaitSpeedConfig(**changes)


def test_a_beginning_of_no_name_is_refused() -> None:
    with pytest.raises(UsageError, match="--only is 'vit', but no network begins with it"):
        make_page(GaitSpeedConfig(only=("vit",)))
