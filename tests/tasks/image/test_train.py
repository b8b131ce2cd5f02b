"""Shared by the image tasks: start from weights, learning rates, resuming, bad input."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman.card import Card, OutputSpec, TrainingData, image_input
from edgehuman.data.image.load import PersonSet
from edgehuman.errors import CheckpointError, DataError, ImageError, UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network, read_weights
from edgehuman.nets.image.heads import PersonNet, person_net
from edgehuman.records import Uint8
from edgehuman.tasks.finetune import freeze_unused, start_from
from edgehuman.tasks.image import attributes, parsing, pose, reid
from edgehuman.tasks.image import augment as person_augment
from edgehuman.tasks.image import train as person_training
from edgehuman.tasks.image.settings import (
    DEFAULT_ARCH,
    AttributesConfig,
    ParsingConfig,
    PersonConfig,
    PoseConfig,
    ReidConfig,
)
from edgehuman.tasks.image.train import build_network, lr_factors
from edgehuman.training.checkpoint import load_state, save_weights
from tests.nets.tiny_encoder import NAME, seeded
from tests.tasks.people import PARTS, quick

OUTPUT = OutputSpec("segmentation", PARTS)


def begun(
    config: PersonConfig, output: OutputSpec = OUTPUT
) -> tuple[PersonNet, str, tuple[TrainingData, ...]]:
    """Return the network to train, its backbone's name, and the data of its weights."""
    start = start_from(config, "parsing", DEFAULT_ARCH)
    network = build_network(config, start, output)
    return network, start.arch, start.load_into(network.encoder)


def pretrained(folder: Path, arch: str = NAME, weights: Any = None) -> Path:
    """Save a checkpoint of a bare encoder trained on photos."""
    data = (TrainingData("photos", "pretraining", "CC0", "", 100, 0),)
    card = Card(
        "encoder", "person-embedding", arch, 1, 1, image_input(64, 32), OutputSpec("embedding")
    )
    encoder = seeded(5) if weights is None else weights
    save_weights(folder, encoder.state_dict(), card.replace(data=data))
    return folder


@pytest.mark.usefixtures("people")
def test_a_task_starts_from_weights_and_records_their_data(tmp_path: Path) -> None:
    weights = pretrained(tmp_path / "encoder")
    config = quick(ParsingConfig, tmp_path / "x", arch=None, weights=weights)
    network, arch, ancestors = begun(config)
    assert arch == NAME
    assert [row.dataset for row in ancestors] == ["photos"]
    for name, tensor in seeded(5).state_dict().items():
        assert torch.equal(network.encoder.state_dict()[name], tensor)


@pytest.mark.usefixtures("people")
def test_a_task_starts_from_another_task(tmp_path: Path) -> None:
    first = quick(ParsingConfig, tmp_path / "first", steps=2, batch=4, read_test=False)
    parsing.train(first)
    config = quick(AttributesConfig, tmp_path / "second", steps=1, weights=first.out)
    network, _, ancestors = begun(config, OutputSpec("attributes", ("a",)))
    weights, _ = read_weights(first.out)
    assert torch.equal(network.encoder.state_dict()["norm.weight"], weights["encoder.norm.weight"])
    assert [row.role for row in ancestors] == ["training", "selection"]
    outcome = attributes.train(config)
    assert isinstance(outcome.data, dict)
    assert [row.role for row in load_network(config.out)[1].data] == ["training", "selection"] * 2


@pytest.mark.usefixtures("people")
def test_weights_of_another_architecture_are_an_error(tmp_path: Path) -> None:
    weights = pretrained(tmp_path / "encoder", arch="starnet_s3")
    with pytest.raises(CheckpointError, match=f"contains starnet_s3, but --arch is {NAME}"):
        begun(quick(ParsingConfig, tmp_path / "x", weights=weights))
    wrong = pretrained(tmp_path / "wrong", weights=torch.nn.Linear(2, 2))
    with pytest.raises(CheckpointError, match="contains another network"):
        begun(quick(ParsingConfig, tmp_path / "x", weights=wrong))
    with pytest.raises(CheckpointError, match="no such folder"):
        begun(quick(ParsingConfig, tmp_path / "x", weights=tmp_path / "none"))


