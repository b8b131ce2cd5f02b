"""Build person-image networks from a card; input and output specs of catalogued ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_type_hints

import torch
from torch import Tensor, nn

from edgehuman.card import Card, InputSpec, OutputSpec, image_input
from edgehuman.errors import UsageError
from edgehuman.nets.building import ENCODER, build, own_attribute, require_own_output
from edgehuman.nets.image.crowds.parser import crowd_parser
from edgehuman.nets.image.detection import detector
from edgehuman.nets.image.features import ImageBackbone
from edgehuman.nets.image.garments.network import garment_net
from edgehuman.nets.image.heads import EmbeddingHead, person_net
from edgehuman.nets.image.sentences import TEXT, SearchNet, text_encoder_of
from edgehuman.nets.image.weights import geometry
from edgehuman.tables.network import Network

# Outputs with a head. An embedding may be the backbone's token; classes use the backbone's layer.
_OF_HEADS = ("attributes", "heatmaps", "segmentation", "simcc")


def input_of(row: Network) -> InputSpec:
    """Return the input with the size used in the catalogue."""
    return image_input()


def output_of(row: Network) -> OutputSpec:
    """Return the image-token output; the network defines its width."""
    return OutputSpec("embedding", distance="cosine")


def frame_input_of(row: Network) -> InputSpec:
    """Return the input of a detector on this backbone, with the size used by default."""
    return image_input(320, 416, record="Frame")


def boxes_of(row: Network) -> OutputSpec:
    """Return the output of a detector on this backbone."""
    return OutputSpec("boxes")


def build_for(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> nn.Module:
    """Build the network with seeded random weights, in eval mode, for the card's size: the
    backbone, with a head if the weights or the kind of output have one.

    Args:
        weights: of the checkpoint; they define the windows of a TinyViT. If empty, the catalogue
            or, with a head, the size defines them.
    """
    height, width = card.input.shape[:2]
    if card.output.kind == "boxes":
        return detector(card.arch, (height, width), seed, **geometry(weights))
    if f"{TEXT}merges" in weights:
        return search_net(card, weights, seed)
    if card.output.kind == "person_parts":
        count = len(card.output.labels)
        return crowd_parser(card.arch, count, (height, width), seed, **geometry(weights))
    if card.output.kind == "part_attributes":
        counts = len(card.output.labels), len(card.output.attributes)
        return garment_net(card.arch, *counts, (height, width), seed, **geometry(weights))
    has_head = card.output.kind in _OF_HEADS or any(name.startswith(ENCODER) for name in weights)
    if has_head:
        return person_net(card.arch, card.output, (height, width), seed, **geometry(weights))
    num_classes = len(card.output.labels) if card.output.kind == "classes" else None
    size = {"image_size": (height, width), **geometry(weights)}
    return build(card.arch, seed, num_classes=num_classes, **size)


def search_net(card: Card, weights: Mapping[str, Tensor], seed: int = 0) -> SearchNet:
    """Build the network of a card and the text encoder beside it, with random weights.

    Args:
        weights: of the checkpoint; they define the vocabulary and the text encoder's sizes.
    """
    height, width = card.input.shape[:2]
    images = person_net(card.arch, card.output, (height, width), seed, **geometry(weights))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        text = text_encoder_of(weights)
    return SearchNet(images.encoder, cast(EmbeddingHead, images.head), text).eval()


def require_own(network: nn.Module, name: str, arguments: Mapping[str, Any]) -> None:
    """Check an own backbone of person images: built with `image_size`, `num_classes` and
    `drop_path`, it is an `ImageBackbone`; raw uint8 images (N, H, W, 3) in, the image token
    (N, width) out, or logits.

    Raises:
        UsageError: the part that it lacks or does otherwise.
    """
    wanted = (*get_type_hints(ImageBackbone), *vars(ImageBackbone))
    lacking = [each for each in wanted if not each.startswith("_") and not hasattr(network, each)]
    if lacking:
        raise UsageError(
            f"--arch {name} has no {', '.join(lacking)}; a backbone of person images has all of "
            "edgehuman.nets.image.features.ImageBackbone"
        )
    width = own_attribute(network, name, "width")
    height, across = arguments.get("image_size", image_input().shape[:2])
    record_NHWC = torch.zeros((2, height, across, 3), dtype=torch.uint8)
    require_own_output(network, name, record_NHWC, (2, width), "forward_features")
    require_own_output(network, name, record_NHWC, (2, arguments.get("num_classes") or width))
