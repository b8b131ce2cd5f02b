"""Wearable networks are built from their card."""

from __future__ import annotations

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.catalogue import NETWORKS
from edgehuman.nets.building import build
from edgehuman.nets.imu.build import build_for, input_of, output_of
from tests.nets.same_weights import same

ARCH = "imuconv_288k"


def test_a_catalogued_network_has_six_classes() -> None:
    assert input_of(NETWORKS[ARCH]) == IMU_INPUT
    output = output_of(NETWORKS[ARCH])
    assert (output.kind, len(output.labels)) == ("classes", 6)


def test_a_classifier_has_the_cards_classes() -> None:
    card = Card("made", "activity", ARCH, 1, 1, IMU_INPUT, OutputSpec("classes", ("a", "b", "c")))
    assert same(build_for(card, {}, 3), build(ARCH, 3, num_classes=3))


def test_an_embedding_output_is_the_encoder_alone() -> None:
    card = Card("made", "made", ARCH, 1, 1, IMU_INPUT, OutputSpec("tokens"))
    assert same(build_for(card, {}), build(ARCH))
