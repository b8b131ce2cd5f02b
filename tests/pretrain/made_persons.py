"""Views of synthetic persons with two colours each, for trainings of a second or two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.card import TrainingData
from edgehuman.pretrain.saip import saip
from edgehuman.pretrain.saip.matching import balanced
from edgehuman.pretrain.saip.settings import SaipConfig
from edgehuman.training.processes import Place, open_place
from tests.pretrain.tiny_backbone import TinyBackbone

PERSONS = 20


class MadePersons:
    """Replaces `PersonViews` in training: large views of 64x32, small ones of 32x16."""

    def __init__(
        self,
        data: str,
        config: Any,
        batch: int,
        workers: int,
        seed: int,
        given: None = None,
        **of_shards: Any,
    ) -> None:
        self.images, self.simulated, self.num_corrupt = [0] * PERSONS, False, 0
        self.skipped: dict[str, str] = {}
        self.small, self.batch, self.seed, self.closed = config.num_locals + 1, batch, seed, False

    def tensors(self, step: int, place: Place) -> tuple[Tensor, Tensor]:
        random = np.random.default_rng((self.seed, step, 0))
        who_N = random.choice(PERSONS, self.batch, replace=False)
        colour_N2C = np.random.default_rng(0).integers(0, 256, (PERSONS, 2, 3))[who_N]

        def views(count: int, height: int, width: int) -> Tensor:
            half = np.repeat(colour_N2C, height // 2, axis=1)[:, None, :, None]
            noise = random.integers(-20, 21, (self.batch, count, height, width, 3))
            return torch.from_numpy(np.clip(half + noise, 0, 255).astype(np.uint8))

        own = place.rows(self.batch)
        return views(2, 64, 32)[own], views(self.small, 32, 16)[own]

    def row(self, dataset: str) -> TrainingData:
        return TrainingData("made", "pretraining", "none", "", PERSONS, PERSONS)

    def close(self) -> None:
        self.closed = True


def tiny_config(out: Path, **changes: Any) -> SaipConfig:
    """Return a config of four persons per step at 64x32, with decoders of one block."""
    values: dict[str, Any] = {
        "data": "made",
        "steps": 20,
        "batch": 4,
        "lr": 2e-3,
        "threads": 1,
        "workers": 0,
        "height": 64,
        "width": 32,
        "local_views": 2,
        "prototypes": 16,
        "head_width": 16,
        "decoder_width": 32,
        "decoder_depth": 1,
        "log_every": 1,
        "save_every": 1000,
    }
    return SaipConfig(out=out, **{**values, **changes})


def use_made_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `saip.train` always pretrain the tiny backbone on synthetic persons."""

    def student(name: str, seed: int, image_size: tuple[int, int]) -> TinyBackbone:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return TinyBackbone(image_size)

    monkeypatch.setattr(saip, "build", student)
    monkeypatch.setattr(saip, "PersonViews", MadePersons)


def made_cosines() -> torch.Tensor:
    """Return an expert's cosines of two views of eight persons with six prototypes."""
    return torch.rand(2, 8, 6, generator=torch.Generator().manual_seed(0)) * 2 - 1


def save_choices(folder: Path) -> None:
    """Write the balanced targets of this process's share of persons to a file with its rank."""
    with open_place(tiny_config(folder)) as place:
        share = made_cosines().chunk(place.world, dim=1)[place.rank]
        torch.save(balanced(share), folder / f"{place.rank}.pt")


def train_tiny(folder: Path, csm: float) -> None:
    """Train three steps on synthetic persons."""
    with pytest.MonkeyPatch.context() as patch:
        use_made_persons(patch)
        saip.train(tiny_config(folder, steps=3, csm=csm))
