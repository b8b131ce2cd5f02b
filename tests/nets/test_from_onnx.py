"""Weights read back from graphs: the network answers as the graph does, and can be trained on."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from edgehuman import catalogue, nets
from edgehuman.catalogue import SIMULATED
from edgehuman.cli import main
from edgehuman.data.imu.load import load_windows
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.export.catalogued import export_random
from edgehuman.metrics.parity import compare, failures
from edgehuman.nets import from_onnx
from edgehuman.nets.checkpoint import load_network, read_card
from edgehuman.nets.from_onnx import fp32_card, read_nodes, recover, restore_statistics, weights_of
from edgehuman.runtime.engine.onnx_file import read_card as card_in_file
from edgehuman.runtime.model import load
from edgehuman.runtime.zoo import file_of, zoo_names

WHOLE = [name for name in zoo_names() if card_in_file(file_of(name)).precision.name == "fp32"]
ROUNDED = [name for name in zoo_names() if name not in WHOLE]


def records_of(name: str, count: int) -> np.ndarray:  # type: ignore[type-arg]
    """Noise in the card's shape and type, which no network has seen."""
    spec = fp32_card(name).input
    rng = np.random.default_rng(5)
    shape = (count, *(size or 6 for size in spec.shape))  # 0: any length
    if spec.dtype == "uint8":
        return rng.integers(0, 256, shape, np.uint8)
    return rng.normal(0, 1, shape).astype(np.float32)


@cache
def network_of(name: str) -> nn.Module:
    found: nn.Module = nets.load(name)
    return found


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] if "person" in name else []) for name in WHOLE],
)
def test_a_zoo_model_answers_as_its_graph(name: str) -> None:
    records = records_of(name, 4)
    expected = load(name).engine.run(records)
    with torch.inference_mode():
        found = network_of(name)(torch.from_numpy(records)).numpy()
    assert found.shape == expected.shape
    assert failures(compare(expected, found, fp32_card(name).output), "fp32") == []
    assert np.abs(expected).max() > 0.1


@pytest.mark.long
def test_the_part_of_a_detector_that_only_teaches_starts_as_the_one_that_answers() -> None:
    network = network_of("zoo:person-detector")
    many, one = (
        network.get_submodule("many").state_dict(),
        network.get_submodule("one").state_dict(),
    )
    assert set(many) == set(one)
    assert all(torch.equal(many[name], one[name]) for name in one)
    assert not torch.equal(one["last.bias"][1:], torch.ones(4))


def test_batch_norms_carry_on_with_statistics_of_records() -> None:
    """While training, a norm takes the statistics of its batch: those it has must be like them."""
    network = network_of("zoo:activity")
    windows = load_windows(SIMULATED)
    known = np.flatnonzero(windows.label_N >= 0)[:600:2]
    right = {}
    for training in (False, True):
        network.train(training)
        for module in network.modules():
            if isinstance(module, _BatchNorm):
                module.momentum = 0.0
        with torch.inference_mode():
            logits_NK = network(torch.from_numpy(windows.imu_NTC[known])).numpy()
        right[training] = (logits_NK.argmax(1) == windows.label_N[known]).mean()
    network.eval()
    assert right[False] > 0.9
    assert right[True] > right[False] - 0.1


def test_statistics_leave_the_answers_as_they_were() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3)).eval()
    records = torch.randn(16, 2, 9) * 4 + 1
    before = network(records)
    restore_statistics(network, ["1"], records)
    norm = network[1]
    assert isinstance(norm, nn.BatchNorm1d)
    assert torch.allclose(network(records), before, atol=1e-5)
    inside = network[0](records).transpose(0, 1).flatten(1)
    assert norm.running_mean is not None
    assert torch.allclose(norm.running_mean, inside.mean(1), atol=1e-5)
    assert torch.allclose(network.train()(records), before, atol=0.02)


@pytest.mark.parametrize(("arch", "seed"), [("imuconv_288k", 3), ("imuvit_512x5", 5)])
def test_a_file_of_ones_own_gives_its_weights_back(
    arch: str, seed: int, tmp_path: Path, traces: None
) -> None:
    path = export_random(arch, seed, tmp_path)
    weights, card = weights_of(str(path))
    assert card.arch == arch
    built = catalogue.step(card.input.record, "build")(card, {}, seed).state_dict()
    assert set(weights) == set(built)
    same = [name for name in built if name.endswith("head.weight") or ".qkv.weight" in name]
    assert same
    for name in same:
        assert torch.allclose(weights[name], built[name], atol=1e-6)


def test_every_parameter_that_the_graph_needs_is_found() -> None:
    card = fp32_card("zoo:gait-skeleton")
    build = catalogue.step(card.input.record, "build")
    nodes = read_nodes(file_of("zoo:gait-skeleton").read_bytes(), "zoo:gait-skeleton")
    one, other = build(card, {}, 1), build(card, {}, 2)
    for network in (one, other):
        assert recover(network, nodes) == []
    differ = [
        name
        for name, tensor in one.state_dict().items()
        if not torch.equal(tensor, other.state_dict()[name])
    ]
    assert differ
    assert all(name.startswith("encoder.head.") for name in differ)  # of the pretraining alone


@pytest.mark.parametrize("name", ROUNDED)
def test_rounded_weights_are_refused_and_the_whole_ones_named(name: str) -> None:
    whole = name.rpartition("-")[0]
    for read in (read_card, load_network):
        with pytest.raises(CheckpointError, match=rf"rounded.*; use {whole}$"):
            read(Path(name))


def test_a_network_that_answers_otherwise_is_not_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    found = from_onnx.read_nodes

    def without_a_matrix(content: bytes, where: str) -> list[from_onnx.Node]:
        return [node for node in found(content, where) if node.module != "encoder.layers.4.mlp_in"]

    monkeypatch.setattr(from_onnx, "read_nodes", without_a_matrix)
    with pytest.raises(CheckpointError, match="does not give its network back: max abs"):
        weights_of("zoo:gait-skeleton")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match="Did you mean 'zoo:activity'"):
        nets.load("zoo:actvity")


@pytest.mark.parametrize(
    "words",
    [
        ["activity", "--weights", "zoo:activity", "--batch", "16"],
        ["gait", "--weights", "zoo:gait-skeleton", "--people", "4", "--walks", "2", "--each", "2"],
        pytest.param(
            ["parsing", "--weights", "zoo:person-garments", "--data", "people", "--height", "64"],
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_zoo_model_is_tuned(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if words[2] not in WHOLE:
        pytest.skip(f"{words[2]} is not in this installation")
    monkeypatch.chdir(tmp_path)
    if "people" in words:
        simulated = ["--kind", "people", "--people", "6", "--each", "2", "--out", "people"]
        assert main(["data", "simulate", *simulated]) == 0
        words = [*words, "--parts", "garments"]
    out = tmp_path / "tuned"
    sizes = [] if "--batch" in words else ["--batch", "4"]
    sizes += ["--width", "32"] if "--height" in words else []
    common = ["--steps", "1", "--no-read-test", "--out", str(out)]
    assert main(["finetune", "--task", *words, *sizes, *common]) == 0
    tuned, card = load_network(out)
    ancestors = fp32_card(words[2])
    assert card.arch == ancestors.arch
    assert [row.dataset for row in card.data][: len(ancestors.data)] == [
        row.dataset for row in ancestors.data
    ]
    assert tuned is not None
