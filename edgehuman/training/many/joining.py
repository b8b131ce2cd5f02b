"""How the processes of a training find each other, with a time-out and a plain line.

torchrun says where in the environment: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT. Another starter
may set the four itself. EDGEHUMAN_JOIN_S is how long a process waits for the others, by
default 600 seconds.
"""

from __future__ import annotations

import functools
import importlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from edgehuman.errors import TrainingError, UsageError
from edgehuman.training.settings import process_rank, set_number, world_size

JOIN_S = 600
_TOKEN, _ANSWER, _GO = (f"edgehuman/{name}" for name in ("token", "answer", "go"))
_POLL_S = 0.02
# What gloo and NCCL write when a process that they exchange with is gone.
_LOST = ("gloo/", "NCCL", "Connection closed by peer", "Connection reset", "Broken pipe")


def require_group() -> None:
    """Check that the environment says how to find the other processes, if there are any.

    Raises:
        UsageError: WORLD_SIZE without the rest, or a RANK that is not below it.
    """
    world = world_size()
    if world == 1:
        return
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"WORLD_SIZE is {world} in the environment, but {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set; start the processes with torchrun, "
            "which sets all of them, or unset WORLD_SIZE"
        )
    if process_rank() >= world:
        raise UsageError(
            f"RANK is {process_rank()} in the environment and WORLD_SIZE {world}; ranks count from "
            "0, so it must be below: start the processes with torchrun"
        )
    if not 0 < set_number("MASTER_PORT", 0) < 1 << 16:
        raise UsageError(
            f"MASTER_PORT is {os.environ['MASTER_PORT']}; a port is 1 to 65535: start the "
            "processes with torchrun"
        )


def join(device: torch.device) -> None:
    """Join the process group: NCCL on GPUs, gloo on CPUs.

    torch.distributed.nn stores the current group as a default argument when it is imported, and
    DistributedDataParallel imports it late. The group and its threads would then never be freed,
    and a thread that releases a tensor during interpreter exit aborts a finished training. If it is
    imported before the group exists, it stores none.

    Raises:
        UsageError: see `require_group`.
        TrainingError: the others cannot be reached, or did not come in time.
    """
    require_group()
    importlib.import_module("torch.distributed.nn.functional")
    rank, world = process_rank(), world_size()
    wait = timedelta(seconds=set_number("EDGEHUMAN_JOIN_S", JOIN_S, least=1))
    where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    try:
        store = _meeting_point(where, rank, world, wait)
    except (RuntimeError, ValueError, OSError) as error:
        raise TrainingError(
            f"process {rank} of {world} found nobody at {where} in {wait.seconds} s "
            f"({_first_line(error)}); check that all processes were started, that this address is "
            "reachable from here and that no firewall closes the port, or raise EDGEHUMAN_JOIN_S"
        ) from None
    own = PrefixStore(_token(store, rank, world, wait, where), store)
    backend = "nccl" if device.type == "cuda" else "gloo"
    gpu = device if device.type == "cuda" else None
    distributed.init_process_group(backend, store=own, rank=rank, world_size=world, device_id=gpu)


@functools.cache
def _meeting_point(where: str, rank: int, world: int, wait: timedelta) -> Store:
    """The store that all processes write to. A second training of a process meets there again: a
    store that one process closes and opens anew could be missed by the others.
    """
    store: Store = next(iter(rendezvous("env://", rank, world, timeout=wait)))[0]
    return store


def _token(store: Store, rank: int, world: int, wait: timedelta, where: str) -> str:
    """Return what this start of the processes is called, when all of them have come.

    torchrun keeps its store when it starts processes again, with what the earlier ones wrote, and
    does not always count the start. So the first process makes up a token; each other answers with
    it and a number of its own; the first says "go" with all numbers. A process that finds its own
    number there knows that the token is of this start.

    Raises:
        TrainingError: processes that did not come in time, by their numbers.
    """
    end_s = time.monotonic() + wait.total_seconds()
    own = secrets.token_hex(8)
    if rank == 0:
        store.set(_TOKEN, own)
    answers: dict[int, str] = {}
    while time.monotonic() < end_s:
        if rank == 0:
            for other in set(range(1, world)).difference(answers):
                token, _, number = _read(store, f"{_ANSWER}-{other}").partition(" ")
                if token == own:
                    answers[other] = number
            if len(answers) == world - 1:
                store.set(_GO, " ".join(answers.values()))
                return own
        elif token := _read(store, _TOKEN):
            store.set(f"{_ANSWER}-{rank}", f"{token} {own}")
            if own in _read(store, _GO).split():
                return token
        time.sleep(_POLL_S)
    absent = [str(each) for each in range(1, world) if each not in answers] if rank == 0 else ["0"]
    raise TrainingError(
        f"process {rank} of {world} waited {wait.seconds} s at {where}, and "
        f"{'process' if len(absent) == 1 else 'processes'} {', '.join(absent[:8])} did not come; "
        "start all of them with the same command, or raise EDGEHUMAN_JOIN_S"
    )


def _read(store: Store, key: str) -> str:
    return store.get(key).decode() if store.check([key]) else ""


@contextmanager
def exchanging(folder: object) -> Iterator[None]:
    """Name the loss of another process in plain words.

    Raises:
        TrainingError: another process is gone.
    """
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, TrainingError) or world_size() == 1:
            raise
        if isinstance(error, distributed.DistError) or any(w in str(error) for w in _LOST):
            raise TrainingError(
                f"process {process_rank()} lost another process of the training "
                f"({_first_line(error)}); {folder} keeps the last checkpoint. Look at what that "
                "one said, then continue with --resume; torchrun --max-restarts does so by itself"
            ) from None
        raise


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
