"""Mix the maps of a backbone into three, at strides 8, 16 and 32: what a detector reads.

Source: Liu et al., "Path aggregation network" (CVPR 2018): coarse to fine, then fine to coarse.
Maps are summed, not concatenated, and blocks are a depthwise 5x5 and a 1x1 convolution. For a ViT,
whose maps all have stride 16: Li et al., "Exploring plain vision transformer backbones" (ECCV
2022), section 3: one deconvolution to stride 8, one pooling to 32.

Axes: N images, H height, W width, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
KERNEL = 5


def neck_width(middle_width: int) -> int:
    """Channels of the maps for a backbone with so many at stride 16: 64 for those under 2 M."""
    return 64 if middle_width <= 96 else 96


def conv_norm(taken: int, given: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Module:
    """Convolution without bias, then batch normalisation."""
    conv = nn.Conv2d(taken, given, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(given))


class Separable(nn.Sequential):
    """Depthwise 5x5, then 1x1, each with batch normalisation and ReLU."""

    def __init__(self, width: int, stride: int = 1) -> None:
        super().__init__(
            conv_norm(width, width, KERNEL, stride, width),
            nn.ReLU(),
            conv_norm(width, width, 1),
            nn.ReLU(),
        )


class PlainPyramid(nn.Module):
    """Three maps of the last map of a ViT."""

    def __init__(self, taken: int, width: int) -> None:
        super().__init__()
        self.finer = nn.ConvTranspose2d(taken, taken // 2, 2, 2)
        self.laterals = nn.ModuleList(
            conv_norm(inside, width, 1) for inside in (taken // 2, taken, taken)
        )

    def forward(self, taps: Sequence[Tensor]) -> list[Tensor]:
        last_NCHW = taps[-1]
        coarser_NCHW = functional.max_pool2d(last_NCHW, 2)
        maps = (functional.relu(self.finer(last_NCHW)), last_NCHW, coarser_NCHW)
        return [lateral(each) for lateral, each in zip(self.laterals, maps, strict=True)]


class Laterals(nn.Module):
    """The maps of a pyramid's stages at strides 8, 16 and 32, at one width."""

    def __init__(self, tap_widths: Sequence[int], tap_strides: Sequence[int], width: int) -> None:
        super().__init__()
        self.places = tuple(tuple(tap_strides).index(stride) for stride in STRIDES)
        self.laterals = nn.ModuleList(
            conv_norm(tap_widths[place], width, 1) for place in self.places
        )

    def forward(self, taps: Sequence[Tensor]) -> list[Tensor]:
        return [
            lateral(taps[place]) for lateral, place in zip(self.laterals, self.places, strict=True)
        ]


class Neck(nn.Module):
    """Maps at strides 8, 16 and 32, each (N, width, H, W), of the taps of a backbone."""

    def __init__(self, tap_widths: Sequence[int], tap_strides: Sequence[int], width: int) -> None:
        super().__init__()
        is_plain = not set(STRIDES) <= set(tap_strides)
        self.width = width
        self.enter: nn.Module = (
            PlainPyramid(tap_widths[-1], width)
            if is_plain
            else Laterals(tap_widths, tap_strides, width)
        )
        self.finer = nn.ModuleList(Separable(width) for _ in STRIDES[1:])
        self.down = nn.ModuleList(Separable(width, 2) for _ in STRIDES[1:])
        self.coarser = nn.ModuleList(Separable(width) for _ in STRIDES[1:])

    def forward(self, taps: Sequence[Tensor]) -> list[Tensor]:
        fine_NCHW, middle_NCHW, coarse_NCHW = self.enter(taps)
        middle_NCHW = self.finer[0](middle_NCHW + _doubled(coarse_NCHW))
        fine_NCHW = self.finer[1](fine_NCHW + _doubled(middle_NCHW))
        middle_NCHW = self.coarser[0](middle_NCHW + self.down[0](fine_NCHW))
        coarse_NCHW = self.coarser[1](coarse_NCHW + self.down[1](middle_NCHW))
        return [fine_NCHW, middle_NCHW, coarse_NCHW]


def _doubled(x_NCHW: Tensor) -> Tensor:
    return functional.interpolate(x_NCHW, scale_factor=2.0, mode="nearest")
