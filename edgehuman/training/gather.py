"""Gather tensors of all processes with gradients, so that each process sees the whole batch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def together() -> tuple[int, int]:
    """Return this process's number and the number of processes; (0, 1) without distribution."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


class _Gather(torch.autograd.Function):
    """Gather rows of all processes; sum a row's gradient over the losses of all processes."""

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
    """Gather rows (N, D) of each process to rows (world x N, D), ordered by process number.

    DistributedDataParallel averages gradients over processes. With this sum of gradients it gives
    exactly the gradient of the mean of all processes' losses. All processes must pass the same
    number of rows.
    """
    if together()[1] == 1:
        return x_ND
    gathered: Tensor = _Gather.apply(x_ND)  # type: ignore[no-untyped-call]
    return gathered
