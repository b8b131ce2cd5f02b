"""The config shared by all tasks; each task adds its own fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgehuman.config import require
from edgehuman.training.settings import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(TrainingConfig):
    """The config shared by all tasks."""

    arch: str | None = None
    """A network from `edgehuman models` for the task's records; by default that of --weights."""
    weights: Path | None = None
    """Checkpoint of a pretrained network: a folder, zoo:NAME, or an FP32 .onnx of edgehuman; none:
    start from seeded random weights."""
    select_share: float = 0.2
    """Share of the training people held out to select the checkpoint."""
    read_test: bool = True
    """Evaluate on the test part at the end; use --no-read-test while comparing recipes."""

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        require(self, [(0 <= self.select_share < 1, "select_share", "from 0 to under 1")])
