"""Samples that calibrate and judge an export: raw records with what is known of them.

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
    """What some samples are scored against by the model's own task."""

    def select(self, index_K: Index) -> TaskLabels:
        """Those of some of the samples, in that order."""

    def metrics(self, outputs: Float32, output: OutputSpec) -> Mapping[str, float]:
        """What a network's outputs (N, ...) for the samples score, 0..1; the metric that selects
        checkpoints comes first.

        Raises:
            DataError: labels that the model does not know, or nothing to compare.
        """


@dataclass(frozen=True, slots=True)
class Samples:
    """Attributes:
    array: raw records (N, ...) as the card's input says.
    label_N: int64 (N,), index into the card's labels; -1 where unlabelled.
    person_N: unicode (N,): whose record it is.
    source: in words, for the card.
    task_labels: by which the model's task is judged; None without.
    """

    array: NDArray[Any]
    label_N: Index
    person_N: Text
    source: str
    task_labels: TaskLabels | None = None

    def __len__(self) -> int:
        return len(self.array)

    def select(self, index_K: Index) -> Samples:
        """The samples at these indices, in that order."""
        return Samples(
            self.array[index_K],
            self.label_N[index_K],
            self.person_N[index_K],
            self.source,
            None if self.task_labels is None else self.task_labels.select(index_K),
        )

    def sha256(self) -> str:
        """Hash of the records themselves: what the ranges of an INT8 graph came from."""
        array = np.ascontiguousarray(self.array)
        head = f"{array.shape} {array.dtype}\n".encode()
        return sha256_of_bytes(head, array.tobytes())


def unlabelled(
    array: NDArray[Any], person_N: Text, source: str, task_labels: TaskLabels | None = None
) -> Samples:
    """Samples whose class nobody knows."""
    return Samples(array, np.full(len(person_N), -1, np.int64), person_N, source, task_labels)
