"""Fine-tuning, probe, from scratch: selection on training people, one test at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from edgehuman.card import IMU_INPUT, Card, Decision, OutputSpec
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.metrics.classification import macro_f1
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network
from edgehuman.records import WindowSet
from edgehuman.tasks.imu import activity
from edgehuman.tasks.imu.activity import (
    block_scale,
    predict_logits,
    train,
)
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.training.checkpoint import save_weights


def config(out: Path, **changes: Any) -> ActivityConfig:
    values: dict[str, Any] = {
        "data": ("x",),
        "steps": 12,
        "batch": 24,
        "lr": 1e-3,
        "save_every": 6,
        "threads": 1,
        "select_share": 0.25,
    }
    return ActivityConfig(out=out, **{**values, **changes})


def pretrained(folder: Path, arch: str = "imuvit_512x5") -> Path:
    card = Card("encoder", "embedding", arch, 1, 1, IMU_INPUT, OutputSpec("embedding"))
    save_weights(folder, build(arch, seed=5).state_dict(), card)
    return folder


def test_training_learns_and_the_card_is_complete(made: WindowSet, tmp_path: Path) -> None:
    outcome = train(config(tmp_path, arch="imuconv_288k", steps=60, save_every=20))
    assert isinstance(outcome.data, dict)
    assert outcome.data["metrics"]["macro_f1"] > 0.9
    network, card = load_network(tmp_path)
    assert card.task == "activity"
    assert card.output.labels == ("slow", "fast", "still")
    assert card.decision.temperature == outcome.data["temperature"] != 1.0
    assert [(row.role, row.subjects) for row in card.data] == [("training", 3), ("selection", 1)]
    assert {metric.name for metric in card.metrics} == {*("macro_f1", "accuracy", "ece", "auroc")}
    assert "48 windows of 2 test people" in card.metrics[0].protocol
    assert (tmp_path / "confusion.png").stat().st_size > 5_000
    test = made.select(made.is_test_N)
    predicted_N = predict_logits(network, test.imu_NTC).argmax(1)
    assert macro_f1(test.label_N, predicted_N, 3) == outcome.data["metrics"]["macro_f1"]


@pytest.mark.parametrize("mode", ["scratch", "probe"])
def test_an_occupied_folder_is_refused_before_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(activity, "labelled_splits", lambda *words: pytest.fail("too late"))
    weights = pretrained(tmp_path / "encoder") if mode == "probe" else None
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.safetensors").write_bytes(b"kept")
    with pytest.raises(UsageError, match=r"already contains a checkpoint \(model\.safetensors\)"):
        train(config(tmp_path / "out", mode=mode, weights=weights))
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == b"kept"


def test_nothing_to_resume_is_an_error_before_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "labelled_splits", lambda *words: pytest.fail("too late"))
    with pytest.raises(CheckpointError, match=r"no state\.pt to resume from"):
        train(config(tmp_path / "out", resume=True))
    assert not (tmp_path / "out").exists()


def test_no_read_test_skips_the_test_people(made: WindowSet, tmp_path: Path) -> None:
    outcome = train(config(tmp_path, steps=2, read_test=False))
    assert isinstance(outcome.data, dict)
    assert "metrics" not in outcome.data
    assert load_network(tmp_path)[1].metrics == ()


@pytest.mark.usefixtures("made")
def test_a_probe_changes_only_the_head(tmp_path: Path) -> None:
    weights = pretrained(tmp_path / "encoder")
    outcome = train(config(tmp_path / "probe", mode="probe", weights=weights))
    assert isinstance(outcome.data, dict)
    assert outcome.data["metrics"]["macro_f1"] > 0.9
    before, after = build("imuvit_512x5", seed=5), load_network(tmp_path / "probe")[0]
    kept = after.state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in before.state_dict().items())


@pytest.mark.usefixtures("made")
def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    weights = pretrained(tmp_path / "encoder", "imuvit_1024x5")
    with pytest.raises(
        CheckpointError, match=r"contains imuvit_1024x5, but --arch is imuvit_512x5"
    ):
        train(config(tmp_path / "run", weights=weights, arch="imuvit_512x5"))


@pytest.mark.usefixtures("made")
def test_the_network_is_that_of_the_weights(tmp_path: Path) -> None:
    weights = pretrained(tmp_path / "encoder", "imuvit_1024x5")
    train(config(tmp_path / "run", weights=weights, steps=1))
    assert load_network(tmp_path / "run")[1].arch == "imuvit_1024x5"


@pytest.mark.usefixtures("made")
def test_a_run_on_everyone_reuses_the_decision(tmp_path: Path) -> None:
    train(config(tmp_path / "chosen", steps=4))
    train(config(tmp_path / "all", steps=4, select_share=0.0, selected=tmp_path / "chosen"))
    chosen, everyone = load_network(tmp_path / "chosen")[1], load_network(tmp_path / "all")[1]
    assert everyone.decision == chosen.decision
    assert everyone.data[0].subjects == 4


def test_layer_decay_slows_lower_blocks() -> None:
    factor = block_scale(build("imuvit_512x5", num_classes=3), 0.5)
    assert factor["head.weight"] == 1.0
    assert factor["blocks.4.mlp.0.weight"] == 0.5
    assert factor["blocks.0.mlp.0.weight"] == 0.5**5
    assert factor["embed.weight"] == 0.5**6


def test_what_was_learnt_is_known_and_how_much_of_it_may_be_rejected(
    made: WindowSet, tmp_path: Path
) -> None:
    energies = []
    for share in (0.0, 0.1, 0.5):
        out = tmp_path / str(share)
        train(config(out, arch="imuconv_288k", steps=30, reject_share=share, read_test=False))
        energies.append(load_network(out)[1].decision.energy)
    assert energies[0] is None
    assert energies[1] is not None
    assert energies[2] is not None
    assert energies[1] < energies[2]


def test_nobody_held_out_is_said(
    made: WindowSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(config(tmp_path, steps=1, select_share=0.0, read_test=False))
    assert "nobody is held out" in capsys.readouterr().err
    decision = load_network(tmp_path)[1].decision
    assert (decision.temperature, decision.energy) == (1.0, None)


@pytest.mark.usefixtures("made")
def test_the_smoothing_is_that_of_the_weights(tmp_path: Path) -> None:
    smoothed = Decision(smoothing="fixed_lag", delay_s=1.28, stay=0.9, hop_s=0.32, threshold=0.4)
    weights = pretrained(tmp_path / "encoder")
    card = load_network(weights)[1].replace(decision=smoothed)
    save_weights(weights, build("imuvit_512x5", seed=5).state_dict(), card)
    train(config(tmp_path / "run", weights=weights, steps=1, read_test=False))
    found = load_network(tmp_path / "run")[1].decision
    assert (found.smoothing, found.delay_s, found.stay, found.hop_s) == (
        "fixed_lag",
        1.28,
        0.9,
        0.32,
    )
    assert found.threshold == 0.0
