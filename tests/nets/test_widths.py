"""Pruned networks: their layers take the widths of their weights, under any head."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.errors import CheckpointError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_encoder, load_network
from edgehuman.nets.widths import fit_head, fit_widths, is_pruned
from edgehuman.training.checkpoint import save_weights
from tests.distill.wide import Wide

WIDE = "tests.distill.wide:Wide"
RECORD = torch.randn(2, 128, 6, generator=torch.Generator().manual_seed(0))


def narrow_weights() -> dict[str, Tensor]:
    """Of a `Wide` with 16 channels and 8 features in the place of 96 and 64, for 6 classes."""
    channels = {"96": 16, "64": 8}
    generator = torch.Generator().manual_seed(1)
    found = {}
    for name, tensor in build(WIDE, num_classes=6).state_dict().items():
        shape = [channels.get(str(size), size) for size in tensor.shape]
        made = torch.rand(shape, generator=generator)
        found[name] = made if tensor.is_floating_point() else tensor
    return found


def saved(folder: Path, pruned: bool = True) -> dict[str, Tensor]:
    weights = narrow_weights()
    labels = tuple("abcdef")
    card = Card("n", "activity", WIDE, 1, 1, IMU_INPUT, OutputSpec("classes", labels))
    save_weights(folder, weights, card.replace(pruned=pruned))
    return weights


def test_a_network_takes_the_widths_of_these_weights() -> None:
    network, weights = build(WIDE, num_classes=6), narrow_weights()
    assert isinstance(network, Wide)
    assert not is_pruned(network)
    fit_widths(network, weights)
    assert is_pruned(nn.Sequential(network))
    network.load_state_dict(weights)
    assert isinstance(network.head, nn.Linear)
    assert (network.depth.groups, network.depth.in_channels, network.norm.num_features) == (16,) * 3
    assert (network.head.in_features, network.head.out_features) == (8, 6)
    assert network(RECORD).shape == (2, 6)


def test_a_pruned_checkpoint_is_loaded_as_its_card_says(tmp_path: Path) -> None:
    weights = saved(tmp_path / "narrow")
    network, card = load_network(tmp_path / "narrow")
    assert card.pruned
    assert is_pruned(network)
    assert all(torch.equal(found, weights[name]) for name, found in network.state_dict().items())
    saved(tmp_path / "other", pruned=False)
    with pytest.raises(CheckpointError, match=r"stem.weight is \(16, 6, 5\), not \(96, 6, 5\)"):
        load_network(tmp_path / "other")


def test_it_starts_a_training_under_another_head(tmp_path: Path) -> None:
    weights = saved(tmp_path)
    other = build(WIDE, seed=3, num_classes=9)
    before = other.get_parameter("head.weight").clone()
    load_encoder(other, tmp_path, WIDE)
    assert torch.equal(other.get_parameter("stem.weight"), weights["stem.weight"])
    assert torch.equal(other.get_parameter("head.weight"), before[:, :8])
    assert other(RECORD).shape == (2, 9)


def test_only_the_last_layer_of_a_head_keeps_what_it_gives() -> None:
    def head(hidden: int, classes: int, features: int) -> dict[str, Tensor]:
        layers = nn.Sequential(
            nn.Linear(features, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, classes)
        )
        return {f"head.{name}": tensor for name, tensor in layers.state_dict().items()}

    fitted = fit_head(head(32, 9, 64), head(16, 6, 8))
    expected = {name: tensor.shape for name, tensor in head(16, 9, 8).items()}
    assert {name: tensor.shape for name, tensor in fitted.items()} == expected
    bare = {"head.weight": torch.zeros(9, 64)}
    assert fit_head(bare, {})["head.weight"].shape == (9, 64)
