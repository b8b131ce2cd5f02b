"""The comparison of a student with its teacher, on answers made by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.distill import report
from edgehuman.distill.report import Compared, Heard, _agreement, compare, require_free, table
from edgehuman.errors import TrainingError, UsageError
from edgehuman.metrics.gait.protocols import GaitVectors
from edgehuman.outcome import Outcome
from edgehuman.tasks.finetune import Decided, Judge, Measured
from tests.distill.made_teacher import MadeTeacher

LABELS = ("a", "b", "c")
RECORDS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
RIGHT_N = np.array([0, 1, 2, 1])


def judge_of(vectors: bool = False, score: float = 1.0) -> Judge:
    """Asks in two batches, as a judge does; the right classes are `RIGHT_N`."""

    def test(network: nn.Module, card: Card) -> Measured:
        answers = [network(torch.from_numpy(each)).numpy() for each in np.split(RECORDS, 2)]
        said_NK = np.concatenate(answers)
        names = np.array(["x", "x", "y", "y"])
        found = GaitVectors(said_NK, names, names, names, names) if vectors else None
        right = float(np.mean(said_NK.argmax(axis=1) == RIGHT_N))
        return Measured({"macro_f1": right * score}, "made", vectors=found)

    return Judge(lambda network, card: Decided(card, {}, ""), test)


class Fixed(nn.Module):
    """Answers each record with itself, moved on by some places."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places, self.weight = places, nn.Parameter(torch.zeros(1))

    def forward(self, record_N3: torch.Tensor) -> torch.Tensor:
        return record_N3.roll(self.places, dims=1)


def compared(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    output: OutputSpec,
    vectors: bool = False,
    score: float = 1.0,
) -> dict[str, Any]:
    """The comparison of a teacher that repeats each record with a student that errs once."""
    card = Card("made", "activity", "made", 7, 1, IMU_INPUT, output)

    class Student(Fixed):
        def forward(self, record_N3: torch.Tensor) -> torch.Tensor:
            moved = record_N3.clone()
            moved[record_N3[:, 2] == 1] = torch.tensor([1.0, 0.0, 0.5])
            return moved

    monkeypatch.setattr(report, "load_network", lambda out, own: (Student(0), card))
    monkeypatch.setattr(
        report, "to_onnx", lambda *given: SimpleNamespace(ByteSize=lambda: 2_000_000)
    )
    times = {"teacher": 8.0, "student": 2.0}
    monkeypatch.setattr(report, "_milliseconds", lambda *given: times)
    teacher = MadeTeacher(labels=LABELS, kind=output.kind)
    kind = "logits" if output.kind == "classes" else "embedding"
    monkeypatch.setattr(teacher, "answer", lambda record_N: {kind: record_N})
    config: Any = SimpleNamespace(out=tmp_path, precision="fp32", compatible=True)
    start = Outcome({"finished": True}, "trained")
    found = compare(Compared(config, judge_of(vectors, score), "macro_f1", teacher), start)
    assert found.text.startswith("trained\n| | macro_f1 |")
    assert isinstance(found.data, dict)
    return found.data


def test_metric_speed_size_and_agreement(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = compared(monkeypatch, tmp_path, OutputSpec("classes", LABELS))
    assert data["finished"]
    assert data["teacher"] == {"params": 10, "metrics": {"macro_f1": 0.75}, "ms": 8.0}
    assert data["student"] == {"params": 7, "mb": 2.0, "metrics": {"macro_f1": 0.5}, "ms": 2.0}
    assert (data["speedup"], data["metric_drop"]) == (4.0, 25.0)
    assert data["agreement"] == {"student": {"top1": 0.75}}
    assert data["smaller"] == pytest.approx(10 / 7)


def test_a_score_that_is_not_finite_is_no_comparison(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="answered by the teacher: macro_f1 is nan"):
        compared(monkeypatch, tmp_path, OutputSpec("classes", LABELS), score=float("nan"))


def test_embeddings_agree_in_their_own_space_and_in_the_teachers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = OutputSpec("embedding", distance="cosine", dim=3)
    (agrees,) = compared(monkeypatch, tmp_path, output, vectors=True)["agreement"].values()
    assert set(agrees) == {
        "top1", "top1_person", "kendall_tau", "top1_in_teachers_gallery",
        "top1_person_in_teachers_gallery",
    }  # fmt: skip
    assert 0 < agrees["top1"] <= 1


@pytest.mark.parametrize("name", ["int8.onnx", "calibrated.onnx"])
def test_an_int8_file_that_is_there_stays(name: str, tmp_path: Path) -> None:
    config: Any = SimpleNamespace(out=tmp_path, resume=False)
    require_free(config)
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(UsageError, match=f"already contains {name}; choose another --out"):
        require_free(config)
    config.resume = True
    require_free(config)


def test_a_teachers_classes_are_those_of_any_placement(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = MadeTeacher(labels=LABELS)
    monkeypatch.setattr(teacher, "answer", lambda record_N: {"logits": record_N})
    output = OutputSpec("classes", LABELS, placements=("waist", "wrist"))
    said = report._of_teacher(teacher, output)(RECORDS)
    assert said.shape == (4, 6)
    assert np.array_equal(said[:, :3], said[:, 3:])


def test_two_models_agree_on_the_class_whatever_the_placement() -> None:
    output = OutputSpec("classes", LABELS, placements=("waist", "wrist"))
    measured = Measured({}, "made")
    classes = Heard(measured, np.tile(RECORDS, (1, 2)), RECORDS[:1])
    at_the_wrist = Heard(measured, np.concatenate([RECORDS - 9, RECORDS], axis=1), RECORDS[:1])
    assert _agreement(classes, at_the_wrist, output, False) == {"top1": 1.0}
    turned = Heard(measured, np.tile(RECORDS[[1, 1, 2, 0]], (1, 2)), RECORDS[:1])
    assert _agreement(turned, at_the_wrist, output, False) == {"top1": 0.75}


def test_the_table_shows_what_there_is() -> None:
    row = {"metrics": {"f": 0.5}, "ms": 1.0}
    data = {
        "teacher": {**row, "params": 4_000}, "student": {**row, "params": 2, "mb": 1.0},
        "int8": {**row, "mb": 0.25}, "agreement": {"student": {"top1": 1.0}, "int8": {"top1": 0.9}},
    }  # fmt: skip
    lines = table(data, "f").splitlines()
    assert lines[2:] == [
        "| teacher | 50.0 | - | 4,000 | - | 1.000 |",
        "| student | 50.0 | 100.0 % | 2 | 1.00 | 1.000 |",
        "| int8 | 50.0 | 90.0 % | - | 0.25 | 1.000 |",
    ]
