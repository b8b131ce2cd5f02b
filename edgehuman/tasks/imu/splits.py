"""Labelled windows for one task: several datasets with the target's labels, split by people.

The first dataset is the target: it defines the task's labels, unless they are given, and its test
people are the test set. Windows of the other datasets are added to the training set if they have
one of those labels, or one that may be any of several of them (`stairs=up|down`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.catalogue import IN_MEMORY
from edgehuman.data.imu.load import load_windows, require_own, why_unused
from edgehuman.data.imu.recordings import AS_TOLD
from edgehuman.data.imu.splits import assert_disjoint, split_by_subject
from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.naming import EITHER, Naming, rename, require_found
from edgehuman.progress import tell
from edgehuman.records import WindowSet


@dataclass(frozen=True, slots=True)
class LabelledSplits:
    """Training, selection and test windows; no person is in two of them.

    Attributes:
        learn: training windows, one set per dataset; their labels are the task's classes, then the
            names that may be any of several.
        select: windows of the target's training people held out for selection.
        test: the target's test windows; read once, at the end.
        labels: the task's classes.
        others: windows of the other datasets' test people, one set per dataset: nothing learns from
            them but how unlike a window may be.
    """

    learn: tuple[WindowSet, ...]
    select: WindowSet
    test: WindowSet
    labels: tuple[str, ...]
    others: tuple[WindowSet, ...] = ()

    @property
    def allowed_MK(self) -> NDArray[np.bool_]:
        """Which of the K classes each of the M training labels may be."""
        return allowed(self.learn[0].labels if self.learn else self.labels, self.labels)


def allowed(names: tuple[str, ...], labels: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return which of `labels` (K) each of `names` (M) may be, (M, K)."""
    return np.array([[label in name.split(EITHER) for label in labels] for name in names])


def relabel(windows: WindowSet, labels: tuple[str, ...]) -> WindowSet:
    """Return the windows whose label is in `labels`, relabelled with the index there."""
    place = {name: i for i, name in enumerate(labels)}
    table = np.array([*(place.get(name, -1) for name in windows.labels), -1], np.int64)
    label_N = table[windows.label_N]
    known = dataclasses.replace(windows, label_N=label_N, labels=labels)
    return known.select(label_N >= 0)


def labelled_splits(
    data: Sequence[str],
    hop: int,
    select_share: float,
    seed: int = 0,
    given: Sequence[WindowSet] | None = None,
    labels: tuple[str, ...] = (),
    naming: Naming | None = None,
    format: ImuFormat = AS_TOLD,
) -> LabelledSplits:
    """Read the datasets and split them by people.

    Args:
        data: paths, or the word `simulated`; the first is the target.
        hop: samples between windows cut from recordings.
        select_share: share of the target's training people held out for selection; 0: none.
        seed: for choosing those people.
        given: sets in memory, in the place of those that `data` names.
        labels: the task's classes; empty: those of the target.
        naming: other names of the datasets' classes.
        format: the declared units, axes and clock of own recordings.

    Raises:
        UsageError: a declared format, and no own recordings.
        DataError: a dataset without labels, without a test part, or without a common label; a name
            that a dataset alone has not; or nobody to learn from or to test on.
    """
    if not given:
        require_own(data, format)
    sets = [each.require_finite(IN_MEMORY) for each in given or ()]
    sets = sets or [load_windows(path, hop=hop, format=format) for path in data]
    if naming:
        _require_found(naming, sets)
        sets = [rename(windows, naming) for windows in sets]
    target, why = sets[0], _Why(data[0], given is not None, format)
    if not target.labels or not (target.label_N >= 0).any():
        raise DataError(f"--data {data[0]} has no labels; the first dataset must be labelled{why}")
    if not target.is_test_N.any():
        raise DataError(
            f"--data {data[0]} has no test people; give a dataset with an official split, or own "
            f"recordings of at least two people{why}"
        )
    used = sorted(set(target.label_N[target.label_N >= 0].tolist()))
    labels = labels or tuple(target.labels[i] for i in used)
    sets = [relabel(windows, _with_either(sets, labels)) for windows in sets]
    for path, windows in zip(data, sets, strict=True):
        if not len(windows):
            raise DataError(
                f"--data {path} has none of the labels {', '.join(labels)}; leave it out"
            )
    splits = _split(sets, labels, select_share, seed)
    for kind, found in (("test", len(splits.test)), ("training", len(splits.learn))):
        if not found:
            raise DataError(
                f"--data {data[0]}: no window of a {kind} person has one label all through; the "
                f"task's labels are {', '.join(labels)}{why}"
            )
    return splits


def _require_found(naming: Naming, sets: Sequence[WindowSet]) -> None:
    """Refuse a name that the dataset has not; of several datasets, whose names may be for more,
    say it.
    """
    try:
        require_found(naming, [name for windows in sets for name in windows.labels], "--map")
    except DataError as error:
        if len(sets) == 1:
            raise
        tell(str(error))


@dataclass(frozen=True, slots=True)
class _Why:
    """What a check says of the first dataset, which lacks people; read when it is shown."""

    path: str
    in_memory: bool
    format: ImuFormat

    def __str__(self) -> str:
        return "" if self.in_memory else why_unused(self.path, self.format)


def _with_either(sets: list[WindowSet], labels: tuple[str, ...]) -> tuple[str, ...]:
    """The classes, then the sets' names that may be any of several of them."""
    names = dict.fromkeys(name for windows in sets for name in windows.labels if EITHER in name)
    return (*labels, *(name for name in names if set(name.split(EITHER)) <= set(labels)))


def join(sets: Sequence[WindowSet]) -> WindowSet:
    """Concatenate datasets that share their labels."""
    return WindowSet(
        np.concatenate([w.imu_NTC for w in sets]),
        np.concatenate([w.label_N for w in sets]),
        np.concatenate([w.subject_N for w in sets]),
        np.concatenate([w.is_test_N for w in sets]),
        sets[0].labels,
        tuple(dict.fromkeys(name for w in sets for name in w.dataset)),
        np.concatenate([w.placement_N for w in sets]),
    )


def _split(
    sets: list[WindowSet], labels: tuple[str, ...], select_share: float, seed: int
) -> LabelledSplits:
    target = sets[0]
    test = target.select(target.is_test_N & (target.label_N < len(labels)))
    test_people = {name for w in sets for name in w.subject_N[w.is_test_N].tolist()}
    known = target.select(~np.isin(target.subject_N, list(test_people)))
    select_people: set[str] = set()
    if select_share and len(np.unique(known.subject_N)) > 1:
        mask = split_by_subject(known, select_share, seed)
        select_people = set(known.subject_N[mask].tolist())
    chosen_N = np.isin(known.subject_N, list(select_people)) & (known.label_N < len(labels))
    select = known.select(chosen_N)
    out = list(test_people | select_people)
    learn = tuple(w.select(~np.isin(w.subject_N, out)) for w in sets)
    tested = set(test.subject_N.tolist())
    others = tuple(w.select(w.is_test_N & ~np.isin(w.subject_N, list(tested))) for w in sets[1:])
    for windows in learn:
        assert_disjoint(windows, test)
        assert_disjoint(windows, select)
    learn, others = (tuple(w for w in group if len(w)) for group in (learn, others))
    return LabelledSplits(learn, select, test, labels, others)
