"""Samples to calibrate and evaluate an export: raw records with their labels.

Each record's reader is `data/<record>/samples.py`. Axes: N samples, K of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import OutputSpec, sha256_of_bytes
from edgehuman.records import Float32, Index, Text


class TaskLabels(Protocol):
    """Labels of the model's own task for some samples."""

    def select(self, index_K: Index) -> TaskLabels:
        """Return the labels of the samples at these indices, in that order."""

    def metrics(self, outputs: Float32, output: OutputSpec) -> Mapping[str, float]:
        """Score a network's outputs (N, ...) for the samples, 0..1; the metric that selects
        checkpoints comes first.

        Raises:
            DataError: labels unknown to the model, or nothing to compare.
        """


@dataclass(frozen=True, slots=True)
class Samples:
    """Attributes:
    array: raw records (N, ...) as the card's input specifies.
    label_N: int64 (N,), index into the card's labels; -1 where unlabelled.
    person_N: unicode (N,): the person of each record.
    source: in words, for the card.
    task_labels: labels to evaluate the model's task with; None if there are none.
    """

    array: NDArray[Any]
    label_N: Index
    person_N: Text
    source: str
    task_labels: TaskLabels | None = None

    def __len__(self) -> int:
        return len(self.array)

    def select(self, index_K: Index) -> Samples:
        """Return the samples at these indices, in that order."""
        return Samples(
            self.array[index_K],
            self.label_N[index_K],
            self.person_N[index_K],
            self.source,
            None if self.task_labels is None else self.task_labels.select(index_K),
        )

    def sha256(self) -> str:
        """Hash of the records: identifies the data behind the ranges of an INT8 graph."""
        array = np.ascontiguousarray(self.array)
        head = f"{array.shape} {array.dtype}\n".encode()
        return sha256_of_bytes(head, array.tobytes())


def unlabelled(
    array: NDArray[Any], person_N: Text, source: str, task_labels: TaskLabels | None = None
) -> Samples:
    """Samples without class labels."""
    return Samples(array, np.full(len(person_N), -1, np.int64), person_N, source, task_labels)
