"""Checkpoints are whole or not there."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from edgehuman.card import CARD_KEY, IMU_INPUT, WEIGHTS, Card, OutputSpec, sealed_metadata
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import read_weights, sha256_of
from edgehuman.training import checkpoint
from edgehuman.training.checkpoint import STATE, save_weights
from edgehuman.training.loop import train_steps
from tests.training.toy import line_card, line_config, line_job

LABELS = ("walking", "sitting")


def card(arch: str = "imuvit_512x5") -> Card:
    return Card("test", "activity", arch, 1, 1, IMU_INPUT, OutputSpec("classes", labels=LABELS))


def saved(folder: Path) -> torch.nn.Module:
    network = build("imuvit_512x5", seed=4, num_classes=2)
    checkpoint.save_weights(folder, network.state_dict(), card())
    return network


def test_a_folder_is_one_to_start_in_or_to_go_on_in(tmp_path: Path) -> None:
    used, new = tmp_path / "used", tmp_path / "new"
    checkpoint.save_state(used, {})
    checkpoint.require_out(new, resume=False)
    checkpoint.require_out(used, resume=True)
    with pytest.raises(
        UsageError, match=r"already contains a checkpoint \(state\.pt\); continue from it"
    ):
        checkpoint.require_out(used, resume=False)
    with pytest.raises(CheckpointError, match=r"no state\.pt to resume from; remove --resume"):
        checkpoint.require_out(new, resume=True)
    for resume in (True, False):
        with pytest.raises(UsageError, match=r"--out .*state\.pt is a file, not a folder"):
            checkpoint.require_out(used / "state.pt" / "a", resume)
    assert not new.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to play a full disk")
def test_a_full_disk_keeps_the_earlier_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path)
    before = (tmp_path / WEIGHTS).read_bytes()

    def save_to_full_disk(*given: object) -> None:
        with open("/dev/full", "wb", buffering=0) as stream:
            stream.write(b"x" * 100)

    monkeypatch.setattr(checkpoint, "save", save_to_full_disk)
    with pytest.raises(CheckpointError, match=r"No space left.*earlier checkpoint is unchanged"):
        saved(tmp_path)
    assert (tmp_path / WEIGHTS).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [WEIGHTS]


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    (tmp_path / checkpoint.STATE).write_bytes(b"not a state")
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load_state(tmp_path)


def test_metrics_are_one_object_a_line(tmp_path: Path) -> None:
    checkpoint.save_metrics(tmp_path, [{"step": 1, "loss": 0.5}, {"step": 2}])
    lines = (tmp_path / checkpoint.METRICS).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"step": 1, "loss": 0.5}, {"step": 2}]


def test_a_crash_before_the_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path)
    before = (tmp_path / WEIGHTS).read_bytes()

    def crash(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        saved(tmp_path)
    assert (tmp_path / WEIGHTS).read_bytes() == before


def state_of(folder: Path, **changes: Any) -> None:
    """Write the state of a training of two steps, changed."""
    train_steps(line_job(), line_config(folder, steps=2))
    state = torch.load(folder / STATE, weights_only=True)
    torch.save({key: value for key, value in {**state, **changes}.items() if value != ""},
               folder / STATE)  # fmt: skip


GOOD = {"map.weight": torch.zeros(1, 1), "map.bias": torch.zeros(1)}
NAN = {"map.weight": torch.tensor([[float("nan")]]), "map.bias": torch.zeros(1)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version 2; this edgehuman reads up to 1"),
        ({"version": "1"}, "not the state of a training"),
        ({"version": -1}, "not the state of a training"),
        ({"step": ""}, "not the state of a training"),
        ({"model": NAN}, r"NaN or infinite values \(map.weight: 1 of 1\)"),
        ({"average": NAN}, "NaN or infinite"),
        ({"best": {"score": 1.0, "step": 1, "weights": NAN}}, "NaN or infinite"),
        ({"step": -5}, "its step has another form"),
        ({"step": "x"}, "its step has another form"),
        ({"step": True}, "its step has another form"),
        ({"model": [1]}, "its model has another form"),
        ({"model": {"map.weight": 1}}, "its model has another form"),
        ({"model": {1: torch.zeros(1)}}, "its model has another form"),
        ({"model": {"a": torch.zeros(1).to_sparse()}}, "its model has another form"),
        ({"model": {"map.weight": torch.zeros(2)}}, "contains another network"),
        ({"average": {"map.weight": 3}}, "its average has another form"),
        ({"average": [1]}, "its average has another form"),
        ({"best": [1]}, "its best has another form"),
        ({"best": {}}, "its best has another form"),
        ({"best": {"score": math.nan, "step": 1, "weights": GOOD}}, "its best has another"),
        ({"best": {"score": 1.0, "step": 1, "weights": {}}}, "contains another network"),
        ({"records": 5}, "its records has another form"),
        ({"records": [5]}, "its records has another form"),
        ({"records": [{"step": "x"}]}, "its records has another form"),
        ({"scaler": {"scale": math.nan}}, "its scaler has another form"),
        ({"scaler": 3}, "its scaler has another form"),
        ({"optimiser": 3}, "its optimiser has another form"),
        ({"optimiser": {"state": {}, "param_groups": [{}]}}, "its optimiser has another form"),
        ({"optimiser": {"state": {0: {}}, "param_groups": []}}, "its optimiser has another"),
        ({"optimiser": {"state": {}, "param_groups": []}}, "parameter groups differ"),
    ],
)
def test_a_state_that_cannot_be_resumed_is_refused_and_changes_nothing(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    state_of(tmp_path, **changes)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=said):
        train_steps(line_job(), line_config(tmp_path, steps=4, resume=True))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (torch.full((1, 1), math.nan), r"exp_avg of weight 0: 1 of 1"),
        (torch.zeros(3), "its optimiser belongs to other weights"),
        (0.0, "its optimiser has another form"),
    ],
)
def test_moments_that_cannot_be_resumed_are_refused(moment: Any, said: str, tmp_path: Path) -> None:
    state_of(tmp_path)
    state = torch.load(tmp_path / STATE, weights_only=True)
    state["optimiser"]["state"][0]["exp_avg"] = moment
    torch.save(state, tmp_path / STATE)
    with pytest.raises(CheckpointError, match=said):
        train_steps(line_job(), line_config(tmp_path, steps=4, resume=True))


def test_a_state_that_cannot_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")

    state_of(tmp_path)
    monkeypatch.setattr(torch, "load", refuse)
    with pytest.raises(CheckpointError, match=r"cannot be read \(Permission denied\)"):
        checkpoint.load_state(tmp_path)


def test_a_state_without_a_version_is_of_the_first(tmp_path: Path) -> None:
    state_of(tmp_path, version="")
    assert train_steps(line_job(), line_config(tmp_path, steps=4, resume=True)).step == 4


def test_weights_of_nan_are_neither_written_nor_read(tmp_path: Path) -> None:
    save_weights(tmp_path, {"a": torch.zeros(3)}, line_card())
    before = (tmp_path / WEIGHTS).read_bytes()
    bad = {"a": torch.tensor([0.0, float("inf"), float("nan")])}
    with pytest.raises(CheckpointError, match=r"not written: .*\(a: 2 of 3\)"):
        save_weights(tmp_path, bad, line_card())
    assert (tmp_path / WEIGHTS).read_bytes() == before
    about = sealed_metadata(line_card().replace(weights_sha256=sha256_of(bad)))
    save_file(bad, tmp_path / WEIGHTS, about)
    with pytest.raises(CheckpointError, match=r"NaN or infinite values \(a: 2 of 3\)"):
        read_weights(tmp_path)


def test_a_training_of_an_earlier_version_is_resumed_and_its_checkpoint_gets_a_seal(
    tmp_path: Path,
) -> None:
    state_of(tmp_path)
    weights = {"a": torch.zeros(1)}
    save_file(weights, tmp_path / WEIGHTS, {CARD_KEY: line_card().to_json()})
    with pytest.raises(CheckpointError, match="no seal"):
        read_weights(tmp_path)
    assert train_steps(line_job(), line_config(tmp_path, steps=4, resume=True)).step == 4
    assert read_weights(tmp_path)[1].weights_sha256
