"""The training samples in numbered views: what student and teacher both see.

    views = Views(training.samples, learner, views=8, seed=0)
    record_B, *target = views.batch(index_B, view)
    answers = teacher.answer(views.records(index_B, view))

A view is one draw of the task's augmentation. View v of sample i is the same however often, in
whatever order and for whichever student it is asked for, so a teacher's answer to it can be kept.
Where the augmentation works on whole batches, samples are drawn in fixed groups of neighbours, and
a view of the whole set is held in memory.

Axes: B samples of a batch, N samples.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgehuman.distill.targets.targets import Records
from edgehuman.records import Index
from edgehuman.tasks.finetune import TrainingSamples
from edgehuman.tasks.learner import Learner

_STREAM = 23  # of random numbers, beside those of the training
_LOOKED_AT = 64  # samples read one by one, whose views stand for the preprocessing


class Views:
    """Views of a training's samples.

    Args:
        samples: of the task.
        learner: augments them; nothing of it is trained.
        views: how many there are of each sample.
        seed: of all views.
    """

    def __init__(self, samples: TrainingSamples, learner: Learner, views: int, seed: int) -> None:
        self.samples, self.views, self.seed = samples, views, seed
        self._learner = learner.train()
        self._held: tuple[int, tuple[Tensor, ...]] | None = None

    def __len__(self) -> int:
        return len(self.samples.names)

    def of_step(self, step: int, batch: int) -> int:
        """Return the view of a step: the next one in every pass over the samples."""
        return (step * batch // len(self)) % self.views

    def batch(self, index_B: Index, view: int) -> tuple[Tensor, ...]:
        """Return the records of one view of these samples, and their targets: a row for each."""
        if self.samples.together == 1:
            each = [self._drawn(np.array([index]), view) for index in index_B.tolist()]
            return tuple(torch.cat(column) for column in zip(*each, strict=True))
        if self._held is None or self._held[0] != view:
            self._held = view, self._whole(view)
        chosen = torch.from_numpy(index_B)
        return tuple(column[chosen] for column in self._held[1])

    def records(self, index_B: Index, view: int) -> NDArray[Any]:
        """Return the records (B, ...) of one view of these samples."""
        record_B: NDArray[Any] = self.batch(index_B, view)[0].numpy()
        return record_B

    def digest(self) -> str:
        """Return a hash of what reading and augmentation make of the samples, or of some of them
        where each is read alone: another preprocessing, another seed or another version of either
        gives another hash. It does not depend on how many views there are.
        """
        return digest_of(self.records, len(self), self.samples.together > 1)

    def _whole(self, view: int) -> tuple[Tensor, ...]:
        size = self.samples.together
        starts = range(0, len(self), size)
        groups = [
            self._drawn(np.arange(start, min(start + size, len(self))), view) for start in starts
        ]
        return tuple(torch.cat(column) for column in zip(*groups, strict=True))

    def _drawn(self, index_B: Index, view: int) -> tuple[Tensor, ...]:
        """One group's view; its first sample gives the random numbers."""
        entropy = (self.seed, _STREAM, view, int(index_B[0]))
        rng = np.random.default_rng(entropy)
        batch = self.samples.batch_of(index_B, rng)
        if self.samples.together == 1:
            return self._learner.viewed(*batch)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(int(rng.integers(2**62)))
            return self._learner.viewed(*batch)


def digest_of(records: Records, samples: int, together: bool) -> str:
    """Return a hash of the first two views of a set: of all samples where they are augmented
    together, and of 64 where each is read alone.
    """
    count = samples if together else _LOOKED_AT
    spread = np.unique(np.linspace(0, samples - 1, count).astype(np.int64))
    found = hashlib.sha256()
    for view in (1, 0):  # view 0 is asked for next
        record_B = np.ascontiguousarray(records(spread, view))
        found.update(f"{record_B.shape} {record_B.dtype}\n".encode())
        found.update(record_B.data)
    return found.hexdigest()
