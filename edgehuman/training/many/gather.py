"""What the processes of a training tell each other within a step, with gradients.

DistributedDataParallel averages gradients over processes, so what is trained is the mean of the
processes' losses. A loss that compares samples with each other needs those of all processes:
`gather` gives them, and its gradient is exactly that of this mean.

Axes: N samples of this process, M samples of all, D numbers of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, distributed

_is_whole: ContextVar[bool] = ContextVar("whole", default=False)


def together() -> tuple[int, int]:
    """Return this process's number and the number of processes; (0, 1) without distribution."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


@contextmanager
def whole_batch() -> Iterator[None]:
    """Inside, every process has gathered the whole batch: statistics need no exchange."""
    token = _is_whole.set(True)
    try:
        yield
    finally:
        _is_whole.reset(token)


def is_whole() -> bool:
    """Whether the batch at hand is that of all processes."""
    return _is_whole.get() or together()[1] == 1


class _Gather(torch.autograd.Function):
    """Gather rows of all processes; sum a row's gradient over the losses of all processes."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor) -> Tensor:
        rank, world = together()
        ctx.own = slice(rank * len(x_ND), (rank + 1) * len(x_ND))
        x_ND = x_ND.contiguous()
        parts = [torch.empty_like(x_ND) for _ in range(world)]
        distributed.all_gather(parts, x_ND)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        whole_MD = gradients[0].contiguous()
        distributed.all_reduce(whole_MD)
        return whole_MD[ctx.own]


def gather(x_ND: Tensor) -> Tensor:
    """Gather rows (N, D) of each process to rows (world x N, D), ordered by process number.

    With the sum of gradients in its backward pass, DistributedDataParallel gives exactly the
    gradient of the mean of all processes' losses. All processes must pass the same number of rows.
    """
    if together()[1] == 1:
        return x_ND
    gathered: Tensor = _Gather.apply(x_ND)  # type: ignore[no-untyped-call]
    return gathered


def own_rows(x_MD: Tensor) -> Tensor:
    """Return this process's rows (N, D) of the rows of all."""
    rank, world = together()
    return x_MD.chunk(world)[rank]


def following(x_ND: Tensor, count: int) -> Tensor:
    """Return rows (N + count, D): those of this process, then the next ones of the whole batch,
    which begins again after its end. No gradient flows through.
    """
    rank, world = together()
    if world == 1:
        return x_ND[torch.arange(len(x_ND) + count, device=x_ND.device) % len(x_ND)]
    with torch.no_grad():
        first = gather(x_ND[:count].contiguous()).chunk(world)
    later = [first[(rank + 1 + number) % world] for number in range(-(-count // len(first[0])))]
    return torch.cat([x_ND, *later])[: len(x_ND) + count]


def any_together(flag_N: Tensor) -> bool:
    """Return whether any flag of any process is set; the same answer in all of them."""
    found = flag_N.any()
    if together()[1] > 1:
        number = found.int()
        distributed.all_reduce(number, distributed.ReduceOp.MAX)
        return bool(number)
    return bool(found)
