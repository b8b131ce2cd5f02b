"""GaitGL: volumes of space and time, convolved whole and strip by strip.

Source: Gait Recognition via Effective Global-Local Feature Representation and Local Temporal
Aggregation (arXiv 2011.01461), with the layers and widths of OpenGait's configurations for CASIA-B
and Gait3D, and for GREW and OUMVLP, the latter also with a BNNeck.

Axes: as in `parts`, and G groups of three frames; T stands for either.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.silhouette.network import SilhouetteNet
from edgehuman.nets.silhouette.parts import (
    SLOPE,
    BnNeck,
    GemRows,
    PartClassifier,
    PartFc,
    initialise,
)

GROUP = 3
"""Frames that the second layer makes one."""


def _conv3d(channels: int, out: int) -> nn.Conv3d:
    return nn.Conv3d(channels, out, 3, padding=1, bias=False)


class GlobalLocal(nn.Module):
    """One convolution of the whole volume, and one of every horizontal strip alone.

    Args:
        strips: horizontal strips; all pass in one call.
        stacked: the two results stand one above the other, in place of their sum.
    """

    def __init__(self, channels: int, out: int, strips: int, stacked: bool = False) -> None:
        super().__init__()
        self.whole, self.local = _conv3d(channels, out), _conv3d(channels, out)
        self.strips, self.stacked = strips, stacked

    def forward(self, x_NCTHW: Tensor) -> Tensor:
        whole_NCTHW = functional.leaky_relu(self.whole(x_NCTHW), SLOPE)
        strip_SCTHW = torch.unflatten(x_NCTHW, 3, (self.strips, -1)).movedim(3, 1).flatten(0, 1)
        local_SCTHW = functional.leaky_relu(self.local(strip_SCTHW), SLOPE)
        local_NCTHW = torch.unflatten(local_SCTHW, 0, (-1, self.strips)).movedim(1, 3).flatten(3, 4)
        if self.stacked:
            return torch.cat([whole_NCTHW, local_NCTHW], dim=3)
        return whole_NCTHW + local_NCTHW


class NormedFc(nn.Module):
    """The head of the published GaitGL: a layer for each part, and a batch norm of its channels."""

    def __init__(self, parts: int, channels: int, width: int) -> None:
        super().__init__()
        self.fc = PartFc(parts, channels, width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x_NCP: Tensor) -> Tensor:
        embedding_NDP: Tensor = self.norm(self.fc(x_NCP))
        return embedding_NDP


class GaitGl(SilhouetteNet):
    """Map raw silhouettes (N, T, 64, 64), T at least 3, to an embedding of 64 rows: 32 of the whole
    and 32 of the strips.

    Three frames become one in the second layer; those left over at the end are not used. A
    sequence of one or two frames, which OpenGait repeats, is refused.

    Args:
        channels: of the stages: the first convolutions, and one stage for every further number.
        depth: convolutions of each stage.
        strips: horizontal strips of the local convolutions.
        bnneck: the head without its batch norm, and a BNNeck before the identities.
        width: of the embedding; by default that of the last stage.
        num_ids: identities of the classifier; 0: none.
    """

    least_frames = GROUP

    def __init__(
        self,
        channels: tuple[int, ...] = (32, 64, 128),
        depth: int = 1,
        strips: int = 8,
        bnneck: bool = False,
        width: int | None = None,
        num_ids: int = 0,
    ) -> None:
        last = channels[-1]
        width = width or last
        super().__init__(last, 64, width, num_ids)
        first: list[nn.Module] = []
        for i in range(depth):
            first += [_conv3d(channels[0] if i else 1, channels[0]), nn.LeakyReLU(SLOPE)]
        self.first = nn.Sequential(*first)
        self.group = nn.Conv3d(channels[0], channels[0], (GROUP, 1, 1), (GROUP, 1, 1), bias=False)
        self.stages = nn.ModuleList(_stages(channels, depth, strips))
        self.rows = GemRows()
        self.head = PartFc(64, last, width) if bnneck else NormedFc(64, last, width)
        kind = BnNeck if bnneck else PartClassifier
        self.classifier = kind(64, width, num_ids) if num_ids else None
        initialise(self)

    def _backbone(self, sils_NTHW: Tensor, mask_NT: Tensor | None) -> Tensor:
        x_NCTHW = sils_NTHW[:, None]
        mask_N1T11 = None if mask_NT is None else mask_NT[:, None, :, None, None]
        for layer in self.first:
            x_NCTHW = layer(_only(x_NCTHW, mask_N1T11))
        x_NCTHW = functional.leaky_relu(self.group(x_NCTHW), SLOPE)
        if mask_N1T11 is not None:
            whole = mask_N1T11.shape[2] // GROUP * GROUP
            mask_N1T11 = torch.unflatten(mask_N1T11[:, :, :whole], 2, (-1, GROUP)).all(dim=3)
        for i, stage in enumerate(self.stages):
            if i == 1:
                x_NCTHW = functional.max_pool3d(x_NCTHW, (1, 2, 2))
            for layer in stage:  # type: ignore[attr-defined]
                x_NCTHW = layer(_only(x_NCTHW, mask_N1T11))
        if mask_N1T11 is not None:
            x_NCTHW = x_NCTHW.masked_fill(~mask_N1T11, -torch.inf)
        features_NCP: Tensor = self.rows(x_NCTHW.amax(dim=2))
        return features_NCP


def _stages(channels: tuple[int, ...], depth: int, strips: int) -> list[nn.Sequential]:
    """The stages behind the group layer. The last block of all stacks its two results; in the
    shallow configuration that block is a stage of its own and keeps the channels.
    """
    outs = [*channels[1:], channels[-1]] if depth == 1 else list(channels[1:])
    stages, given = [], channels[0]
    for i, out in enumerate(outs):
        blocks = []
        for k in range(depth):
            last = i == len(outs) - 1 and k == depth - 1
            blocks.append(GlobalLocal(given, out, strips, stacked=last))
            given = out
        stages.append(nn.Sequential(*blocks))
    return stages


def _only(x_NCTHW: Tensor, mask_N1T11: Tensor | None) -> Tensor:
    """The frames of the mask; zeros, as around a sequence, in place of the others."""
    return x_NCTHW if mask_N1T11 is None else x_NCTHW.masked_fill(~mask_N1T11, 0)
