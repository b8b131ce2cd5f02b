"""A model in several processes: its gradients, and what else a step exchanges.

Each process has the whole model; gradients are averaged while they are computed. Batch
normalisation sees the batch of all (`statistics.py`), and numbers to log are means over all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from edgehuman.errors import UsageError
from edgehuman.nets.draws import in_networks
from edgehuman.training.many.gather import together
from edgehuman.training.many.statistics import shared_statistics
from edgehuman.training.processes import Place
from edgehuman.training.settings import TrainingConfig

_SHARDED = "set_requires_gradient_sync"  # what a module of FSDP2 has


def parts_of(accumulate: int, world: int) -> int:
    """How many parts each process makes of its rows: those of --accumulate are shared out, so that
    no part is larger than with one process.
    """
    return -(-accumulate // world)


def require_divides(config: TrainingConfig, world: int) -> None:
    """Check that --batch, of all processes together, can be shared out.

    Raises:
        UsageError: it cannot; with the nearest that can.
    """
    if world == 1:
        return
    parts, unit = parts_of(config.accumulate, world), config.kept_together()
    multiple = world * parts * unit
    if config.batch % multiple == 0:
        return
    below = config.batch // multiple * multiple
    nearest = " or ".join(str(each) for each in (below, below + multiple) if each)
    said = [f"{parts} parts in each"] * (parts > 1) + [f"{unit} samples kept together"] * (unit > 1)
    of_them = f" ({', '.join(said)})" if said else ""
    raise UsageError(
        f"--batch is {config.batch}, the samples of a step of all processes; with {world} processes"
        f"{of_them} it must be a multiple of {multiple}: give {nearest}, or start "
        "another number of processes"
    )


def is_sharded(config: TrainingConfig) -> bool:
    """Whether a training shares its weights out."""
    return config.shard == "fsdp"


def require_shardable(config: TrainingConfig, world: int) -> None:
    """Check what cannot be shared out.

    Raises:
        UsageError: one process, a moving average of the weights, or float16.
    """
    if not is_sharded(config):
        return
    rules = (
        (world > 1, "needs several processes; start them with torchrun, or give --shard off"),
        (
            config.trunk is None and not config.keep_at,
            "keeps no states for decays; leave out --trunk and --keep-at",
        ),
        (not config.ema, "keeps no moving average; give --ema 0"),
        (config.autocast != "fp16", "has no scaling of float16; give --autocast bf16 or off"),
    )
    for holds, said in rules:
        if not holds:
            raise UsageError(f"--shard fsdp {said}")


def in_parallel(model: nn.Module, place: Place, idle_weights: bool, parts: int) -> nn.Module:
    """Return the module to call in training.

    Args:
        idle_weights: whether a step may leave some weights without a gradient.
        parts: how often it is called before its gradients are exchanged.
    """
    if place.world == 1 or hasattr(model, _SHARDED):
        return model
    # With a static graph, weights without a gradient are found once instead of in every step.
    static = parts == 1
    return DistributedDataParallel(
        model,
        gradient_as_bucket_view=True,
        static_graph=static,
        find_unused_parameters=idle_weights and not static,
    )


@contextlib.contextmanager
def alike(model: nn.Module) -> Iterator[None]:
    """Inside, the layers of a model that know of the whole batch, or draw numbers, act as in one
    process that has it all.
    """
    with shared_statistics(model), in_networks(model):
        yield


def without_exchange(model: nn.Module, skip: bool) -> AbstractContextManager[None]:
    """Keep the gradients of all parts but the last in this process."""
    if skip and isinstance(model, DistributedDataParallel):
        return model.no_sync()
    if hasattr(model, _SHARDED):
        getattr(model, _SHARDED)(not skip)
    return contextlib.nullcontext()


def mean_of_all(numbers: Mapping[str, float], device: torch.device) -> dict[str, float]:
    """Return the means over all processes, the same in each."""
    world = together()[1]
    if world == 1:
        return dict(numbers)
    values = torch.tensor([*numbers.values()], dtype=torch.float64, device=device)
    distributed.all_reduce(values)
    return dict(zip(numbers, (values / world).tolist(), strict=True))
