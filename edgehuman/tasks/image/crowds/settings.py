"""The config of the task that parts several people of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgehuman.config import require
from edgehuman.tasks.image.detection.settings import DetectionConfig


@dataclass(frozen=True, kw_only=True)
class MultiParsingConfig(DetectionConfig):
    """People in frames of a camera, and who wears what where."""

    task: Literal["multi-parsing"] = "multi-parsing"  # type: ignore[assignment]
    """The task."""
    parts: Literal["all", "person", "garments"] = "all"
    """The parts: all that the data names, in groups of where garments are worn, or the person as a
    whole."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 8
    """Frames per step and process, after accumulation."""
    lovasz: float = 0.0
    """Weight of the Lovász-softmax of the parts, a surrogate of the IoU."""

    def __post_init__(self) -> None:
        DetectionConfig.__post_init__(self)
        require(self, ((self.lovasz >= 0, "lovasz", "0 or more"),))
