"""Samples and what is known of them stay together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgehuman.card import OutputSpec
from edgehuman.data.samples import Samples, unlabelled
from edgehuman.records import Float32, Index


@dataclass(frozen=True)
class Marks:
    """A mark of each sample; an output that equals it is right."""

    mark_N: Index

    def select(self, index_K: Index) -> Marks:
        return Marks(self.mark_N[index_K])

    def metrics(self, outputs: Float32, output: OutputSpec) -> Mapping[str, float]:
        return {"right": float(np.mean(outputs == self.mark_N))}


def made() -> Samples:
    array = np.arange(12, dtype=np.float32).reshape(4, 3)
    return unlabelled(array, np.array(list("aabb")), "made", Marks(np.array([7, 8, 9, 10])))


def test_nobody_knows_the_class_of_unlabelled_samples() -> None:
    assert made().label_N.tolist() == [-1] * 4
    assert made().label_N.dtype == np.int64


def test_what_is_selected_keeps_its_labels_and_its_order() -> None:
    found = made().select(np.array([3, 0]))
    assert (len(found), found.person_N.tolist(), found.source) == (2, ["b", "a"], "made")
    assert found.array[:, 0].tolist() == [9, 0]
    assert found.task_labels is not None
    right = found.task_labels.metrics(np.array([10, 0], np.float32), OutputSpec("embedding"))
    assert right == {"right": 0.5}


def test_the_hash_is_of_the_records_in_their_order() -> None:
    whole, turned = made(), made().select(np.array([1, 0, 2, 3]))
    assert whole.sha256() == made().sha256()
    assert whole.sha256() != turned.sha256()
    flat = Samples(whole.array.reshape(2, 6), whole.label_N[:2], whole.person_N[:2], "made")
    assert flat.sha256() != whole.sha256()
