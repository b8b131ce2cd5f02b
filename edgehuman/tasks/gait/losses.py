"""Losses of supervised gait recognition: triplets of walks, and identities.

The loss is computed for each part of an embedding and averaged over the parts; an embedding of one
vector has one part. Everything is computed in float32.

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
    """Return the mean (P,) of the non-zero triplet losses over all anchors, positives and
    negatives of the batch, and the number of them (P,).

    Distances are Euclidean. An anchor is also its own positive, as in the published gait code; that
    pushes negatives beyond the margin.

    Source: Hermans et al., arXiv 1703.07737, section 2 (batch all, mean over the non-zero terms).

    Raises:
        DataError: only one person, so there is no triplet.
    """
    same_NN = person_N[:, None] == person_N
    if bool(same_NN.all()):
        raise DataError(
            f"found {len(person_N)} walks of one person; a batch needs two people for a triplet"
        )
    feature_PND = feature_NPD.float().transpose(0, 1)
    # The square root has no gradient at 0, so distances of 0 are masked out.
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
    """Return the mean cross-entropy of the identities over walks and parts.

    Args:
        logits_NPI: cosine to each identity's weight vector.
        person_N: 0..I-1.
        scale: factor of the logits.
        smoothing: label smoothing.
    """
    label_NP = person_N[:, None].expand(logits_NPI.shape[:2])
    return functional.cross_entropy(
        scale * logits_NPI.float().flatten(0, 1), label_NP.flatten(), label_smoothing=smoothing
    )
