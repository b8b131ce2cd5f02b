"""Build gait networks from a card; input and output specs of catalogued gait networks."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec, skeleton_input
from edgehuman.nets.building import build
from edgehuman.networks import Network


def input_of(row: Network) -> InputSpec:
    """Return the input with the number of frames in the catalogue."""
    return skeleton_input(row.arguments["frames"])


def output_of(row: Network) -> OutputSpec:
    """Return the embedding output; the network defines its width."""
    return OutputSpec("embedding", distance="cosine")


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """Build the network with seeded random weights, in eval mode, for the card's number of frames.

    Args:
        weights: of the checkpoint; not used, because the card is complete.
    """
    return build(card.arch, seed, frames=card.input.shape[0])
