"""Distances and angles within a batch against reference numbers, and by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives import relations
from edgehuman.distill.objectives.relations import Relations, angle_loss, distance_loss
from edgehuman.errors import UsageError


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def loss(student: Tensor, teacher: Tensor) -> Tensor:
    made = Relations(
        {"embedding": tuple(student.shape[1:])}, {"embedding": tuple(teacher.shape[1:])}
    )
    found: Tensor = made({"embedding": student}, {"embedding": teacher})
    return found


def test_the_reference_s_numbers(reference_vectors: Path) -> None:
    with np.load(reference_vectors / "vision_metric_refs.npz") as file:
        student, teacher, distance, angle = (
            torch.from_numpy(np.asarray(file[f"rkd/{name}"]))
            for name in ("student", "teacher", "dist", "angle")
        )
    assert distance_loss(student[None], teacher[None]).item() == pytest.approx(
        distance.item(), abs=1e-6
    )
    assert angle_loss(student[None], teacher[None]).item() == pytest.approx(angle.item(), abs=1e-6)
    found = loss(student, teacher)
    assert found.item() == pytest.approx(distance.item() + 2 * angle.item(), abs=1e-6)


def test_distances_by_hand() -> None:
    # On a line: 0, 1, 3 has distances 1, 2, 3, mean 2; 0, 1, 2 has 1, 1, 2, mean 4/3.
    student, teacher = torch.tensor([[[0.0], [1], [3]]]), torch.tensor([[[0.0], [1], [2]]])
    gaps = [1 / 2 - 3 / 4, 2 / 2 - 3 / 4, 3 / 2 - 3 / 2]
    expected = sum(2 * 0.5 * gap**2 for gap in gaps) / 9
    assert distance_loss(student, teacher).item() == pytest.approx(expected)


def test_angles_by_hand() -> None:
    # A right angle with two of 45 degrees against three of 60: each occurs twice among 27.
    student = torch.tensor([[[0.0, 0], [1, 0], [0, 1]]])
    teacher = torch.tensor([[[0.0, 0], [1, 0], [0.5, 3**0.5 / 2]]])
    expected = 2 * 0.5 * (0.5**2 + 2 * (0.5**0.5 - 0.5) ** 2) / 27
    assert angle_loss(student, teacher).item() == pytest.approx(expected)


def test_rotation_scale_offset_and_width_do_not_count() -> None:
    student, teacher = random(8, 6), random(8, 10)[:, :5]
    rotation = torch.linalg.qr(random(6, 6))[0]
    expected = loss(student, teacher)
    assert expected > 1e-3
    torch.testing.assert_close(loss(3 * student @ rotation + 2, teacher), expected)
    wider = torch.cat([student, torch.zeros(8, 4, dtype=torch.float64)], dim=1)
    torch.testing.assert_close(loss(wider, teacher), expected)


def test_the_order_of_the_batch_does_not_count_but_who_is_who_does() -> None:
    student, teacher = random(8, 6), random(8, 5)
    order = torch.tensor([3, 1, 7, 0, 2, 6, 5, 4])
    torch.testing.assert_close(loss(student[order], teacher[order]), loss(student, teacher))
    assert not torch.isclose(loss(student[order], teacher), loss(student, teacher))


def test_parts_are_compared_one_by_one() -> None:
    student, teacher = random(8, 3, 6), random(8, 3, 5)
    expected = sum(loss(student[:, part], teacher[:, part]) for part in range(3)) / 3
    torch.testing.assert_close(loss(student, teacher), expected)


def test_angles_of_a_large_batch_are_those_of_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    student, teacher = random(1, 7, 6), random(1, 7, 5)
    first = angle_loss(student[:, :4], teacher[:, :4])
    last = angle_loss(student[:, 4:], teacher[:, 4:])
    monkeypatch.setattr(relations, "ANGLE_BLOCK", 4)
    # Of 4 and of 3 samples: 64 and 27 triples.
    expected = (64 * first + 27 * last) / 91
    torch.testing.assert_close(angle_loss(student, teacher), expected)


def test_equal_samples_of_the_student_do_not_blow_up_the_gradient() -> None:
    student = random(6, 4)
    student[1] = student[0]
    student.requires_grad_()
    torch.autograd.backward(loss(student, random(6, 5)))
    assert student.grad is not None
    assert student.grad.abs().max() < 10


def test_of_different_parts_the_whole_embeddings_are_compared() -> None:
    student, teacher = random(8, 3, 6), random(8, 2, 5)
    expected = loss(student.reshape(8, 18), teacher.reshape(8, 10))
    torch.testing.assert_close(loss(student, teacher), expected)
    torch.testing.assert_close(loss(student, teacher.reshape(8, 10)), expected)
    with pytest.raises(UsageError, match=r"it must be \(D\) or \(P, D\)"):
        loss(random(8, 3, 2, 6), teacher)
