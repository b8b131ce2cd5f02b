"""What a gait network is taught by where people are known: triplets of walks, and identities.

Each part of an embedding is taught by itself, and the parts are averaged; a network whose embedding
is one vector has one part. Everything is computed in float32.

Axes: N walks, P parts, D dimensions, I identities.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.errors import DataError


def batch_all_triplets(
    feature_NPD: Tensor, person_N: Tensor, margin: float = 0.2
) -> tuple[Tensor, Tensor]:
    """Every anchor with every walk of its person and every walk of another: the mean (P,) of the
    triplets that still cost something, and how many those are (P,).

    Distances are Euclidean. An anchor is its own partner too, as in the published gait code: it
    then asks others to stay farther away than the margin.

    Source: Hermans et al., arXiv 1703.07737, section 2 (batch all, mean over the non-zero terms).

    Raises:
        DataError: one person only: no triplet.
    """
    same_NN = person_N[:, None] == person_N
    if bool(same_NN.all()):
        raise DataError(
            f"found {len(person_N)} walks of one person; a batch needs two persons for a triplet"
        )
    feature_PND = feature_NPD.float().transpose(0, 1)
    # The formula in products has no derivative problem at 0, as 0 is clamped and left out.
    square_PN = feature_PND.square().sum(dim=2)
    square_PNN = square_PN[:, :, None] + square_PN[:, None] - 2 * feature_PND @ feature_PND.mT
    positive_PNN = square_PNN > 0
    distance_PNN = torch.where(positive_PNN, square_PNN, 1.0).sqrt() * positive_PNN
    gap_PNNN = distance_PNN[:, :, :, None] - distance_PNN[:, :, None, :] + margin
    is_triplet_NNN = same_NN[:, :, None] & ~same_NN[:, None, :]
    cost_PNNN = gap_PNNN.clamp(min=0) * is_triplet_NNN
    count_P = (cost_PNNN > 0).sum(dim=(1, 2, 3))
    return cost_PNNN.sum(dim=(1, 2, 3)) / count_P.clamp(min=1), count_P


def identity_loss(
    logits_NPI: Tensor, person_N: Tensor, scale: float = 16.0, smoothing: float = 0.1
) -> Tensor:
    """Cross-entropy of the identities, of every part with the same label, averaged.

    Args:
        logits_NPI: cosines to each identity's direction; scale: sharpens them.
        person_N: 0..I-1.
    """
    label_NP = person_N[:, None].expand(logits_NPI.shape[:2])
    return functional.cross_entropy(
        scale * logits_NPI.float().flatten(0, 1), label_NP.flatten(), label_smoothing=smoothing
    )
