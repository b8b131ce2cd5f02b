"""The config of the task that finds people in frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.nets.image.size import require_size
from edgehuman.tasks.settings import FinetuneConfig

if TYPE_CHECKING:
    from edgehuman.tasks.image.detection.augment import Variation

DEFAULT_ARCH = "starnet_s150"


@dataclass(frozen=True, kw_only=True)
class DetectionConfig(FinetuneConfig):
    """People in frames of a camera, as boxes."""

    task: Literal["detection"] = "detection"
    """The task."""
    arch: str | None = None
    """A network from `edgehuman models` that reads a PersonCrop: the backbone; by default that of
    --weights."""
    data: tuple[str, ...] = (SIMULATED,)
    """Datasets of frames: paths, or the word `simulated`."""
    height: int = 320
    """Height of the network's input, pixels; a multiple of 32. Frames keep their shape in it."""
    width: int = 416
    """Width of the network's input, pixels; a multiple of 32."""
    steps: int = 2000
    """Optimiser steps."""
    batch: int = 16
    """Frames per step and process, after accumulation."""
    lr: float = 1e-3
    """Peak learning rate of neck and head."""
    backbone_lr: float = 1.0
    """Learning rate of the backbone, as a factor of --lr; 0 freezes it."""
    one_from_many: bool = False
    """Start the tower that answers from the one that several points of a person teach, of
    --weights: that learns much sooner, and then only has to learn which point speaks."""
    drop_path: float = 0.0
    """Stochastic depth rate of the last block, while training."""
    clip_norm: float = 10.0
    """Largest gradient norm, by clipping; 0: no clipping."""
    select_share: float = 0.1
    """Share of the training sequences (or frames) held out to select the checkpoint."""
    most_select: int = 300
    """Largest number of frames held out; 0: no limit."""
    workers: int = 1
    """Threads that read frames ahead."""
    flip: float = 0.5
    """Augmentation: probability of a mirror image."""
    nearest: float = 0.35
    """Augmentation: shortest side of the window that is cut, as a share of the frame's."""
    farthest: float = 1.6
    """Augmentation: longest side of the window, as a share of the frame's; beyond 1 it has a
    border. 1 for both: the whole frame."""
    light: float = 0.3
    """Augmentation: largest relative change of brightness, contrast and colour."""
    dark: float = 0.1
    """Augmentation: probability of a dark frame."""
    grey: float = 0.1
    """Augmentation: probability of a frame without colour."""
    blur: float = 0.15
    """Augmentation: probability of a blurred frame."""
    noise: float = 0.15
    """Augmentation: probability of a noisy frame."""
    jpeg: float = 0.2
    """Augmentation: probability of a frame compressed as JPEG."""

    def __post_init__(self) -> None:
        FinetuneConfig.__post_init__(self)
        require_size((self.height, self.width))
        shares = ("flip", "dark", "grey", "blur", "noise", "jpeg")
        rules = (
            (bool(self.data), "data", "at least one dataset"),
            (self.backbone_lr >= 0, "backbone_lr", "0 or more"),
            (0 <= self.drop_path < 1, "drop_path", "from 0 to under 1"),
            (self.most_select >= 0, "most_select", "0 or more"),
            (self.workers >= 0, "workers", "0 or more"),
            (0 < self.nearest <= 1, "nearest", "above 0, at most 1"),
            (1 <= self.farthest <= 4, "farthest", "from 1 to 4"),
            (0 <= self.light < 1, "light", "from 0 to under 1"),
            *((0 <= getattr(self, name) <= 1, name, "from 0 to 1") for name in shares),
        )
        require(self, rules)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.height, self.width

    @property
    def variation(self) -> Variation:
        """The augmentation these settings describe."""
        from edgehuman.tasks.image.detection.augment import Variation

        return Variation(
            flip=self.flip,
            nearest=self.nearest,
            farthest=self.farthest,
            light=self.light,
            dark=self.dark,
            grey=self.grey,
            blur=self.blur,
            noise=self.noise,
            jpeg=self.jpeg,
        )
