"""What stands on a backbone of person images: a vector, yes/no answers, heat maps or a part map.

    net = person_net("tinyvit_5m", OutputSpec("segmentation", parts), (256, 128))
    logits_NCHW = net(image_NHWC)                 raw uint8 in; maps come out at stride 4

The heads are small beside a student: one matrix for vectors and answers, and for maps a pyramid of
depthwise separable convolutions. Its sum from coarse to fine follows Lin et al., "Feature pyramid
networks" (CVPR 2017), its separable blocks MobileNet; what was left out of both is a level of
output per stage, as one map is asked for.

Axes: N images, H height, W width, D token width, F embedding, A answers, C channels of a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.card import OutputSpec
from edgehuman.catalogue import NETWORKS, find
from edgehuman.errors import UsageError
from edgehuman.nets.building import build
from edgehuman.nets.image.features import ImageBackbone
from edgehuman.nets.image.tinyvit import tiling_windows

# How the weights of a backbone are called in a network that has a head beside it.
ENCODER = "encoder."
MAP_STRIDE = 4
PYRAMID_WIDTH = 128
SIZE_STEP = 32
# The smallest number that float16 holds with all its bits: a shorter vector has no direction.
_SHORTEST = 2.0**-14


class EmbeddingHead(nn.Module):
    """The image token as a unit vector, projected first where another width is asked for.

    The vector is what stands in front of the BNNeck (Luo et al., "Bag of tricks", 2019): the neck
    and the classifier of the identities are training's, and are not part of the network.
    """

    def __init__(self, width: int, dim: int | None = None) -> None:
        super().__init__()
        self.dim = width if dim is None else dim
        self.project = nn.Identity() if dim is None else nn.Linear(width, dim, bias=False)

    def feature(self, token_ND: Tensor) -> Tensor:
        """Token (N, D) -> vector of any length (N, F): what the triplet loss measures."""
        feature_NF: Tensor = self.project(token_ND)
        return feature_NF

    def forward(self, token_ND: Tensor) -> Tensor:
        return functional.normalize(self.feature(token_ND).float(), dim=1, eps=_SHORTEST)


class AttributeHead(nn.Linear):
    """Token (N, D) -> logits (N, A) of independent yes/no questions."""


class PyramidHead(nn.Module):
    """Maps of the stages -> one map at stride 4.

    From the coarsest stride down to 4: enlarge twofold, add what the stages of this stride say,
    mix by one separable block; then one 1x1 convolution. Stages that share a stride (all of a ViT)
    are summed; strides that no stage has are passed through.

    Args:
        tap_widths, tap_strides: of the maps, finest first; strides are powers of two, 4 to 32.
        num_maps: joints or parts.
        width: channels inside.
        loud: whether the last weights start at the usual size; heat maps start near zero.
    """

    def __init__(
        self,
        tap_widths: Sequence[int],
        tap_strides: Sequence[int],
        num_maps: int,
        width: int = PYRAMID_WIDTH,
        loud: bool = True,
    ) -> None:
        super().__init__()
        self.tap_strides = tuple(tap_strides)
        self.laterals = nn.ModuleList(_conv_norm(taken, width, 1) for taken in tap_widths)
        strides = []
        stride = max(self.tap_strides)
        while stride >= MAP_STRIDE:
            strides.append(stride)
            stride //= 2
        self.strides = tuple(strides)
        self.blocks = nn.ModuleList(_separable(width) for _ in strides)
        self.last = nn.Conv2d(width, num_maps, 1)
        if not loud:
            nn.init.normal_(self.last.weight, std=1e-3)
        nn.init.zeros_(cast(Tensor, self.last.bias))

    def forward(self, taps: Sequence[Tensor]) -> Tensor:
        x_NCHW: Tensor | None = None
        for stride, block in zip(self.strides, self.blocks, strict=True):
            if x_NCHW is not None:
                x_NCHW = functional.interpolate(x_NCHW, scale_factor=2.0, mode="nearest")
            for tap_stride, lateral, tap_NCHW in zip(
                self.tap_strides, self.laterals, taps, strict=True
            ):
                if tap_stride == stride:
                    part_NCHW: Tensor = lateral(tap_NCHW)
                    x_NCHW = part_NCHW if x_NCHW is None else x_NCHW + part_NCHW
            x_NCHW = block(x_NCHW)
        maps_NCHW: Tensor = self.last(x_NCHW)
        return maps_NCHW


def _conv_norm(taken: int, given: int, kernel: int, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(taken, given, kernel, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(given))


def _separable(width: int) -> nn.Sequential:
    """Depthwise 3x3, then 1x1: an eighth of the work of a full 3x3 at this width."""
    return nn.Sequential(
        _conv_norm(width, width, 3, groups=width), nn.ReLU(), _conv_norm(width, width, 1), nn.ReLU()
    )


class PersonNet(nn.Module):
    """A backbone and a head as one network that begins at raw uint8 (N, H, W, 3).

    Attributes:
        encoder: implements `ImageBackbone`.
        head: an EmbeddingHead, an AttributeHead or a PyramidHead.
    """

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    @property
    def backbone(self) -> ImageBackbone:
        """The encoder, as what it can do."""
        return cast(ImageBackbone, self.encoder)

    def train(self, mode: bool = True) -> PersonNet:
        """Training mode; an encoder whose weights are all frozen keeps its statistics too."""
        super().train(mode)
        if not any(parameter.requires_grad for parameter in self.encoder.parameters()):
            self.encoder.eval()
        return self

    def token(self, image_NHWC: Tensor) -> Tensor:
        """Raw images -> image token (N, D)."""
        return self.backbone.backbone(self.backbone.normalise(image_NHWC))[0]

    def forward(self, image_NHWC: Tensor) -> Tensor:
        if isinstance(self.head, PyramidHead):
            taps = self.backbone.taps(self.backbone.normalise(image_NHWC))
            maps_NCHW: Tensor = self.head(taps)
            return maps_NCHW
        answer: Tensor = self.head(self.token(image_NHWC))
        return answer


def make_head(encoder: ImageBackbone, output: OutputSpec) -> nn.Module:
    """The head that gives this kind of output.

    Raises:
        UsageError: no head gives it, or it has no labels.
    """
    num_labels = len(output.labels)
    if output.kind == "embedding":
        projects = output.dim is not None and output.dim != encoder.width
        return EmbeddingHead(encoder.width, output.dim if projects else None)
    if not num_labels:
        raise UsageError(f"a head of {output.kind} needs labels, and the card names none")
    if output.kind == "attributes":
        return AttributeHead(encoder.width, num_labels)
    if output.kind in ("heatmaps", "segmentation"):
        loud = output.kind == "segmentation"
        return PyramidHead(encoder.tap_widths, encoder.tap_strides, num_labels, loud=loud)
    raise UsageError(
        f"no head on a person image gives {output.kind}; it is one of embedding, attributes, "
        "heatmaps, segmentation"
    )


def person_net(
    arch: str,
    output: OutputSpec,
    image_size: tuple[int, int] = (256, 128),
    seed: int = 0,
    **arguments: Any,
) -> PersonNet:
    """A catalogued backbone under the head of this output, with seeded random weights, in eval
    mode; a TinyViT has windows that tile its maps where nothing else is said.

    Raises:
        UsageError: no such network, no such head, or a size that the strides do not divide.
    """
    require_size(image_size)
    if find(NETWORKS, "network", arch).family == "tinyvit":
        arguments = {"windows": tiling_windows(image_size), **arguments}
    encoder = build(arch, seed, image_size=image_size, **arguments)
    return with_head(encoder, output, seed)


def with_head(encoder: nn.Module, output: OutputSpec, seed: int = 0) -> PersonNet:
    """A backbone under the head of this output; the head's weights follow from the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = make_head(cast(ImageBackbone, encoder), output)
    return PersonNet(encoder, head).eval()


def require_size(image_size: tuple[int, int]) -> None:
    """Raises UsageError for a size whose maps would not line up."""
    for name, value in zip(("height", "width"), image_size, strict=True):
        if value < SIZE_STEP or value % SIZE_STEP:
            raise UsageError(
                f"--{name} is {value}; a person network takes multiples of {SIZE_STEP}, such as "
                "256x128, 256x192 or 384x128"
            )
