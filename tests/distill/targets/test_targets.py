"""Targets on the fly and from shards answer by sample and view alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.distill.targets.packing import Packing
from edgehuman.distill.targets.shards import Shards
from edgehuman.distill.targets.targets import Kept, OnTheFly
from edgehuman.errors import DataError, UsageError
from tests.distill.made_teacher import Answer, MadeTeacher, records

IDS = list("abcdef")


def test_on_the_fly_asks_the_teacher_for_the_view_of_these_samples() -> None:
    teacher = MadeTeacher()
    live = OnTheFly(teacher, IDS, records, ["embedding"])
    assert teacher.forwards == 0
    assert dict(live.shapes) == {"embedding": (8,)}
    index_B = np.array([4, 1])
    found = live.rows(index_B, 3)
    assert list(found) == ["embedding"]
    assert np.array_equal(found["embedding"], teacher.answer(records(index_B, 3))["embedding"])
    assert list(live.of_kinds(()).rows(index_B, 3)) == ["logits", "embedding"]


def test_consecutive_rows_go_through_the_views_in_batches_of_one() -> None:
    live = OnTheFly(MadeTeacher(), IDS, records)
    parts = list(live.consecutive(4, 10, 3))
    assert [len(part["logits"]) for part in parts] == [2, 3, 3, 2]
    expected = [
        live.rows(np.array([4, 5]), 0),
        live.rows(np.arange(6), 1),
        live.rows(np.array([0, 1]), 2),
    ]
    for kind in live.shapes:
        np.testing.assert_allclose(
            np.concatenate([part[kind] for part in parts]),
            np.concatenate([part[kind] for part in expected]),
            rtol=1e-5,
        )


def test_answers_that_cannot_be_kept_are_refused_on_the_fly_too() -> None:
    def broken(answer: Answer) -> Answer:
        answer["logits"][1, 0] = np.nan
        return answer

    live = OnTheFly(MadeTeacher(change=broken), IDS, records)
    with pytest.raises(DataError, match=r"made answers 'c' \(view 1\) with logits of nan"):
        live.rows(np.array([0, 2]), 1)
    with pytest.raises(UsageError, match="but not map; choose another objective"):
        OnTheFly(MadeTeacher(), IDS, records, ["map"]).rows(np.array([0]), 0)


def test_rows_are_found_in_their_shards_in_any_order(tmp_path: Path) -> None:
    answers = {"embedding": np.arange(36, dtype=np.float32).reshape(12, 3)}
    packing = Packing.of(answers, is_classes=False)
    shards, packed = Shards(tmp_path, packing.columns), packing.pack(answers)
    whole = [
        shards.write(first, {name: array[first:end] for name, array in packed.items()})
        for first, end in ((0, 4), (4, 8), (8, 12))
    ]
    kept = Kept(shards, whole, packing, samples=6)
    assert dict(kept.shapes) == {"embedding": (3,)}
    index_B = np.array([5, 0, 3, 5])
    for view in (0, 1):
        expected = answers["embedding"][index_B + 6 * view]
        assert np.array_equal(kept.rows(index_B, view)["embedding"], expected)
    assert np.array_equal(kept.through(answers)["embedding"], answers["embedding"])
