"""Load and check the samples of an export.

`load_samples(card, data)` reads a dataset (or the simulator) as the record that the card names, and
refuses records of another shape and numbers that are not finite.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.card import Card
from edgehuman.data.samples import Samples
from edgehuman.errors import DataError
from edgehuman.records import Index


def balanced(samples: Samples, count: int, seed: int) -> Index:
    """Indices (K,), K <= count: in turn from every class, or from every person without labels.

    Unlabelled samples among labelled ones form a class of their own. A group that runs out is
    skipped.
    """
    group_N = samples.label_N if np.any(samples.label_N >= 0) else samples.person_N
    random = np.random.default_rng(seed)
    queues = [random.permutation(np.flatnonzero(group_N == group)) for group in np.unique(group_N)]
    # Sorting by (place in its own queue, group) takes the groups in turn.
    place = np.concatenate([np.arange(len(queue)) for queue in queues])
    index = np.concatenate(queues)
    return np.sort(index[np.argsort(place, kind="stable")[:count]])


def load_samples(card: Card, data: Path | str) -> Samples:
    """Load a dataset's training part as records for this card; the official test part is not read.

    Raises:
        UsageError: there is no reader for the card's record.
        DataError: records of another shape, or numbers that are not finite; or as the reader.
    """
    samples: Samples = catalogue.step(card.input.record, "samples")(card, data)
    expected = card.input.shape
    found = samples.array.shape[1:]
    fits = len(found) == len(expected) and all(
        e in (0, f) for e, f in zip(expected, found, strict=True)
    )
    if not fits:
        raise DataError(
            f"{data}: its records have shape {found}, but {card.name} takes {card.input.record} "
            f"{expected}; give a dataset of that record"
        )
    require_finite(samples.array, str(data))
    return samples


def require_finite(array: NDArray[Any], where: str) -> None:
    """Raise DataError if a record has a number that is not finite; nothing is filled in."""
    wrong_N = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if wrong_N.any():
        first = int(np.argmax(wrong_N))
        raise DataError(
            f"{where}: {int(wrong_N.sum())} of {len(array)} samples have numbers that are not "
            f"finite (first: sample {first}); remove them from the dataset"
        )
