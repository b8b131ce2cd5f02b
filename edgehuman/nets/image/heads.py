"""Heads on a person-image backbone: a vector, yes/no answers, heat maps or a part map.

    net = person_net("tinyvit_5m", OutputSpec("segmentation", parts), (256, 128))
    logits_NCHW = net(image_NHWC)   raw uint8 in; maps come out at stride 4, silhouettes at 2

The heads are small compared with a student network: one matrix for vectors and answers, and for
maps a pyramid of depthwise separable convolutions (`pyramid_head`, and `simcc` for joints).

Axes: N images, H height, W width, D token width, F embedding, A answers, C channels of a map.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.card import OutputSpec
from edgehuman.catalogue import network
from edgehuman.errors import UsageError
from edgehuman.metrics.person_answers import SILHOUETTE
from edgehuman.nets.building import build
from edgehuman.nets.image.features import ImageBackbone
from edgehuman.nets.image.pyramid import Pyramid
from edgehuman.nets.image.pyramid_head import OutlineHead, PyramidHead
from edgehuman.nets.image.simcc import SimccHead
from edgehuman.nets.image.size import require_size
from edgehuman.nets.image.tinyvit import tiling_windows

# The smallest normal float16 number: shorter vectors are not normalised to length 1.
SHORTEST = 2.0**-14


class EmbeddingHead(nn.Module):
    """Return the image token as a unit vector, first projected if another width is requested.

    The vector is the one before the BNNeck (Luo et al., "Bag of tricks", 2019): neck and identity
    classifier are used in training only and are not part of the network.
    """

    def __init__(self, width: int, dim: int | None = None) -> None:
        super().__init__()
        self.dim = width if dim is None else dim
        self.project = nn.Identity() if dim is None else nn.Linear(width, dim, bias=False)

    def feature(self, token_ND: Tensor) -> Tensor:
        """Return the vector (N, F), not normalised, of a token (N, D), for the triplet loss."""
        feature_NF: Tensor = self.project(token_ND)
        return feature_NF

    def forward(self, token_ND: Tensor) -> Tensor:
        return functional.normalize(self.feature(token_ND).float(), dim=1, eps=SHORTEST)


class AttributeHead(nn.Linear):
    """Map tokens (N, D) to logits (N, A) of independent yes/no questions."""


class PersonNet(nn.Module):
    """A backbone and a head as one network with raw uint8 input (N, H, W, 3).

    Attributes:
        encoder: implements `ImageBackbone`.
        head: an EmbeddingHead, an AttributeHead, a PyramidHead, an OutlineHead or a SimccHead.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    @property
    def backbone(self) -> ImageBackbone:
        """The encoder, typed as an image backbone."""
        return cast(ImageBackbone, self.encoder)

    @property
    def width(self) -> int:
        """Numbers in the vector of `forward_features`."""
        return self.backbone.width

    def train(self, mode: bool = True) -> PersonNet:
        """Set training mode; a fully frozen encoder also keeps its batch statistics."""
        super().train(mode)
        if not any(parameter.requires_grad for parameter in self.encoder.parameters()):
            self.encoder.eval()
        return self

    def token(self, image_NHWC: Tensor) -> Tensor:
        """Return the image token (N, D) of raw images."""
        return self.backbone.backbone(self.backbone.normalise(image_NHWC))[0]

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        """Return the image token (N, D) of raw images, before the head."""
        return self.token(image_NHWC)

    def reached(self, image_NHWC: Tensor) -> Tensor:
        """Return outputs (N, ...) of raw images that every trained weight has a part in."""
        outputs: Tensor = self(image_NHWC)
        return outputs

    def forward(self, image_NHWC: Tensor) -> Tensor:
        if isinstance(self.head, PyramidHead | SimccHead):
            x_NCHW = self.backbone.normalise(image_NHWC)
            if isinstance(self.head, OutlineHead) and self.head.fine_width:
                taps = cast(Pyramid, self.encoder).fine_taps(x_NCHW)
            else:
                taps = self.backbone.taps(x_NCHW)
            maps_NCHW: Tensor = self.head(taps)
            return maps_NCHW
        answer: Tensor = self.head(self.token(image_NHWC))
        return answer


def make_head(
    encoder: ImageBackbone, output: OutputSpec, size: tuple[int, int] | None = None
) -> nn.Module:
    """Build the head for this kind of output.

    Args:
        size: height and width of the input, which the classes of SimCC go by; None: the encoder's.

    Raises:
        UsageError: no head for this output, or missing labels.
    """
    num_labels = len(output.labels)
    if output.kind == "embedding":
        projects = output.dim is not None and output.dim != encoder.width
        return EmbeddingHead(encoder.width, output.dim if projects else None)
    if not num_labels:
        raise UsageError(f"a head for {output.kind} needs labels, but the card has none")
    if output.kind == "attributes":
        return AttributeHead(encoder.width, num_labels)
    if output.kind == "segmentation" and output.labels == SILHOUETTE:
        fine_width = encoder.fine_width if isinstance(encoder, Pyramid) else 0
        return OutlineHead(encoder.tap_widths, encoder.tap_strides, num_labels, fine_width)
    if output.kind in ("heatmaps", "segmentation"):
        loud = output.kind == "segmentation"
        return PyramidHead(encoder.tap_widths, encoder.tap_strides, num_labels, loud=loud)
    if output.kind == "simcc":
        size = cast(Any, encoder).image_size if size is None else size
        return SimccHead(encoder.tap_widths, encoder.tap_strides, num_labels, size)
    raise UsageError(
        f"no person-image head outputs {output.kind}; choose embedding, attributes, heatmaps, "
        "segmentation or simcc"
    )


def person_net(
    arch: str,
    output: OutputSpec,
    image_size: tuple[int, int] = (256, 128),
    seed: int = 0,
    **arguments: Any,
) -> PersonNet:
    """Build a catalogued backbone with the head for this output, with seeded random weights, in
    eval mode; by default, a TinyViT has windows that tile its maps.

    Raises:
        UsageError: unknown network, no such head, or a size not divisible by the strides.
    """
    require_size(image_size)
    if network(arch).family == "tinyvit":
        arguments = {"windows": tiling_windows(image_size), **arguments}
    encoder = build(arch, seed, image_size=image_size, **arguments)
    return with_head(encoder, output, seed, image_size)


def with_head(
    encoder: nn.Module, output: OutputSpec, seed: int = 0, size: tuple[int, int] | None = None
) -> PersonNet:
    """Add the head for this output to a backbone; the head's weights depend on the seed only."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = make_head(cast(ImageBackbone, encoder), output, size)
    return PersonNet(encoder, head).eval()
