"""Token grids, place by place (`tokens`): smooth L1 of tokens with mean 0 and variance 1.

The last map is never compared raw: a few channels of large values would decide everything. Where
the widths differ, a throw-away linear projector carries the student's tokens into the teacher's.

The tokens of both must stand for the same places: equally many, or two grids (h, w, D), of which
the student's is resampled to the teacher's.

Source: as of `features-l1`, which is of tokens in Feature Distillation (arXiv 2205.14141).

Axes: N samples, L tokens, D width, h rows, w columns.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from edgehuman.distill.objectives.features import BETA
from edgehuman.distill.objectives.objective import Answers, Objective, Shapes, levelled, projector
from edgehuman.errors import UsageError

Grid = tuple[int, int]


def grid_of(shape: tuple[int, ...]) -> Grid | None:
    """Return rows and columns of tokens (h, w, D); None of tokens (L, D), which tell of none."""
    return (shape[0], shape[1]) if len(shape) == 3 else None


class Alignment:
    """How the student's tokens come to stand for the places of the teacher's.

    Raises:
        UsageError: they cannot; the message gives both shapes.
    """

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        shapes = student["tokens"], teacher["tokens"]
        for shape in shapes:
            if len(shape) not in (2, 3):
                raise UsageError(
                    f"tokens have the shape {shape} in one sample; it must be (L, D) or (h, w, D)"
                )
        grids = tuple(map(grid_of, shapes))
        both = None not in grids
        # Tokens in one line without a grid are taken to be in the same order.
        self.grids = grids if both and grids[0] != grids[1] else None
        if not both and _count(shapes[0]) != _count(shapes[1]):
            raise UsageError(
                f"the student has tokens {shapes[0]} and the teacher {shapes[1]}; tokens are "
                "compared place by place, so both must have equally many or be grids (h, w, D): "
                "choose another student or an objective of embeddings"
            )

    def __call__(self, student_NLD: Tensor) -> Tensor:
        """Return the student's tokens at the teacher's places, (N, L, D)."""
        flat_NLD = flattened(student_NLD)
        if self.grids is None:
            return flat_NLD
        own, wanted = self.grids
        assert own is not None
        assert wanted is not None
        return resampled(flat_NLD, own, wanted)


def _count(shape: tuple[int, ...]) -> int:
    return shape[0] * (shape[1] if len(shape) == 3 else 1)


def flattened(tokens: Tensor) -> Tensor:
    """Return tokens (N, L, D) of (N, L, D) or (N, h, w, D)."""
    return tokens.flatten(1, -2)


def resampled(tokens_NLD: Tensor, own: Grid, wanted: Grid) -> Tensor:
    """Resample a grid of tokens bilinearly; where it gets smaller, over all tokens of a place."""
    grid_NDhw = tokens_NLD.transpose(1, 2).reshape(len(tokens_NLD), -1, *own)
    other_NDhw = functional.interpolate(grid_NDhw, size=wanted, mode="bilinear", antialias=True)
    return other_NDhw.flatten(2).transpose(1, 2)


class Tokens(Objective):
    """`tokens`: smooth L1 of the tokens of the same place."""

    needs = ("tokens",)

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__(student, teacher)
        self.align = Alignment(student, teacher)
        self.project = projector(student["tokens"][-1], teacher["tokens"][-1])

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        student_NLD = self.project(self.align(student["tokens"]))
        teacher_NLD = flattened(teacher["tokens"])
        return functional.smooth_l1_loss(levelled(student_NLD), levelled(teacher_NLD), beta=BETA)
