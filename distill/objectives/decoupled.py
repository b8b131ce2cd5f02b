"""Decoupled distillation (`dkd`): the target class and the order of the others, weighed apart.

    alpha x KL of (target, not target)  +  beta x KL among the classes that are not the target

both at temperature T and times T^2. In plain distillation the second is weighed by the teacher's
doubt, so a sure teacher teaches nothing about the other classes.

Source: Zhao et al. (arXiv 2203.08679), section 3; alpha 1, beta 8, T 4 as there for 100
classes. With few classes beta 2 to 4 is usual. The paper raises the weight over 20 epochs; whoever
trains does that.

Axes: N samples, K classes, R the K - 1 others.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.distill.objectives.logits import TEMPERATURE, require_same_classes, softened_kl
from edgehuman.distill.objectives.objective import Answers, Objective, Shapes
from edgehuman.errors import DataError, UsageError


def decoupled(
    student_NK: Tensor, teacher_NK: Tensor, target_N: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Return both terms, of the target and of the others, times T^2, the mean over samples."""
    chosen_NK = functional.one_hot(target_N, student_NK.shape[1]).bool()
    student_N2, student_NR = _parted(student_NK / temperature, chosen_NK)
    teacher_N2, teacher_NR = _parted(teacher_NK / temperature, chosen_NK)
    of_target = softened_kl(student_N2, teacher_N2, 1.0) * temperature**2
    of_others = softened_kl(student_NR, teacher_NR, 1.0) * temperature**2
    return of_target, of_others


def _parted(logits_NK: Tensor, chosen_NK: Tensor) -> tuple[Tensor, Tensor]:
    """Return the logits of (target, all others together), and those of the others."""
    others_NR = logits_NK[~chosen_NK].view(len(logits_NK), -1)
    return torch.stack([logits_NK[chosen_NK], others_NR.logsumexp(dim=1)], dim=1), others_NR


class Decoupled(Objective):
    """`dkd`. Without the right classes, the teacher's most probable one is the target."""

    needs = ("logits",)

    def __init__(
        self,
        student: Shapes,
        teacher: Shapes,
        alpha: float = 1.0,
        beta: float = 8.0,
        temperature: float = TEMPERATURE,
    ) -> None:
        super().__init__(student, teacher)
        require_same_classes(student, teacher)
        if student["logits"][0] < 2:
            raise UsageError("dkd compares classes and there is 1; it needs at least 2: use bce")
        self.alpha, self.beta, self.temperature = alpha, beta, temperature

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        student_NK, teacher_NK = student["logits"], teacher["logits"]
        if target_N is None:
            target_N = teacher_NK.argmax(dim=1)
        _require_classes(target_N, student_NK)
        of_target, of_others = decoupled(student_NK, teacher_NK, target_N, self.temperature)
        return self.alpha * of_target + self.beta * of_others


def _require_classes(target_N: Tensor, logits_NK: Tensor) -> None:
    """Raise a DataError where the targets are not one class a sample."""
    samples, classes = logits_NK.shape
    if target_N.shape != (samples,) or target_N.is_floating_point():
        raise DataError(
            f"dkd got targets of shape {tuple(target_N.shape)} and type {target_N.dtype}; it needs "
            f"one class a sample, whole numbers of shape ({samples},); for several labels use bce"
        )
    low, high = int(target_N.min()), int(target_N.max())
    if low < 0 or high >= classes:
        raise DataError(
            f"dkd got classes from {low} to {high}; with {classes} logits they must lie in "
            f"0..{classes - 1}"
        )
