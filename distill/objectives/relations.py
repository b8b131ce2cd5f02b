"""Relations within a batch (`rkd`): distances of pairs and angles of triples of embeddings.

    distance + 2 x angle, with the usual weight 25: the paper's 25 and 50

Distances are divided by their mean over the batch, so the student's space may have any scale, width
and rotation, and needs no projector. Both terms are smooth L1. Embeddings are taken as they are
given out. Those of parts are compared part by part; of different parts, as one vector.

Source: Park et al., Relational Knowledge Distillation (arXiv 1904.05068), section 3. Left
out: the triples of a large batch. Angles are those within blocks of 128 samples, because their
number grows with the cube.

Axes: P parts, N samples, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.distill.objectives.features import require_vectors
from edgehuman.distill.objectives.objective import Answers, Objective, Shapes, unit

# The angles of a batch of N are N^3 numbers: 8 MB at 128, 537 MB at 512.
ANGLE_BLOCK = 128
ANGLE_PER_DISTANCE = 2.0


def distance_loss(student_PND: Tensor, teacher_PND: Tensor) -> Tensor:
    """Return smooth L1 of the distances of all pairs, in units of their mean."""
    return functional.smooth_l1_loss(_distances(student_PND), _distances(teacher_PND))


def _distances(embedding_PND: Tensor) -> Tensor:
    """Return the distances of all pairs over their mean, (P, N, N); equal samples do not count."""
    # The exact way: through products, close pairs would be rounding errors. Its gradient at 0 is 0.
    far_PNN = torch.cdist(embedding_PND, embedding_PND, compute_mode="donot_use_mm_for_euclid_dist")
    apart_PNN = far_PNN.detach() > 0
    mean_P11 = far_PNN.sum(dim=(1, 2), keepdim=True) / apart_PNN.sum(
        dim=(1, 2), keepdim=True
    ).clamp_min(1)
    # Where all are equal, the distances are 0 and stay so.
    return far_PNN / torch.where(mean_P11 > 0, mean_P11, 1.0)


def angle_loss(student_PND: Tensor, teacher_PND: Tensor) -> Tensor:
    """Return smooth L1 of the cosines at the first of all triples; of blocks in a large batch."""
    total = student_PND.new_zeros(())
    count = 0
    for student_PnD, teacher_PnD in zip(
        *(torch.split(each, ANGLE_BLOCK, dim=1) for each in (student_PND, teacher_PND)), strict=True
    ):
        found, wanted = _angles(student_PnD), _angles(teacher_PnD)
        total = total + functional.smooth_l1_loss(found, wanted, reduction="sum")
        count += found.numel()
    return total / count


def _angles(embedding_PND: Tensor) -> Tensor:
    """Return the cosine of every angle j-i-k, (P, i, j, k)."""
    way_PNND = unit(embedding_PND[:, None] - embedding_PND[:, :, None])
    return way_PNND @ way_PNND.transpose(-1, -2)


class Relations(Objective):
    """`rkd`: distances and angles."""

    needs = ("embedding",)
    weight = 25.0
    compares = True

    def __init__(self, student: Shapes, teacher: Shapes) -> None:
        super().__init__(student, teacher)
        require_vectors(student, teacher)
        self._same_parts = student["embedding"][:-1] == teacher["embedding"][:-1]

    def loss(self, student: Answers, teacher: Answers, target_N: Tensor | None) -> Tensor:
        pair = student["embedding"], teacher["embedding"]
        if not self._same_parts:
            pair = pair[0].flatten(1), pair[1].flatten(1)
        pair = _by_part(pair[0]), _by_part(pair[1])
        return distance_loss(*pair) + ANGLE_PER_DISTANCE * angle_loss(*pair)


def _by_part(embedding: Tensor) -> Tensor:
    """Return (P, N, D) of (N, D) or (N, P, D)."""
    return embedding[None] if embedding.ndim == 2 else embedding.transpose(0, 1)
