"""Batch normalisation over the samples of all processes, on a CPU too.

    with shared_statistics(model): ...          model(*part) sees the statistics of the whole batch

PyTorch's SyncBatchNorm needs a GPU, and takes the place of the modules. Here they stay, and their
forward pass exchanges means and variances while they train.

Axes: N samples, C channels, P processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from edgehuman.training.many.gather import gather, is_whole, together


@contextmanager
def shared_statistics(model: nn.Module) -> Iterator[None]:
    """Share the statistics of a model's batch normalisations inside, if several processes train."""
    norms = [each for each in model.modules() if isinstance(each, _BatchNorm)]
    if together()[1] == 1:
        norms = []
    for norm in norms:
        norm.forward = partial(_normalised, norm)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _normalised(norm: _BatchNorm, x_NC: Tensor) -> Tensor:
    """What the module returns of (N, C, ...), with the statistics of all processes in training."""
    uses_batch = norm.training or norm.running_mean is None
    if not uses_batch or is_whole():
        return type(norm).forward(norm, x_NC)
    wide_NC = x_NC.float() if x_NC.dtype in (torch.float16, torch.bfloat16) else x_NC
    mean_C, variance_C, count = _of_all(wide_NC)
    if norm.training and norm.running_mean is not None:
        _follow(norm, mean_C.detach(), variance_C.detach(), count)
    scale_C = (variance_C + norm.eps).rsqrt()
    if norm.weight is not None:
        scale_C = scale_C * norm.weight
    shape = (1, -1) + (1,) * (x_NC.ndim - 2)
    y_NC = (wide_NC - mean_C.view(shape)) * scale_C.view(shape)
    if norm.bias is not None:
        y_NC = y_NC + norm.bias.view(shape)
    return y_NC.to(x_NC.dtype)


def _of_all(x_NC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean and variance (C,) over the samples of all processes, and how many there are.

    Each process's own are put together (Chan et al. 1979), which does not cancel as sums of squares
    do.
    """
    axes = (0, *range(2, x_NC.ndim))
    variance_C, mean_C = torch.var_mean(x_NC, axes, correction=0)
    count_C = torch.full_like(mean_C, x_NC.numel() / x_NC.shape[1])
    own_13C = torch.stack([mean_C, variance_C, count_C])[None]
    mean_PC, variance_PC, count_PC = gather(own_13C).unbind(1)
    count_C = count_PC.sum(dim=0)
    share_PC = count_PC / count_C
    whole_C = (share_PC * mean_PC).sum(dim=0)
    spread_PC = variance_PC + (mean_PC - whole_C).square()
    return whole_C, (share_PC * spread_PC).sum(dim=0), count_C


@torch.no_grad()
def _follow(norm: _BatchNorm, mean_C: Tensor, variance_C: Tensor, count_C: Tensor) -> None:
    """Update the running statistics, whose variance is the unbiased one, as the module does."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    momentum = norm.momentum
    if norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
        if momentum is None:
            momentum = 1.0 / float(norm.num_batches_tracked)
    assert momentum is not None
    norm.running_mean.lerp_(mean_C.to(norm.running_mean.dtype), momentum)
    unbiased_C = variance_C * count_C / (count_C - 1)
    norm.running_var.lerp_(unbiased_C.to(norm.running_var.dtype), momentum)
