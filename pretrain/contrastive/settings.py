"""The config of contrastive pretraining, importable without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.metrics.retrieval import Distance
from edgehuman.simulate.skeleton.detector import Kind
from edgehuman.training.settings import TrainingConfig

if TYPE_CHECKING:
    from edgehuman.training.skeleton.augment import SkeletonAugment

Quality = Literal["all", "top", "bottom"]
Positives = Literal["sequence", "person"]


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig(TrainingConfig):
    """Contrastive pretraining of a gait network on skeleton sequences."""

    method: Literal["contrastive"] = "contrastive"
    """The pretraining method."""
    arch: str = "gaitptv2_deep_1"
    """A network from `edgehuman models` whose method is contrastive."""
    weights: Path | None = None
    """Checkpoint folder, or zoo:NAME, to go on from; its projection head begins anew."""
    data: tuple[str, ...] = (SIMULATED,)
    """Training data: paths, or the word `simulated`. Test sequences are left out."""
    people: int = 0
    """Largest number of identities per --data; 0: all of a dataset, 512 of the simulator."""
    each: int = 0
    """Largest number of sequences per identity; 0: all of a dataset, 4 of the simulator."""
    detector: Kind = "teacher"
    """Whose errors the simulator's joints have: of large networks, of zoo:person-pose-int8 (two to
    three times as large), or of both in turn, so that pairs are before two detectors."""
    share: float = 1.0
    """Share of the sequences to use."""
    quality: Quality = "all"
    """Which share to use: sequences with the best or the worst poses, or random ones (all)."""
    positives: Positives | Literal["auto"] = "auto"
    """Positive pairs: two views of one sequence, as in the paper, or views of two sequences of one
    person; auto: person if all data is simulated, where identities are certain."""
    batch: int = 256
    """Views per step and process; two of each sequence."""
    lr: float = 0.0016
    """Peak learning rate at the base width."""
    warmup: float = 0.2
    """Largest share of the steps for the learning-rate warm-up."""
    warmup_steps: int = 1024
    """Warm-up steps, limited by --warmup."""
    save_every: int = 50
    """Steps between checkpoints, each with a zero-shot exam."""
    log_every: int = 10
    """Steps between lines of metrics.jsonl."""
    frames: int = 0
    """Window length for training and inference, frames; 0: the network's own."""
    temperature: float = 0.1
    """Temperature of the contrastive loss."""
    koleo: float = 0.01
    """Weight of the KoLeo loss, which spreads the embeddings."""
    mup: bool = True
    """Train with the maximal update parametrisation (muP)."""
    param: Literal["mup", "completep"] = "mup"
    """With --mup: the parametrisation; completep is for depths too."""
    base_arch: str = ""
    """Network whose width (completep: and depth) --lr is tuned for; by default the smallest of the
    family."""
    distance: Distance = "cosine"
    """Distance between embeddings, in the exam and on the card."""
    exam_people: int = 64
    """Simulated people in the zero-shot exam; 0: no exam."""
    pace: float = 1.25
    """Augmentation: largest speed factor."""
    backwards: float = 0.5
    """Augmentation: share of views that are played backwards."""
    mirror: float = 0.5
    """Augmentation: share of views that are mirrored."""
    smooth: float = 0.5
    """Augmentation: share of views that are smoothed in time."""
    smooth_frames: float = 1.5
    """Augmentation: largest standard deviation of that smoothing, frames."""
    joint_shift: float = 0.01
    """Augmentation: standard deviation of a constant offset per joint, as a share of the height."""
    joint_noise: float = 0.01
    """Augmentation: standard deviation of an offset per joint and frame, as a share of the
    height."""
    lost: float = 0.5
    """Augmentation: share of views that lose joints: for a while, throughout, or where the
    detector was not sure."""
    dialect: float = 0.0
    """Augmentation, of a whole batch: how far joints are where another detector would place them, 0
    to 1."""
    doubled: float = 0.0
    """Augmentation: share of views from the side whose hidden arm or leg is found at the other."""
    swapped: float = 0.0
    """Augmentation: share of views from the side with legs or arms exchanged for a while."""
    arms: float = 0.0
    """Augmentation: share of views whose arms say little: unseen, or swinging less."""

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        if self.positives == "auto":
            known = set(self.data) == {SIMULATED}
            object.__setattr__(self, "positives", "person" if known else "sequence")
        rules = (
            (self.batch % 2 == 0 and self.batch > 3, "batch", "even and at least 4"),
            (self.accumulate == 1, "accumulate", "1, because negatives come from the whole batch"),
            (self.people >= 0, "people", "0 or more"),
            (self.each >= 0, "each", "0 or more"),
            (0 < self.share <= 1, "share", "a share above 0, up to 1"),
            (self.warmup_steps >= 0, "warmup_steps", "0 or more"),
            (self.mup or self.param == "mup", "param", "left out with --no-mup"),
            (
                self.weights is None or self.param == "mup",
                "param",
                "left out with --weights: it scales how a network starts",
            ),
            (self.frames == 0 or self.frames > 1, "frames", "0, or at least 2"),
            (self.temperature > 0, "temperature", "above 0"),
            (self.koleo >= 0, "koleo", "0 or more"),
            (self.exam_people == 0 or self.exam_people > 1, "exam_people", "0, or at least 2"),
        )
        require(self, rules)
        self.augment(2)

    def kept_together(self) -> int:
        """The two views of a pair."""
        return 2

    def augment(self, frames: int) -> SkeletonAugment:
        """Return the augmentation for windows of this length."""
        from edgehuman.training.skeleton.augment import SkeletonAugment

        strengths = {each.name for each in fields(SkeletonAugment)} - {"frames"}
        return SkeletonAugment(frames, **{name: getattr(self, name) for name in strengths})
