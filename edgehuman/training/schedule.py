"""Learning-rate schedules, and the trunk that several decays start from.

Cosine: linear warm-up, then half a cosine to the floor. WSD (warm-up, stable, decay): linear
warm-up, constant, then a short fall as 1 - sqrt(share of the decay), which loses less than a linear
one (Haegele et al., arXiv 2405.18392, section 3). Until the fall begins nothing depends on the
length of a run, so one trunk serves several: it keeps its state at some steps (`--keep-at`), and
from each a run decays (`--trunk`, `--decay-from`). It ends with the weights that a whole run of
that length would have.

    edgehuman pretrain --schedule wsd --decay 0 --steps 4000 --keep-at 1000 2000 4000 --out trunk
    edgehuman pretrain --schedule wsd --trunk trunk --decay-from 2000 --steps 2200 --out p2000
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

from edgehuman.config import read_table, to_table
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.training.settings import TrainingConfig

CONFIG, STATE = "config.toml", "state.pt"
# What a decay may have otherwise than its trunk: where, how long, and what changes no weight.
_FREE = {"out", "resume", "steps", "warmup", "min_lr", "schedule", "decay", "decay_from", "trunk"}
_FREE |= {"keep_at", "device", "threads", "log_every", "save_every", "logger", "flops"}
# Filled in by some methods once the data is read.
_FILLED = {"data", "base_arch"}


def learning_rate(step: int, steps: int, peak: float, floor: float, warmup: float) -> float:
    """Return the learning rate of step `step` (0-based) of `steps` in the cosine."""
    rising = round(warmup * steps)
    if step < rising:
        return peak * (step + 1) / rising
    progress = (step - rising) / max(1, steps - rising)
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * progress))


def stable_rate(
    step: int, steps: int, peak: float, floor: float, rising: int, falls_from: int
) -> float:
    """Return the learning rate of step `step` (0-based) of `steps` in WSD.

    Args:
        rising: steps of warm-up.
        falls_from: the first step of the decay.
    """
    if step < falls_from:
        return peak * min(1.0, (step + 1) / max(1, rising))
    progress = (step - falls_from) / max(1, steps - falls_from)
    return floor + (peak - floor) * (1 - math.sqrt(progress))


def rate_at(config: TrainingConfig, step: int) -> float:
    """Return the learning rate of step `step` (0-based), by the config's schedule."""
    steps, peak, floor = config.steps, config.lr, config.min_lr
    if config.schedule == "cosine":
        return learning_rate(step, steps, peak, floor, config.warmup)
    # The warm-up of a decay was its trunk's.
    rising = 0 if config.trunk else round(config.warmup * steps)
    return stable_rate(step, steps, peak, floor, rising, config.falls_from)


def kept_name(step: int) -> str:
    """The file of a trunk's state at a step."""
    return f"state-{step}.pt"


def require_kept_step(path: Path, step: int) -> None:
    """Check that a state is of the step that its name says.

    Raises:
        CheckpointError: it is of another one.
    """
    if path.name not in (STATE, kept_name(step)):
        raise CheckpointError(
            f"{path}: is the state of step {step}; copy the trunk again, or rename it to "
            f"{kept_name(step)}"
        )


def names_at(config: TrainingConfig, step: int) -> tuple[str, ...]:
    """The files that a step's state is written to, in this order."""
    return (kept_name(step), STATE) if step in config.keep_at else (STATE,)


def start_of(config: TrainingConfig) -> Path | None:
    """The state that a training goes on from: its own, its trunk's, or none."""
    if config.resume:
        return config.out / STATE
    return None if config.trunk is None else config.trunk / kept_name(config.decay_from)


def require_trunk(config: TrainingConfig, filled: bool = True) -> None:
    """Check that a decay goes on with the training that its trunk began.

    Args:
        filled: whether the method has filled in the fields that it knows once data is read.

    Raises:
        CheckpointError: the trunk keeps no state of that step, or has no config.
        UsageError: it is a training with other settings.
    """
    trunk = config.trunk
    if trunk is None or config.resume:
        return
    if not (trunk / kept_name(config.decay_from)).is_file():
        raise CheckpointError(
            f"--trunk {trunk} keeps no state of step {config.decay_from}; {_kept(trunk)}"
        )
    if not (trunk / CONFIG).is_file():
        raise CheckpointError(f"--trunk {trunk} has no {CONFIG}; give the folder of a training")
    before = read_table(trunk / CONFIG)
    if before.get("schedule") != "wsd":
        raise UsageError(f"--trunk {trunk} was trained without --schedule wsd; give one with it")
    changed = differing(before, config, _FREE if filled else _FREE | _FILLED)
    if changed:
        raise UsageError(
            f"--trunk {trunk} was trained with other settings: {', '.join(changed)}; a decay goes "
            "on with its trunk's own"
        )


def differing(before: dict[str, object], config: Any, besides: Collection[str]) -> list[str]:
    """The settings that differ from a table read from a file: "--lr 0.001 -> 0.1".

    A setting that the file lacks is of a later edgehuman: it had the default.
    """
    now = to_table(config)
    usual = _defaults(config)
    names = [name for name in dict.fromkeys([*now, *before]) if name not in besides]
    return [
        f"--{name.replace('_', '-')} {before.get(name, usual.get(name, 'none'))} -> "
        f"{now.get(name, 'none')}"
        for name in names
        if before.get(name, usual.get(name)) != now.get(name)
    ]


def _defaults(config: Any) -> dict[str, object]:
    """The defaults of a config's class, as its TOML has them."""
    known = {each.name: each.default for each in fields(config) if each.default is not None}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in known.items()
    }


def _kept(trunk: Path) -> str:
    found = [path.stem.removeprefix("state-") for path in trunk.glob("state-*.pt")]
    steps = sorted(int(step) for step in found if step.isascii() and step.isdecimal())[:40]
    if not steps:
        return "it keeps none: train it with --schedule wsd and --keep-at"
    return f"it keeps {', '.join(map(str, steps))}: give one of these as --decay-from"
