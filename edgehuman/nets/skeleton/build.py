"""Build gait networks from a card; input and output specs of catalogued gait networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec, skeleton_input
from edgehuman.errors import UsageError
from edgehuman.nets.building import build, own_attribute, require_own_output
from edgehuman.nets.skeleton.gaitbody import GaitBody
from edgehuman.tables.network import Network


def input_of(row: Network) -> InputSpec:
    """Return the input with the number of frames in the catalogue.

    Raises:
        UsageError: an own network that does not say its number of frames.
    """
    if "frames" not in row.arguments:
        raise UsageError(
            f"--arch {row.build}: its attribute arguments is {row.arguments}; a network of "
            'skeletons says its window there, for example arguments = {"frames": 48}'
        )
    return skeleton_input(row.arguments["frames"])


def output_of(row: Network) -> OutputSpec:
    """Return the embedding output; the network defines its width."""
    return OutputSpec("embedding", distance="cosine")


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """Build the network with seeded random weights, in eval mode, for the card's number of frames.

    Args:
        weights: of the checkpoint: whether a GaitBody has a last linear map; of others the card is
            complete.
    """
    network = build(card.arch, seed, frames=card.input.shape[0])
    if card.output.dim not in (None, getattr(network, "width", card.output.dim)):
        network = build(card.arch, seed, frames=card.input.shape[0], dim=card.output.dim)
    if isinstance(network, GaitBody) and "matrix_EE" in weights:
        network.add_map()
    return network


def require_own(network: nn.Module, name: str, arguments: Mapping[str, Any]) -> None:
    """Check an own gait network: built with `frames`, it has `frames` and `width` as attributes
    and maps raw skeletons (N, frames, 18, 3) to embeddings (N, width); `forward_features` alike.

    Raises:
        UsageError: the part that it lacks or does otherwise.
    """
    width, frames = (own_attribute(network, name, each) for each in ("width", "frames"))
    record_NTJ3 = torch.zeros((2, *skeleton_input(frames).shape))
    require_own_output(network, name, record_NTJ3, (2, width))
    require_own_output(network, name, record_NTJ3, (2, width), "forward_features")
