"""The config shared by all trainings: optimiser, schedule, precision, checkpoints."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.progress import tell

DEFAULT_OUT = Path("runs/NAME")
MOST_KEPT = 32
_NOT_IN_NAMES, _LONGEST = r"[^\w.-]", 80


def world_size() -> int:
    """Return the number of processes, set by torchrun; otherwise 1."""
    return set_number("WORLD_SIZE", 1, least=1)


def process_rank() -> int:
    """Return the number of this process; 0 is the first, which alone judges, writes and prints.

    RANK counts beside WORLD_SIZE only: a cluster's scheduler may set it for one process alone.
    """
    rank = set_number("RANK", 0)
    return rank if world_size() > 1 else 0


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """What the first process does inside is its own, also a training: the others ended before."""
    before = os.environ.pop("WORLD_SIZE", None)
    try:
        yield
    finally:
        if before is not None:
            os.environ["WORLD_SIZE"] = before


def tell_first(message: str) -> None:
    """Print a line on standard error, of several processes by the first alone."""
    if process_rank() == 0:
        tell(message)


def set_number(variable: str, otherwise: int, least: int = 0) -> int:
    """A number of the environment, as torchrun and OpenMP have them.

    Raises:
        UsageError: it is set to something else.
    """
    said = os.environ.get(variable, "")
    if not said:
        return otherwise
    if not (said.isascii() and said.isdecimal() and len(said) < 10 and int(said) >= least):
        raise UsageError(
            f"{variable} is {said[:40]!r} in the environment; it is a number from {least} on, set "
            "by torchrun or OpenMP: unset it"
        )
    return int(said)


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The fields shared by all trainings; each method adds its own."""

    HELP_GROUP: ClassVar[str] = "optimiser, schedule and checkpoints"

    out: Path = DEFAULT_OUT
    """Folder of the checkpoint: weights, config, optimiser state, metrics; by default
    runs/NAME, named for the method or task, and for the network if --arch gives it."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 256
    """Samples per optimiser step, of all processes and parts together."""
    accumulate: int = 1
    """Number of parts a batch is split into to fit in memory; several processes share them."""
    lr: float = 1e-3
    """Peak learning rate."""
    min_lr: float = 1e-6
    """Learning rate at the end of the schedule."""
    warmup: float = 0.05
    """Share of the steps over which the learning rate rises linearly."""
    schedule: Literal["cosine", "wsd"] = "cosine"
    """After the warm-up: half a cosine; or wsd: constant, then a short decay."""
    decay: float = 0.1
    """wsd: share of the steps over which the learning rate falls at the end; 0: it stays."""
    decay_from: int = 0
    """wsd: step from which it falls, in the place of --decay; 0: as --decay says."""
    trunk: Path | None = None
    """wsd: folder of a training that kept its state at step --decay-from; go on from there."""
    keep_at: tuple[int, ...] = ()
    """wsd: steps at which the state is kept, for trainings with --trunk."""
    weight_decay: float = 0.05
    """Decoupled weight decay (AdamW), on matrices only."""
    optimiser: Literal["adamw", "adam"] = "adamw"
    """AdamW, or Adam as in the wearable paper."""
    beta2: float = 0.999
    """Decay of the second moment."""
    clip_norm: float = 1.0
    """Largest gradient norm, by clipping; 0: no clipping."""
    ema: float = 0.0
    """Decay of the moving average of the weights that is saved; 0: no average."""
    autocast: Literal["auto", "off", "bf16", "fp16"] = "auto"
    """Reduced precision; auto uses the device's fast type, and float32 on a CPU."""
    shard: Literal["off", "fsdp"] = "off"
    """Where weights and optimiser states are: all in every process, or (`fsdp`, under torchrun)
    shared out among the processes, for networks larger than a GPU."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device to train on."""
    threads: int = 2
    """CPU threads of this process."""
    seed: int = 0
    """Seed of all random numbers."""
    log_every: int = 20
    """Steps between lines of metrics.jsonl."""
    save_every: int = 200
    """Steps between checkpoints."""
    logger: tuple[str, ...] = ()
    """Where metrics go beside metrics.jsonl: `tensorboard`, or your own as package.module:Class."""
    flops: bool = False
    """Count the operations of the first step, for `edgehuman scale`: flops_per_step."""
    resume: bool = False
    """Resume from the checkpoint in `out`."""

    def __post_init__(self) -> None:
        if self.out == DEFAULT_OUT:
            object.__setattr__(self, "out", DEFAULT_OUT.with_name(self._name()))
        rules = (
            (self.steps > 0, "steps", "at least 1"),
            (self.accumulate > 0, "accumulate", "at least 1"),
            (
                self.batch > 0 and self.batch % max(1, self.accumulate) == 0,
                "batch",
                "at least 1, a multiple of accumulate",
            ),
            (self.lr > 0, "lr", "above 0"),
            (0 <= self.min_lr <= self.lr, "min_lr", "from 0 to lr"),
            (self.weight_decay >= 0, "weight_decay", "0 or more"),
            (0 <= self.beta2 < 1, "beta2", "a decay from 0 to under 1"),
            (self.clip_norm >= 0, "clip_norm", "0 or more"),
            (0 <= self.warmup < 1, "warmup", "a share from 0 to under 1"),
            *self._rules_of_wsd(),
            (0 <= self.ema < 1, "ema", "a decay from 0 to under 1"),
            (self.save_every > 0, "save_every", "at least 1"),
            (self.log_every > 0, "log_every", "at least 1"),
            (self.threads > 0, "threads", "at least 1"),
            (self.seed >= 0, "seed", "0 or more"),
        )
        require(self, rules)

    def _rules_of_wsd(self) -> tuple[tuple[bool, str, str], ...]:
        usual = (not self.decay_from, self.trunk is None, not self.keep_at)
        if self.schedule != "wsd":
            names = ("decay_from", "trunk", "keep_at")
            alone = "left out, or used with --schedule wsd"
            return tuple((out, name, alone) for out, name in zip(usual, names, strict=True))
        begins, rises = self.falls_from, round(self.warmup * self.steps)
        earliest = 1 if self.trunk else rises
        fits = all(0 < step <= begins for step in self.keep_at)
        return (
            (0 <= self.decay < 1, "decay", "a share from 0 to under 1"),
            (
                not self.decay_from or earliest <= self.decay_from <= self.steps,
                "decay_from",
                f"0, or a step from {earliest} (the end of the warm-up) to --steps {self.steps}",
            ),
            (begins >= rises or self.decay_from > 0, "decay", "a share that ends the warm-up"),
            (
                self.trunk is None or 0 < self.decay_from < self.steps,
                "trunk",
                f"used with --decay-from STEP, a step that it keeps, under --steps {self.steps}",
            ),
            (fits, "keep_at", f"steps from 1 to {begins}, where the decay begins"),
            (len(self.keep_at) <= MOST_KEPT, "keep_at", f"at most {MOST_KEPT} steps"),
        )

    @property
    def falls_from(self) -> int:
        """The first step of wsd's decay."""
        return self.decay_from or self.steps - round(self.decay * self.steps)

    @property
    def trunk_name(self) -> str:
        """The name of the training whose trunk this one shares: points of one trunk depend on each
        other. Empty: it shares none.
        """
        return self.trunk.name if self.trunk else self.out.name if self.keep_at else ""

    def kept_together(self) -> int:
        """How many samples of a batch must go to one process, such as those of one person."""
        return 1

    def _name(self) -> str:
        """Name of the method or task, and of the network if it is chosen: mae-imuvit_512x5."""
        work = type(self).__name__.removesuffix("Config").lower()
        arch = getattr(self, "arch", None)
        # An own network is package.module:Class, a graph a path: no name of a file takes these.
        return f"{work}-{re.sub(_NOT_IN_NAMES, '.', arch)[:_LONGEST]}" if arch else work
