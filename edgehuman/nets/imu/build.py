"""Build wearable networks from a card; input and output specs of catalogued ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, InputSpec, OutputSpec
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.nets.building import build, own_attribute, require_own_output
from edgehuman.tables.network import Network


def input_of(row: Network) -> InputSpec:
    """Return the input of all wearable networks."""
    return IMU_INPUT


def output_of(row: Network) -> OutputSpec:
    """Return the output with random weights: a classifier of UCI HAR's six activities."""
    return OutputSpec("classes", UCI_LABELS)


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """Build the network with seeded random weights, in eval mode: with a classifier if the card
    has classes, else the encoder alone.

    Args:
        weights: of the checkpoint; not used, because the card is complete.
    """
    num_classes = card.output.columns if card.output.kind == "classes" else None
    return build(card.arch, seed, num_classes=num_classes)


def require_own(network: nn.Module, name: str, arguments: Mapping[str, Any]) -> None:
    """Check an own wearable network: built with `num_classes` (None: the embedding) and `dropout`,
    it maps raw windows (N, 128, 6) to logits, or to its `forward_features` of `width` values.

    Raises:
        UsageError: the part that it lacks or does otherwise.
    """
    width = own_attribute(network, name, "width")
    record_NTC = torch.zeros((2, *IMU_INPUT.shape))
    require_own_output(network, name, record_NTC, (2, width), "forward_features")
    require_own_output(network, name, record_NTC, (2, arguments.get("num_classes") or width))
