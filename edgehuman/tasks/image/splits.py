"""Training, selection and test splits of labelled person images: by person if identities are
known, otherwise by image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.data.image.load import PersonSet
from edgehuman.errors import DataError
from edgehuman.records import Index


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

    For re-identification at least two people are held out, because retrieval needs two.

    Raises:
        DataError: no training part, or too few people to hold some out.
    """
    is_train_N = persons.role_N == "train"
    train_K, test_K = np.flatnonzero(is_train_N), np.flatnonzero(~is_train_N)
    if not len(train_K):
        raise DataError(
            f"{persons.dataset} has no training part for {task}, only {len(test_K)} test images; "
            "give a dataset with a training part"
        )
    if not select_share:
        return PersonSplits(train_K, train_K[:0], test_K)
    person_K = persons.person_N[train_K]
    group_K = person_K if (person_K >= 0).all() else np.arange(len(train_K))
    groups = np.unique(group_K)
    fewest = 2 if task == "reid" else 1
    count = max(fewest, round(select_share * len(groups)))
    if count >= len(groups):
        kind = "people" if group_K is person_K else "images"
        raise DataError(
            f"{persons.dataset} has {len(groups)} training {kind}, too few to hold {count} out for "
            "selection; give --select-share 0 or more data"
        )
    chosen = np.random.default_rng(seed).permutation(groups)[:count]
    is_out_K = np.isin(group_K, chosen)
    return PersonSplits(train_K[~is_out_K], train_K[is_out_K], test_K)
