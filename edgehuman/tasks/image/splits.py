"""Who learns, who selects, who judges among labelled people: by person where people have names, by
picture where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.data.image.load import PersonSet
from edgehuman.errors import DataError
from edgehuman.records import Index


@dataclass(frozen=True, slots=True)
class PersonSplits:
    """Pictures of a set, by number.

    Attributes:
        learn: training pictures.
        select: of training people held out for selection; may be empty.
        test: the test part, queries and gallery included; read once, at the end.
    """

    learn: Index
    select: Index
    test: Index


def split_people(
    persons: PersonSet, select_share: float, seed: int, task: str = "the task"
) -> PersonSplits:
    """The official training part in two, and the rest.

    For retrieval the people held out are at least two, as one alone finds nobody else.

    Raises:
        DataError: nothing to learn from, or nobody left to learn from.
    """
    is_train_N = persons.role_N == "train"
    train_K, test_K = np.flatnonzero(is_train_N), np.flatnonzero(~is_train_N)
    if not len(train_K):
        raise DataError(
            f"{persons.dataset} has no training part for {task} ({len(test_K)} pictures to test)"
        )
    if not select_share:
        return PersonSplits(train_K, train_K[:0], test_K)
    person_K = persons.person_N[train_K]
    group_K = person_K if (person_K >= 0).all() else np.arange(len(train_K))
    groups = np.unique(group_K)
    fewest = 2 if task == "reid" else 1
    count = max(fewest, round(select_share * len(groups)))
    if count >= len(groups):
        kind = "people" if group_K is person_K else "pictures"
        raise DataError(
            f"{persons.dataset} has {len(groups)} training {kind}, too few to hold {count} out for "
            "selection; give --select-share 0, or more data"
        )
    chosen = np.random.default_rng(seed).permutation(groups)[:count]
    is_out_K = np.isin(group_K, chosen)
    return PersonSplits(train_K[~is_out_K], train_K[is_out_K], test_K)
