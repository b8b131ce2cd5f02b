"""Which training windows a step takes, and what they are called.

Axes: N windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgehuman.records import Float64, Index, WindowSet
from edgehuman.tasks.imu.settings import ActivityConfig
from edgehuman.tasks.imu.splits import LabelledSplits
from edgehuman.training.batches import balance, batch_indices, drawn_indices
from edgehuman.training.processes import Place


def drawing(config: ActivityConfig, splits: LabelledSplits) -> Callable[[int, Place], Index]:
    """Return how a step's windows are chosen: in shuffled epochs, or balanced over sets."""
    counts = [len(windows) for windows in splits.learn]
    if not config.balance:
        return lambda step, at: batch_indices(
            sum(counts), config.batch, step, config.seed, at.rank, at.world
        )
    prob_N = balanced(splits.learn, config.balance)
    return lambda step, at: drawn_indices(
        prob_N, config.batch, step, config.seed, at.rank, at.world
    )


def balanced(learn: Sequence[WindowSet], share: Sequence[float]) -> Float64:
    """Return the probability (N,) of each window of the joined sets: `share` per set, the same for
    each class of a set.
    """
    names = len(learn[0].labels)
    group_N = np.concatenate([i * names + windows.label_N for i, windows in enumerate(learn)])
    classes = [len(np.unique(windows.label_N)) for windows in learn]
    share_G = np.repeat([weight / n for weight, n in zip(share, classes, strict=True)], names)
    return balance(group_N, share_G)


def window_names(learn: Sequence[WindowSet]) -> tuple[str, ...]:
    """Names of the training windows: their person, their set, and which of the set's they are."""
    return tuple(
        f"{person} of {place} {'+'.join(windows.dataset)} {number}"
        for place, windows in enumerate(learn)
        for number, person in enumerate(windows.subject_N.tolist())
    )
