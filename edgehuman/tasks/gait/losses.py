"""Losses of supervised gait recognition: triplets of walks, and identities.

The loss is computed for each part of an embedding and averaged over the parts; an embedding of one
vector has one part. Everything is computed in float32.

Axes: N walks, K walks of an anchor's person, P parts, D dimensions, I identities.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.errors import DataError
from edgehuman.metrics.retrieval import Distance


def batch_all_triplets(
    feature_NPD: Tensor,
    person_N: Tensor,
    margin: float = 0.2,
    distance: Distance = "euclidean",
) -> tuple[Tensor, Tensor]:
    """Return the mean (P,) of the non-zero triplet losses over all anchors, positives and
    negatives of the batch, and the number of them (P,).

    An anchor is also its own positive, as in the published gait code; that pushes negatives beyond
    the margin.

    Args:
        distance: Euclidean, or 1 - cosine of the angle; `centred` as that.

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
    distance_PNN = _euclidean(feature_PND) if distance == "euclidean" else _cosine(feature_PND)
    # Each anchor's positives K, padded to the person with the most walks: N x K x N terms, not N^3.
    positive_NK = same_NN.int().argsort(dim=1, descending=True, stable=True)
    positive_NK = positive_NK[:, : int(same_NN.sum(dim=1).max())]
    near_PNK = distance_PNN.gather(2, positive_NK.expand(len(distance_PNN), -1, -1))
    gap_PNKN = near_PNK[:, :, :, None] - distance_PNN[:, :, None, :] + margin
    is_triplet_NKN = same_NN.gather(1, positive_NK)[:, :, None] & ~same_NN[:, None, :]
    cost_PNKN = gap_PNKN.clamp(min=0) * is_triplet_NKN
    count_P = (cost_PNKN > 0).sum(dim=(1, 2, 3))
    return cost_PNKN.sum(dim=(1, 2, 3)) / count_P.clamp(min=1), count_P


def _euclidean(feature_PND: Tensor) -> Tensor:
    """Distances (P, N, N); the square root has no gradient at 0, so those of 0 are masked out."""
    square_PN = feature_PND.square().sum(dim=2)
    square_PNN = square_PN[:, :, None] + square_PN[:, None] - 2 * feature_PND @ feature_PND.mT
    positive_PNN = square_PNN > 0
    return torch.where(positive_PNN, square_PNN, 1.0).sqrt() * positive_PNN


def _cosine(feature_PND: Tensor) -> Tensor:
    """1 - cosine (P, N, N)."""
    unit_PND = functional.normalize(feature_PND, dim=2)
    return 1 - unit_PND @ unit_PND.mT


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
