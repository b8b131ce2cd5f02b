"""Training, selection and test splits of labelled person images: by person if identities are
known, and by video or photo where the labels name it; otherwise by image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.data.image.load import PersonSet
from edgehuman.errors import DataError
from edgehuman.records import Index
from edgehuman.tables.trainings import TEXT_REID

_OF_PEOPLE = ("reid", TEXT_REID)
"""Tasks that tell people apart."""


@dataclass(frozen=True, slots=True)
class PersonSplits:
    """Image indices of a dataset's splits.

    Attributes:
        learn: training images.
        select: images of training people held out for selection; may be empty.
        test: the test part, including queries and gallery; read once, at the end.
    """

    learn: Index
    select: Index
    test: Index


def split_people(
    persons: PersonSet, select_share: float, seed: int, task: str = "the task"
) -> PersonSplits:
    """Split the official training part into training and selection; the rest is the test part.

    For re-identification at least two people are held out, because retrieval needs two; and people
    alone are held out, whatever video shows them. A dataset's own validation part selects instead.

    Raises:
        DataError: no training part, or too few people to hold some out.
    """
    is_train_N, is_select_N = persons.role_N == "train", persons.role_N == "select"
    train_K, test_K = np.flatnonzero(is_train_N), np.flatnonzero(~is_train_N & ~is_select_N)
    if not len(train_K):
        raise DataError(
            f"{persons.dataset} has no training part for {task}, only {len(test_K)} test images; "
            "give a dataset with a training part"
        )
    if not select_share:
        return PersonSplits(train_K, train_K[:0], test_K)
    if is_select_N.any():
        return PersonSplits(train_K, np.flatnonzero(is_select_N), test_K)
    kind, group_K = _groups(persons, train_K, task)
    groups = np.unique(group_K)
    fewest = 2 if task in _OF_PEOPLE else 1
    count = max(fewest, round(select_share * len(groups)))
    if count >= len(groups):
        raise DataError(
            f"{persons.dataset} has {len(groups)} training {kind}, too few to hold {count} out for "
            "selection; give --select-share 0 or more data"
        )
    chosen = np.random.default_rng(seed).permutation(groups)[:count]
    is_out_K = np.isin(group_K, chosen)
    return PersonSplits(train_K[~is_out_K], train_K[is_out_K], test_K)


def _groups(persons: PersonSet, train_K: Index, task: str) -> tuple[str, Index]:
    """What is held out whole, in words, and the number of each image's group."""
    person_K = persons.person_N[train_K]
    alone_K: Index = np.arange(len(train_K))
    knows_people = bool((person_K >= 0).all())
    source_K = persons.source_N[train_K] if len(persons.source_N) else np.array([""], np.str_)
    if task in _OF_PEOPLE or not (source_K != "").any():
        return ("people", person_K) if knows_people else ("images", alone_K)
    names, number_K = np.unique(source_K, return_inverse=True)
    source_number_K = np.where(source_K == "", len(names) + alone_K, number_K)
    if not knows_people:
        return "videos or photos", source_number_K
    return "videos or photos that share nobody", _joined(source_number_K, person_K)


def _joined(one_K: Index, other_K: Index) -> Index:
    """Groups that are whole in both: images of one source or one person are in the same."""
    labels = [np.unique(each_K, return_inverse=True)[1] for each_K in (one_K, other_K)]
    group_K: Index = np.arange(len(one_K))
    while True:
        before_K = group_K
        for label_K in labels:
            lowest = np.full(int(label_K.max()) + 1, len(one_K), np.int64)
            np.minimum.at(lowest, label_K, group_K)
            group_K = lowest[label_K]
        if (group_K == before_K).all():
            return group_K
