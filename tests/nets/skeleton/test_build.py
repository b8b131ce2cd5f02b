"""Gait networks are built from their card."""

from __future__ import annotations

import pytest
import torch

from edgehuman.card import Card, OutputSpec, skeleton_input
from edgehuman.catalogue import NETWORKS
from edgehuman.nets.building import build
from edgehuman.nets.skeleton.build import build_for, input_of, output_of
from tests.nets.same_weights import same


def test_a_catalogued_network_has_the_catalogue_frames() -> None:
    assert input_of(NETWORKS["gaitptv2_deep_1"]) == skeleton_input(48)
    assert input_of(NETWORKS["gaitformer_1"]) == skeleton_input(32)
    assert output_of(NETWORKS["gaitformer_1"]) == OutputSpec("embedding", distance="cosine")


def test_the_card_sets_the_number_of_frames() -> None:
    output = OutputSpec("embedding")
    card = Card("made", "gait-embedding", "gaitformer_1", 1, 1, skeleton_input(20), output)
    network = build_for(card, {}, 1)
    assert same(network, build("gaitformer_1", 1, frames=20))
    with torch.inference_mode():
        assert len(network(torch.zeros(2, 20, 18, 3))) == 2


@pytest.mark.parametrize("name", ["gaitptv2_deep_1", "gaitformer_1"])
def test_an_embedding_of_another_width_is_built_again_from_its_card(name: str) -> None:
    network = build(name, 1, frames=20, dim=48)
    output = OutputSpec("embedding", dim=48)
    card = Card("made", "gait-embedding", name, 1, 1, skeleton_input(20), output)
    assert same(build_for(card, {}, 1), network)
    with torch.inference_mode():
        assert network(torch.zeros(2, 20, 18, 3)).shape == (2, 48)
    assert network.width == 48
