"""Made silhouettes and a network of them, small enough for a diffusion pretraining in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.pretrain.diffusion.settings import DiffusionConfig

TINY = "tests.pretrain.tiny_silhouette:TinySilhouette"


def made_set(
    lengths: tuple[int, ...], people: tuple[str, ...], roles: tuple[str, ...] | None = None
) -> SilhouetteSet:
    """Return walks whose frame t of walk i holds t + 1 white rows and i + 1 white columns more."""
    count = len(lengths)
    walks = []
    for i, length in enumerate(lengths):
        walk_SHW = np.zeros((length, 64, 64), np.uint8)
        for t in range(length):
            walk_SHW[t, : t + 1, 20 : 21 + i] = 255
        walks.append(walk_SHW)
    empty = np.full(count, "")
    return SilhouetteSet(
        name="made",
        silhouette_SHW=np.concatenate(walks),
        length_N=np.array(lengths, np.int64),
        person_N=np.array(people),
        sequence_N=np.array([f"s{i}" for i in range(count)]),
        view_N=empty,
        condition_N=empty,
        role_N=empty if roles is None else np.array(roles),
        rate_hz_N=np.full(count, 24.0),
        image_size_N2=np.zeros((count, 2), np.int64),
        licence="none",
        simulated=True,
    )


def walkers(people: int = 6, each: int = 2, length: int = 8) -> SilhouetteSet:
    """Return walks of several people, all for training."""
    names = tuple(f"p{i}" for i in range(people) for _ in range(each))
    return made_set((length,) * len(names), names)


def tiny_config(out: Path, **changes: Any) -> DiffusionConfig:
    """Return a config of four frames and the smallest denoiser."""
    values: dict[str, Any] = {
        "arch": TINY,
        "steps": 4,
        "batch": 2,
        "frames": 4,
        "dim": 8,
        "threads": 1,
        "log_every": 1,
        "save_every": 2,
        "exam_people": 2,
        "device": "cpu",
    }
    return DiffusionConfig(out=out, **{**values, **changes})
