"""What all processes computed, with gradients: one process sees the batch of all."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def together() -> tuple[int, int]:
    """This process's number and how many train together; (0, 1) where there is one."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


class _Gather(torch.autograd.Function):
    """Rows of all processes; the gradient of a row is summed over the losses of all of them."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor) -> Tensor:
        rank, world = together()
        ctx.own = slice(rank * len(x_ND), (rank + 1) * len(x_ND))
        parts = [torch.empty_like(x_ND) for _ in range(world)]
        distributed.all_gather(parts, x_ND.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        whole_MD = gradients[0].contiguous()
        distributed.all_reduce(whole_MD)
        return whole_MD[ctx.own]


def gather(x_ND: Tensor) -> Tensor:
    """Rows (N, D) of this process -> rows (world x N, D) of all, in the order of their numbers.

    DistributedDataParallel averages gradients over processes. With this sum of gradients it gives
    exactly the gradient of the mean of all processes' losses. Every process gives as many rows.
    """
    if together()[1] == 1:
        return x_ND
    gathered: Tensor = _Gather.apply(x_ND)  # type: ignore[no-untyped-call]
    return gathered
