"""The config shared by all tasks on person images: network, data, learning rates, augmentation."""

from __future__ import annotations

from dataclasses import dataclass

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.nets.image.heads import require_size
from edgehuman.tasks.finetune import FinetuneConfig
from edgehuman.tasks.image.augment import Variation

DEFAULT_ARCH = "tinyvit_5m"


@dataclass(frozen=True, kw_only=True)
class PersonConfig(FinetuneConfig):
    """A task on person images."""

    arch: str | None = None
    """A network from `edgehuman models` that reads a PersonCrop; by default that of --weights."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    height: int = 256
    """Height of the network's input, pixels; a multiple of 32."""
    width: int = 128
    """Width of the network's input, pixels; a multiple of 32."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 32
    """Images per step and process, after accumulation."""
    lr: float = 5e-4
    """Peak learning rate of the head."""
    backbone_lr: float = 1.0
    """Learning rate of the backbone, as a factor of --lr; 0 freezes it."""
    layer_decay: float = 1.0
    """Learning rate of each backbone block, as a factor of that of the block above it."""
    drop_path: float = 0.0
    """Stochastic depth rate of the last block, while training."""
    select_share: float = 0.2
    """Share of the training people (or images) held out to select the checkpoint."""
    workers: int = 1
    """Threads that read images ahead."""
    flip: float = 0.5
    """Augmentation: probability of a mirror image; left and right are swapped in the labels."""
    shift_px: int = 0
    """Augmentation: largest shift along each axis, pixels."""
    scale: float = 0.0
    """Augmentation: range of the scale; 0.25 gives 0.75 to 1.25."""
    rotate_deg: float = 0.0
    """Augmentation: largest rotation."""
    light: float = 0.2
    """Augmentation: largest relative change of brightness, contrast and colour."""
    erase: float = 0.0
    """Augmentation: probability that a rectangle of the image becomes noise."""

    def __post_init__(self) -> None:
        FinetuneConfig.__post_init__(self)
        require_size((self.height, self.width))
        rules = (
            (self.backbone_lr >= 0, "backbone_lr", "0 or more"),
            (0 < self.layer_decay <= 1, "layer_decay", "above 0, at most 1"),
            (0 <= self.drop_path < 1, "drop_path", "from 0 to under 1"),
            (self.workers >= 0, "workers", "0 or more"),
            (0 <= self.flip <= 1, "flip", "from 0 to 1"),
            (0 <= self.erase <= 1, "erase", "from 0 to 1"),
            (self.shift_px >= 0, "shift_px", "0 or more"),
            (0 <= self.scale < 1, "scale", "from 0 to under 1"),
            (0 <= self.rotate_deg <= 180, "rotate_deg", "from 0 to 180"),
            (0 <= self.light < 1, "light", "from 0 to under 1"),
        )
        require(self, rules)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.height, self.width

    @property
    def variation(self) -> Variation:
        """The augmentation these settings describe."""
        return Variation(
            self.flip, self.shift_px, self.scale, self.rotate_deg, self.light, self.erase
        )
