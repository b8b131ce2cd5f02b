"""The config of the task that finds what people wear, with its attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgehuman.config import require
from edgehuman.tasks.image.detection.settings import DetectionConfig


@dataclass(frozen=True, kw_only=True)
class PartAttributesConfig(DetectionConfig):
    """People in frames, their garments, accessories and parts of garments, with attributes."""

    task: Literal["part-attributes"] = "part-attributes"  # type: ignore[assignment]
    """The task."""
    steps: int = 2000
    """Optimiser steps."""
    batch: int = 8
    """Frames per step and process, after accumulation."""
    nearest: float = 0.3
    """Augmentation: shortest side of the window that is cut, as a share of the frame's."""
    farthest: float = 1.1
    """Augmentation: longest side of the window, as a share of the frame's; beyond 1 it has a
    border. 1 for both: the whole frame."""
    most_select: int = 100
    """Largest number of frames held out; 0: no limit."""
    attribute_weight: float = 5.0
    """Weight of the attributes in the loss."""

    def __post_init__(self) -> None:
        DetectionConfig.__post_init__(self)
        require(self, ((self.attribute_weight >= 0, "attribute_weight", "0 or more"),))
