"""The head of maps: a pyramid of depthwise separable convolutions, down to stride 4, and that of
silhouettes, which goes on to stride 2: a person is thin, and a pixel of the edge counts.

The coarse-to-fine sum follows Lin et al., "Feature pyramid networks" (CVPR 2017), the separable
blocks MobileNet; there is only one output map instead of one per stage.

Axes: N images, H height, W width, C channels of a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

MAP_STRIDE = 4
PYRAMID_WIDTH = 128
FINE_WIDTH = 32


class PyramidHead(nn.Module):
    """Combine the maps of the stages into one map at stride 4.

    From the coarsest stride down to 4: upsample twofold, add the stages of this stride, apply one
    separable block; then one 1x1 convolution. Stages with the same stride (all of a ViT) are
    summed; strides without a stage are passed through.

    Args:
        tap_widths, tap_strides: of the maps, finest first; strides are powers of two, 4 to 32.
        num_maps: joints or parts.
        width: internal channels.
        loud: whether the last weights have the usual initial scale; heat maps start near zero.
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
        maps_NCHW: Tensor = self.last(self.summed(taps))
        return maps_NCHW

    def summed(self, taps: Sequence[Tensor]) -> Tensor:
        """Return the combined map (N, width, H/4, W/4)."""
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
        assert x_NCHW is not None
        return x_NCHW


class OutlineHead(PyramidHead):
    """Combine the maps of the stages into one map at stride 2.

    Args:
        tap_widths, tap_strides, num_maps: see `PyramidHead`.
        fine_width: channels of a map at stride 2 before those of the stages; 0: there is none.
    """

    def __init__(
        self,
        tap_widths: Sequence[int],
        tap_strides: Sequence[int],
        num_maps: int,
        fine_width: int = 0,
    ) -> None:
        super().__init__(tap_widths, tap_strides, num_maps)
        self.fine_width = fine_width
        self.narrow = _conv_norm(PYRAMID_WIDTH, FINE_WIDTH, 1)
        self.edge = _conv_norm(fine_width, FINE_WIDTH, 1) if fine_width else None
        self.fine = nn.Sequential(_separable(FINE_WIDTH), _separable(FINE_WIDTH))
        self.last = nn.Conv2d(FINE_WIDTH, num_maps, 1)
        nn.init.zeros_(cast(Tensor, self.last.bias))

    def forward(self, taps: Sequence[Tensor]) -> Tensor:
        stages = taps if self.edge is None else taps[1:]
        x_NCHW = functional.interpolate(self.narrow(self.summed(stages)), scale_factor=2.0)
        if self.edge is not None:
            x_NCHW = x_NCHW + self.edge(taps[0])
        maps_NCHW: Tensor = self.last(self.fine(x_NCHW))
        return maps_NCHW


def _conv_norm(taken: int, given: int, kernel: int, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(taken, given, kernel, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(given))


def _separable(width: int) -> nn.Sequential:
    """Depthwise 3x3, then 1x1: an eighth of the operations of a full 3x3 at this width."""
    return nn.Sequential(
        _conv_norm(width, width, 3, groups=width), nn.ReLU(), _conv_norm(width, width, 1), nn.ReLU()
    )
