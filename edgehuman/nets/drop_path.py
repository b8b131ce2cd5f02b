"""Stochastic depth: drop a residual branch for some samples while training.

Source: Deep networks with stochastic depth (arXiv 1603.09382), per sample, kept branches scaled up.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgehuman.nets import draws


class DropPath(nn.Module):
    """Set whole samples of (N, ...) to zero with probability `rate` while training."""

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"drop path {rate} must be at least 0 and below 1")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0.0:
            return x
        kept = 1.0 - self.rate
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)

        def scale(whole: tuple[int, ...]) -> Tensor:
            empty = torch.empty(whole, dtype=x.dtype, device=x.device)
            return empty.bernoulli_(kept).div_(kept)

        return x * draws.of_rows(scale, *shape)

    def extra_repr(self) -> str:
        return f"rate={self.rate}"


def drop_rates(last: float, depth: int) -> list[float]:
    """Return rates that grow linearly from 0 at the first block to `last` at the last."""
    return [last * block / max(depth - 1, 1) for block in range(depth)]
