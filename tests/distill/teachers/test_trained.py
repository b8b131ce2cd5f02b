"""Checkpoints and graphs of ours as teachers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.card import IMU_INPUT, Card, OutputSpec, TrainingData
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.distill.teachers.teachers import Running
from edgehuman.distill.teachers.trained import GraphTeacher, NetworkTeacher
from edgehuman.errors import CheckpointError, NoGpuError, UsageError
from edgehuman.nets.building import build
from edgehuman.records import Float32
from edgehuman.runtime.model import load
from edgehuman.training.checkpoint import save_weights

ROWS = (TrainingData("UCI HAR", "training", "CC BY 4.0", "", 10, 3),)
CARD = Card(
    "t", "activity", "imuconv_288k", 5, 1, IMU_INPUT, OutputSpec("classes", UCI_LABELS), data=ROWS
)


def windows(count: int = 3) -> Float32:
    made = np.random.default_rng(0).normal(size=(count, 128, 6)).astype(np.float32)
    made[:, :, 2] += 1
    return made


def saved(folder: Path, seed: int = 0, card: Card = CARD) -> str:
    network = build(card.arch, seed, num_classes=card.output.columns)
    save_weights(folder, network.state_dict(), card)
    return str(folder)


def test_a_checkpoint_gives_all_answers_of_its_network(tmp_path: Path) -> None:
    teacher = NetworkTeacher(saved(tmp_path), Running())
    answers = teacher.answer(windows())
    network = build("imuconv_288k", 0, num_classes=6)
    with torch.inference_mode():
        expected = network(torch.from_numpy(windows())).numpy()
    assert np.array_equal(answers["logits"], expected)
    assert {kind: (each.ndim, each.dtype.name) for kind, each in answers.items()} == {
        "logits": (2, "float32"),
        "embedding": (2, "float32"),
        "tokens": (3, "float32"),
    }
    assert (teacher.labels, teacher.card_data, teacher.params) == (UCI_LABELS, ROWS, 5)
    assert (teacher.input, teacher.precision) == (IMU_INPUT, "fp32")


def test_the_digest_is_that_of_weights_and_contract_alone(tmp_path: Path) -> None:
    def digest(name: str, seed: int = 0, card: Card = CARD) -> str:
        return NetworkTeacher(saved(tmp_path / name, seed, card), Running()).digest

    first = digest("a")
    assert digest("b", card=CARD.replace(name="renamed", recipe="other words")) == first
    assert digest("c", seed=1) != first
    turned = CARD.replace(output=replace(CARD.output, labels=UCI_LABELS[::-1]))
    assert digest("d", card=turned) != first


def test_bfloat16_is_near_and_says_so(tmp_path: Path) -> None:
    word = saved(tmp_path)
    whole, half = NetworkTeacher(word, Running()), NetworkTeacher(word, Running("bf16"))
    assert half.precision == "bf16 on cpu"
    one, two = whole.answer(windows())["logits"], half.answer(windows())["logits"]
    assert two.dtype == np.float32
    assert not np.array_equal(one, two)
    np.testing.assert_allclose(two, one, atol=0.05 * np.abs(one).max())


@pytest.mark.parametrize("name", ["zoo:activity", "zoo:activity-int8"])
def test_a_graph_of_any_precision_gives_its_output(name: str) -> None:
    teacher = GraphTeacher(name, Running())
    model = load(name, engine="onnxruntime-cpu")
    assert np.array_equal(teacher.answer(windows())["logits"], model.logits(windows()))
    assert teacher.precision == model.card.precision.name
    assert teacher.labels == model.card.output.labels
    assert teacher.answer(windows())["logits"].shape == (3, len(teacher.labels))


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        NetworkTeacher(str(tmp_path / "nothing"), Running())
    with pytest.raises(UsageError, match="activty"):
        GraphTeacher("zoo:activty", Running())
    if not torch.cuda.is_available():
        with pytest.raises(NoGpuError, match="there is none; use cpu"):
            NetworkTeacher(saved(tmp_path), Running(device="cuda"))
