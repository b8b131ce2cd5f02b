"""What every training can be told: optimiser, schedule, precision, checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgehuman.config import require


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The part of a recipe that all trainings share; each method adds its own fields."""

    out: Path
    """Folder of the checkpoint: weights, config, optimiser state, metrics."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 256
    """Samples per step and process, after accumulation."""
    accumulate: int = 1
    """Parts a batch is split into, so that it fits in memory."""
    lr: float = 1e-3
    """Peak learning rate."""
    min_lr: float = 1e-6
    """Learning rate at the end of the cosine."""
    warmup: float = 0.05
    """Share of the steps over which the learning rate rises linearly."""
    weight_decay: float = 0.05
    """Decoupled weight decay (AdamW), on matrices only."""
    optimiser: Literal["adamw", "adam"] = "adamw"
    """AdamW, or Adam as in the wearable paper."""
    beta2: float = 0.999
    """Decay of the second moment."""
    clip_norm: float = 1.0
    """Gradient norm is clipped to this; 0 leaves it alone."""
    ema: float = 0.0
    """Decay of a moving average of the weights, which is then what is saved; 0: none."""
    autocast: Literal["auto", "off", "bf16", "fp16"] = "auto"
    """Reduced precision; auto takes what the device is fast at and float32 on a CPU."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train."""
    threads: int = 2
    """CPU threads of this process."""
    seed: int = 0
    """Every random number follows from it and the step."""
    log_every: int = 20
    """Steps between two lines of metrics.jsonl."""
    save_every: int = 200
    """Steps between two checkpoints."""
    resume: bool = False
    """Go on from the checkpoint in `out`."""

    def __post_init__(self) -> None:
        rules = (
            (self.steps > 0, "steps", "at least 1"),
            (self.accumulate > 0, "accumulate", "at least 1"),
            (
                self.batch > 0 and self.batch % max(1, self.accumulate) == 0,
                "batch",
                "a multiple of accumulate",
            ),
            (self.lr > 0, "lr", "above 0"),
            (0 <= self.min_lr <= self.lr, "min_lr", "from 0 to lr"),
            (self.weight_decay >= 0, "weight_decay", "0 or more"),
            (0 <= self.beta2 < 1, "beta2", "a decay from 0 to under 1"),
            (self.clip_norm >= 0, "clip_norm", "0 or more"),
            (0 <= self.warmup < 1, "warmup", "a share from 0 to under 1"),
            (0 <= self.ema < 1, "ema", "a decay from 0 to under 1"),
            (self.save_every > 0, "save_every", "at least 1"),
            (self.log_every > 0, "log_every", "at least 1"),
            (self.threads > 0, "threads", "at least 1"),
        )
        require(self, rules)
