"""The training of any task of frames: what it takes of weights, and what it scores with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.card import OutputSpec
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.errors import UsageError
from edgehuman.nets.image.detection import detector
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32
from edgehuman.tasks.finetune import start_from
from edgehuman.tasks.image.detection.settings import DetectionConfig
from edgehuman.tasks.image.detection.train import DetectionLearner
from edgehuman.tasks.image.detection.work import FrameTask, Scored, Views, frame_work
from tests.tasks.drawn_frames import drawn_set

FRAMES = drawn_set(8, test=2, height=64, width=96)


class Counts:
    """Counts frames."""

    def __init__(self, threshold: float | None) -> None:
        self.threshold, self.frames = threshold, 0

    def add(self, frames: FrameSet, index: int, row_RX: Float32, place: Letterbox) -> None:
        assert row_RX.shape[1] == 5
        assert (place.height, place.width) == frames.frames[index].shape[:2]
        self.frames += 1

    def scores(self) -> Scored:
        return Scored({"frames": float(self.frames), "asked": self.threshold or 0.0}, 0.25)


def sample(frames: FrameSet, index: int, rng: np.random.Generator) -> Views:
    return np.zeros((64, 96, 3), np.uint8), np.zeros((300, 4), np.float32), np.zeros(300, np.uint8)


def made(out: Path, **changes: Any) -> Any:
    config = DetectionConfig(
        out=out, arch="starnet_s100", height=64, width=96, steps=1, batch=2, workers=0, threads=1,
        save_every=1, **changes,
    )  # fmt: skip
    network = detector("starnet_s100", (64, 96))
    task = FrameTask(
        "detection", OutputSpec("boxes"), network, network.maps,
        lambda inner: DetectionLearner(inner),  # type: ignore[arg-type]
        sample, Counts, "frames",
    )  # fmt: skip
    return frame_work(config, start_from(config, "detection", "starnet_s100"), [FRAMES], task)


def test_selection_does_not_know_the_threshold_and_the_test_does(tmp_path: Path) -> None:
    outcome = made(tmp_path, read_test=True).run()
    assert outcome.data["selection"] == {"frames": 1, "asked": 0}
    assert outcome.data["metrics"] == {"frames": 2, "asked": 0.25}


def test_every_weight_that_says_something_learns(tmp_path: Path) -> None:
    network = made(tmp_path).training.network
    asleep = {n.partition(".")[0] for n, p in network.named_parameters() if not p.requires_grad}
    assert asleep <= {"encoder"}  # the image token's own weights
    maps: Tensor = network.maps(torch.zeros(1, 64, 96, 3, dtype=torch.uint8))
    assert maps.requires_grad


def test_one_from_many_needs_a_detector(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--one-from-many needs --weights of a detector"):
        made(tmp_path, one_from_many=True)
