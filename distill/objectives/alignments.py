"""Three levels of one person image: who it is, its parts, and how its places relate.

    identity  1 - cosine of the global embedding
    part      1 - cosine of local parts: horizontal stripes of the grid, or parts that queries pool
    relation  mean squared difference of the cosines between all tokens of an image

Source: DPAL (arXiv 2508.07144), as its abstract gives it: alignment at global image level, at local
pixel level and at instance relation level. From the paper are the three levels and that they are
learnt together. Not from the paper, whose code is not published: the losses' forms, the stripes
(PCB, arXiv 1711.09349, has six of them) and the pooling by queries. Left out: the dynamic pattern
decoder with its three experts, which keeps the three apart during training; and relations between
several persons in one image. The tokens of an image with several persons hold them, among the rest.

Axes: N samples, L tokens, D width, P parts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.distill.objectives.features import Features
from edgehuman.distill.objectives.objective import (
    Answers,
    Objective,
    Shapes,
    cosine_gap,
    projector,
    unit,
)
from edgehuman.distill.objectives.tokens import Alignment, Grid, flattened, grid_of

PARTS = 6


class Identity(Features):
    """`identity`: the global level. Computes what `features` does; take one of the two."""


class Parts(Objective):
    """`part`: the local level.

    Where both are grids with a row for each part, parts are horizontal stripes. Elsewhere learnt
    queries pool them from the tokens by attention: one set of queries for both, in the teacher's
    width. The queries are learnt through the student's side alone, so that they do not move the
    target; the projector of the student's tokens is thrown away with them.
    """

    needs = ("tokens",)

    def __init__(self, student: Shapes, teacher: Shapes, parts: int = PARTS) -> None:
        super().__init__(student, teacher)
        width = teacher["tokens"][-1]
        grids = grid_of(student["tokens"]), grid_of(teacher["tokens"])
        self.parts = parts
        self.grids = grids if all(grid and grid[0] >= parts for grid in grids) else None
        self.project = projector(student["tokens"][-1], width)
        if self.grids is None:
            self.query_PD = nn.Parameter(nn.init.orthogonal_(torch.empty(parts, width)))

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        student_NLD = self.project(flattened(student["tokens"]))
        teacher_NLD = flattened(teacher["tokens"])
        if self.grids is None:
            found_NPD = pooled(student_NLD, self.query_PD)
            return cosine_gap(found_NPD, pooled(teacher_NLD, self.query_PD.detach()))
        own, wanted = self.grids
        assert own is not None
        assert wanted is not None
        return cosine_gap(
            stripes(student_NLD, own, self.parts), stripes(teacher_NLD, wanted, self.parts)
        )


def stripes(tokens_NLD: Tensor, grid: Grid, parts: int) -> Tensor:
    """Return the mean token of each horizontal stripe, from the top, (N, P, D)."""
    grid_NDhw = tokens_NLD.transpose(1, 2).reshape(len(tokens_NLD), -1, *grid)
    return functional.adaptive_avg_pool2d(grid_NDhw, (parts, 1)).squeeze(3).transpose(1, 2)


def pooled(tokens_NLD: Tensor, query_PD: Tensor) -> Tensor:
    """Return the tokens' mean as each query weighs them, by softmax(q.k / sqrt(D)), (N, P, D)."""
    # Only a token's direction says whose it is: a few have lengths far above the others'.
    width = tokens_NLD.shape[-1]
    weight_NPL = torch.softmax(query_PD @ unit(tokens_NLD).transpose(1, 2) * width**0.5, dim=-1)
    return weight_NPL @ tokens_NLD


class Relation(Objective):
    """`relation`: the level of instances. Needs no projector: cosines within each one's space."""

    needs = ("tokens",)

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__(student, teacher)
        self.align = Alignment(student, teacher)

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        found_NLL = _cosines(self.align(student["tokens"]))
        return functional.mse_loss(found_NLL, _cosines(flattened(teacher["tokens"])))


def _cosines(tokens_NLD: Tensor) -> Tensor:
    direction_NLD = unit(tokens_NLD)
    return direction_NLD @ direction_NLD.transpose(1, 2)
