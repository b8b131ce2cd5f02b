"""The two terms of decoupled distillation against reference numbers, and by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives.decoupled import Decoupled, decoupled
from edgehuman.distill.objectives.logits import softened_kl
from edgehuman.errors import DataError, UsageError


def made(classes: int = 3, **weights: float) -> Decoupled:
    return Decoupled({"logits": (classes,)}, {"logits": (classes,)}, **weights)


def logits(*rows: list[float]) -> dict[str, Tensor]:
    return {"logits": torch.tensor(rows, dtype=torch.float64)}


def test_the_reference_s_numbers(reference_vectors: Path) -> None:
    names = ("student_logits", "teacher_logits", "target", "T", "tckd", "nckd")
    with np.load(reference_vectors / "vision_metric_refs.npz") as file:
        student, teacher, target, temperature, first, second = (
            torch.from_numpy(np.asarray(file[f"kd/{name}"])) for name in names
        )
    of_target, of_others = decoupled(student, teacher, target, float(temperature))
    assert of_target.item() == pytest.approx(first.item(), abs=1e-6)
    assert of_others.item() == pytest.approx(second.item(), abs=1e-6)
    found = made(15)({"logits": student}, {"logits": teacher}, target)
    assert found.item() == pytest.approx(first.item() + 8 * second.item(), abs=1e-6)


def test_by_hand() -> None:
    # Teacher 4/8, 3/8, 1/8; student a third each; the target is the first.
    student, teacher = logits([0, 0, 0]), logits([math.log(4), math.log(3), 0])
    of_target = 0.5 * math.log(0.5 * 3) + 0.5 * math.log(0.5 * 3 / 2)
    of_others = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    found = made(alpha=1, beta=2, temperature=1)(student, teacher, torch.tensor([0]))
    assert found.item() == pytest.approx(of_target + 2 * of_others)


def test_without_the_right_classes_the_teacher_s_are_taken() -> None:
    student, teacher = logits([0, 1, 0], [2, 0, 0]), logits([0, 0, 3], [0, 1, 0])
    found = made()(student, teacher)
    assert found == made()(student, teacher, torch.tensor([2, 1]))
    assert found != made()(student, teacher, torch.tensor([0, 0]))


def test_plain_distillation_weighs_the_others_by_the_teacher_s_doubt() -> None:
    student, teacher = logits([0.3, -1, 2]), logits([1, 2, -0.5])
    of_target, of_others = decoupled(
        student["logits"], teacher["logits"], torch.tensor([1]), temperature=1.0
    )
    doubt = 1 - teacher["logits"].softmax(dim=1)[0, 1]
    expected = softened_kl(student["logits"], teacher["logits"], 1.0)
    torch.testing.assert_close(of_target + doubt * of_others, expected)


def test_two_classes_have_no_order_of_the_others() -> None:
    found = decoupled(
        torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 3.0]]), torch.tensor([0]), temperature=4.0
    )
    assert found[0] > 0
    assert found[1] == 0


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (torch.tensor([[0], [1]]), r"shape \(2, 1\)"),
        (torch.tensor([0.0, 1.0]), "type torch.float32"),
        (torch.tensor([0]), r"shape \(1,\)"),
        (torch.tensor([0, 3]), r"from 0 to 3; with 3 logits they must lie in 0\.\.2"),
        (torch.tensor([-1, 0]), "from -1 to 0"),
    ],
)
def test_targets_that_are_no_classes_are_refused(target: Tensor, said: str) -> None:
    with pytest.raises(DataError, match=said):
        made()(logits([0, 0, 0], [0, 0, 0]), logits([0, 0, 0], [0, 0, 0]), target)


def test_one_class_is_refused() -> None:
    with pytest.raises(UsageError, match="needs at least 2: use bce"):
        made(1)
