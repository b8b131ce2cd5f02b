"""Splits by subject, pools and their subsampling."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.imu.splits import (
    assert_disjoint,
    exclude_subjects,
    pool,
    split_by_subject,
    subsample,
)
from edgehuman.errors import DataError
from edgehuman.records import WindowSet


def window_set(people: str, dataset: str = "a", length: int = 4) -> WindowSet:
    """One window per letter; its values are its number."""
    count = len(people)
    imu = np.arange(count, dtype=np.float32)[:, None, None] * np.ones((1, length, 6), np.float32)
    return WindowSet(
        imu,
        np.arange(count) % 2,
        np.array(list(people)),
        np.zeros(count, bool),
        ("x", "y"),
        (dataset,),
    )


def numbers(windows: WindowSet) -> list[int]:
    return [int(value) for value in windows.imu_NTC[:, 0, 0]]


def test_named_people_are_held_out() -> None:
    assert split_by_subject(window_set("aabbc"), ["b", "c"]).tolist() == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_a_share_is_of_people_and_whole_people() -> None:
    windows = window_set("aaaaabbccd")
    held_out = split_by_subject(windows, 0.5, seed=3)
    inside = set(windows.subject_N[held_out].tolist())
    assert len(inside) == 2
    assert not inside & set(windows.subject_N[~held_out].tolist())
    assert (held_out == split_by_subject(windows, 0.5, seed=3)).all()
    assert (
        len({tuple(split_by_subject(windows, 0.5, seed=seed).tolist()) for seed in range(20)}) > 1
    )


def test_a_tiny_share_holds_out_one_and_a_huge_one_keeps_one() -> None:
    windows = window_set("abc")
    assert split_by_subject(windows, 0.01).sum() == 1
    assert split_by_subject(windows, 0.99).sum() == 2


def test_splits_that_are_refused() -> None:
    with pytest.raises(DataError, match="no windows of z; the people are a, b"):
        split_by_subject(window_set("ab"), ["z"])
    with pytest.raises(DataError, match=r"held_out is 1\.5"):
        split_by_subject(window_set("ab"), 1.5)
    with pytest.raises(DataError, match="there is only 1 person;"):
        split_by_subject(window_set("aa"), 0.5)


def test_somebody_on_both_sides_is_found() -> None:
    assert_disjoint(window_set("ab"), window_set("cd"))
    with pytest.raises(DataError, match="b would be in both training and test data"):
        assert_disjoint(window_set("ab"), window_set("bc"))


def test_excluding_people() -> None:
    assert numbers(exclude_subjects(window_set("abca"), ["a", "nobody"])) == [1, 2]


def test_a_pool_has_no_labels_and_knows_its_datasets() -> None:
    together = pool([window_set("ab"), window_set("cd", "b"), window_set("e")], exclude=["c"])
    assert numbers(together) == [0, 1, 1, 0]
    assert together.subject_N.tolist() == ["a", "b", "d", "e"]
    assert set(together.label_N.tolist()) == {-1}
    assert together.labels == ()
    assert together.dataset == ("a", "b")


def test_pools_that_are_refused() -> None:
    with pytest.raises(DataError, match="no sets to pool"):
        pool([])
    with pytest.raises(DataError, match=r"windows of \[4, 5\] samples cannot be pooled"):
        pool([window_set("a"), window_set("b", length=5)])
    with pytest.raises(DataError, match="no windows are left"):
        pool([window_set("a")], exclude=["a"])


def test_user_subsampling_takes_whole_people() -> None:
    windows = window_set("aaabbbcccddd")
    (part,) = subsample([windows], 0.5, "user", seed=1)
    assert len(part) == 6
    assert len(set(part.subject_N.tolist())) == 2


def test_users_are_those_of_all_sets_together() -> None:
    sets = [window_set("aabb"), window_set("bbcc"), window_set("dd")]
    everybody = [window for each in sets for window in each.subject_N.tolist()]
    for share, people in ((0.25, 1), (0.5, 2), (0.75, 3), (1.0, 4)):
        parts = subsample(sets, share, "user", seed=2)
        kept = {name for part in parts for name in part.subject_N.tolist()}
        assert len(kept) == people
        assert sum(map(len, parts)) == sum(name in kept for name in everybody)


def test_random_subsampling_takes_windows_in_order() -> None:
    (part,) = subsample([window_set("abcdefghij")], 0.3, "random", seed=1)
    assert len(part) == 3
    assert numbers(part) == sorted(numbers(part))
    (part,) = subsample([window_set("abc")], 1.0, "random")
    assert len(part) == 3


def test_random_windows_are_those_of_all_sets_together() -> None:
    sets = [window_set("aaaa"), window_set("b" * 396)]
    few, many = (subsample(sets, share, "random", seed=3) for share in (0.01, 0.5))
    assert sum(map(len, few)) == 4
    assert sum(map(len, many)) == 200
    for small, large in zip(few, many, strict=True):  # a smaller share is a part of a larger one
        assert set(numbers(small)) <= set(numbers(large))
    assert numbers(many[1]) == sorted(numbers(many[1]))


def test_subsampling_that_is_refused() -> None:
    with pytest.raises(DataError, match="share is 0; it must be over 0"):
        subsample([window_set("ab")], 0, "user")
    with pytest.raises(DataError, match="valid: 'user', 'random'"):
        subsample([window_set("ab")], 0.5, "people")  # type: ignore[arg-type]
