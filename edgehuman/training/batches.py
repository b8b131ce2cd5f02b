"""Which samples make up a step's batch: from seed, step and process alone, so no state is kept."""

from __future__ import annotations

import numpy as np

from edgehuman.records import Index


def batch_indices(
    num_samples: int, batch: int, step: int, seed: int, rank: int = 0, world: int = 1
) -> Index:
    """Indices (batch,) of one process's share of a step.

    Every epoch is a fresh shuffle of all samples; a batch may straddle two epochs, so nothing is
    left out and every batch is full.
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
