"""A short training of a small quantised network on labels that say nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.distill.qat.oscillation import Oscillation
from edgehuman.distill.qat.quantised import Quantised, decay_scale, lr_scale, prepare
from edgehuman.export.graph.int8 import Target
from edgehuman.training.processes import Place
from edgehuman.training.run import Job
from edgehuman.training.settings import TrainingConfig
from tests.distill.qat.nets import made, traced

STEPS = 40


def quantised(target: Target = "cpu", family: str = "imuconv") -> Quantised:
    network, card, records = made(family)
    return prepare(network, card, target, records, trace=traced)


class Learner(nn.Module):
    """The loss of a classifier."""

    def __init__(self, classifier: Quantised) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, records: Tensor, label_N: Tensor) -> dict[str, Tensor]:
        return {"loss": nn.functional.cross_entropy(self.classifier(records), label_N)}


def job_of(
    module: Quantised, batch: Callable[[int], Any] = lambda step: None, steps: int = STEPS
) -> Job:
    """The job; `batch` is called with each step."""
    _, card, records = made("imuconv")
    label_N = torch.from_numpy(np.random.default_rng(1).integers(0, 6, len(records)))
    oscillation = Oscillation(module, steps)

    def data(step: int, place: Place) -> tuple[Tensor, ...]:
        batch(step)
        return torch.from_numpy(records), label_N

    return Job(
        Learner(module),
        data,
        module.network,
        card,
        lr_scale=lr_scale,
        decay_scale=decay_scale,
        after_step=oscillation.after_step,
    )


def config(out: Path, **changes: Any) -> TrainingConfig:
    values: dict[str, Any] = {
        "steps": STEPS,
        "batch": 24,
        "lr": 0.01,
        "log_every": 1,
        "threads": 1,
    }
    return TrainingConfig(out=out, **{**values, **changes})
