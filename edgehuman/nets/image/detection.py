"""A detector of people: a backbone, a neck of three strides, and a head without anchors or NMS.

    net = detector("starnet_s150", (320, 416))
    box_NK5 = net(image_NHWC)          raw uint8 in; x1, y1, x2, y2 in its pixels, and a score

At every point of the three maps the head says whether it is the one that stands for a person, and
how far that person's edges are. Two towers learn that: `many`, for which several points stand for a
person, teaches the backbone and the neck; `one`, for which one point does, learns from the finished
maps and is the only one that answers. Of it only peaks count, points above their eight neighbours
of the same stride, so nothing has to be suppressed afterwards.

Sources: Wang et al., "YOLOv10" (arXiv 2405.14458), section 3.1, for the two assignments; Wang et
al., "End-to-end object detection with fully convolutional network" (CVPR 2021), for the peaks,
there of three strides at once; Tian et al., "FCOS" (ICCV 2019) for the edges, exp(x) times the
stride. Towers are shared by the strides, with batch normalisations of their own (Lyu et al.,
"RTMDet", arXiv 2212.07784, section 3.3).

Axes: N images, P points of all strides, K rows of the answer, H height, W width, C channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.catalogue import network
from edgehuman.nets.building import build
from edgehuman.nets.image.features import ImageBackbone
from edgehuman.nets.image.neck import KERNEL, STRIDES, Neck, neck_width
from edgehuman.nets.image.size import require_size
from edgehuman.nets.image.tinyvit import tiling_windows

Post = Literal["inside", "outside"]
MOST_BOXES = 300
"""Rows of the answer, if the graph chooses them."""
EDGES = 4
VALUES = 1 + EDGES
"""Of a point: the logit of its score, and the logarithms of its distances to the four edges."""
TOWER_DEPTH = 2
# Before training one point in a hundred stands for a person: Lin et al., "Focal loss", section 4.1.
_PRIOR = 0.01
# The logit of a point that is no peak.
_SILENT = -20.0
# Distances from exp(-4) to exp(4) strides: a seventh of a pixel to 1,700 pixels.
_MOST_LOG = 4.0


class SharedBlock(nn.Module):
    """Depthwise 5x5 and 1x1, the same for every stride, each normalised for its stride alone."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depth = nn.Conv2d(width, width, KERNEL, 1, KERNEL // 2, groups=width, bias=False)
        self.point = nn.Conv2d(width, width, 1, bias=False)
        self.depth_norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in STRIDES)
        self.point_norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in STRIDES)

    def forward(self, x_NCHW: Tensor, level: int) -> Tensor:
        x_NCHW = functional.relu(self.depth_norms[level](self.depth(x_NCHW)))
        return functional.relu(self.point_norms[level](self.point(x_NCHW)))


