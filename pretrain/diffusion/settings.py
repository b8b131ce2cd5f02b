"""The config of diffusion pretraining, importable without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.training.settings import TrainingConfig

Schedule = Literal["inverted-cosine", "cosine"]
Weighting = Literal["uniform", "min-snr", "medium-noise"]
Pooling = Literal["mean", "max", "mean+max"]
STEPS = 1000
"""Time steps of the diffusion; not a setting: the denoiser's time embedding is made for it."""
STAND_IN = "stand-in"


@dataclass(frozen=True, kw_only=True)
class DiffusionConfig(TrainingConfig):
    """Diffusion pretraining of a gait network on silhouettes."""

    method: Literal["diffusion"] = "diffusion"
    """The pretraining method."""
    arch: str = "gaitset"
    """A network from `edgehuman models` whose method is diffusion."""
    data: tuple[str, ...] = (SIMULATED,)
    """Training data: paths, or the word `simulated`. Test sequences are left out."""
    people: int = 0
    """Largest number of identities per --data; 0: all of a dataset, 48 of the simulator."""
    each: int = 0
    """Largest number of sequences per identity; 0: all of a dataset, 4 of the simulator."""
    batch: int = 8
    """Sequences per step and process, after accumulation."""
    lr: float = 1e-4
    """Peak learning rate of the denoiser."""
    backbone_lr: float = 5e-4
    """Peak learning rate of the gait network."""
    warmup: float = 0.1
    """Largest share of the steps for the learning-rate warm-up."""
    warmup_steps: int = 2000
    """Warm-up steps, limited by --warmup."""
    weight_decay: float = 0.01
    """Decoupled weight decay (AdamW), on matrices only."""
    save_every: int = 100
    """Steps between checkpoints, each with the exam."""
    log_every: int = 10
    """Steps between lines of metrics.jsonl."""
    frames: int = 8
    """Frames of both subsequences; 30 in the paper."""
    dim: int = 32
    """Channels of the denoiser's first level: 32, 64 (the paper's) or 128."""
    latent_weights: str = STAND_IN
    """Weights of the latent encoder: a path of TAESD's taesd_encoder.pth or of safetensors, or the
    word `stand-in`: a narrow one that ships, trained on simulated silhouettes."""
    noise_schedule: Schedule = "inverted-cosine"
    """How the noise grows over the time steps."""
    weighting: Weighting = "medium-noise"
    """Weights of the loss over time steps: medium-noise lowers those of low and of high noise."""
    snr_limit: float = 5.0
    """Signal-to-noise ratio above which min-snr and medium-noise lower the weight; medium-noise
    also lowers it below the inverse."""
    pooling: Pooling = "mean"
    """How the features of all parts become one condition."""
    uncond: float = 0.15
    """Share of the samples whose condition is replaced by a learned null vector."""
    same_subsequence: bool = False
    """Show denoiser and gait network the same frames, as in the paper's Fig. 5, where the network
    then learns nothing about gait."""
    exam_people: int = 8
    """People held out, whose recognition is measured at each checkpoint; 0: no exam."""
    curves: bool = False
    """Draw the exam's curves as curves.png in --out."""
    affine: float = 0.2
    """Augmentation: share of subsequences that are warped by an affine map."""
    perspective: float = 0.2
    """Augmentation: share of subsequences that are seen in another perspective."""
    flip: float = 0.5
    """Augmentation: share of subsequences that are mirrored."""
    dilate: float = 0.2
    """Augmentation: share of subsequences with a dilated band of rows."""
    blur: float = 0.2
    """Augmentation: share of subsequences with a blurred band of rows."""

    CHANCES: ClassVar[tuple[str, ...]] = ("affine", "perspective", "flip", "dilate", "blur")

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        rules = (
            (bool(self.data), "data", f"at least one path, or the word {SIMULATED}"),
            (self.people >= 0, "people", "0 or more"),
            (self.each == 0 or self.each > 1, "each", "0, or at least 2"),
            (self.backbone_lr > 0, "backbone_lr", "above 0"),
            (self.warmup_steps >= 0, "warmup_steps", "0 or more"),
            (self.frames > 1, "frames", "at least 2"),
            (self.dim >= 8 and self.dim % 8 == 0, "dim", "a multiple of 8, such as 32, 64 or 128"),
            (self.snr_limit >= 1, "snr_limit", "at least 1"),
            (0 <= self.uncond < 1, "uncond", "a share from 0 to under 1"),
            (self.exam_people == 0 or self.exam_people > 1, "exam_people", "0, or at least 2"),
            (not self.curves or self.exam_people > 0, "curves", "off if --exam-people is 0"),
            *((0 <= getattr(self, c) <= 1, c, "a share from 0 to 1") for c in self.CHANCES),
        )
        require(self, rules)
