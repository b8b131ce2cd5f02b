"""Build person-image networks from a card; input and output specs of catalogued ones."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec, image_input
from edgehuman.nets.building import build
from edgehuman.nets.image.heads import ENCODER, person_net
from edgehuman.nets.weights import geometry
from edgehuman.networks import Network

# Outputs with a head. An embedding may be the backbone's token; classes use the backbone's layer.
_OF_HEADS = ("attributes", "heatmaps", "segmentation")


def input_of(row: Network) -> InputSpec:
    """Return the input with the size used in the catalogue."""
    return image_input()


def output_of(row: Network) -> OutputSpec:
    """Return the image-token output; the network defines its width."""
    return OutputSpec("embedding", distance="cosine")


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """Build the network with seeded random weights, in eval mode, for the card's size: the
    backbone, with a head if the weights or the kind of output have one.

    Args:
        weights: of the checkpoint; they define the windows of a TinyViT. If empty, the catalogue
            or, with a head, the size defines them.
    """
    height, width = card.input.shape[:2]
    has_head = card.output.kind in _OF_HEADS or any(name.startswith(ENCODER) for name in weights)
    if has_head:
        return person_net(card.arch, card.output, (height, width), seed, **geometry(weights))
    num_classes = len(card.output.labels) if card.output.kind == "classes" else None
    size = {"image_size": (height, width), **geometry(weights)}
    return build(card.arch, seed, num_classes=num_classes, **size)
