"""DeepGaitV2-P3D: residual blocks of each frame with a convolution over three frames inside.

Source: Exploring Deep Models for Practical Gait Recognition (arXiv 2303.03301), with the layers
and widths of OpenGait's configurations: blocks (1, 4, 4, 1) for Gait3D and GREW, (1, 1, 1, 1) for
CASIA-B and OUMVLP.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.silhouette.gaitbase import BasicBlock, shortcut
from edgehuman.nets.silhouette.network import SilhouetteNet
from edgehuman.nets.silhouette.parts import (
    BnNeck,
    PartFc,
    initialise,
    max_over_frames,
    over,
    pyramid,
)


class P3dBlock(nn.Module):
    """A basic block whose middle adds a convolution over three frames, position by position."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.time = nn.Conv2d(out, out, (3, 1), padding=(1, 0), bias=False)
        self.time_norm = nn.BatchNorm2d(out)
        self.shortcut = shortcut(channels, out, stride)

    def forward(self, x_BCHW: Tensor, batch: int, mask_NT: Tensor | None) -> Tensor:
        y_BCHW = functional.relu(self.norm1(self.conv1(x_BCHW)))
        y_BCHW = functional.relu(y_BCHW + self._over_time(y_BCHW, batch, mask_NT))
        y_BCHW = self.norm2(self.conv2(y_BCHW))
        return functional.relu(y_BCHW + self.shortcut(x_BCHW))

    def _over_time(self, y_BCHW: Tensor, batch: int, mask_NT: Tensor | None) -> Tensor:
        y_NTCHW = torch.unflatten(y_BCHW, 0, (batch, -1))
        if mask_NT is not None:
            y_NTCHW = y_NTCHW.masked_fill(~over(mask_NT, y_NTCHW), 0)
        size = y_BCHW.shape[2:]
        y_NCTX = self.time_norm(self.time(y_NTCHW.flatten(3).transpose(1, 2)))
        return torch.unflatten(y_NCTX.transpose(1, 2).flatten(0, 1), 2, size)


class DeepGaitV2(SilhouetteNet):
    """Map raw silhouettes (N, T, 64, 64) to an embedding of one part for each strip.

    Args:
        channels: of the four stages, of which the second and third halve the maps.
        blocks: blocks of each stage.
        width: channels of each part.
        bins: strips of the pyramid.
        num_ids: identities of the classifier behind a BNNeck; 0: none.
    """

    def __init__(
        self,
        channels: tuple[int, int, int, int] = (64, 128, 256, 512),
        blocks: tuple[int, int, int, int] = (1, 4, 4, 1),
        width: int = 256,
        bins: Sequence[int] = (16,),
        num_ids: int = 0,
    ) -> None:
        super().__init__(channels[3], sum(bins), width, num_ids)
        self.bins = tuple(bins)
        self.conv1 = nn.Conv2d(1, channels[0], 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels[0])
        self.stage1 = nn.Sequential(
            *(BasicBlock(channels[0], channels[0], 1) for _ in range(blocks[0]))
        )
        self.stages = nn.ModuleList()
        for given, out, stride, count in zip(
            channels, channels[1:], (2, 2, 1), blocks[1:], strict=False
        ):
            self.stages.append(
                nn.ModuleList(
                    P3dBlock(out if i else given, out, 1 if i else stride) for i in range(count)
                )
            )
        self.head = PartFc(self.parts, channels[3], width)
        self.classifier = BnNeck(self.parts, width, num_ids) if num_ids else None
        initialise(self)

    def _backbone(self, sils_NTHW: Tensor, mask_NT: Tensor | None) -> Tensor:
        batch = sils_NTHW.shape[0]
        x_BCHW = sils_NTHW.flatten(0, 1)[:, None]
        x_BCHW = self.stage1(functional.relu(self.norm1(self.conv1(x_BCHW))))
        for stage in self.stages:
            for block in stage:  # type: ignore[attr-defined]
                x_BCHW = block(x_BCHW, batch, mask_NT)
        return pyramid(max_over_frames(torch.unflatten(x_BCHW, 0, (batch, -1)), mask_NT), self.bins)
