"""Train and test splits by subject, pools for pretraining, and their subsampling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from edgehuman.errors import DataError
from edgehuman.records import Bool, Text, WindowSet


def split_by_subject(windows: WindowSet, held_out: float | Sequence[str], seed: int = 0) -> Bool:
    """Mask (N,) of the windows of held-out people: the named ones, or a random share of all.

    Args:
        windows: the windows to split.
        held_out: names ("uci30:2"), or a share of the people, over 0 and under 1; at least one
            person is held out and at least one is kept.
        seed: of the draw; the same seed and people give the same split.

    Raises:
        DataError: an unknown name, a share out of range, or fewer than two people.
    """
    subjects = np.unique(windows.subject_N)
    if isinstance(held_out, (int, float)):
        if not 0 < held_out < 1:
            raise DataError(f"held_out is {held_out}; a share must be over 0 and under 1")
        if len(subjects) < 2:
            raise DataError(
                f"there is only {len(subjects)} person; a split by subject needs at least 2"
            )
        count = min(len(subjects) - 1, max(1, round(held_out * len(subjects))))
        chosen = np.random.default_rng(seed).permutation(subjects)[:count]
    else:
        chosen = _require_known(subjects, held_out)
    return np.isin(windows.subject_N, chosen)


def _require_known(subjects: Text, wanted: Iterable[str]) -> Text:
    names = np.asarray(list(wanted), dtype=np.str_)
    unknown = sorted(set(names.tolist()) - set(subjects.tolist()))
    if unknown:
        raise DataError(
            f"no windows of {', '.join(unknown)}; the people are {', '.join(subjects.tolist())}"
        )
    return names


def assert_disjoint(train: WindowSet, test: WindowSet) -> None:
    """Check that no person is on both sides.

    Raises:
        DataError: somebody is on both sides; the message names them.
    """
    both = sorted(set(train.subject_N.tolist()) & set(test.subject_N.tolist()))
    if both:
        raise DataError(
            f"{', '.join(both)} would be in both training and test data; split by subject: "
            "remove them from one side with exclude_subjects"
        )


def exclude_subjects(windows: WindowSet, subjects: Iterable[str]) -> WindowSet:
    """Drop the windows of these people; unknown names are allowed, as pools differ."""
    return windows.select(~np.isin(windows.subject_N, list(subjects)))


def pool(sets: Sequence[WindowSet], exclude: Iterable[str] = ()) -> WindowSet:
    """Pool several sets into one without labels, for self-supervised pretraining.

    `subject_N` and `is_test_N` are kept; people in `exclude` are left out.

    Raises:
        DataError: no sets, windows of different lengths, or no windows left.
    """
    if not sets:
        raise DataError("there are no sets to pool; give at least one")
    lengths = {windows.imu_NTC.shape[1] for windows in sets}
    if len(lengths) > 1:
        raise DataError(
            f"windows of {sorted(lengths)} samples cannot be pooled; cut them to one length"
        )
    excluded = list(exclude)
    masks = [~np.isin(windows.subject_N, excluded) for windows in sets]
    count = sum(int(mask.sum()) for mask in masks)
    if not count:
        raise DataError("no windows are left after excluding people; exclude fewer")
    imu_NTC = np.empty((count, lengths.pop(), 6), np.float32)
    start = 0
    for windows, mask in zip(sets, masks, strict=True):
        stop = start + int(mask.sum())
        imu_NTC[start:stop] = windows.imu_NTC[mask]
        start = stop
    parts = list(zip(sets, masks, strict=True))
    return WindowSet(
        imu_NTC,
        np.full(count, -1, np.int64),
        np.concatenate([windows.subject_N[mask] for windows, mask in parts]),
        np.concatenate([windows.is_test_N[mask] for windows, mask in parts]),
        (),
        tuple(dict.fromkeys(name for windows in sets for name in windows.dataset)),
        np.concatenate([windows.placement_N[mask] for windows, mask in parts]),
    )


def subsample(
    sets: Sequence[WindowSet], share: float, by: Literal["user", "random"], seed: int = 0
) -> list[WindowSet]:
    """Draw a share of all sets together, each in its original order; a set may be left empty.

    `user`: all windows of a random share of the people; `random`: a random share of all windows,
    which keeps everyone as long as it is large. A smaller share is a part of a larger one of the
    same seed. Source: arXiv 2502.03364, USER and RANDOM subsampling.

    Raises:
        DataError: a share outside (0, 1], or `by` is neither user nor random.
    """
    if not 0 < share <= 1:
        raise DataError(f"share is {share}; it must be over 0 and at most 1")
    rng = np.random.default_rng(seed)
    if by == "random":
        order_N = rng.permutation(sum(map(len, sets)))
        chosen_N = np.sort(order_N[: max(1, round(share * len(order_N)))])
        ends = np.cumsum([0, *map(len, sets)])
        return [
            each.select(chosen_N[(chosen_N >= start) & (chosen_N < start + len(each))] - start)
            for each, start in zip(sets, ends, strict=False)
        ]
    if by == "user":
        people = np.unique(np.concatenate([each.subject_N for each in sets]))
        kept = rng.permutation(people)[: max(1, round(share * len(people)))]
        return [each.select(np.isin(each.subject_N, kept)) for each in sets]
    raise DataError(f"cannot subsample by {by!r}; valid: 'user', 'random'")
