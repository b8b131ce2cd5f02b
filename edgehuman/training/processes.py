"""Process, device and precision of a training, with one process or many (torchrun)."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed
from torch.nn.attention import SDPBackend, sdpa_kernel

from edgehuman.errors import UsageError
from edgehuman.training.many.joining import join
from edgehuman.training.settings import TrainingConfig, process_rank, set_number, world_size


@dataclass(frozen=True, slots=True)
class Place:
    """Process, device and precision.

    Attributes:
        device: torch device of this process.
        rank, world: number of this process and number of processes.
        dtype: autocast type; float32 means no autocast.
    """

    device: torch.device
    rank: int
    world: int
    dtype: torch.dtype

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def rows(self, total: int) -> slice:
        """Return this process's rows of a batch of `total`."""
        share = total // self.world
        return slice(self.rank * share, (self.rank + 1) * share)

    def whole(self) -> Place:
        """Return the place of a process that is alone: its share is the whole batch."""
        return dataclasses.replace(self, rank=0, world=1)

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context that sets the precision of the forward pass."""
        stack = contextlib.ExitStack()
        if self.dtype != torch.float32:
            stack.enter_context(torch.autocast(self.device.type, dtype=self.dtype))
            if self.device.type == "cpu":
                # In bfloat16, fused attention on a CPU is far slower than plain attention.
                stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        return stack


def _choose_dtype(config: TrainingConfig, device: torch.device) -> torch.dtype:
    if config.autocast == "off" or (config.autocast == "auto" and device.type == "cpu"):
        return torch.float32
    if config.autocast == "fp16":
        if device.type == "cpu":
            raise UsageError("--autocast is fp16 on a CPU; float16 needs a GPU: use bf16 or off")
        return torch.float16
    if device.type == "cuda" and config.autocast == "auto" and not torch.cuda.is_bf16_supported():
        return torch.float16
    return torch.bfloat16


@contextlib.contextmanager
def open_place(config: TrainingConfig) -> Iterator[Place]:
    """Yield this process's place; under torchrun, join the process group and leave it at the end.

    Raises:
        UsageError: a CUDA device was requested and there is none.
        UsageError, TrainingError: the processes do not find each other, see `joining.join`.
    """
    # oneDNN waits for every thread it was promised, and never ends if OpenMP grants fewer.
    granted = set_number("OMP_THREAD_LIMIT", config.threads, least=1)
    torch.set_num_threads(min(config.threads, granted))
    has_cuda = torch.cuda.is_available()
    if config.device == "cuda" and not has_cuda:
        raise UsageError("--device is cuda but torch finds no CUDA device; use --device cpu")
    use_cuda = has_cuda and config.device != "cpu"
    rank, world = process_rank(), world_size()
    device = torch.device(f"cuda:{set_number('LOCAL_RANK', 0)}" if use_cuda else "cpu")
    if use_cuda:
        torch.cuda.set_device(device)
    if world > 1:
        join(device)
    try:
        yield Place(device, rank, world, _choose_dtype(config, device))
    finally:
        if world > 1:
            # Free objects that refer to the group, such as a parallel module and its threads.
            gc.collect()
            distributed.destroy_process_group()
