"""What every task on person images can be told: network, data, learning rates, augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import UsageError
from edgehuman.nets.image.heads import require_size
from edgehuman.tasks.image.augment import Variation
from edgehuman.training.settings import TrainingConfig

DEFAULT_ARCH = "tinyvit_5m"


@dataclass(frozen=True, kw_only=True)
class PersonConfig(TrainingConfig):
    """A task on person images."""

    arch: str | None = None
    """A network from `edgehuman models` that reads a PersonCrop; by default that of --weights."""
    weights: Path | None = None
    """Checkpoint of a pretrained network; none starts from seeded random weights."""
    data: str = "simulated"
    """A dataset's path, or the word `simulated`."""
    height: int = 256
    """Of the network's input, pixels; a multiple of 32."""
    width: int = 128
    """Of the network's input, pixels; a multiple of 32."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 32
    """Pictures per step and process, after accumulation."""
    lr: float = 5e-4
    """Peak learning rate of the head."""
    backbone_lr: float = 1.0
    """The backbone learns at this factor of --lr; 0 leaves it as it is."""
    layer_decay: float = 1.0
    """Each block of the backbone learns at this factor of the block above it."""
    drop_path: float = 0.0
    """Stochastic depth of the last block, while training."""
    select_share: float = 0.2
    """Share of the training people (or pictures) held out to select the checkpoint."""
    read_test: bool = True
    """Judge on the test part at the end; leave it out while choosing between recipes."""
    workers: int = 1
    """Threads that read pictures ahead."""
    flip: float = 0.5
    """Augmentation: probability of a mirror image, left and right exchanged in the labels."""
    shift_px: int = 0
    """Augmentation: largest shift along each axis, pixels."""
    scale: float = 0.0
    """Augmentation: spread of the size; 0.25 gives 0.75 to 1.25."""
    rotate_deg: float = 0.0
    """Augmentation: largest rotation."""
    light: float = 0.2
    """Augmentation: largest relative change of brightness, contrast and colour."""
    erase: float = 0.0
    """Augmentation: probability that a rectangle of the picture becomes noise."""

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        require_size((self.height, self.width))
        rules = (
            ("select_share", 0 <= self.select_share < 1, "from 0 to under 1"),
            ("backbone_lr", self.backbone_lr >= 0, "0 or more"),
            ("layer_decay", 0 < self.layer_decay <= 1, "above 0, at most 1"),
            ("drop_path", 0 <= self.drop_path < 1, "from 0 to under 1"),
            ("workers", self.workers >= 0, "0 or more"),
            ("flip", 0 <= self.flip <= 1, "a probability"),
            ("erase", 0 <= self.erase <= 1, "a probability"),
            ("shift_px", self.shift_px >= 0, "0 or more"),
            ("scale", 0 <= self.scale < 1, "from 0 to under 1"),
            ("rotate_deg", 0 <= self.rotate_deg <= 180, "from 0 to 180"),
            ("light", 0 <= self.light < 1, "from 0 to under 1"),
        )
        for name, holds, rule in rules:
            if not holds:
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag} is {getattr(self, name)}; it must be {rule}")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.height, self.width

    @property
    def variation(self) -> Variation:
        """The augmentation that is asked for."""
        return Variation(
            self.flip, self.shift_px, self.scale, self.rotate_deg, self.light, self.erase
        )
