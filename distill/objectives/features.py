"""Embeddings, vector by vector: the student's near the teacher's of the same sample.

    features     1 - cosine
    features-l1  smooth L1 of embeddings with mean 0 and variance 1

Where the widths differ, a linear projector carries the student's embedding into the teacher's
space; it is thrown away after the training. Where they are equal there is none, and the student's
embeddings can be compared with the teacher's (`compatible`); use the cosine for that, as a gallery
does. Embeddings of parts are compared part by part, with one projector for all.

Source: FitNets (arXiv 1412.6550) has the projector; smooth L1 with beta 2 of teacher features
through a layer norm without weights is Feature Distillation's (arXiv 2205.14141), which
normalises the teacher alone: here the student too.

Axes: N samples, P parts, D width.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from edgehuman.distill.objectives.objective import (
    Answers,
    Objective,
    Shapes,
    cosine_gap,
    levelled,
    projector,
    require_same,
)
from edgehuman.errors import UsageError

BETA = 2.0


def require_vectors(*of_both: Shapes) -> None:
    """Raise a UsageError where an embedding is not (D,) or (P, D)."""
    for shapes in of_both:
        if len(shapes["embedding"]) not in (1, 2):
            raise UsageError(
                f"embedding has the shape {shapes['embedding']} in one sample; it must be (D) or "
                "(P, D)"
            )


def require_same_parts(student: Shapes, teacher: Shapes) -> None:
    """Raise a UsageError where the embeddings are not (D,) or (P, D), or differ in P."""
    require_vectors(student, teacher)
    require_same(
        "parts",
        student["embedding"][:-1],
        teacher["embedding"][:-1],
        "choose a student with the teacher's parts, or the objectives similarity and rkd",
    )


class Features(Objective):
    """`features`: 1 - cosine with the teacher's embedding.

    Attributes:
        compatible: whether the student's embedding lives in the teacher's space.
    """

    needs = ("embedding",)

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__(student, teacher)
        require_same_parts(student, teacher)
        widths = student["embedding"][-1], teacher["embedding"][-1]
        self.compatible = widths[0] == widths[1]
        self.project = projector(*widths)

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        return self.compare(self.project(student["embedding"]), teacher["embedding"])

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare vectors (..., D) of one space."""
        return cosine_gap(student, teacher)


class SmoothFeatures(Features):
    """`features-l1`: smooth L1 of embeddings with mean 0 and variance 1.

    It leaves mean and length of an embedding free, so its cosine to the teacher's may be any.
    """

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__(student, teacher)
        self.compatible = False

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        return functional.smooth_l1_loss(levelled(student), levelled(teacher), beta=BETA)
