"""Random numbers of the samples of a batch, the same however the batch is split.

    noise_NTC = draws.randn(count, time, 6)          in a network or an augmentation

    with draws.share(first=64, count=64, total=256): in the training loop
        model(*part)

Several processes, and the parts of `--accumulate`, each see some rows of a step's batch. Within
`share` every draw is made for the whole batch, and the share's rows of it are returned: so each
sample meets the mask, the augmentation and the dropout that it would meet in one process and one
part. Everyone seeds torch alike before each part, and draws as often. Outside `share`, or where a
share is the whole batch, these functions are those of torch, bit for bit.

The price is that each share draws `total / count` times as many numbers as it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Share:
    """The samples `first` to `first + count` of a batch of `total`.

    Attributes:
        copies: how often the samples stand one after another: first views, then second views.
    """

    first: int
    count: int
    total: int
    copies: int = 1


_share: ContextVar[Share | None] = ContextVar("share", default=None)


@contextmanager
def share(first: int, count: int, total: int) -> Iterator[None]:
    """Draw for the whole batch inside, and use the rows of this share."""
    token = _share.set(None if count == total else Share(first, count, total))
    try:
        yield
    finally:
        _share.reset(token)


@contextmanager
def copies(count: int) -> Iterator[None]:
    """Inside, tensors hold all samples `count` times, one copy of the batch after another."""
    now = _share.get()
    token = _share.set(None if now is None else replace(now, copies=count))
    try:
        yield
    finally:
        _share.reset(token)


def is_split() -> bool:
    """Whether the rows at hand are a share of a batch."""
    return _share.get() is not None


def of_rows(draw: Callable[[tuple[int, ...]], Tensor], *shape: int, axis: int = 0) -> Tensor:
    """Return what `draw` makes of a shape, or this share's rows of it.

    Args:
        draw: shape -> tensor of this shape.
        shape: of the result. Along `axis` stand the copies of the batch, in each the samples, and
            of each sample as many rows as there are, such as its windows.
    """
    now = _share.get()
    if now is None:
        return draw(shape)
    each, rest = divmod(shape[axis], now.copies * now.count)
    assert not rest, f"{shape[axis]} rows of {now.copies} x {now.count} samples"
    whole = draw((*shape[:axis], now.copies * now.total * each, *shape[axis + 1 :]))
    parted: Tensor = torch.unflatten(whole, axis, (now.copies, now.total, each))
    return parted.narrow(axis + 1, now.first, now.count).flatten(axis, axis + 2)


def rand(*shape: int, axis: int = 0, device: torch.device | None = None) -> Tensor:
    """`torch.rand` of a batch whose samples stand along `axis`."""
    return of_rows(lambda whole: torch.rand(whole, device=device), *shape, axis=axis)


def randn(*shape: int, axis: int = 0, device: torch.device | None = None) -> Tensor:
    """`torch.randn` of a batch whose samples stand along `axis`."""
    return of_rows(lambda whole: torch.randn(whole, device=device), *shape, axis=axis)


def randint(low: int, high: int, *shape: int, device: torch.device | None = None) -> Tensor:
    """`torch.randint` of a batch: whole numbers from `low` to `high - 1`."""
    return of_rows(lambda whole: torch.randint(low, high, whole, device=device), *shape)


def dropout(x_N: Tensor, rate: float) -> Tensor:
    """`functional.dropout` while training."""
    if not is_split() or not rate:
        return functional.dropout(x_N, rate)

    def mask(whole: tuple[int, ...]) -> Tensor:
        return functional.dropout(x_N.new_ones(whole), rate)

    return x_N * of_rows(mask, *x_N.shape)


@contextmanager
def in_networks(model: nn.Module) -> Iterator[None]:
    """Inside, plain `nn.Dropout` of a model, as an own network has it, is of the samples too. As
    everyone has the same seed, its masks would be equal in all shares.
    """
    plain = [each for each in model.modules() if type(each) is nn.Dropout] if is_split() else []
    for each in plain:
        each.forward = partial(_dropped, each)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for each in plain:
            del each.forward


def _dropped(layer: nn.Dropout, x_N: Tensor) -> Tensor:
    now = _share.get()
    if now is None or not layer.training or len(x_N) % (now.copies * now.count):
        return nn.Dropout.forward(layer, x_N)
    return dropout(x_N, layer.p)


class Dropout(nn.Dropout):
    """`nn.Dropout` whose mask is of the samples."""

    def forward(self, x_N: Tensor) -> Tensor:
        return dropout(x_N, self.p) if self.training else x_N
