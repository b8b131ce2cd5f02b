"""Part-level attributes are learnt from drawn people; the checkpoint is as of other tasks."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.garments.network import GarmentNet
from edgehuman.tasks.image.detection.train import train as train_detector
from edgehuman.tasks.image.garments.settings import PartAttributesConfig
from edgehuman.tasks.image.garments.train import prepare, train
from tests.tasks.drawn_frames import drawn_set
from tests.tasks.garments import ATTRIBUTES, CATEGORIES, Worn, worn_set
from tests.tasks.image.detection import test_train as detection
from tests.tasks.people import losses

FRAMES = worn_set(16, test=4, height=64, width=96, most=2)
OUTPUT = OutputSpec("part_attributes", ("person", *CATEGORIES), attributes=ATTRIBUTES)


def quick(out: Path, **changes: Any) -> PartAttributesConfig:
    values: dict[str, Any] = {
        "height": 64, "width": 96, "arch": "starnet_s100", "steps": 2, "batch": 4, "threads": 1,
        "workers": 0, "log_every": 1, "save_every": 2, "read_test": False,
    }  # fmt: skip
    return PartAttributesConfig(out=out, **{**values, **changes})


def test_a_training_writes_what_it_knows(tmp_path: Path) -> None:
    outcome = train(quick(tmp_path / "run", read_test=True), FRAMES)
    assert isinstance(outcome.data, dict)
    assert next(iter(outcome.data["metrics"])) == "box_ap_iou_f1"
    assert {"mask_ap_iou_f1", "box_ap_iou", "box_ap_f1", "ap50"} < set(outcome.data["metrics"])
    network, card = load_network(tmp_path / "run")
    assert isinstance(network, GarmentNet)
    assert (card.task, card.output) == ("part-attributes", OUTPUT)
    assert card.data[0].simulated
    # Boots have no attribute, coats two of three; people none.
    expected = [[0, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert network.describe.together_LA.tolist() == expected


def test_the_loss_falls_on_one_batch(tmp_path: Path) -> None:
    # Without augmentation, the same four frames at every step.
    few = worn_set(6, test=2, height=64, width=96, most=2)
    still = {"flip": 0.0, "nearest": 1.0, "farthest": 1.0, "light": 0.0, "dark": 0.0, "grey": 0.0}
    more = {"blur": 0.0, "noise": 0.0, "jpeg": 0.0, "select_share": 0.0, "steps": 12, "lr": 3e-3}
    train(quick(tmp_path, **still, **more, save_every=12), few)
    first, *_, last = losses(tmp_path)
    assert last < 0.8 * first


def test_a_detector_gives_its_neck_and_towers(tmp_path: Path) -> None:
    train_detector(detection.quick(tmp_path / "d", steps=1, read_test=False), detection.FRAMES)
    taught: Any = load_network(tmp_path / "d")[0]
    begun: Any = prepare(quick(tmp_path / "p", weights=tmp_path / "d", arch=None), FRAMES)
    begun = begun.training.network
    last = ("one.last.weight", "one.last.bias", "many.last.weight", "many.last.bias")
    for name, tensor in taught.state_dict().items():
        if name in last:
            assert torch.equal(tensor[0], begun.state_dict()[name][0])
        else:
            assert torch.equal(tensor, begun.state_dict()[name]), name


def test_weights_of_the_same_labels_are_loaded_whole_but_for_the_table(tmp_path: Path) -> None:
    train(quick(tmp_path / "a"), FRAMES)
    taught: Any = load_network(tmp_path / "a")[0]
    words = {"weights": tmp_path / "a", "arch": None}
    begun: Any = prepare(quick(tmp_path / "b", **words), FRAMES).training.network
    for name, tensor in taught.state_dict().items():
        assert torch.equal(tensor, begun.state_dict()[name]), name
    others = dataclasses.replace(FRAMES, garments=Worn(FRAMES, categories=("coat", "shoes")))
    other: Any = prepare(quick(tmp_path / "c", **words), others).training.network
    assert torch.equal(other.one.last.weight[0], taught.one.last.weight[0])


def test_data_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not say what they wear; give a set"):
        prepare(quick(tmp_path), drawn_set(8, 2, height=64, width=96))
    others = dataclasses.replace(FRAMES, garments=Worn(FRAMES, categories=("coat", "shoes")))
    with pytest.raises(DataError, match="or others; give data of the same"):
        prepare(quick(tmp_path), [FRAMES, others])
    with pytest.raises(UsageError, match="--attribute-weight"):
        quick(tmp_path, attribute_weight=-1.0)
