"""evaluate on pictures of people: models computed by hand, checkpoints, and each wrong pair."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate import image as person_accuracy
from edgehuman.bench.evaluate.image import EvaluateConfig, evaluate, task_of
from edgehuman.card import OutputSpec, skeleton_input
from edgehuman.cli import main
from edgehuman.data.image.load import PersonSet
from edgehuman.errors import ArtefactError, DataError, UsageError
from tests.runtime.image_models import HEIGHT, OUTPUTS, WIDTH, image_card, write_image_model

COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200)}


def flags() -> PersonSet:
    """Four pictures of two people: the first two are red above green, the others blue above
    green; the last is for training.
    """
    images, masks = [], []
    for top in ("red", "red", "blue", "blue"):
        image_HWC = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        image_HWC[:16], image_HWC[16:] = COLOURS[top], COLOURS["green"]
        mask_HW = np.full((HEIGHT, WIDTH), 1, np.uint8)
        mask_HW[:16] = list(COLOURS).index(top)
        images.append(image_HWC)
        masks.append(mask_HW)
    masks[0][:8] = 2  # the label says blue where the picture is red
    return PersonSet(
        images=images,
        person_N=np.array([0, 0, 1, 1]),
        camera_N=np.array([0, 1, 0, 1]),
        role_N=np.array(["test", "test", "test", "train"]),
        keypoint_NJ3=np.zeros((4, 17, 3), np.float32),
        area_N=np.ones(4, np.float32),
        attribute_NA=np.array([[1, 0], [0, 0], [0, 1], [0, 1]], np.int8),
        attributes=("reddish", "bluish"),
        masks=masks,
        parts=("red", "green", "blue"),
        dataset="flags",
        licence="none",
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every path is the flags; the tasks that were asked for."""
    tasks: list[str] = []

    def load(data: str, task: str, **words: float) -> PersonSet:
        tasks.append(task)
        return flags()

    monkeypatch.setattr(person_accuracy, "load_persons", load)
    return tasks


def scores_of(task: str, folder: Path, **changes: Any) -> dict[str, Any]:
    config = EvaluateConfig(str(write_image_model(folder, task)), data="flags", **changes)
    outcome = evaluate(config)
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_parts_by_hand(asked: list[str], tmp_path: Path) -> None:
    found = scores_of("parsing", tmp_path)
    # Three test pictures of 512 pixels: 128 of them are said to be red and labelled blue.
    red, green, blue = 256 + 128, 3 * 256, 256 + 128
    assert found["per_label"] == pytest.approx(
        {"red": red / (red + 128), "green": 1.0, "blue": 256 / blue}
    )
    assert found["metrics"]["pixel_accuracy"] == pytest.approx(1 - 128 / (3 * 512))
    assert found["metrics"]["mean_iou"] == pytest.approx((0.75 + 1 + 2 / 3) / 3)
    assert green == 768
    assert (found["pictures"], found["people"], found["task"]) == (3, 2, "parsing")
    assert asked == ["parsing"]


def test_attributes_by_hand(asked: list[str], tmp_path: Path) -> None:
    found = scores_of("attributes", tmp_path, split="all")
    # Logits of a colour are (mean - 128) / 16, and a half of 200 is 100: nobody has anything.
    assert found["metrics"]["mean_accuracy"] == pytest.approx(0.5)
    assert found["metrics"]["recall"] == 0
    assert found["per_label"] == {"reddish": 0.5, "bluish": 0.5}


def test_vectors_by_hand(asked: list[str], tmp_path: Path) -> None:
    found = scores_of("reid", tmp_path, split="all")
    # Everyone finds the other picture of the same colours first.
    assert found["metrics"] == {"mean_ap": 1.0, "rank1": 1.0, "rank5": 1.0, "mean_inp": 1.0}
    assert found["protocol"] == "4 queries, 4 pictures of 2 people"


def test_the_command_line_prints_numbers_for_machines_and_for_people(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(write_image_model(tmp_path, "parsing"))
    assert main(["evaluate", model, "--data", "flags", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["mean_iou"] == pytest.approx(29 / 36)
    assert main(["evaluate", model, "--data", "flags"]) == 0
    text = capsys.readouterr().out
    assert "on flags, test part: 3 pictures, 3 parts" in text
    assert "mean_iou            0.8056" in text


@pytest.mark.long
def test_a_checkpoint_is_judged_as_its_artefact_is(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from edgehuman import catalogue
    from edgehuman.card import image_input
    from edgehuman.data.image import labelled_people
    from edgehuman.export.export import ExportConfig, export
    from edgehuman.nets.image.heads import person_net
    from edgehuman.training.checkpoint import save_weights
    from tests.nets import tiny_encoder

    monkeypatch.setitem(catalogue.NETWORKS, tiny_encoder.NAME, tiny_encoder.ROW)
    monkeypatch.setattr(labelled_people, "load_persons", lambda data, task, **words: flags())
    network = person_net(tiny_encoder.NAME, OUTPUTS["parsing"], (32, 32))
    card = image_card("parsing", arch=tiny_encoder.NAME, input=image_input(32, 32))
    save_weights(tmp_path / "run", network.state_dict(), card)
    export(ExportConfig(str(tmp_path / "run"), data="flags", out=tmp_path / "x.onnx"))
    found = [
        evaluate(EvaluateConfig(str(tmp_path / name), data="flags")).data
        for name in ("run", "x.onnx")
    ]
    assert isinstance(found[0], dict)
    assert isinstance(found[1], dict)
    assert found[0]["metrics"] == pytest.approx(found[1]["metrics"], abs=1e-6)
    assert [each["engine"]["engine"] for each in (found[0], found[1])] == ["torch", "onnxruntime"]


def test_which_labels_judge_a_model() -> None:
    assert task_of(image_card("pose")) == "pose"
    many = OutputSpec("heatmaps", tuple(map(str, range(133))))
    assert task_of(image_card("pose", output=many)) == "landmarks"
    assert task_of(image_card("reid").replace(task="person-embedding")) == "reid"
    with pytest.raises(ArtefactError, match="gives tokens, which has no score; fine-tune it"):
        task_of(image_card("reid", output=OutputSpec("tokens")))
    with pytest.raises(ArtefactError, match="reads SkeletonSequence, not pictures"):
        task_of(image_card("reid", input=skeleton_input(32)))


def test_data_of_another_task(asked: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="flags has 17 joints per person, but the model gives 2"):
        scores_of("pose", tmp_path)


def test_wrong_words(asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="batch is 0; it must be at least 1"):
        scores_of("parsing", tmp_path, batch=0)
    with pytest.raises(DataError, match="is flags, but --dataset asks for ccp"):
        scores_of("parsing", tmp_path, dataset="ccp")
    tested = dataclasses.replace(flags(), role_N=np.full(4, "test"))
    monkeypatch.setattr(person_accuracy, "load_persons", lambda data, task, **words: tested)
    with pytest.raises(DataError, match="none of its 4 pictures is in the train split"):
        scores_of("parsing", tmp_path, split="train")


def test_a_flip_test_says_so(asked: list[str], tmp_path: Path) -> None:
    plain, turned = (scores_of("parsing", tmp_path, flip_test=flip) for flip in (False, True))
    # Each answer is its own pixel's colour, so mirror images change nothing but rounding.
    assert turned["metrics"] == pytest.approx(plain["metrics"])
    assert turned["protocol"] == f"{plain['protocol']}, each with its mirror image"
    assert (plain["flip_test"], turned["flip_test"]) == (False, True)
