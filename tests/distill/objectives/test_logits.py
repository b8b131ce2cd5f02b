"""Soft labels and soft attributes against reference numbers, and by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from edgehuman.distill.objectives.logits import SoftAttributes, SoftLabels, softened_kl
from edgehuman.errors import UsageError

SHAPES = {"logits": (2,)}


def test_the_reference_s_number(reference_vectors: Path) -> None:
    with np.load(reference_vectors / "vision_metric_refs.npz") as file:
        student_NK, teacher_NK, temperature, expected = (
            torch.from_numpy(np.asarray(file[f"kd/{name}"]))
            for name in ("student_logits", "teacher_logits", "T", "kl")
        )
    shapes = {"logits": (15,)}
    objective = SoftLabels(shapes, shapes, temperature=float(temperature))
    found = objective({"logits": student_NK}, {"logits": teacher_NK})
    assert found.item() == pytest.approx(expected.item(), abs=1e-6)


def test_kd_by_hand() -> None:
    # At T = 1 the teacher says 3/4, 1/4 and the student 1/2, 1/2.
    teacher_NK = torch.tensor([[math.log(3), 0.0]], dtype=torch.float64)
    student_NK = torch.zeros(1, 2, dtype=torch.float64)
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert softened_kl(student_NK, teacher_NK, 1.0).item() == pytest.approx(expected)
    # At T = 2 of logits twice as large it is that, times 4.
    assert softened_kl(student_NK, 2 * teacher_NK, 2.0).item() == pytest.approx(4 * expected)


def test_kd_does_not_see_a_shift_of_all_logits() -> None:
    student_NK, teacher_NK = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    found = softened_kl(student_NK + 7, teacher_NK, 4.0)
    torch.testing.assert_close(found, softened_kl(student_NK, teacher_NK, 4.0))


def test_bce_by_hand_and_least_at_the_teacher_s_own_logits() -> None:
    objective = SoftAttributes(SHAPES, SHAPES)
    teacher = {"logits": torch.tensor([[math.log(3), 0.0]])}  # probabilities 3/4 and 1/2
    found = objective({"logits": torch.zeros(1, 2)}, teacher)
    assert found.item() == pytest.approx(math.log(2))
    student_NK = teacher["logits"].clone().requires_grad_()
    least = objective({"logits": student_NK}, teacher)
    entropy = 0.75 * math.log(4 / 3) + 0.25 * math.log(4)
    assert least.item() == pytest.approx((entropy + math.log(2)) / 2)
    least.backward()
    assert student_NK.grad is not None
    assert student_NK.grad.abs().max() < 1e-7


def test_other_classes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"student has classes 2 and the teacher 7.*same labels"):
        SoftLabels(SHAPES, {"logits": (7,)})
    with pytest.raises(UsageError, match=r"logits has the shape \(16, 2\)"):
        SoftAttributes({"logits": (16, 2)}, {"logits": (16, 2)})