def test_a_network_of_another_modality_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"imuvit_512x5 reads ImuWindow \(imu\), but task"):
        begun(quick(ParsingConfig, tmp_path, arch="imuvit_512x5"))
    with pytest.raises(UsageError, match="Did you mean 'tinyvit_5m'"):
        begun(quick(ParsingConfig, tmp_path, arch="tinyvit5m"))


def test_a_resumed_run_repeats_the_uninterrupted_one(people: PersonSet, tmp_path: Path) -> None:
    whole = quick(
        ParsingConfig, tmp_path / "whole", steps=6, save_every=3, batch=4, read_test=False
    )
    parsing.train(whole)
    state = load_state(whole.out)
    parts = dataclasses.replace(whole, out=tmp_path / "parts", workers=0)
    stopped_at(parts, 3)
    outcome = parsing.train(dataclasses.replace(parts, resume=True))
    assert isinstance(outcome.data, dict)
    again = load_state(parts.out)
    assert again["step"] == state["step"] == 6
    assert all(torch.equal(again["model"][name], tensor) for name, tensor in state["model"].items())


def stopped_at(config: ParsingConfig, step: int) -> None:
    """Run a training that a signal stops after this many steps."""
    seen = []
    kept = person_augment.vary

    def vary(*words: Any) -> Any:
        seen.append(1)
        if len(seen) == config.batch * step:
            os.kill(os.getpid(), signal.SIGINT)
        return kept(*words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "vary", vary)
        outcome = parsing.train(config)
    assert outcome.exit_code == 1
    assert "continue with --resume" in outcome.text
    assert load_state(config.out)["step"] == step


def test_learning_rates_fall_from_the_head_to_the_stem() -> None:
    for arch, blocks in (("tinyvit_5m", 12), ("vit_tiny", 12), ("starnet_s3", 20)):
        network = person_net(arch, OUTPUT)
        factor = lr_factors(network, 0.5, 0.8)
        assert set(factor) == {name for name, _ in network.named_parameters()}
        assert factor["head.last.weight"] == 1.0
        assert factor["encoder.norm.weight"] == 0.5
        assert min(factor.values()) == pytest.approx(0.5 * 0.8 ** (blocks + 1))
        values = [v for name, v in factor.items() if name.startswith("encoder.stages.3")]
        assert values == sorted(values)
    network = person_net("vit_tiny", OUTPUT)
    factor = lr_factors(network, 1.0, 0.8)
    assert factor["encoder.pos_embed"] == pytest.approx(0.8**13)
    assert factor["encoder.blocks.11.mlp.0.weight"] == pytest.approx(0.8)
    assert factor["encoder.blocks.0.mlp.0.weight"] == pytest.approx(0.8**12)


def test_weights_that_no_gradient_reaches_are_frozen() -> None:
    network = person_net("tinyvit_5m", OUTPUT, (64, 32))
    freeze_unused(network, network.eval()(torch.zeros((2, 64, 32, 3), dtype=torch.uint8)))
    frozen = [name for name, p in network.named_parameters() if not p.requires_grad]
    assert frozen == ["encoder.norm.weight", "encoder.norm.bias"]
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.usefixtures("people")
def test_a_frozen_backbone_does_not_change(tmp_path: Path) -> None:
    weights = pretrained(tmp_path / "encoder")
    config = quick(
        ParsingConfig, tmp_path / "x", weights=weights, backbone_lr=0.0, steps=3, read_test=False
    )
    parsing.train(config)
    network, _ = load_network(config.out)
    for name, tensor in seeded(5).state_dict().items():
        assert torch.equal(network.state_dict()[f"encoder.{name}"], tensor)


@pytest.mark.usefixtures("people")
def test_no_read_test_skips_the_test_part(tmp_path: Path) -> None:
    outcome = parsing.train(quick(ParsingConfig, tmp_path, steps=1, read_test=False))
    assert isinstance(outcome.data, dict)
    assert "metrics" not in outcome.data
    assert load_network(tmp_path)[1].metrics == ()


