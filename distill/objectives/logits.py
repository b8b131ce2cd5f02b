"""Class and attribute logits: the teacher's probabilities as the student's targets.

    kd   KL(teacher || student) of softmax(logits / T), times T^2
    bce  binary cross-entropy to sigmoid(teacher), of labels that do not exclude each other

Source: Hinton et al. (arXiv 1503.02531), section 2: T^2 keeps the size of the gradients whatever
T. T = 4 is mdistiller's for 100 classes; the usual weights are 0.9 beside 0.1 of the labels' loss
there, and 0.5 beside 0.5 of bce.

Axes: N samples, K classes.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from edgehuman.distill.objectives.objective import (
    Answers,
    Objective,
    Shapes,
    require_axes,
    require_same,
)

TEMPERATURE = 4.0


def softened_kl(student_NK: Tensor, teacher_NK: Tensor, temperature: float) -> Tensor:
    """Return T^2 x KL(teacher || student) of softmax(logits / T), the mean over samples, nats."""
    kl = functional.kl_div(
        functional.log_softmax(student_NK / temperature, dim=-1),
        functional.log_softmax(teacher_NK / temperature, dim=-1),
        reduction="batchmean",
        log_target=True,
    )
    return kl * temperature**2


class _OfLogits(Objective):
    needs = ("logits",)

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__(student, teacher)
        require_same_classes(student, teacher)


def require_same_classes(student: Shapes, teacher: Shapes) -> None:
    """Raise a UsageError where the logits are not (K,) or differ in K."""
    for shapes in (student, teacher):
        require_axes("logits", "K", shapes["logits"])
    require_same(
        "classes", student["logits"], teacher["logits"], "train both on the same labels, in order"
    )


class SoftLabels(_OfLogits):
    """`kd`: the teacher's softened probabilities."""

    def __init__(self, student: Shapes, teacher: Shapes, temperature: float = TEMPERATURE) -> None:
        super().__init__(student, teacher)
        self.temperature = temperature

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        return softened_kl(student["logits"], teacher["logits"], self.temperature)


class SoftAttributes(_OfLogits):
    """`bce`: the teacher's probability of each attribute. Its least value is their entropy."""

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        return functional.binary_cross_entropy_with_logits(
            student["logits"], teacher["logits"].sigmoid()
        )
