"""Sample indices of a step's batch, from seed and step alone, without state; each process takes its
share of them.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float64, Index


def batch_indices(
    num_samples: int, batch: int, step: int, seed: int, rank: int = 0, world: int = 1
) -> Index:
    """Return indices (batch / world,) of one process's share of a step's batch.

    Every epoch is a new shuffle of all samples; a batch may span two epochs, so no sample is
    dropped and every batch is full. The shares of all processes, one after another, are the batch
    of one.
    """
    share = batch // world
    first = step * batch + rank * share
    wanted = np.arange(first, first + share)
    epoch, place = wanted // num_samples, wanted % num_samples
    chosen = np.empty(share, np.int64)
    for number in np.unique(epoch):
        order = np.random.default_rng((seed, int(number))).permutation(num_samples)
        here = epoch == number
        chosen[here] = order[place[here]]
    return chosen


def balance(group_N: Index, share_G: Float64) -> Float64:
    """Return the probability (N,) of each sample, so that each group g has its share of a batch.

    Args:
        group_N: the group of each sample, 0..G-1.
        share_G: weights of the groups; groups without samples get nothing.
    """
    count_G = np.bincount(group_N, minlength=len(share_G))
    weight_N = (share_G / np.maximum(count_G, 1))[group_N]
    return np.asarray(weight_N / weight_N.sum())


def drawn_indices(
    prob_N: Float64, batch: int, step: int, seed: int, rank: int = 0, world: int = 1
) -> Index:
    """Return indices (batch / world,) of one process's share of a step's batch, drawn with these
    probabilities.
    """
    rng = np.random.default_rng((seed, step))
    bounds_N = np.cumsum(prob_N)
    chosen = np.searchsorted(bounds_N, rng.random(batch) * bounds_N[-1], side="right")
    indices: Index = np.minimum(chosen, len(prob_N) - 1).astype(np.int64)
    return indices[rank * (batch // world) :][: batch // world]
