"""A tiny gait network learns simulated walkers; splits are by person; bad input is an error."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman.card import Card, OutputSpec, TrainingData, skeleton_input
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.walks import SkeletonSet, simulated_set
from edgehuman.errors import CheckpointError, DataError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network, read_weights
from edgehuman.outcome import Outcome
from edgehuman.tasks.finetune import start_from
from edgehuman.tasks.skeleton import splits as gait_walks
from edgehuman.tasks.skeleton.gait import build_network, train
from edgehuman.tasks.skeleton.settings import DEFAULT_ARCH
from edgehuman.tasks.skeleton.splits import WalkBatches
from edgehuman.training.checkpoint import load_state, save_weights
from edgehuman.training.processes import Place
from tests.tasks.walkers import FRAMES, quick


def numbers(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_training_learns_and_the_card_describes_the_network(tmp_path: Path) -> None:
    data = numbers(train(quick(tmp_path, steps=30, save_every=30)))
    records = load_state(tmp_path)["records"]
    losses = [record["loss"] for record in records if "loss" in record]
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert set(data["metrics"]) == {"rank1", "rank5", "rank10", "map", "minp"}
    assert data["walks"] == {"learn": 16, "select": 8, "test": 12}
    network, card = load_network(tmp_path)
    assert network(torch.zeros(2, FRAMES, 18, 3)).shape == (2, 8)
    assert (card.task, card.output.kind, card.output.distance, card.output.dim) == (
        "gait-embedding", "embedding", "cosine", 8,
    )  # fmt: skip
    assert card.input.shape == (FRAMES, 18, 3)
    assert card.decision.threshold == pytest.approx(data["threshold"])
    assert [(row.role, row.windows, row.subjects, row.simulated) for row in card.data] == [
        ("training", 16, 4, True), ("selection", 8, 2, True),
    ]  # fmt: skip
    assert {metric.name for metric in card.metrics} == set(data["metrics"])
    weights, _ = read_weights(tmp_path)
    assert not [name for name in weights if "neck" in name or "classifier" in name]


def test_a_resumed_run_repeats_the_uninterrupted_one(tmp_path: Path) -> None:
    config = quick(tmp_path / "whole", read_test=False, select_share=0.0)
    train(config)
    stopped = quick(tmp_path / "parts", read_test=False, select_share=0.0)
    whole = load_state(config.out)["model"]
    # A run that is interrupted after its checkpoint at step 2 and resumed.
    calls: list[int] = []
    original = WalkBatches.__call__

    def stop_at_two(self: WalkBatches, step: int, place: Place) -> tuple[torch.Tensor, ...]:
        calls.append(step)
        if step == 2 and len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, step, place)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WalkBatches, "__call__", stop_at_two)
        with pytest.raises(KeyboardInterrupt):
            train(stopped)
    assert load_state(stopped.out)["step"] == 2
    train(dataclasses.replace(stopped, resume=True))
    parts = load_state(stopped.out)["model"]
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_weights_are_loaded_and_their_data_recorded(tmp_path: Path) -> None:
    encoder = build("tiny_gait", seed=9)
    card = Card(
        "encoder", "gait-embedding", "tiny_gait", 1, 1, skeleton_input(FRAMES),
        OutputSpec("embedding", distance="cosine", dim=8),
        data=(TrainingData("walks", "pretraining", "CC0", "", 100, 7),),
    )  # fmt: skip
    save_weights(tmp_path / "w", encoder.state_dict(), card)
    config = quick(tmp_path, arch=None, weights=tmp_path / "w")
    start = start_from(config, "gait", DEFAULT_ARCH)
    network = build_network(config, start)
    assert start.arch == "tiny_gait"
    assert start.load_into(network) == card.data
    own = network.state_dict()
    same = [torch.equal(own[name], tensor) for name, tensor in encoder.state_dict().items()]
    assert sum(same) >= len(same) - len([name for name in own if name.startswith("head.")])
    with pytest.raises(CheckpointError, match="contains tiny_gait, but --arch is gaitformer_1"):
        train(quick(tmp_path, arch="gaitformer_1", weights=tmp_path / "w"))
    with pytest.raises(UsageError, match=r"imuvit_512x5 reads ImuWindow .* --arch one of: g"):
        train(quick(tmp_path, arch="imuvit_512x5"))


def test_a_network_keeps_the_window_of_its_weights(tmp_path: Path) -> None:
    encoder = build("tiny_gait", seed=9, frames=20)
    card = Card(
        "encoder", "gait-embedding", "tiny_gait", 1, 1, skeleton_input(20),
        OutputSpec("embedding", distance="cosine", dim=8),
    )  # fmt: skip
    save_weights(tmp_path / "w", encoder.state_dict(), card)
    config = quick(tmp_path / "out", arch=None, weights=tmp_path / "w", read_test=False)
    assert build_network(config, start_from(config, "gait", DEFAULT_ARCH)).frames == 20
    assert numbers(train(config))["finished"]
    network, tuned = load_network(config.out)
    assert network.frames == 20
    assert tuned.input.shape == (20, 18, 3)


def test_windows_of_another_length_and_more_data_to_learn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = simulated_set(3, 2, seed=8, frames=10)
    more = dataclasses.replace(more, name="more", role_N=np.full(len(more), ""), licence="CC0")
    short = simulated_set(3, 2, seed=9, frames=7)
    given = {"more": more, "short": dataclasses.replace(short, role_N=np.full(6, ""))}
    original = load_skeletons
    monkeypatch.setattr(
        gait_walks,
        "load_skeletons",
        lambda path, **asked: given[path] if path in given else original(path, **asked),
    )
    config = quick(tmp_path / "out", frames=9, more_data=("more",), read_test=False)
    assert numbers(train(config))["finished"]
    network, card = load_network(config.out)
    assert network.frames == 9
    assert card.input.shape == (9, 18, 3)
    rows = [(row.dataset, row.role, row.windows) for row in card.data]
    assert rows == [
        ("simulated", "training", 16), ("more", "training", 6), ("simulated", "selection", 8),
    ]  # fmt: skip
    with pytest.raises(DataError, match="none of 6 training walks has 9 frames"):
        train(quick(tmp_path / "x", frames=9, more_data=("short",), read_test=False))


def read_as(monkeypatch: pytest.MonkeyPatch, walks: SkeletonSet) -> None:
    monkeypatch.setattr(gait_walks, "load_skeletons", lambda path: walks)


def test_a_dataset_without_a_test_part_keeps_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(4, 4, seed=1, frames=16)
    read_as(monkeypatch, dataclasses.replace(walks, role_N=np.full(len(walks), "train")))
    with pytest.raises(DataError, match="--data x has no test part; the checkpoint is in"):
        train(quick(tmp_path / "x", data="x", steps=1, select_share=0.0))
    assert load_network(tmp_path / "x")[1].task == "gait-embedding"


def test_walks_shorter_than_a_window_fail_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(6, 4, seed=1, frames=16)
    short = simulated_set(2, 4, seed=2, frames=FRAMES - 1)
    read_as(
        monkeypatch,
        dataclasses.replace(
            walks,
            skeleton_SJ3=np.concatenate([walks.skeleton_SJ3, short.skeleton_SJ3]),
            role_N=np.concatenate([np.full(len(walks), "train"), short.role_N]),
            **{
                name: np.concatenate([getattr(walks, name), getattr(short, name)])
                for name in ("length_N", "person_N", "sequence_N", "view_N", "condition_N",
                             "rate_hz_N", "image_size_N2")
            },
        ),
    )  # fmt: skip
    with pytest.raises(DataError, match=r"none of 8 test walks has 12 frames.* longest has 11\."):
        train(quick(tmp_path / "x", data="x"))
    assert not (tmp_path / "x").exists()


def test_an_occupied_folder_is_refused_before_simulating(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state.pt").write_bytes(b"kept")
    monkeypatch.setattr(
        "edgehuman.tasks.skeleton.gait.load_splits", lambda *words: pytest.fail("too late")
    )
    with pytest.raises(UsageError, match="already contains a checkpoint"):
        train(quick(tmp_path))
