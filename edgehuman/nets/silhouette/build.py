"""Build silhouette networks from a card; input and output specs of catalogued ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec, silhouette_input
from edgehuman.errors import UsageError
from edgehuman.nets.building import build, own_attribute, require_own_output
from edgehuman.nets.silhouette.network import HEIGHT, WIDTH
from edgehuman.nets.silhouette.parts import fit_bias
from edgehuman.tables.network import Network


def input_of(row: Network) -> InputSpec:
    """Return the input: silhouettes of any number of frames."""
    return silhouette_input()


def output_of(row: Network) -> OutputSpec:
    """Return the embedding output; the network defines its parts and their width."""
    return OutputSpec("embedding", distance="cosine")


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """Build the network with seeded random weights, in eval mode.

    Args:
        weights: of the checkpoint: whether it has a classifier, and of how many identities, and
            whether its head has a bias.
    """
    classifier = weights.get("classifier.weight")
    given = {"num_ids": 0 if classifier is None else classifier.shape[2]}
    network = build(card.arch, seed, **given)
    if card.output.dim not in (None, getattr(network, "width", card.output.dim)):
        network = build(card.arch, seed, **given, width=card.output.dim)
    fit_bias(network, weights)
    return network


def require_own(network: nn.Module, name: str, arguments: Mapping[str, Any]) -> None:
    """Check an own silhouette network: built with `num_ids`, it has `features` (C, P), `parts`,
    `width` and `least_frames` as attributes, maps raw silhouettes (N, T, 64, 64) to embeddings
    (N, parts, width), `forward_features` alike, and silhouettes from 0 to 1 (N, T, 64, 44) by its
    `backbone` to features (N, C, P).

    Raises:
        UsageError: the part that it lacks or does otherwise.
    """
    parts, width, frames = (
        own_attribute(network, name, each) for each in ("parts", "width", "least_frames")
    )
    features = getattr(network, "features", None)
    if not isinstance(features, tuple) or len(features) != 2:
        raise UsageError(
            f"--arch {name}: its attribute features is {features!r}; it must be the channels and "
            "parts that backbone() returns, such as (128, 62)"
        )
    record_NTHW = torch.zeros((2, frames + 1, *silhouette_input().shape[1:]), dtype=torch.uint8)
    require_own_output(network, name, record_NTHW, (2, parts, width))
    require_own_output(network, name, record_NTHW, (2, parts, width), "forward_features")
    sils_NTHW = torch.zeros((2, frames + 1, HEIGHT, WIDTH))
    require_own_output(network, name, sils_NTHW, (2, *features), "backbone")
