"""The trainings behind the pages on diffusion pretraining: without labels, then with labels.

All walkers are simulated, and the same of every row. A finished training is kept in its folder, and
an interrupted one goes on from its checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.bench.evaluate.silhouette import EvaluateConfig, evaluate
from edgehuman.bench.pages.keep import once
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.silhouette.walks import SilhouetteSet, simulated_set
from edgehuman.outcome import Outcome
from edgehuman.tasks.silhouette.settings import Mode

ENERGY, UNTRAINED = "gait energy images, nearest neighbour", "random weights"
LR_RATIO = 2
"""Learning rate of the backbone in pretraining, as a factor of the denoiser's: 5 in the paper, with
a tenth of the denoiser's rate here and a hundred times the steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Sizes of the trainings of a page."""

    out: Path
    """Folder of the trainings and the table; finished trainings are kept."""
    arch: str = "gaitset_small"
    """The gait network."""
    seeds: tuple[int, ...] = (0,)
    """Seeds; each gets every row."""
    steps: int = 900
    """Steps of a pretraining."""
    batch: int = 24
    """Walks of a step of pretraining."""
    frames: int = 2
    """Frames of a subsequence in pretraining; the fewer, the more the denoiser needs its hint."""
    dim: int = 32
    """Channels of the denoiser's first level."""
    lr: float = 1e-3
    """Peak learning rate of the denoiser; that of the backbone is twice as high."""
    people: int = 200
    """Simulated people to pretrain on."""
    views: tuple[float, ...] = ()
    """Azimuths of the cameras of pretraining and its exam, degrees; by default CASIA-B's eleven."""
    exam_people: int = 60
    """Other people, whose recognition is measured during the pretraining."""
    points: int = 10
    """Measurements during a pretraining, besides the untrained backbone's."""
    tune_steps: int = 150
    """Supervised steps."""
    tune_batch: int = 16
    """Walks of a supervised step."""
    tune_frames: int = 8
    """Frames of a walk in a supervised step."""
    tune_people: int = 40
    """Simulated people with labels."""
    test_people: int = 30
    """Simulated people of the test."""
    autocast: str = "auto"
    """Precision of all trainings; bf16 on a CPU that multiplies bfloat16."""
    device: str = "auto"
    """Device to train on: auto, cpu or cuda."""
    threads: int = 2
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        least = ("points", "threads", "test_people", "exam_people", "tune_steps")
        rules = (
            (bool(self.seeds), "seeds", "at least one"),
            (self.steps >= self.points, "steps", f"at least --points {self.points}"),
            (
                self.tune_batch >= 8 and self.tune_batch % 4 == 0,
                "tune_batch",
                "a multiple of 4 walks of a person, and at least 8",
            ),
            *((getattr(self, name) >= 1, name, "at least 1") for name in least),
        )
        require(self, rules)


def pretrained(
    config: Schedule, name: str, seed: int, changes: Mapping[str, Any]
) -> tuple[Path, Mapping[str, Any]]:
    """Pretrain, or read an earlier pretraining; return its folder and outcome.

    Args:
        name: of its folder in --out.
        changes: settings of `pretrain --method diffusion` that differ from the page's.
    """
    from edgehuman.pretrain.diffusion.diffusion import train
    from edgehuman.pretrain.diffusion.settings import DiffusionConfig

    folder = config.out / name
    words = {
        "arch": config.arch, "seed": seed, "steps": config.steps, "batch": config.batch,
        "frames": config.frames, "dim": config.dim, "lr": config.lr,
        "backbone_lr": LR_RATIO * config.lr, "people": config.people,
        "exam_people": config.exam_people, "save_every": config.steps // config.points, **changes,
        "autocast": config.autocast,
    }  # fmt: skip

    def run(resume: bool) -> Outcome:
        fields: dict[str, Any] = {"device": config.device, "threads": config.threads, **words}
        settings = DiffusionConfig(out=folder, resume=resume, **fields)
        return train(settings, seen_from(config, seed)) if config.views else train(settings)

    asked = [json.dumps(words), *map(str, config.views)]
    return folder, once(folder, asked, None, run)


def seen_from(config: Schedule, seed: int) -> SilhouetteSet:
    """Return walkers for pretraining and its exam, seen by the cameras of --views alone."""
    from edgehuman.pretrain.diffusion.walks import (
        LEARNED_WORLD,
        LEAST_SIMULATED_FRAMES,
        SIMULATED_EACH,
    )

    people = config.people + config.exam_people
    walks = simulated_set(
        people, SIMULATED_EACH, LEARNED_WORLD + seed, LEAST_SIMULATED_FRAMES, config.views
    )
    # The exam holds people out of these.
    return replace(walks, role_N=np.full(len(walks), "train"))


def tuned(
    config: Schedule,
    name: str,
    seed: int,
    steps: int,
    weights: Path | None,
    mode: Mode = "finetune",
    ratio: float = 1.0,
) -> Mapping[str, float]:
    """Train with labels, or read an earlier training; return the test metrics.

    Args:
        name: of its folder in --out.
        weights: folder of the pretraining; None: a random backbone.
        mode: "finetune", or "probe": the backbone stays as it is.
        ratio: learning rate of the backbone, as a factor of the head's.
    """
    from edgehuman.tasks.silhouette.gait import train
    from edgehuman.tasks.silhouette.settings import GaitConfig

    folder = config.out / name
    words = {
        "arch": config.arch, "seed": seed, "steps": steps, "batch": config.tune_batch,
        "frames": config.tune_frames, "people": config.tune_people,
        "test_people": config.test_people, "mode": mode, "lr_ratio": ratio,
        "save_every": steps, "select_share": 0.2, "autocast": config.autocast,
    }  # fmt: skip
    # A pretraining that was made again makes this training again.
    asked = [json.dumps(words)]
    if weights is not None:
        asked.append((weights / "asked.txt").read_text())

    def run(resume: bool) -> Outcome:
        fields: dict[str, Any] = {"device": config.device, "threads": config.threads, **words}
        return train(GaitConfig(out=folder, weights=weights, resume=resume, **fields))

    found: Mapping[str, float] = once(folder, asked, None, run)["metrics"]
    return found


def untrained(config: Schedule, seed: int) -> dict[str, Mapping[str, float]]:
    """Return the test metrics of gait energy images and of random weights."""
    data = f"{SIMULATED}:{config.test_people}"
    words = EvaluateConfig(
        config.arch, data=data, random_networks=1, threads=config.threads, seed=seed
    )
    folder = config.out / f"untrained-{seed}"
    asked = [config.arch, data, str(seed)]
    answer = once(folder, asked, None, lambda resume: evaluate(words))
    return {
        ENERGY: answer["baselines"]["gait_energy_images"],
        UNTRAINED: answer["metrics"],
    }