def test_a_set_without_a_test_part_keeps_its_checkpoint(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untested = dataclasses.replace(people, role_N=np.full(len(people), "train"))
    monkeypatch.setattr(person_training, "load_persons", lambda path, task, shape: untested)
    with pytest.raises(DataError, match="has no test part; the checkpoint is in"):
        parsing.train(quick(ParsingConfig, tmp_path, steps=1))
    assert load_network(tmp_path)[1].task == "parsing"


def test_unreadable_images_are_left_out_and_counted(
    people: PersonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(PersonSet):
        def image(self, index: int) -> Uint8:
            if index % 5 == 0:
                raise ImageError(f"picture {index} is cut short")
            return super().image(index)

    broken = Broken(**{f.name: getattr(people, f.name) for f in dataclasses.fields(people)})
    monkeypatch.setattr(person_training, "load_persons", lambda path, task, shape: broken)
    outcome = parsing.train(quick(ParsingConfig, tmp_path, steps=8))
    assert isinstance(outcome.data, dict)
    assert outcome.data["unreadable"] > 0
    assert "picture" in outcome.text


def test_bare_encoders_load_at_the_size_of_their_card(tmp_path: Path) -> None:
    weights = tmp_path / "encoder"
    encoder = build("vit_tiny", image_size=(64, 32))
    card = Card(
        "e", "person-embedding", "vit_tiny", 1, 1, image_input(64, 32), OutputSpec("embedding")
    )
    save_weights(weights, encoder.state_dict(), card)
    config = ParsingConfig(out=tmp_path / "x", weights=weights, height=96, width=64)
    network, _, _ = begun(config)
    assert network(torch.zeros((1, 96, 64, 3), dtype=torch.uint8)).shape == (1, 3, 24, 16)


def test_the_same_seed_gives_the_same_weights(people: PersonSet, tmp_path: Path) -> None:
    found = []
    for name in ("first", "second"):
        config = quick(ReidConfig, tmp_path / name, steps=2, each=2, read_test=False)
        reid.train(config)
        found.append(read_weights(config.out)[0])
    assert all(torch.equal(found[0][name], tensor) for name, tensor in found[1].items())


@pytest.mark.parametrize("held", ["weights", "out"])
def test_quick_checks_come_before_loading_people(
    held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(path: str, task: str, shape: float) -> PersonSet:
        raise AssertionError("people were read")

    monkeypatch.setattr(person_training, "load_persons", never)
    if held == "weights":
        (tmp_path / "tiny.pth").touch()
        config = ParsingConfig(out=tmp_path / "new", weights=tmp_path / "tiny.pth")
        with pytest.raises(CheckpointError, match=r"tiny.pth: a file, .* `edgehuman import`"):
            parsing.train(config)
    else:
        (tmp_path / "model.safetensors").touch()
        with pytest.raises(UsageError, match="already contains a checkpoint"):
            parsing.train(ParsingConfig(out=tmp_path))


@pytest.mark.usefixtures("people")
def test_the_head_goes_on_where_the_answer_is_the_same(tmp_path: Path) -> None:
    first = quick(ParsingConfig, tmp_path / "first", steps=2, batch=4, read_test=False)
    parsing.train(first)
    weights, _ = read_weights(first.out)
    again = quick(ParsingConfig, tmp_path / "again", weights=first.out, seed=7)
    other = dataclasses.replace(again, out=tmp_path / "other", parts="person")
    for config, goes_on in ((again, True), (other, False)):
        network = parsing.prepare(config).training.network
        own = network.state_dict()["head.laterals.0.0.weight"]
        assert torch.equal(own, weights["head.laterals.0.0.weight"]) is goes_on


def test_of_simcc_the_maps_go_on_at_another_size(people: PersonSet, tmp_path: Path) -> None:
    words: dict[str, Any] = {"head": "simcc", "crops": True, "seed": 7}
    first = quick(PoseConfig, tmp_path / "first", steps=2, batch=4, read_test=False, **words)
    pose.train(first, people)
    weights, _ = read_weights(first.out)
    larger = quick(PoseConfig, tmp_path / "larger", weights=first.out, height=96, width=64, **words)
    own = pose.prepare(larger, people).training.network.state_dict()
    assert own["head.rows.weight"].shape != weights["head.rows.weight"].shape
    assert torch.equal(own["head.maps.last.weight"], weights["head.maps.last.weight"])
    assert torch.equal(own["head.presence.weight"], weights["head.presence.weight"])
