"""The gait table: each row from `evaluate`, kept, and simulated people called simulated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate import skeleton as gait_accuracy
from edgehuman.bench.evaluate.skeleton import EvaluateConfig
from edgehuman.bench.pages.skeleton import gait as gait_table
from edgehuman.bench.pages.skeleton.gait import TableConfig, build_table, fingerprint
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from tests.data.gait.test_score import PEOPLE, walks_of
from tests.runtime.gait_models import write_gait_model


def answer(words: EvaluateConfig) -> dict[str, Any]:
    """What `evaluate` says: the model scores 90 percent, random networks 10, 20, ..."""
    metrics = [
        {"rank1": score, "rank5": score + 0.05, "map": score / 2}
        for score in (0.9, 0.1, 0.2, 0.3, 0.4, 0.5)
    ]
    simulated = words.data == "simulated"
    return {
        "model": words.model, "arch": "gaitformer_1", "precision": "fp32",
        "random_weights": words.model == "gaitformer_1", "simulated": simulated,
        "dataset": "simulated" if simulated else "ucalgary", "protocol": "all probes",
        "distance": "cosine", "windows": "32 frames", "probes": 40 if simulated else 13,
        "people": 20 if simulated else 13, "metrics": metrics[0],
        "baselines": {"bone_lengths": {"rank1": 0.5, "rank5": 0.6, "map": 0.55}},
        "baselines_left_out": {},
        "random_weights_each": metrics[1 : 1 + words.random_networks],
    }  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Evaluations that were done, in place of the real ones."""
    done: list[tuple[str, str]] = []

    def evaluate(words: EvaluateConfig) -> Outcome:
        done.append((Path(words.model).name, Path(words.data).name))
        return Outcome(answer(words), "")

    monkeypatch.setattr(gait_table, "evaluate", evaluate)
    return done


@pytest.fixture
def config(tmp_path: Path) -> TableConfig:
    for name in ("net.onnx", "walks.npz"):
        (tmp_path / name).write_text(name)
    model = str(tmp_path / "net.onnx")
    return TableConfig(tmp_path / "runs", model, tmp_path / "walks.npz")


def test_three_recognisers_on_simulated_and_on_real_walks(
    config: TableConfig, asked: list[tuple[str, str]]
) -> None:
    text = build_table(config).text
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    made, real = "| simulated people, never seen |", "| ucalgary, real people |"
    assert rows == [
        f"{made} pretrained: gaitformer_1 | 90.0 | 95.0 | 45.0 | 40 | 20 |",
        f"{made} random weights | 30.0 ± 15.8 | 35.0 ± 15.8 | 15.0 ± 7.9 | 40 | 20 |",
        f"{made} bone lengths alone | 50.0 | 60.0 | 55.0 | 40 | 20 |",
        f"{real} pretrained: gaitformer_1 | 90.0 | 95.0 | 45.0 | 13 | 13 |",
        f"{real} random weights | 30.0 ± 15.8 | 35.0 ± 15.8 | 15.0 ± 7.9 | 13 | 13 |",
        f"{real} bone lengths alone | 50.0 | 60.0 | 55.0 | 13 | 13 |",
    ]
    assert "mean ± standard deviation of 5 networks" in text
    assert "One probe weighs 7.7 points; chance finds 7.7 %." in text
    assert (config.out / "table.md").read_text() == text
    kept = json.loads((config.out / "table.json").read_text())
    assert [each["simulated"] for each in kept.values()] == [True, False]
    assert asked == [("net.onnx", "simulated"), ("net.onnx", "walks.npz")]


def test_a_finished_evaluation_is_kept_until_its_model_or_walks_change(
    config: TableConfig, asked: list[tuple[str, str]]
) -> None:
    assert config.ucalgary is not None
    text = build_table(config).text
    assert build_table(config).text == text
    assert len(asked) == 2
    Path(config.model).write_text("trained longer")
    build_table(config)
    assert [data for _, data in asked[2:]] == ["simulated", "walks.npz"]
    config.ucalgary.write_text("mended")
    build_table(config)
    assert [data for _, data in asked[4:]] == ["walks.npz"]


def test_real_walks_that_are_absent_are_not_measured(
    config: TableConfig, asked: list[tuple[str, str]]
) -> None:
    text = build_table(TableConfig(config.out, config.model)).text
    row = "| UCalgary, real people (give --ucalgary) | all |" + " not measured |" * 3 + " - | - |"
    assert row in text.splitlines()
    assert {data for _, data in asked} == {"simulated"}


def test_the_real_evaluation_of_a_model_that_a_person_can_compute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = walks_of(PEOPLE, 3, frames=24)
    monkeypatch.setattr(gait_accuracy, "load_skeletons", lambda data, **_: walks)
    model = str(write_gait_model(tmp_path / "nose.onnx"))
    text = build_table(TableConfig(tmp_path / "runs", model)).text
    # Arms and legs are everybody's own here; the network is in no catalogue.
    assert "| bone lengths alone | 100.0 | 100.0 | 100.0 | 6 | 3 |" in text
    assert "| random weights |" + " not measured |" * 3 + " 6 | 3 |" in text
    assert "No random weights: nose is not in the catalogue" in text


def test_a_folder_is_known_by_its_weights(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_text("weights")
    (tmp_path / "file").write_text("weights")
    assert fingerprint(tmp_path) == fingerprint(tmp_path / "file")


def test_wrong_words_say_why(
    config: TableConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataError, match=r"cannot read .*absent\.onnx .*check its name"):
        build_table(TableConfig(tmp_path, str(tmp_path / "absent.onnx")))
    with pytest.raises(UsageError, match="zoo:absent"):
        build_table(TableConfig(tmp_path, "zoo:absent"))
    with pytest.raises(UsageError, match="--threads is 0; it must be at least 1"):
        TableConfig(threads=0)
    words = ["--model", str(tmp_path / "gone"), "--out", str(tmp_path)]
    assert main(TableConfig, build_table, words) != 0
    assert capsys.readouterr().err.startswith("gait: ")


def test_simulated_walks_are_not_taken_for_real_ones(
    config: TableConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        gait_table, "evaluate", lambda words: Outcome({**answer(words), "simulated": True}, "")
    )
    with pytest.raises(DataError, match="holds simulated walks; give the file of UCalgary"):
        build_table(config)