class Blocks(nn.Module):
    """Blocks shared by the strides: three maps in, three out."""

    def __init__(self, width: int, depth: int = TOWER_DEPTH) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(SharedBlock(width) for _ in range(depth))

    def features(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return the maps behind the blocks."""
        found = []
        for level, x_NCHW in enumerate(maps):
            for block in self.blocks:
                x_NCHW = block(x_NCHW, level)
            found.append(x_NCHW)
        return found


class Tower(Blocks):
    """Blocks shared by the strides, then one 1x1 convolution: (N, P, 4 + labels) of three maps, for
    each label the logit of its score, then the edges.
    """

    def __init__(self, width: int, depth: int = TOWER_DEPTH, num_labels: int = 1) -> None:
        super().__init__(width, depth)
        self.last = nn.Conv2d(width, num_labels + EDGES, 1)
        nn.init.normal_(self.last.weight, std=0.01)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)
        with torch.no_grad():
            self.last.bias[:num_labels] = -math.log(1 / _PRIOR - 1)
            self.last.bias[num_labels:] = 1.0  # edges at 2.7 strides

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        rows = [self.last(x_NCHW).flatten(2) for x_NCHW in self.features(maps)]
        return torch.cat(rows, dim=2).transpose(1, 2)


class Decode(nn.Module):
    """The answer of what a tower says, in pixels; a module of its own, whose numbers stay float32
    in an FP16 graph: from 256 on, float16 knows pixels to a quarter only.
    """

    def __init__(self, image_size: tuple[int, int]) -> None:
        super().__init__()
        self.sizes = sizes_of(image_size)
        self.point_P4: Tensor
        self.step_P4: Tensor
        point_P2, stride_P = points_of(image_size)
        sign_4 = torch.tensor([-1.0, -1.0, 1.0, 1.0])
        self.register_buffer("point_P4", point_P2.repeat(1, 2), persistent=False)
        self.register_buffer("step_P4", stride_P[:, None] * sign_4, persistent=False)

    @property
    def stride_P(self) -> Tensor:
        """The stride of each point."""
        return self.step_P4[:, 3]

    def boxes(self, edge_NP4: Tensor) -> Tensor:
        """Return x1, y1, x2, y2 (N, P, 4) of logarithms of distances in strides."""
        reach_NP4 = edge_NP4.float().clamp(-_MOST_LOG, _MOST_LOG).exp()
        return self.point_P4 + reach_NP4 * self.step_P4

    def peaks(self, logit_NP: Tensor) -> Tensor:
        """Return the logits, very low where a neighbour of the same stride has a higher one."""
        rows = []
        counts = [height * width for height, width in self.sizes]
        for part_NP, size in zip(torch.split(logit_NP, counts, 1), self.sizes, strict=True):
            map_N1HW = part_NP.reshape(-1, 1, *size)
            highest_N1HW = functional.max_pool2d(map_N1HW, 3, 1, 1)
            rows.append(torch.where(map_N1HW >= highest_N1HW, map_N1HW, _SILENT).flatten(1))
        return torch.cat(rows, dim=1)

    def forward(self, said_NP5: Tensor, most: int | None) -> tuple[Tensor, Tensor | None]:
        """Return boxes and scores (N, K, 5) of the points with the `most` highest, or of all; and
        which points these are, (N, K), or None if all.
        """
        box_NP4, logit_NP = self.boxes(said_NP5[..., 1:]), self.peaks(said_NP5[..., 0].float())
        place_NK = None
        if most is not None:
            logit_NP, place_NK = logit_NP.topk(most, dim=1)
            box_NP4 = box_NP4.gather(1, place_NK[..., None].expand(-1, -1, 4))
        return torch.cat((box_NP4, logit_NP.sigmoid()[..., None]), dim=2), place_NK


class Detector(nn.Module):
    """A backbone with neck and head; raw uint8 images (N, H, W, 3) of one size.

    Attributes:
        encoder: implements `ImageBackbone`.
        post: "inside": the answer is the `MOST_BOXES` best points; "outside": all of them, for
            compilers that stumble over TopK; whoever reads the answer sorts it either way.
        twins: see `Twinned`.
    """

    twins: Mapping[str, str] = MappingProxyType({"many": "one"})

    def __init__(
        self, encoder: nn.Module, image_size: tuple[int, int], post: Post = "inside"
    ) -> None:
        super().__init__()
        self.encoder, self.post = encoder, post
        backbone = self.backbone
        width = neck_width(backbone.middle_width)
        self.neck = Neck(backbone.tap_widths, backbone.tap_strides, width)
        self.many, self.one = Tower(width), Tower(width)
        self.one.load_state_dict(self.many.state_dict())
        self.decode = Decode(image_size)

    @property
    def backbone(self) -> ImageBackbone:
        """The encoder, typed as an image backbone."""
        return cast(ImageBackbone, self.encoder)

    @property
    def num_points(self) -> int:
        """P."""
        return len(self.decode.point_P4)

    def train(self, mode: bool = True) -> Detector:
        """Set training mode; a fully frozen encoder also keeps its batch statistics."""
        super().train(mode)
        if not any(parameter.requires_grad for parameter in self.encoder.parameters()):
            self.encoder.eval()
        return self

    def neck_maps(self, image_NHWC: Tensor) -> list[Tensor]:
        """Return the neck's three maps of raw images, finest first."""
        maps: list[Tensor] = self.neck(self.backbone.taps(self.backbone.normalise(image_NHWC)))
        return maps

    def fitted(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of a detector's neck and towers in the shapes of this network's."""
        return dict(weights)

    def maps(self, image_NHWC: Tensor) -> Tensor:
        """Return what both towers say of every point, for the loss, (N, P, 10): logit and edges of
        `many`, then of `one`, whose gradient ends at the neck.
        """
        maps = self.neck_maps(image_NHWC)
        many_NP5 = self.many(maps)
        one_NP5 = self.one([each.detach() for each in maps])
        return torch.cat((many_NP5, one_NP5), dim=2)

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        """Return the image token (N, D) of raw images, before the head."""
        return self.backbone.forward_features(image_NHWC)

    def forward(self, image_NHWC: Tensor) -> Tensor:
        said_NP5 = self.one(self.neck_maps(image_NHWC))
        most = min(MOST_BOXES, self.num_points) if self.post == "inside" else None
        answer_NK5: Tensor = self.decode(said_NP5, most)[0]
        return answer_NK5


def sizes_of(image_size: tuple[int, int]) -> list[tuple[int, int]]:
    """Return rows and columns of the points of each stride."""
    return [(image_size[0] // stride, image_size[1] // stride) for stride in STRIDES]


def points_of(image_size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return the points of all strides, row by row, as x and y in pixels (P, 2), and the stride of
    each, (P,).
    """
    points, strides = [], []
    for stride in STRIDES:
        y_H = (torch.arange(image_size[0] // stride) + 0.5) * stride
        x_W = (torch.arange(image_size[1] // stride) + 0.5) * stride
        y_HW, x_HW = torch.meshgrid(y_H, x_W, indexing="ij")
        points.append(torch.stack((x_HW, y_HW), dim=2).flatten(0, 1))
        strides.append(torch.full((len(points[-1]),), float(stride)))
    return torch.cat(points), torch.cat(strides)


def frame_encoder(
    arch: str, image_size: tuple[int, int], seed: int = 0, **arguments: Any
) -> nn.Module:
    """Build the backbone of a network of frames with seeded random weights; by default, a TinyViT
    has windows that tile its maps.

    Raises:
        UsageError: unknown network, or a size not divisible by the strides.
    """
    require_size(image_size)
    if network(arch).family == "tinyvit":
        arguments = {"windows": tiling_windows(image_size), **arguments}
    return build(arch, seed, image_size=image_size, **arguments)


def detector(
    arch: str,
    image_size: tuple[int, int] = (320, 416),
    seed: int = 0,
    post: Post = "inside",
    **arguments: Any,
) -> Detector:
    """Build a detector on a catalogued backbone with seeded random weights, in eval mode; by
    default, a TinyViT has windows that tile its maps.

    Raises:
        UsageError: unknown network, or a size not divisible by the strides.
    """
    encoder = frame_encoder(arch, image_size, seed, **arguments)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Detector(encoder, image_size, post).eval()
