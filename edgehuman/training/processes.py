"""One process or many (torchrun): which one this is, on which device, in which precision."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed
from torch.nn.attention import SDPBackend, sdpa_kernel

from edgehuman.errors import UsageError
from edgehuman.training.settings import TrainingConfig


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process trains.

    Attributes:
        device: its torch device.
        rank, world: its number and how many there are.
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

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision of the forward pass."""
        stack = contextlib.ExitStack()
        if self.dtype != torch.float32:
            stack.enter_context(torch.autocast(self.device.type, dtype=self.dtype))
            if self.device.type == "cpu":
                # In bfloat16 the fused CPU attention is far slower than the plain one.
                stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        return stack


def world_size() -> int:
    """How many processes train together: torchrun says so, else one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


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
    """This process's place; under torchrun it joins the others, and leaves them at the end.

    Raises:
        UsageError: a CUDA device was asked for and there is none.
    """
    torch.set_num_threads(config.threads)
    has_cuda = torch.cuda.is_available()
    if config.device == "cuda" and not has_cuda:
        raise UsageError("--device is cuda and this torch sees no CUDA device; use --device cpu")
    use_cuda = has_cuda and config.device != "cpu"
    rank, world = int(os.environ.get("RANK", "0")), world_size()
    device = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if use_cuda else "cpu")
    if use_cuda:
        torch.cuda.set_device(device)
    if world > 1:
        _join(use_cuda)
    try:
        yield Place(device, rank, world, _choose_dtype(config, device))
    finally:
        if world > 1:
            # What still refers to the group, such as a parallel module, would keep its threads.
            gc.collect()
            distributed.destroy_process_group()


def _join(use_cuda: bool) -> None:
    """Joins the other processes in one group.

    torch.distributed.nn takes the group of the moment it is imported as a default argument, and
    DistributedDataParallel imports it late. The group would then never end, nor its threads: one
    that lets go of a tensor while the interpreter ends aborts a training that is done. Imported
    before there is a group, it takes none.
    """
    importlib.import_module("torch.distributed.nn.functional")
    distributed.init_process_group("nccl" if use_cuda else "gloo")
