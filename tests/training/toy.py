"""A training small enough to check by hand: fit a line to points."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.training.batches import batch_indices
from edgehuman.training.loop import train_steps
from edgehuman.training.processes import Place
from edgehuman.training.run import Job
from edgehuman.training.settings import TrainingConfig
from tests.two_processes import require_no_exchange_threads


class Line(nn.Module):
    """y = a x + b with dropout noise, so that random numbers matter."""

    def __init__(self) -> None:
        super().__init__()
        self.map = nn.Linear(1, 1)
        self.drop = nn.Dropout(0.2)
        nn.init.zeros_(self.map.weight)
        nn.init.zeros_(self.map.bias)

    def forward(self, x_N1: Tensor) -> dict[str, Tensor]:
        error = self.map(self.drop(x_N1)) - (2 * x_N1 + 1)
        return {"loss": error.square().mean()}


def line_card() -> Card:
    """A card for the line; its network is not in the catalogue."""
    return Card("line", "embedding", "line", 2, 2, IMU_INPUT, OutputSpec("embedding"))


def line_job(poison_from: int | None = None, **parts: Any) -> Job:
    """The job; from step `poison_from` on its data is NaN."""
    torch.manual_seed(0)
    model = Line()
    x_N1 = torch.linspace(-1, 1, 40)[:, None]

    def batch(step: int, place: Place) -> tuple[Tensor, ...]:
        chosen = batch_indices(40, 8, step, 0, place.rank, place.world)
        poison = poison_from is not None and step >= poison_from
        return (x_N1[chosen] * (float("nan") if poison else 1.0),)

    return Job(model, batch, model, line_card(), **parts)


def line_config(out: Path, **changes: Any) -> TrainingConfig:
    """Return a config of forty steps, saved every ten."""
    values: dict[str, Any] = {
        "steps": 40,
        "batch": 8,
        "lr": 0.05,
        "save_every": 10,
        "log_every": 5,
        "threads": 1,
    }
    return TrainingConfig(out=out, **{**values, **changes})


if __name__ == "__main__":
    if len(sys.argv) > 3:  # a folder for the ids of the processes
        (Path(sys.argv[3]) / f"process-{os.environ['RANK']}").write_text(str(os.getpid()))
    train_steps(line_job(), line_config(Path(sys.argv[1]), steps=int(sys.argv[2]), save_every=1))
    require_no_exchange_threads()
