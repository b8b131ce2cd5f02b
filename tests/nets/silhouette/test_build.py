"""Silhouette networks from a card, and what is asked of a network of the caller's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import Card, OutputSpec, silhouette_input
from edgehuman.catalogue import NETWORKS
from edgehuman.errors import UsageError
from edgehuman.export.networks import random_network
from edgehuman.nets.building import build
from edgehuman.nets.silhouette.build import build_for, input_of, output_of, require_own


def test_the_input_is_any_number_of_silhouettes() -> None:
    assert input_of(NETWORKS["gaitset"]) == silhouette_input()
    assert silhouette_input().shape == (0, 64, 64)
    assert output_of(NETWORKS["gaitset"]) == OutputSpec("embedding", distance="cosine")


def test_the_card_of_a_random_network_says_its_parts() -> None:
    network, card = random_network("gaitset_small", seed=3)
    assert (card.output.dim, card.output.parts) == (96, 62)
    assert card.params == NETWORKS["gaitset_small"].params
    assert network(torch.zeros(1, 2, 64, 64, dtype=torch.uint8)).shape == (1, 62, 96)


def test_weights_say_how_many_identities_there_are() -> None:
    _, card = random_network("gaitset_small", seed=3)
    card = card.replace(arch="baseline_wide")
    for weights, num_ids in (({}, 0), ({"classifier.weight": torch.zeros(16, 256, 7)}, 7)):
        network: Any = build_for(card, weights)
        assert network.num_ids == num_ids


class Own(nn.Module):
    """The least that a network of silhouettes is."""

    features: Any = (3, 2)
    parts, width, least_frames = 2, 4, 1

    def __init__(self, num_ids: int = 0) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def backbone(self, sils_NTHW: Tensor) -> Tensor:
        return sils_NTHW.mean((1, 2, 3))[:, None, None].expand(-1, 3, 2)

    def forward(self, silhouette_NTHW: Tensor) -> Tensor:
        embedding_NPD: Tensor = self.layer(self.backbone(silhouette_NTHW.float()).transpose(1, 2))
        return embedding_NPD

    def forward_features(self, silhouette_NTHW: Tensor) -> Tensor:
        return self.forward(silhouette_NTHW)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"parts": 3}, r"maps \(2, 2, 64, 64\) to \(2, 2, 4\); it must return \(2, 3, 4\)"),
        ({"least_frames": 0}, "least_frames is 0"),
        ({"features": 3}, "features is 3; it must be the channels and parts"),
        ({"features": (5, 2)}, r"backbone maps .* it must return \(2, 5, 2\)"),
        ({"forward_features": None}, r"has no forward_features\(\)"),
    ],
)
def test_a_network_of_the_caller_s_own_is_held_to_its_record(
    changes: dict[str, Any], said: str
) -> None:
    network = type("Changed", (Own,), changes)()
    if not said:
        require_own(network, "mine:Own", {})
        return
    with pytest.raises(UsageError, match=said):
        require_own(network, "mine:Own", {})


@pytest.mark.parametrize("name", ["gaitset_small", "gaitpart", "gaitgl", "gaitbase", "smplgait"])
def test_an_embedding_of_another_width_is_built_again_from_its_card(name: str) -> None:
    network = build(name, width=40)
    assert network.width == 40
    output = OutputSpec("embedding", distance="cosine", dim=40)
    card = Card("x", "gait-embedding", name, 1, 1, silhouette_input(), output)
    again = build_for(card, {})
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    assert {key: value.shape for key, value in again.state_dict().items()} == shapes
    embedding = again(torch.zeros((1, 3, 64, 64), dtype=torch.uint8))
    assert embedding.shape == (1, network.parts, 40)
