"""Person-image networks are built from their card and their checkpoint's weights."""

from __future__ import annotations

from edgehuman.card import Card, OutputSpec, image_input
from edgehuman.catalogue import NETWORKS
from edgehuman.nets.building import build, count_params
from edgehuman.nets.image.build import build_for, input_of, output_of
from edgehuman.nets.image.heads import PersonNet, person_net
from tests.nets.same_weights import same


def card_of(arch: str, output: OutputSpec, height: int = 64, width: int = 32) -> Card:
    return Card("made", "made", arch, 1, 1, image_input(height, width), output)


def test_a_catalogued_network_has_the_catalogue_size() -> None:
    assert input_of(NETWORKS["vit_tiny"]).shape == (256, 128, 3)
    assert output_of(NETWORKS["vit_tiny"]) == OutputSpec("embedding", distance="cosine")


def test_a_backbone_has_the_cards_size_and_classes() -> None:
    card = card_of("vit_tiny", OutputSpec("embedding"))
    assert same(build_for(card, {}, 2), build("vit_tiny", 2, image_size=(64, 32)))
    card = card_of("starnet_s3", OutputSpec("classes", ("a", "b")))
    assert same(build_for(card, {}), build("starnet_s3", num_classes=2))


def test_a_head_is_built_if_the_output_needs_one() -> None:
    parts = OutputSpec("segmentation", ("a", "b"))
    network = build_for(card_of("starnet_s3", parts), {}, 1)
    assert same(network, person_net("starnet_s3", parts, (64, 32), 1))


def test_an_embedding_head_is_built_if_the_weights_have_one() -> None:
    vector = OutputSpec("embedding", distance="cosine", dim=16)
    card = card_of("starnet_s3", vector)
    projected = person_net("starnet_s3", vector, (64, 32))
    again = build_for(card, projected.state_dict())
    assert isinstance(again, PersonNet)
    assert count_params(again) == count_params(projected)
    assert not isinstance(build_for(card, {}), PersonNet)


def test_tinyvit_windows_come_from_the_weights() -> None:
    stock = build("tinyvit_5m", windows=(7, 14, 7))
    card = card_of("tinyvit_5m", OutputSpec("embedding"), 224, 224)
    assert getattr(build_for(card, stock.state_dict()), "windows", None) == (7, 14, 7)
