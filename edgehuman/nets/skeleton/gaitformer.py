"""GaitFormer: one token per frame, a flat transformer over time.

Source: On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition (arXiv
2504.07598), table 2: nine layers of the widths of GaitPTv2's third stage; the network of Cosma and
Radoi (2022) with the layers of `parallel_layer`. Not stated there, chosen to match the published
parameter counts exactly: the 36 coordinates of a skeleton pass a linear layer without bias, a class
token is prepended, a norm and a linear layer without bias follow. Rotary positions are frame
numbers, with the class token at position 0.

Axes: N sequences, T frames, J joints, D width, S tokens: class token and frames.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgehuman.geometry import OPENPOSE_18
from edgehuman.nets.skeleton.normalise import SequenceNorm
from edgehuman.nets.skeleton.parallel_layer import (
    ParallelLayer,
    RmsNorm,
    Rotary,
    initialise,
    projection_head,
)


class GaitFormer(nn.Module):
    """Map raw skeletons (N, T, 18, 3) to one embedding (N, D), for any number of frames.

    Args:
        width, depth, heads: D, layers, attention heads.
        frames: the window that cards and operation counts assume.
        attention_scale: see `ParallelLayer`.

    Attributes:
        head: the projection head of training; applied by `project`, not exported.

    Raises:
        ValueError: `heads` does not divide `width` into even parts.
    """

    def __init__(
        self,
        width: int,
        depth: int,
        heads: int,
        frames: int = 32,
        attention_scale: float | None = None,
        dim: int | None = None,
    ) -> None:
        super().__init__()
        self.width = width if dim is None else dim
        self.widths = (width,)
        self.frames = frames
        self.normalise = SequenceNorm()
        self.embed = nn.Linear(2 * len(OPENPOSE_18), width, bias=False)
        self.class_token = nn.Parameter(torch.randn(width))
        self.rotary = Rotary(width // heads)
        self.layers = nn.ModuleList(
            ParallelLayer(width, heads, attention_scale) for _ in range(depth)
        )
        self.norm = RmsNorm(width)
        self.output = nn.Linear(width, self.width, bias=False)
        self.head = projection_head(self.width)
        self.apply(initialise)

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        return self.encode(self.normalise(skeleton_NTJ3))

    def encode(self, x_NTJ2: Tensor) -> Tensor:
        """Return the embedding (N, D) of normalised skeletons (N, T, 18, 2)."""
        x_NTD = self.embed(x_NTJ2.flatten(2))
        class_N1D = self.class_token.to(x_NTD.dtype).expand(x_NTD.shape[0], 1, -1)
        x_NSD = torch.cat([class_N1D, x_NTD], dim=1)
        turn = self.rotary(x_NSD.shape[1])
        for layer in self.layers:
            x_NSD = layer(x_NSD, turn)
        embedding_ND: Tensor = self.output(self.norm(x_NSD[:, 0]))
        return embedding_ND

    def forward_features(self, skeleton_NTJ3: Tensor) -> Tensor:
        """Return the embedding (N, width) of raw skeletons: what calling the network returns."""
        embedding_NE: Tensor = self(skeleton_NTJ3)
        return embedding_NE

    def project(self, embedding_ND: Tensor) -> Tensor:
        """Project embeddings (N, D) for the contrastive loss (N, D/4)."""
        projected_NP: Tensor = self.head(embedding_ND)
        return projected_NP
