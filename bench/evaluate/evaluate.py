"""What `edgehuman evaluate` begins with, whatever the record: which model, and what it reads.

The words and the judge are the record's own: `runtime.run.find_step("evaluate", words)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

from edgehuman.bench.evaluate.checkpoint_engine import open_checkpoint
from edgehuman.runtime.model import Model, load

Split = Literal["test", "train", "all"]


class Asked(Protocol):
    """The words of every record's evaluation that name the model."""

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
    """The model that the words name; a checkpoint folder runs on PyTorch.

    Raises:
        UsageError, ArtefactError, EngineError, MissingDependencyError: see `load`.
        CheckpointError: the folder holds no checkpoint, or a damaged one.
    """
    if Path(asked.model).is_dir():
        return open_checkpoint(Path(asked.model), asked.threads)
    return load(asked.model, threads=asked.threads, seed=asked.seed)
