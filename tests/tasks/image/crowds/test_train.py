"""A parser learns drawn people; its checkpoint, card and weights are as of other tasks."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.crowds.parser import CrowdParser
from edgehuman.tasks.image.crowds.settings import MultiParsingConfig
from edgehuman.tasks.image.crowds.train import prepare, train
from edgehuman.tasks.image.detection.train import train as train_detector
from tests.tasks.crowds import LABELS, parted_set
from tests.tasks.drawn_frames import drawn_set
from tests.tasks.image.detection import test_train as detection
from tests.tasks.people import losses

FRAMES = parted_set(16, test=4, height=64, width=96, most=2)


def quick(out: Path, **changes: Any) -> MultiParsingConfig:
    values: dict[str, Any] = {
        "height": 64, "width": 96, "arch": "starnet_s100", "steps": 2, "batch": 4, "threads": 1,
        "workers": 0, "log_every": 1, "save_every": 2, "read_test": False,
    }  # fmt: skip
    return MultiParsingConfig(out=out, **{**values, **changes})


def test_a_training_writes_a_parser_and_says_what_it_knows(tmp_path: Path) -> None:
    outcome = train(quick(tmp_path / "run", read_test=True), FRAMES)
    assert isinstance(outcome.data, dict)
    assert next(iter(outcome.data["metrics"])) == "ap_p_vol"
    assert {"ap_p_50", "pcp_50", "mean_iou", "ap50"} < set(outcome.data["metrics"])
    network, card = load_network(tmp_path / "run")
    assert isinstance(network, CrowdParser)
    assert (card.task, card.output) == ("multi-parsing", OutputSpec("person_parts", LABELS))
    assert card.data[0].simulated
    row_NRX = network(torch.zeros(1, 64, 96, 3, dtype=torch.uint8))
    assert row_NRX.shape == (1, 100 + len(LABELS), 5 + 16 * 24)


def test_every_loss_falls_on_one_batch(tmp_path: Path) -> None:
    # Without augmentation, the same four frames at every step.
    few = parted_set(6, test=2, height=64, width=96, most=2)
    still = {"flip": 0.0, "nearest": 1.0, "farthest": 1.0, "light": 0.0, "dark": 0.0, "grey": 0.0}
    more = {"blur": 0.0, "noise": 0.0, "jpeg": 0.0, "select_share": 0.0, "steps": 12, "lr": 3e-3}
    train(quick(tmp_path, **still, **more, save_every=12), few)
    first, *_, last = losses(tmp_path)
    assert last < 0.9 * first


def test_a_detector_gives_its_neck_and_towers(tmp_path: Path) -> None:
    train_detector(detection.quick(tmp_path / "d", steps=1, read_test=False), detection.FRAMES)
    taught: Any = load_network(tmp_path / "d")[0]
    begun: Any = prepare(quick(tmp_path / "p", weights=tmp_path / "d", arch=None), FRAMES)
    begun = begun.training.network
    for name, tensor in taught.state_dict().items():
        assert torch.equal(tensor, begun.state_dict()[name]), name


def test_weights_of_a_parser_of_the_same_parts_are_loaded_whole(tmp_path: Path) -> None:
    train(quick(tmp_path / "a"), FRAMES)
    taught: Any = load_network(tmp_path / "a")[0]
    words = {"weights": tmp_path / "a", "arch": None}
    begun: Any = prepare(quick(tmp_path / "b", **words), FRAMES).training.network
    for name, tensor in taught.state_dict().items():
        assert torch.equal(tensor, begun.state_dict()[name]), name
    # Of other parts, the branch starts anew and the rest is taken.
    other: Any = prepare(quick(tmp_path / "c", parts="person", **words), FRAMES).training.network
    assert other.num_parts == 2
    assert torch.equal(other.one.last.weight, taught.one.last.weight)


def test_data_without_parts_or_with_others_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has boxes of people and no parts; give a set"):
        prepare(quick(tmp_path), drawn_set(8, 2, height=64, width=96))
    with pytest.raises(DataError, match="has boxes of people and no parts"):
        prepare(quick(tmp_path, parts="person"), drawn_set(8, 2, height=64, width=96))
    assert FRAMES.parts is not None
    parts = dataclasses.replace(FRAMES.parts, names=("background", "hat"))  # type: ignore[type-var]
    others = dataclasses.replace(FRAMES, parts=parts)
    with pytest.raises(DataError, match="has the parts background, hat, and the model background"):
        prepare(quick(tmp_path), [FRAMES, others])


def test_frames_without_people_teach_too(tmp_path: Path) -> None:
    frames = parted_set(8, test=2, height=64, width=96)
    nobody = dataclasses.replace(
        frames, people=[type(each)(each.box_M4[:0], each.ignore_M[:0]) for each in frames.people]
    )
    nobody = dataclasses.replace(nobody, parts=dataclasses.replace(FRAMES.parts, frames=nobody))  # type: ignore[type-var]
    train(quick(tmp_path, select_share=0.0), nobody)
    assert all(np.isfinite(losses(tmp_path)))


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--lovasz"):
        quick(tmp_path, lovasz=-1.0)
