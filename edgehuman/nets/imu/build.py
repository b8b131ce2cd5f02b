"""The networks of wearables as a card describes them; what a card of a catalogued one says."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, InputSpec, OutputSpec
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.nets.building import build
from edgehuman.networks import Network


def input_of(row: Network) -> InputSpec:
    """What every network of wearables begins at."""
    return IMU_INPUT


def output_of(row: Network) -> OutputSpec:
    """Of random weights: a classifier of the six activities of UCI HAR."""
    return OutputSpec("classes", UCI_LABELS)


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """The network with seeded random weights, in eval mode: with a classifier where the card names
    classes, else the encoder alone.

    Args:
        weights: of the checkpoint; they say nothing here that the card does not.
    """
    num_classes = len(card.output.labels) if card.output.kind == "classes" else None
    return build(card.arch, seed, num_classes=num_classes)
