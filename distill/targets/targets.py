"""Targets: a teacher's answers by sample and view, computed when asked for or read from shards.

    answers = targets.rows(index_B, view)          {"logits": float32 (B, K), ...}

Axes: B samples of a batch, S shards, X values of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgehuman.distill.kinds import EMBEDDING, KINDS, LOGITS
from edgehuman.distill.targets.packing import LARGEST, Packing
from edgehuman.distill.targets.shards import Shard, Shards
from edgehuman.distill.teachers.teachers import Teacher
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Float32, Index

_LIGHT = (LOGITS, EMBEDDING)
_LIGHT_BYTES = 1024  # of one answer in float16
_MAPPED = 256  # shards mapped at a time: each takes a file descriptor

Records = Callable[[Index, int], NDArray[Any]]
"""(index of samples (B,), view) -> the raw records (B, ...) of that view; the same each time."""


class Targets(Protocol):
    """A teacher's answers to the views of a set.

    Attributes:
        shapes: kind -> shape of one sample's answer.
    """

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Kind -> shape of one sample's answer."""

    def rows(self, index_B: Index, view: int) -> dict[str, Float32]:
        """Return the answers (B, ...) to one view of these samples, by their place in the set."""


class OnTheFly:
    """Answers computed when asked for, by the interface of kept ones.

    Args:
        kinds: of the answers that are wanted; none named: all.
    """

    def __init__(
        self,
        teacher: Teacher,
        sample_ids: Sequence[str],
        records: Records,
        kinds: Collection[str] = (),
    ) -> None:
        self.teacher = teacher
        self.sample_ids = sample_ids
        self._records = records
        self.kinds = [kind for kind in KINDS if kind in kinds]

    def of_kinds(self, kinds: Collection[str]) -> OnTheFly:
        """Return the same, with other kinds of answers."""
        return OnTheFly(self.teacher, self.sample_ids, self._records, kinds)

    def and_light(self) -> OnTheFly:
        """Return the same with the teacher's logits and embedding too, if they are small: they come
        with the same forward, and the next student may want them.
        """
        if not self.kinds:
            return self
        first = self.teacher.answer(self._records(np.zeros(1, np.int64), 0))
        light = [kind for kind in _LIGHT if kind in first and _is_small(first[kind])]
        return self.of_kinds([*self.kinds, *light])

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Kind -> shape of one sample's answer; the teacher is asked once."""
        first = self.rows(np.zeros(1, np.int64), 0)
        return {kind: tuple(answer.shape[1:]) for kind, answer in first.items()}

    def rows(self, index_B: Index, view: int) -> dict[str, Float32]:
        """Return the answers (B, ...) to one view of these samples.

        Raises:
            UsageError: a kind that the teacher does not give.
            DataError: an answer that is not finite, or too large for float16.
        """
        given = self.teacher.answer(self._records(index_B, view))
        absent = [kind for kind in self.kinds if kind not in given]
        if absent:
            raise UsageError(
                f"the teacher {self.teacher.name} gives {', '.join(given)}, but not "
                f"{', '.join(absent)}; choose another objective or another teacher"
            )
        answers = {kind: given[kind] for kind in self.kinds or KINDS if kind in given}
        for kind, answer in answers.items():
            self._require_finite(kind, answer, index_B, view)
        return answers

    def consecutive(self, first: int, count: int, batch: int) -> Iterator[dict[str, Float32]]:
        """Yield the answers to rows `view * samples + sample` from `first` on, in batches of one
        view each.
        """
        samples, end = len(self.sample_ids), first + count
        while first < end:
            view, sample = divmod(first, samples)
            size = min(batch, end - first, samples - sample)
            yield self.rows(np.arange(sample, sample + size), view)
            first += size

    def _require_finite(self, kind: str, answer: Float32, index_B: Index, view: int) -> None:
        flat_BX = np.abs(answer.reshape(len(answer), -1))
        wrong_B = ~(flat_BX <= LARGEST).all(axis=1)
        if not wrong_B.any():
            return
        at = int(np.flatnonzero(wrong_B)[0])
        found = flat_BX[at][~(flat_BX[at] <= LARGEST)][0]
        raise DataError(
            f"the teacher {self.teacher.name} answers {self.sample_ids[index_B[at]]!r} (view "
            f"{view}) with {kind} of {found:g}; targets are finite and at most {LARGEST:g}. Check "
            "this sample, or use a teacher in fp32"
        )


def _is_small(answer_1: Float32) -> bool:
    """Whether an answer that nobody asked for is cheap to keep, and far from what float16 holds."""
    return 2 * answer_1.size <= _LIGHT_BYTES and bool((np.abs(answer_1) < LARGEST / 100).all())


class Kept:
    """Answers read from shards, which are mapped into memory.

    Args:
        whole: the shards to read, by their first rows.
        samples: of the set; row `view * samples + sample` answers that view of that sample.
    """

    def __init__(
        self, shards: Shards, whole: Sequence[Shard], packing: Packing, samples: int
    ) -> None:
        self._samples = samples
        self._packing = packing
        self._whole = list(whole)
        self._first_S = np.array([shard.first for shard in whole], np.int64)
        self._open = lru_cache(_MAPPED)(shards.open)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Kind -> shape of one sample's answer."""
        return self._packing.shapes

    def rows(self, index_B: Index, view: int) -> dict[str, Float32]:
        """Return the answers (B, ...) to one view of these samples."""
        row_B = np.asarray(index_B, np.int64) + view * self._samples
        shard_B = np.searchsorted(self._first_S, row_B, side="right") - 1
        packed = self._packing.empty(len(row_B))
        for number in np.unique(shard_B):
            of_this = np.flatnonzero(shard_B == number)
            arrays = self._open(self._whole[number])
            place = row_B[of_this] - self._first_S[number]
            for name, array in arrays.items():
                packed[name][of_this] = array[place]
        return self._packing.unpack(packed)

    def through(self, answers: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return answers as they would be read back."""
        return self._packing.unpack(self._packing.pack(answers))
