"""A tiny gait network learns simulated walkers; people stay apart; each bad input says so."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec, TrainingData, skeleton_input
from edgehuman.data.gait.walks import SkeletonSet, simulated_set
from edgehuman.errors import CheckpointError, DataError, UsageError
from edgehuman.nets.building import build
from edgehuman.outcome import Outcome
from edgehuman.tasks.finetune import start_from
from edgehuman.tasks.skeleton import splits as gait_walks
from edgehuman.tasks.skeleton.gait import build_network, train
from edgehuman.tasks.skeleton.settings import DEFAULT_ARCH, GaitConfig
from edgehuman.tasks.skeleton.splits import WalkBatches, load_splits, long_enough
from edgehuman.training.checkpoint import load_network, load_state, read_weights, save_weights
from edgehuman.training.processes import Place

FRAMES = 12
TINY = {"widths": (4, 4, 8, 8), "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "output": 8}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tiny_gait` is in the catalogue."""
    row = catalogue.NETWORKS["gaitptv2_deep_1"]
    arguments = {**TINY, "frames": FRAMES}
    monkeypatch.setitem(
        catalogue.NETWORKS,
        "tiny_gait",
        dataclasses.replace(row, arguments=arguments),
    )


def quick(out: Path, **changes: Any) -> GaitConfig:
    fields = {
        "arch": "tiny_gait", "people": 6, "walks": 4, "test_people": 3, "steps": 4, "batch": 8,
        "each": 2, "save_every": 2, "log_every": 1, "warmup": 0.0, "lr": 3e-3, "threads": 1,
        "device": "cpu", "select_share": 0.4,
    }  # fmt: skip
    return GaitConfig(out=out, **{**fields, **changes})


def numbers(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_it_learns_and_the_checkpoint_says_what_it_is(tmp_path: Path) -> None:
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
    # A run that is cut off after its save at step 2, and goes on from there.
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


def test_weights_are_taken_over_and_their_data_remembered(tmp_path: Path) -> None:
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
    with pytest.raises(CheckpointError, match="holds tiny_gait, and --arch is gaitformer_1"):
        train(quick(tmp_path, arch="gaitformer_1", weights=tmp_path / "w"))
    with pytest.raises(UsageError, match=r"imuvit_512x5 reads ImuWindow .* --arch one of: g"):
        train(quick(tmp_path, arch="imuvit_512x5"))


def test_a_network_keeps_the_window_that_its_weights_learned(tmp_path: Path) -> None:
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


def test_nobody_is_in_two_parts(tmp_path: Path) -> None:
    splits = load_splits(quick(tmp_path))
    assert splits.select is not None
    assert splits.test is not None
    people = [set(part.person_N) for part in (splits.learn, splits.select, splits.test)]
    assert not people[0] & people[1]
    assert not (people[0] | people[1]) & people[2]
    assert set(splits.select.role_N) == {"gallery", "probe"}


def test_batches_hold_people_with_several_walks_each(tmp_path: Path) -> None:
    config = quick(tmp_path)
    batches = WalkBatches(load_splits(config).learn, 14, config)
    place = Place(torch.device("cpu"), 0, 1, torch.float32)
    first = batches(3, place)
    source_NSJ3, length_N, person_N = first
    assert source_NSJ3.shape == (8, 14, 18, 3)
    assert length_N.tolist() == [14] * 8
    assert np.unique(person_N.numpy(), return_counts=True)[1].tolist() == [2, 2, 2, 2]
    assert all(torch.equal(one, other) for one, other in zip(first, batches(3, place), strict=True))
    assert not torch.equal(source_NSJ3, batches(4, place)[0])


def read_as(monkeypatch: pytest.MonkeyPatch, walks: SkeletonSet) -> None:
    monkeypatch.setattr(gait_walks, "load_skeletons", lambda path: walks)


def test_a_dataset_is_parted_by_its_roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks = simulated_set(8, 4, seed=1, frames=16)
    is_train_N = np.isin(walks.person_N, np.unique(walks.person_N)[:6])
    role_N = np.where(is_train_N, "train", walks.role_N)
    read_as(monkeypatch, dataclasses.replace(walks, role_N=role_N))
    splits = load_splits(quick(tmp_path, data="x"))
    assert splits.select is not None
    assert splits.test is not None
    assert (len(splits.learn), len(splits.select), len(splits.test)) == (16, 8, 8)
    mixed = np.where(np.arange(len(walks)) % 4 == 0, "train", walks.role_N)
    read_as(monkeypatch, dataclasses.replace(walks, role_N=mixed))
    with pytest.raises(DataError, match="8 people are in training and in the test"):
        load_splits(quick(tmp_path, data="x"))
    read_as(monkeypatch, walks)
    with pytest.raises(DataError, match="all of its 32 walks belong to the test"):
        load_splits(quick(tmp_path, data="x"))


def test_what_cannot_be_learned_from_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(4, 4, seed=1, frames=16)
    read_as(monkeypatch, dataclasses.replace(walks, role_N=np.full(len(walks), "train")))
    with pytest.raises(DataError, match="too few to hold 3 out"):
        load_splits(quick(tmp_path, data="x", select_share=0.8))
    with pytest.raises(DataError, match="has no test part"):
        train(quick(tmp_path / "x", data="x", steps=1, select_share=0.0))
    with pytest.raises(DataError, match=r"none of 16 training walks has 17 .*the longest has 16\."):
        long_enough(walks, 17)
    alone = walks.subset([0, 4, 8, 12])
    with pytest.raises(DataError, match="several pictures each"):
        WalkBatches(alone, 14, quick(tmp_path))


def test_what_is_judged_has_to_hold_a_window_before_anything_is_learned(
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


def test_an_occupied_folder_is_refused_before_anybody_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state.pt").write_bytes(b"kept")
    monkeypatch.setattr(
        "edgehuman.tasks.skeleton.gait.load_splits", lambda config: pytest.fail("too late")
    )
    with pytest.raises(UsageError, match="holds a checkpoint already"):
        train(quick(tmp_path))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"each": 1}, "--each is 1; it must be at least 2"),
        ({"batch": 6, "each": 4}, "--batch is 6; it must be at least two people"),
        ({"select_share": 1.0}, "--select-share"),
        ({"margin": -1.0}, "--margin"),
        ({"label_smoothing": 1.0}, "--label-smoothing"),
        ({"pace": 0.5}, "--pace"),
        ({"protocol": "best"}, "unknown protocol"),
    ],
)
def test_settings_that_mean_nothing_are_an_error(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        train(quick(tmp_path, **changes))
