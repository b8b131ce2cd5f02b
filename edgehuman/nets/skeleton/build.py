"""The networks of gait as a card describes them; what a card of a catalogued one says."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec, skeleton_input
from edgehuman.nets.building import build
from edgehuman.networks import Network


def input_of(row: Network) -> InputSpec:
    """As many frames as the network is counted for."""
    return skeleton_input(row.arguments["frames"])


def output_of(row: Network) -> OutputSpec:
    """Its embedding; the network knows how wide."""
    return OutputSpec("embedding", distance="cosine")


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """The network with seeded random weights, in eval mode, for as many frames as the card says.

    Args:
        weights: of the checkpoint; they say nothing here that the card does not.
    """
    return build(card.arch, seed, frames=card.input.shape[0])
