"""The first step of `edgehuman evaluate`, the same for every record: open the model.

The flags and the scoring are those of the record; `runtime.run.find_step("evaluate", words)` finds
them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Protocol

from edgehuman.bench.evaluate.checkpoint_engine import open_checkpoint
from edgehuman.export.catalogued import load
from edgehuman.runtime.model import Model

Split = Literal["test", "train", "all"]


class Asked(Protocol):
    """The fields of every record's EvaluateConfig that say which model to open."""

    @property
    def model(self) -> str:
        """zoo:NAME, a path, a checkpoint folder or a catalogue name."""

    @property
    def threads(self) -> int:
        """Threads inside one operator."""

    @property
    def seed(self) -> int:
        """Of the random weights of a catalogue name."""


def open_model(asked: Asked) -> Model:
    """Open the model; a checkpoint folder runs on PyTorch.

    Raises:
        UsageError, ArtefactError, EngineError, MissingDependencyError: see `load`.
        CheckpointError: the folder holds no checkpoint, or a damaged one.
    """
    if Path(asked.model).is_dir():
        return open_checkpoint(Path(asked.model), asked.threads)
    return load(asked.model, threads=asked.threads, seed=asked.seed)


def heading(model: Model, data: str, dataset: str, simulated: bool, split: Split) -> dict[str, Any]:
    """The first fields of the JSON output: the model, and what it was scored on.

    Args:
        data: the value of --data.
        dataset: its name.
    """
    return {
        "model": model.name,
        "arch": model.card.arch,
        "random_weights": model.card.random_weights,
        "precision": model.card.precision.name,
        "engine": dict(model.engine.describe()),
        "data": data,
        "dataset": dataset,
        "simulated": simulated,
        "split": split,
    }
