"""What every objective is: answers of student and teacher to one batch -> a scalar to minimise.

Answers are a mapping of kind -> tensor:

    "logits"     (N, K)               of classes or attributes
    "embedding"  (N, D) or (N, P, D)  one vector a sample, or one a part
    "tokens"     (N, L, D)            last token grid, flattened; or (N, h, w, D)
    "map"        (N, K, h, w)         logits of pixels, or heat maps

Shapes are those of one sample, without N. Tokens of shape (h, w, D) are a grid, whose rows and
columns can be resampled; those of shape (L, D) are not.

Axes: N samples, K classes, D width, P parts, L tokens, h rows, w columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.errors import DataError, UsageError
from edgehuman.training.many.gather import gather, whole_batch

Answers = Mapping[str, Tensor]
Shapes = Mapping[str, tuple[int, ...]]

# Shorter vectors have no direction.
SHORTEST = 1e-6


class Objective(nn.Module):
    """One distance between the answers of student and teacher.

    A subclass says which kinds it `needs` of both and its usual `weight`, and writes `loss`. It is
    built from the shapes of both, and refuses shapes that do not fit with a UsageError.

    Attributes:
        needs: kinds of answers that both must give.
        weight: where none is asked for; from the literature, for the mean loss of a batch.
        compares: whether the loss is more than the mean of the samples' own losses, so that it
            needs the answers of all processes.
    """

    needs: ClassVar[tuple[str, ...]]
    weight: ClassVar[float] = 1.0
    compares: ClassVar[bool] = False

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__()

    def forward(self, student: Answers, teacher: Answers, target_N: Tensor | None = None) -> Tensor:
        """Return the loss, a scalar in float32 or wider. The teacher gets no gradient.

        Args:
            target_N: the right classes, where there are any; most objectives do without.

        Raises:
            DataError: a kind is missing, or the batches differ in length.
        """
        for kind in self.needs:
            for whose, answers in (("student", student), ("teacher", teacher)):
                if kind not in answers:
                    found = ", ".join(answers) or "nothing"
                    raise DataError(f"the {whose} answered {found}; this objective needs {kind}")
            lengths = len(student[kind]), len(teacher[kind])
            if lengths[0] != lengths[1] or not lengths[0]:
                raise DataError(
                    f"{kind}: the student answered {lengths[0]} samples and the teacher "
                    f"{lengths[1]}; both must answer the same batch, of at least one"
                )
        wide = {kind: widened(student[kind]) for kind in self.needs}
        goal = {kind: teacher[kind].detach().to(wide[kind]) for kind in self.needs}
        with torch.autocast(wide[self.needs[0]].device.type, enabled=False):
            if not self.compares:
                return self.loss(wide, goal, target_N)
            wide, goal = ({k: gather(v) for k, v in each.items()} for each in (wide, goal))
            with whole_batch():
                return self.loss(wide, goal, None if target_N is None else gather(target_N))

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        """Return the loss of answers in float32 or wider, outside of autocast."""
        raise NotImplementedError


def widened(values: Tensor) -> Tensor:
    """Return half precision as float32; exponentials and small distances need it."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def unit(vectors: Tensor) -> Tensor:
    """Return vectors (..., D) of length 1; those shorter than SHORTEST are 0, without gradient.

    The gradient of `functional.normalize` at a zero vector is 1e12, finite and useless.
    """
    length = vectors.norm(dim=-1, keepdim=True)
    short = length <= SHORTEST  # NaN is not, and stays
    return torch.where(short, 0.0, vectors / torch.where(short, 1.0, length))


def cosine_gap(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean of 1 - cosine of vectors (..., D).

    As half the squared distance of unit vectors, so that equal vectors give exactly 0.
    """
    return 0.5 * (unit(student) - unit(teacher)).square().sum(dim=-1).mean()


def levelled(vectors: Tensor) -> Tensor:
    """Return vectors (..., D) with mean 0 and variance 1: a layer norm without weights."""
    return functional.layer_norm(vectors, vectors.shape[-1:])


def projector(student_width: int, teacher_width: int) -> nn.Module:
    """Build what carries the student into the teacher's width: nothing where the widths are equal.

    It belongs to the training: no exported graph has it.
    """
    if student_width == teacher_width:
        return nn.Identity()
    return nn.Linear(student_width, teacher_width)


def require_same(what: str, student: tuple[int, ...], teacher: tuple[int, ...], fix: str) -> None:
    """Raise a UsageError where student and teacher differ: "classes", (6,), (7,)."""
    if student != teacher:
        raise UsageError(
            f"the student has {what} {_said(student)} and the teacher {_said(teacher)}; they must "
            f"be the same: {fix}"
        )


def require_axes(kind: str, names: str, shape: tuple[int, ...]) -> None:
    """Raise a UsageError where the answer of one sample does not have these axes: "K h w"."""
    if len(shape) != len(names.split()):
        raise UsageError(
            f"{kind} has the shape {shape} in one sample; this objective takes ({names})"
        )


def _said(numbers: tuple[int, ...]) -> str:
    return " x ".join(map(str, numbers)) or "none"
