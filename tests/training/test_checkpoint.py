"""Checkpoints are whole or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch

from edgehuman.card import IMU_INPUT, WEIGHTS, Card, OutputSpec
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets.building import build
from edgehuman.training import checkpoint

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

    monkeypatch.setattr(checkpoint, "save_file", save_to_full_disk)
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
