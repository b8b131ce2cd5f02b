"""Sample indices of a step's batch, from seed, step and process alone, without state."""

from __future__ import annotations

import numpy as np

from edgehuman.records import Index


def batch_indices(
    num_samples: int, batch: int, step: int, seed: int, rank: int = 0, world: int = 1
) -> Index:
    """Return indices (batch,) of one process's share of a step.

    Every epoch is a new shuffle of all samples; a batch may span two epochs, so no sample is
    dropped and every batch is full.
    """
    first = (step * world + rank) * batch
    wanted = np.arange(first, first + batch)
    epoch, place = wanted // num_samples, wanted % num_samples
    chosen = np.empty(batch, np.int64)
    for number in np.unique(epoch):
        order = np.random.default_rng((seed, int(number))).permutation(num_samples)
        here = epoch == number
        chosen[here] = order[place[here]]
    return chosen
