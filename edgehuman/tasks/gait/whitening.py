"""Whitening of an embedding within people: directions in which one person's walks differ much count
for less.

    centre_PD, matrix_PDD = within_people(feature_NPD, person_N, shrink=0.1)
    network.whiten(centre_PD, matrix_PDD)          embeds (y - centre) @ matrix from then on

Each part y of an embedding is centred by the mean of all walks and multiplied by the inverse square
root of the covariance of walks about their person's mean, shrunk towards a multiple of the identity
by a share. Nothing is descended: it is one pass over labelled walks.
Source: within-class covariance normalisation, Hatch, Kajarekar and Stolcke, Interspeech 2006; the
centring is of Dehak et al., "Front-end factor analysis for speaker verification", 2011.

Axes: N walks, P parts, D dimensions.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.errors import DataError, UsageError
from edgehuman.nets.building import Whitening
from edgehuman.records import Float32, Float64, Text


def within_people(feature_NPD: Float32, person_N: Text, shrink: float) -> tuple[Float64, Float64]:
    """Return the centre (P, D) and the matrix (P, D, D), symmetric, of a whitening.

    The matrix is scaled so that the walks of one person have a variance of 1 in the mean.

    Raises:
        DataError: nobody has two walks, or all walks of everybody are alike.
    """
    _, index_N, count_H = np.unique(person_N, return_inverse=True, return_counts=True)
    index_N, counts_N = index_N.reshape(-1), count_H[index_N.reshape(-1)] > 1
    if not counts_N.any():
        raise DataError(
            f"found {len(count_H)} people with one walk each; whitening needs people with two or "
            "more"
        )
    value_NPD = feature_NPD.astype(np.float64)
    total_HPD = np.zeros((len(count_H), *value_NPD.shape[1:]))
    np.add.at(total_HPD, index_N, value_NPD)
    off_NPD = (value_NPD - (total_HPD / count_H[:, None, None])[index_N])[counts_N]
    freedom = len(off_NPD) - np.count_nonzero(count_H > 1)
    covariance_PDD = np.einsum("npd,npe->pde", off_NPD, off_NPD, optimize=True) / freedom
    width = covariance_PDD.shape[-1]
    scale_P = np.trace(covariance_PDD, axis1=1, axis2=2) / width
    if not scale_P.all():
        raise DataError("the walks of each person all have the same embedding; nothing to whiten")
    round_PDD = scale_P[:, None, None] * np.eye(width)
    value_PD, vector_PDD = np.linalg.eigh((1 - shrink) * covariance_PDD + shrink * round_PDD)
    value_PD = np.maximum(value_PD, 1e-6 * scale_P[:, None])
    matrix_PDD = (vector_PDD / np.sqrt(value_PD)[:, None]) @ vector_PDD.transpose(0, 2, 1)
    return value_NPD.mean(axis=0), matrix_PDD


def whiten(network: nn.Module, feature_NPD: Float32, person_N: Text, shrink: float) -> None:
    """Whiten a network by its own embeddings of labelled walks.

    Raises:
        DataError: see `within_people`.
        UsageError: a network that takes no whitening in.
    """
    require_whitening(network)
    assert isinstance(network, Whitening)
    centre_PD, matrix_PDD = within_people(feature_NPD, person_N, shrink)
    first = next(network.parameters())
    network.whiten(_like(centre_PD, first), _like(matrix_PDD, first))


def require_whitening(network: nn.Module) -> None:
    """Raise UsageError for a network that takes no whitening in, before walks are embedded."""
    if not isinstance(network, Whitening):
        raise UsageError(
            f"--whiten: {type(network).__name__} takes no whitening in; use gaitbody_1, or a "
            "silhouette network such as gaitset_small"
        )


def _like(array: Float64, tensor: Tensor) -> Tensor:
    return torch.from_numpy(array).to(tensor)
