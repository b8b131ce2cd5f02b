"""Image batches, read and augmented by threads ahead of the training step.

A batch depends on seed and step alone, so prefetching does not change it. OpenCV releases
Python's global lock, so threads are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgehuman.errors import DataError, ImageError
from edgehuman.records import Index
from edgehuman.training.processes import Place

Sample = Callable[[int, np.random.Generator], tuple[NDArray[Any], ...]]
Indices = Callable[[int, Place], Index]
Batch = tuple[Tensor, ...]


class ReadAhead:
    """Return the batch of a step, and prefetch the next ones.

    Args:
        indices: (step, process) -> the samples of its batch.
        sample: (index, random generator) -> the augmented arrays of one sample.
        seed: of the random numbers.
        workers: number of threads and of batches to prefetch; 0: make each batch on demand.

    Attributes:
        unreadable: samples whose image could not be read, and why. Another image of the batch
            replaces each.
    """

    def __init__(self, indices: Indices, sample: Sample, seed: int, workers: int) -> None:
        self._indices, self._sample, self._seed, self._workers = indices, sample, seed, workers
        self._pool = ThreadPoolExecutor(max(1, workers), "pictures")
        self._made: dict[int, Future[Batch]] = {}
        self.unreadable: dict[int, str] = {}

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __call__(self, step: int, place: Place) -> Batch:
        if not self._workers:
            return self._make(step, place)
        for coming in range(step, step + self._workers + 1):
            if coming not in self._made:
                self._made[coming] = self._pool.submit(self._make, coming, place)
        return self._made.pop(step).result()

    def _make(self, step: int, place: Place) -> Batch:
        chosen = [int(index) for index in self._indices(step, place.whole())]
        samples = []
        for number in range(len(chosen))[place.rows(len(chosen))]:
            rng = np.random.default_rng((self._seed, step, 0, number))
            samples.append(self.read([*chosen[number:], *chosen[:number]], rng))
        return stacked(samples)

    def read(self, candidates: Sequence[int], rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        """Return the first sample whose image can be read; record the unreadable ones."""
        for index in candidates:
            if index in self.unreadable:
                continue
            try:
                return self._sample(index, rng)
            except ImageError as error:
                self.unreadable[index] = str(error)
        raise DataError(
            f"cannot read any of the {len(candidates)} images of a batch; the first: "
            f"{self.unreadable[candidates[0]]}"
        )


def stacked(samples: Sequence[tuple[NDArray[Any], ...]]) -> Batch:
    """Stack the arrays of several samples into tensors (N, ...)."""
    return tuple(torch.from_numpy(np.stack(column)) for column in zip(*samples, strict=True))
