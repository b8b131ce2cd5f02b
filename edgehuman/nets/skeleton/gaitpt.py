"""GaitPTv2: a pyramid of transformers from joints over limbs and parts to the whole body.

Source: On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition (arXiv
2504.07598), table 2 and "Transformer Architectures for Gait Processing"; the stages as in GaitPT
(Catruna et al. 2023). The four stages have 18 joints, 6 limbs, 3 parts and 1 body
(`geometry.GAIT_LIMBS_6`): a linear layer merges neighbours, a spatial transformer attends over the
places of one frame, a temporal one over the frames of one place after a class token; the body is
one place and has no spatial transformer. The class tokens of a stage are concatenated and projected
to the embedding's size; the four results are concatenated and projected again.

Not stated in the paper, chosen to match table 2: x and y enter without the confidence; merging,
stage and output projections have no bias; every module ends in an RMSNorm. With these the seven
"Shallow & Wide" sizes match the published parameter counts exactly. The seven "Deep & Thin" sizes
have 68 parameters fewer each: two for each of their 34 layers, as many as half a head's channels,
so the paper probably counts rotary frequencies there. Here they are constants in all sizes, not
parameters. The residual around each module is GaitPT's.

Rotary positions: one table per stage; positions are frames in the temporal module, with the class
token at position 0, and places in table order in the spatial one, which distinguishes the joints.

Axes: N sequences, T frames, J joints, P places of a stage, K values of a place, D width, E
embedding, S tokens: class token and frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edgehuman.geometry import gait_order
from edgehuman.nets.skeleton.normalise import SequenceNorm
from edgehuman.nets.skeleton.parallel_layer import (
    ParallelLayer,
    RmsNorm,
    Rotary,
    initialise,
    projection_head,
)

PLACES = (18, 6, 3, 1)
MERGED = (1, 3, 2, 3)


class Tower(nn.Module):
    """Layers of one width, then a norm: (B, S, D) -> (B, S, D)."""

    def __init__(self, width: int, depth: int, heads: int, attention_scale: float | None) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            ParallelLayer(width, heads, attention_scale) for _ in range(depth)
        )
        self.norm = RmsNorm(width)

    def forward(self, x_BSD: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        for layer in self.layers:
            x_BSD = layer(x_BSD, turn)
        normal: Tensor = self.norm(x_BSD)
        return normal


class Stage(nn.Module):
    """One level of the pyramid: (N, T, P, K) -> tokens (N, T, P, D) and class tokens (N, P, D).

    Args:
        places: P.
        joined: K, number of values per place.
        width, depth, heads: of its modules; `depth` layers each.
    """

    def __init__(
        self,
        places: int,
        joined: int,
        width: int,
        depth: int,
        heads: int,
        attention_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.width = width
        self.merge = nn.Linear(joined, width, bias=False)
        self.rotary = Rotary(width // heads)
        self.spatial = Tower(width, depth, heads, attention_scale) if places > 1 else None
        self.temporal = Tower(width, depth, heads, attention_scale)
        self.class_token = nn.Parameter(torch.randn(width))

    def forward(self, x_NTPK: Tensor) -> tuple[Tensor, Tensor]:
        frames, places = x_NTPK.shape[1], x_NTPK.shape[2]
        x_NTPD = self.merge(x_NTPK)
        if self.spatial is not None:
            x_BPD = x_NTPD.reshape(-1, places, self.width)
            x_NTPD = x_NTPD + self.spatial(x_BPD, self.rotary(places)).view_as(x_NTPD)
        x_BTD = x_NTPD.transpose(1, 2).reshape(-1, frames, self.width)
        class_B1D = self.class_token.to(x_BTD.dtype).expand(x_BTD.shape[0], 1, -1)
        y_BSD = self.temporal(torch.cat([class_B1D, x_BTD], dim=1), self.rotary(frames + 1))
        seen_NPTD = y_BSD[:, 1:].reshape(-1, places, frames, self.width)
        class_NPD = y_BSD[:, 0].reshape(-1, places, self.width)
        return x_NTPD + seen_NPTD.transpose(1, 2), class_NPD


class GaitPt(nn.Module):
    """Map raw skeletons (N, T, 18, 3) to one embedding (N, E), for any number of frames.

    Args:
        widths, depths, heads: of the four stages.
        output: size of each stage's part of the embedding, and the embedding's size E.
        frames: the window that cards and operation counts assume.
        attention_scale: see `ParallelLayer`.
        dim: another E.

    Attributes:
        width: E.
        head: the projection head of training; applied by `project`, not exported.

    Raises:
        ValueError: not four stages, or `heads` does not divide a width into even parts.
    """

    def __init__(
        self,
        widths: Sequence[int],
        depths: Sequence[int],
        heads: Sequence[int],
        output: int,
        frames: int = 48,
        attention_scale: float | None = None,
        dim: int | None = None,
    ) -> None:
        super().__init__()
        if not len(widths) == len(depths) == len(heads) == len(PLACES):
            raise ValueError(
                f"widths {widths}, depths {depths}, heads {heads}; each must have {len(PLACES)} "
                "values, one per stage"
            )
        self.width = output if dim is None else dim
        self.widths = tuple(widths)
        self.frames = frames
        self.normalise = SequenceNorm()
        self.order_J: Tensor
        self.register_buffer("order_J", torch.tensor(gait_order()), persistent=False)
        joined = [n * k for n, k in zip(MERGED, (2, *widths), strict=False)]
        self.stages = nn.ModuleList(
            Stage(places, values, width, depth, count, attention_scale)
            for places, values, width, depth, count in zip(
                PLACES, joined, widths, depths, heads, strict=True
            )
        )
        self.stage_out = nn.ModuleList(
            nn.Linear(places * width, output, bias=False)
            for places, width in zip(PLACES, widths, strict=True)
        )
        self.output = nn.Linear(len(PLACES) * output, self.width, bias=False)
        self.head = projection_head(self.width)
        self.apply(initialise)

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        x_NTPD = self.normalise(skeleton_NTJ3).index_select(2, self.order_J)
        parts = []
        for stage, project, merged in zip(self.stages, self.stage_out, MERGED, strict=True):
            frames, places, width = x_NTPD.shape[1:]
            joined_NTPK = x_NTPD.reshape(-1, frames, places // merged, merged * width)
            x_NTPD, class_NPD = stage(joined_NTPK)
            parts.append(project(class_NPD.flatten(1)))
        embedding_NE: Tensor = self.output(torch.cat(parts, dim=1))
        return embedding_NE

    def forward_features(self, skeleton_NTJ3: Tensor) -> Tensor:
        """Return the embedding (N, width) of raw skeletons: what calling the network returns."""
        embedding_NE: Tensor = self(skeleton_NTJ3)
        return embedding_NE

    def project(self, embedding_NE: Tensor) -> Tensor:
        """Project embeddings (N, E) for the contrastive loss (N, E/4)."""
        projected_NP: Tensor = self.head(embedding_NE)
        return projected_NP
