"""Maps, for parsing and joints: pixel by pixel, or channel by channel.

    pixel     KL(teacher || student) of a pixel's classes, T = 1, weighed by how sure the teacher is
    channel   KL(teacher || student) of where each channel is high, T = 4, times T^2
    heatmaps  mean squared difference

Maps of another size are resampled bilinearly to the teacher's.

Source: `channel` is Shu et al., Channel-wise Knowledge Distillation (arXiv 2011.13256), with its
weight of 3 for logits. The weight of a pixel is the teacher's largest probability
there, over their mean: an unsure border counts less. Heat maps are usually weighed equally with
those of the labels; whoever trains does that.

Axes: N samples, K classes or joints, h rows, w columns, S pixels.
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

CHANNEL_TEMPERATURE = 4.0


class _OfMaps(Objective):
    needs = ("map",)

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__(student, teacher)
        for shapes in (student, teacher):
            require_axes("map", "K h w", shapes["map"])
        require_same(
            "channels", student["map"][:1], teacher["map"][:1], "train both on the same labels"
        )

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        student_NKhw, teacher_NKhw = student["map"], teacher["map"]
        if student_NKhw.shape != teacher_NKhw.shape:
            student_NKhw = functional.interpolate(
                student_NKhw, size=teacher_NKhw.shape[2:], mode="bilinear", antialias=True
            )
        return self.compare(student_NKhw.flatten(2), teacher_NKhw.flatten(2))

    def compare(self, student_NKS: Tensor, teacher_NKS: Tensor) -> Tensor:
        raise NotImplementedError


class Pixels(_OfMaps):
    """`pixel`: what each pixel is."""

    compares = True  # the mean is over the certainty of the whole batch

    def compare(self, student_NKS: Tensor, teacher_NKS: Tensor) -> Tensor:
        wanted_NKS = functional.log_softmax(teacher_NKS, dim=1)
        kl_NS = functional.kl_div(
            functional.log_softmax(student_NKS, dim=1),
            wanted_NKS,
            reduction="none",
            log_target=True,
        ).sum(dim=1)
        sure_NS = wanted_NKS.amax(dim=1).exp()
        return (sure_NS * kl_NS).sum() / sure_NS.sum()


class Channels(_OfMaps):
    """`channel`: where each channel is high."""

    weight = 3.0

    def __init__(
        self, student: Shapes, teacher: Shapes, temperature: float = CHANNEL_TEMPERATURE
    ) -> None:
        super().__init__(student, teacher)
        self.temperature = temperature

    def compare(self, student_NKS: Tensor, teacher_NKS: Tensor) -> Tensor:
        kl = functional.kl_div(
            functional.log_softmax(student_NKS / self.temperature, dim=2),
            functional.log_softmax(teacher_NKS / self.temperature, dim=2),
            reduction="batchmean",
            log_target=True,
        )
        return kl * self.temperature**2 / student_NKS.shape[1]


class HeatMaps(_OfMaps):
    """`heatmaps`: the teacher's heat maps as targets."""

    def compare(self, student_NKS: Tensor, teacher_NKS: Tensor) -> Tensor:
        return functional.mse_loss(student_NKS, teacher_NKS)
