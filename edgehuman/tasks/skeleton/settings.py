"""What a training of gait recognition can be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.metrics.retrieval import Distance
from edgehuman.training.settings import TrainingConfig
from edgehuman.training.skeleton.augment import SkeletonAugment

DEFAULT_ARCH = "gaitptv2_deep_1"
# A world of the simulator of its own, apart from those of pretraining and of the test (seed 0).
FINETUNE_WORLD = 3_000_000


@dataclass(frozen=True, kw_only=True)
class GaitConfig(TrainingConfig):
    """Gait recognition, supervised."""

    task: Literal["gait"] = "gait"
    """The task."""
    arch: str | None = None
    """A network from `edgehuman models` that reads a SkeletonSequence; by default that of
    --weights."""
    weights: Path | None = None
    """Checkpoint of a pretrained network; none starts from seeded random weights."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    people: int = 128
    """Simulated people to learn from."""
    walks: int = 6
    """Walks of each simulated person."""
    test_people: int = 100
    """Simulated people of the test."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 64
    """Walks per step and process: batch / each people."""
    each: int = 4
    """Walks of each person in a batch."""
    lr: float = 3e-4
    """Peak learning rate of the neck and the classifier."""
    backbone_lr: float = 1.0
    """The network learns at this factor of --lr."""
    distance: Distance = "cosine"
    """How vectors are compared: triplets see them at length 1 under the cosine."""
    margin: float = 0.2
    """By which others have to be farther away."""
    identity_weight: float = 1.0
    """Weight of the identities beside the triplets."""
    scale: float = 16.0
    """Cosines to the identities are multiplied by it."""
    label_smoothing: float = 0.1
    """Share of the target probability spread over all identities."""
    select_share: float = 0.2
    """Share of the training people held out to select the checkpoint."""
    read_test: bool = True
    """Judge on the test part at the end; leave it out while choosing between recipes."""
    protocol: str | None = None
    """How the test part is judged; by default as is usual for the dataset."""
    pace: float = 1.15
    """Augmentation: largest factor of the speed."""
    mirror: float = 0.5
    """Augmentation: share of the walks that are mirrored."""
    joint_noise: float = 0.01
    """Augmentation: spread of an offset per joint and frame, as a share of the height."""

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        part = self.batch // self.accumulate
        rules = (
            ("each", self.each >= 2, "at least 2: a triplet needs two walks of a person"),
            (
                "batch",
                part % max(self.each, 1) == 0 and part >= 2 * self.each,
                f"at least two people with --each {self.each} walks, nobody by half, in each of "
                f"--accumulate {self.accumulate} parts",
            ),
            ("people", self.people >= 2, "at least 2"),
            ("walks", self.walks >= 2, "at least 2"),
            ("test_people", self.test_people >= 2, "at least 2"),
            ("margin", self.margin >= 0, "0 or more"),
            ("backbone_lr", self.backbone_lr >= 0, "0 or more"),
            ("identity_weight", self.identity_weight >= 0, "0 or more"),
            ("scale", self.scale > 0, "above 0"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "from 0 to under 1"),
            ("select_share", 0 <= self.select_share < 1, "from 0 to under 1"),
        )
        for name, holds, rule in rules:
            if not holds:
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag} is {getattr(self, name)}; it must be {rule}")
        self.augment(2)

    def augment(self, frames: int) -> SkeletonAugment:
        """The augmentation for windows of that length: walks stay walks, forwards."""
        return SkeletonAugment(
            frames=frames,
            pace=self.pace,
            backwards=0.0,
            mirror=self.mirror,
            smooth=0.0,
            joint_shift=0.0,
            joint_noise=self.joint_noise,
        )
