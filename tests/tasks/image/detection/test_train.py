"""A detector learns drawn people; its checkpoint, card and resuming are as of other tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgehuman.card import OutputSpec
from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.errors import DataError, ImageError, UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.detection import Detector
from edgehuman.records import Uint8
from edgehuman.tasks.image.detection.settings import DetectionConfig
from edgehuman.tasks.image.detection.train import prepare, train
from tests.tasks.drawn_frames import drawn_set
from tests.tasks.people import losses

SIZE: dict[str, Any] = {"height": 64, "width": 96}
FRAMES = drawn_set(24, test=6, height=64, width=96, most=2)


def quick(out: Path, **changes: Any) -> DetectionConfig:
    values: dict[str, Any] = {
        **SIZE, "arch": "starnet_s100", "steps": 3, "batch": 4, "threads": 1, "workers": 0,
        "log_every": 1, "save_every": 2,
    }  # fmt: skip
    return DetectionConfig(out=out, **{**values, **changes})


def test_a_training_writes_a_detector_and_says_what_taught_it(tmp_path: Path) -> None:
    outcome = train(quick(tmp_path / "run"), FRAMES)
    assert isinstance(outcome.data, dict)
    assert {"ap50", "ap75", "ap"} == set(outcome.data["metrics"])
    assert outcome.data["frames"] == {"learn": 16, "select": 2, "test": 6}
    network, card = load_network(tmp_path / "run")
    assert (card.task, card.input.record, card.input.shape) == ("detection", "Frame", (64, 96, 3))
    assert card.output == OutputSpec("boxes")
    threshold = card.decision.threshold
    assert f"a box counts from a score of {threshold}" in str(outcome.text)
    assert [(row.role, row.windows, row.simulated) for row in card.data] == [
        ("training", 16, True),
        ("selection", 2, True),
    ]
    assert network(torch.zeros(1, 64, 96, 3, dtype=torch.uint8)).shape == (1, 126, 5)


def test_a_resumed_training_ends_as_one_that_was_not_stopped(tmp_path: Path) -> None:
    config = quick(tmp_path / "whole", steps=4, read_test=False)
    train(config, FRAMES)
    train(quick(tmp_path / "halves", steps=2, read_test=False), FRAMES)
    train(quick(tmp_path / "halves", steps=4, read_test=False, resume=True), FRAMES)
    # The schedule of two steps ends earlier, so only the steps are compared.
    assert len(losses(tmp_path / "halves")) == len(losses(tmp_path / "whole")) == 4


def test_the_tower_that_answers_may_start_from_the_other(tmp_path: Path) -> None:
    train(quick(tmp_path / "first", read_test=False), FRAMES)
    words = {"weights": tmp_path / "first", "arch": None}
    work = prepare(quick(tmp_path / "second", one_from_many=True, **words), FRAMES)
    network = work.training.network
    assert isinstance(network, Detector)
    many = network.many.state_dict()
    assert all(torch.equal(many[name], each) for name, each in network.one.state_dict().items())
    with pytest.raises(UsageError, match="--one-from-many needs --weights of a detector"):
        prepare(quick(tmp_path / "third", one_from_many=True), FRAMES)


def test_weights_of_a_person_network_are_loaded_into_the_backbone(tmp_path: Path) -> None:
    train(quick(tmp_path / "first", read_test=False), FRAMES)
    work = prepare(quick(tmp_path / "second", weights=tmp_path / "first", arch=None), FRAMES)
    taught: Any = load_network(tmp_path / "first")[0]
    begun: Any = work.training.network
    for name, tensor in taught.state_dict().items():  # neck and head too
        assert torch.equal(tensor, begun.state_dict()[name]), name
    assert [row.role for row in work.training.card.data][:2] == ["training", "selection"]


def test_several_sets_are_drawn_from_as_one(tmp_path: Path) -> None:
    work = prepare(quick(tmp_path), [FRAMES, drawn_set(10, test=2, seed=1)])
    assert work.training.samples is not None
    names = work.training.samples.names
    assert len(set(names)) == len(names) == 16 + 7
    batch = work.training.samples.batch_of(np.array([0, 20]), np.random.default_rng(0))
    assert [tuple(each.shape) for each in batch] == [(2, 64, 96, 3), (2, 300, 4), (2, 300)]


class Unread:
    """Frames of which the first cannot be read."""

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int, /) -> Uint8:
        if not index:
            raise ImageError("damaged")
        return np.zeros((64, 96, 3), np.uint8)


class Finds(nn.Module):
    """A network that finds one person, at the left edge."""

    def __init__(self) -> None:
        super().__init__()
        self.row_5 = nn.Parameter(torch.tensor([-9.0, 10, 20, 50, 0.9]))

    def forward(self, image_NHWC: Tensor) -> Tensor:
        return self.row_5.expand(len(image_NHWC), 1, 5)


def test_frames_are_scored_as_by_evaluate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A third of the person is in the frame: only that can be found.
    people = People(np.array([[-40.0, 10, 20, 50]], np.float32), np.zeros(1, np.bool_))
    role_N, names = np.array(["train"] * 6), [str(index) for index in range(6)]
    frames = FrameSet(Unread(), [people] * 6, names, role_N, np.array(names), "drawn")
    work = prepare(quick(tmp_path, select_share=0.8), frames)
    assert work.training.select is not None
    assert work.training.select(Finds()) == {"ap50": 1, "ap75": 1, "ap": 1}
    assert "left out 1 unreadable frames of 5; the first: damaged" in capsys.readouterr().err


def test_no_test_part_and_no_frames_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no test part"):
        train(quick(tmp_path / "a", steps=1), drawn_set(8, test=0, height=64, width=96, most=2))
    with pytest.raises(UsageError, match="data is dict; give a FrameSet"):
        train(quick(tmp_path / "b"), {})  # type: ignore[arg-type]


def test_a_frozen_backbone_stays_as_it_is(tmp_path: Path) -> None:
    work = prepare(quick(tmp_path, backbone_lr=0.0), FRAMES)
    learned = {name for name, p in work.training.network.named_parameters() if p.requires_grad}
    assert {name.partition(".")[0] for name in learned} == {"neck", "many", "one"}


@pytest.mark.longest
def test_a_detector_learns_drawn_people(tmp_path: Path) -> None:
    frames = drawn_set(48, test=12)
    config = quick(
        tmp_path, height=96, width=128, steps=240, batch=8, lr=3e-3, warmup=0.1, nearest=0.8,
        farthest=1.2, dark=0, grey=0, blur=0, noise=0, jpeg=0, log_every=60, save_every=240,
    )  # fmt: skip
    data: Any = train(config, frames).data
    assert data["metrics"]["ap50"] > 0.9
