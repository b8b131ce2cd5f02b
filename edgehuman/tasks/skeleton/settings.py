"""The config of gait recognition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgehuman.config import require
from edgehuman.metrics.retrieval import Distance
from edgehuman.tasks.gait.settings import WalkConfig

if TYPE_CHECKING:
    from edgehuman.training.skeleton.augment import SkeletonAugment

DEFAULT_ARCH = "gaitptv2_deep_1"


@dataclass(frozen=True, kw_only=True)
class GaitConfig(WalkConfig):
    """Gait recognition, supervised."""

    arch: str | None = None
    """A network from `edgehuman models` that reads a SkeletonSequence; by default that of
    --weights."""
    more_data: tuple[str, ...] = ()
    """Further datasets to learn from; people for selection and test are those of --data alone."""
    people: int = 128
    """Simulated people to train on."""
    test_people: int = 100
    """Simulated people in the test set."""
    batch: int = 64
    """Walks per step, of all processes: batch / each people."""
    lr: float = 3e-4
    """Peak learning rate of the neck and the classifier."""
    backbone_lr: float = 1.0
    """Learning rate of the network, as a factor of --lr."""
    distance: Distance = "cosine"
    """How vectors are compared; with cosine, the triplet loss sees unit vectors."""
    identity_weight: float = 1.0
    """Weight of the identity loss relative to the triplet loss."""
    scale: float = 16.0
    """Factor of the cosine logits of the identities."""
    label_smoothing: float = 0.1
    """Share of the target probability spread over all identities."""
    pace: float = 1.15
    """Augmentation: largest speed factor."""
    mirror: float = 0.5
    """Augmentation: share of walks that are mirrored."""
    joint_noise: float = 0.01
    """Augmentation: standard deviation of an offset per joint and frame, as a share of the
    height."""
    lost: float = 0.5
    """Augmentation: share of walks that lose joints: for a while, throughout, or where the
    detector was not sure."""
    frames: int = 0
    """Window length for training and inference, frames; 0: that of the weights, or the network's
    own."""
    dialect: float = 0.0
    """Augmentation, of a whole batch: how far joints are where another detector would place them, 0
    to 1."""
    doubled: float = 0.0
    """Augmentation: share of walks seen from the side whose hidden arm or leg is found at the
    other."""
    swapped: float = 0.0
    """Augmentation: share of walks seen from the side with legs or arms exchanged for a while."""
    arms: float = 0.0
    """Augmentation: share of walks whose arms say little: unseen, or swinging less."""
    joint_shift: float = 0.0
    """Augmentation: standard deviation of a constant offset per joint, as a share of the height."""
    smooth: float = 0.0
    """Augmentation: share of walks that are smoothed in time."""

    def __post_init__(self) -> None:
        WalkConfig.__post_init__(self)
        rules = (
            (self.backbone_lr >= 0, "backbone_lr", "0 or more"),
            (self.identity_weight >= 0, "identity_weight", "0 or more"),
            (self.scale > 0, "scale", "above 0"),
            (self.frames == 0 or self.frames > 1, "frames", "0, or at least 2"),
            (0 <= self.label_smoothing < 1, "label_smoothing", "from 0 to under 1"),
        )
        require(self, rules)
        self.augment(2)

    def augment(self, frames: int) -> SkeletonAugment:
        """Return the augmentation for windows of this length; walks are never reversed."""
        from edgehuman.training.skeleton.augment import SkeletonAugment

        return SkeletonAugment(
            frames=frames,
            pace=self.pace,
            backwards=0.0,
            mirror=self.mirror,
            smooth=self.smooth,
            joint_shift=self.joint_shift,
            joint_noise=self.joint_noise,
            lost=self.lost,
            dialect=self.dialect,
            doubled=self.doubled,
            swapped=self.swapped,
            arms=self.arms,
        )
