"""A training whose weights are shared out among processes, small enough for a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.training.loop import train_steps
from edgehuman.training.processes import Place
from edgehuman.training.run import Job
from edgehuman.training.settings import TrainingConfig
from tests.training.toy import line_card, line_config

STEPS = 8


class Deep(nn.Module):
    """y = |x| by three blocks of seven, a number that two processes cannot halve."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(1, 7)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(7, 7), nn.Tanh()) for _ in range(3))
        self.last = nn.Linear(7, 1)

    def forward(self, x_N1: Tensor) -> dict[str, Tensor]:
        y_N7 = self.first(x_N1)
        for block in self.blocks:
            y_N7 = y_N7 + block(y_N7)
        return {"loss": (self.last(y_N7) - x_N1.abs()).square().mean()}


def job(stop_at: int | None = None) -> Job:
    """The job, selected by a score that is best at the second of four checkpoints; at one step it
    dies.
    """
    torch.manual_seed(0)
    model = Deep()
    seen: list[int] = []

    def batch(step: int, place: Place) -> tuple[Tensor, ...]:
        if step == stop_at:
            os._exit(7)
        generator = torch.Generator().manual_seed(step)
        seen.append(step)
        return (torch.randn(12, 1, generator=generator)[place.rows(12)],)

    def evaluate(product: nn.Module) -> Mapping[str, float]:
        loss = product(torch.linspace(-1, 1, 9)[:, None])["loss"]
        return {"select_x": -abs(seen[-1] - 3.0), "loss_held_out": float(loss)}

    return Job(model, batch, model, line_card(), evaluate=evaluate, select_by="select_x")


def config(out: Path, **changes: Any) -> TrainingConfig:
    """A config that saves every second step."""
    values = {"steps": STEPS, "batch": 12, "save_every": 2, "log_every": 1, "device": "cpu"}
    return line_config(out, **{**values, "shard": "fsdp", **changes})


def train_until(out: str, stop_at: int | None, **changes: Any) -> None:
    """Train, perhaps on from a checkpoint, until the end or the step at which all die."""
    train_steps(job(stop_at), config(Path(out), **changes))
    sys.stderr.flush()
    os._exit(0)  # FSDP holds the group's threads for as long as the model lives


if __name__ == "__main__":
    resume = Path(sys.argv[1]).is_dir()
    train_until(sys.argv[1], None, resume=resume, steps=int(sys.argv[2]))
