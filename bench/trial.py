"""What one run of `edgehuman bench` times its models on, and how it scores them.

Each record's own is `bench/evaluate/<record>.py:trial`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from edgehuman.bench.evaluate.evaluate import Split
from edgehuman.card import Card
from edgehuman.errors import UsageError
from edgehuman.runtime.model import Model

Score = Callable[[Model], dict[str, float]]
MOST_TIMED = 256


@dataclass(frozen=True, slots=True)
class Words:
    """What `edgehuman bench` was told of its data; see `BenchConfig`."""

    data: str
    dataset: str | None = None
    split: Split = "test"
    shared_labels: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Attributes:
    timed: raw records (N, ...), at most 256.
    dataset: where they are from; said: the same for people.
    score: the task metrics of a model, the one that selects first. Raises DataError where the
        data cannot score it.
    scored_windows: labelled windows that score an activity model; 0 of other records.
    """

    timed: NDArray[Any]
    dataset: str
    said: str
    score: Score
    scored_windows: int = 0


def trial_of_samples(card: Card, words: Words, score: Score) -> Trial:
    """The records that would judge an export of this card are timed.

    Raises:
        UsageError: a dataset is named, which such records have none of.
        DataError: no such data, or none of the card's record.
    """
    if words.dataset is not None:
        raise UsageError(f"--dataset goes with wearable data; {card.name} takes none")
    from edgehuman.export.proof.samples import load_samples

    samples = load_samples(card, words.data)
    return Trial(samples.array[:MOST_TIMED], samples.source, samples.source, score)
