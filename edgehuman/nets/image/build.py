"""The networks of person images as a card describes them; what a card of a catalogued one says."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec, image_input
from edgehuman.nets.building import build
from edgehuman.nets.image.heads import ENCODER, person_net
from edgehuman.nets.weights import geometry
from edgehuman.networks import Network

# An embedding may be the backbone's own token, and classes are a linear layer of the backbone.
_OF_HEADS = ("attributes", "heatmaps", "segmentation")


def input_of(row: Network) -> InputSpec:
    """The size that the networks are counted for."""
    return image_input()


def output_of(row: Network) -> OutputSpec:
    """The image token; the network knows how wide."""
    return OutputSpec("embedding", distance="cosine")


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """The network with seeded random weights, in eval mode, for the card's size: the backbone, with
    a head beside it where the weights or the kind of output have one.

    Args:
        weights: of the checkpoint, which tell the windows of a TinyViT; none: those that the
            catalogue or, under a head, the size gives it.
    """
    height, width = card.input.shape[:2]
    has_head = card.output.kind in _OF_HEADS or any(name.startswith(ENCODER) for name in weights)
    if has_head:
        return person_net(card.arch, card.output, (height, width), seed, **geometry(weights))
    num_classes = len(card.output.labels) if card.output.kind == "classes" else None
    size = {"image_size": (height, width), **geometry(weights)}
    return build(card.arch, seed, num_classes=num_classes, **size)
