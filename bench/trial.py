"""The records that `edgehuman bench` times its models on, and how it scores the models.

Each record brings its own: `score` of its row in `catalogue.RECORDS`.
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
    """The data flags of `edgehuman bench`; see `BenchConfig`."""

    data: str
    dataset: str | None = None
    split: Split = "test"
    shared_labels: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Attributes:
    timed: raw records (N, ...), at most 256.
    dataset: name of their source; said: the same as a phrase of the report.
    score: the task metrics of a model, the most important first. Raises DataError if the data
        cannot score it.
    scored: number of labelled records for `score`; 0: nothing scores these models.
    """

    timed: NDArray[Any]
    dataset: str
    said: str
    score: Score
    scored: int = 0


def trial_of_samples(card: Card, words: Words, score: Score, scored: int = 0) -> Trial:
    """Time the records that would also judge an export of this card.

    Raises:
        UsageError: --dataset was given; these records have no named sets.
        DataError: no such data, or it holds no such records.
    """
    if words.dataset is not None:
        raise UsageError(
            f"--dataset is not for {card.name}, which reads {card.input.record}; leave it out"
        )
    from edgehuman.export.proof.samples import load_samples

    samples = load_samples(card, words.data)
    return Trial(samples.array[:MOST_TIMED], samples.source, samples.source, score, scored)
