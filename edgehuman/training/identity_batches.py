"""Batches for retrieval: P people with K samples (images or walks) each.

Source: Hermans et al., "In defense of the triplet loss for person re-identification" (2017),
section 2. The samples of a step depend on seed and step alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgehuman.errors import DataError
from edgehuman.progress import tell
from edgehuman.records import Index
from edgehuman.training.batches import batch_indices


def pictures_of(person_N: Index) -> dict[int, Index]:
    """Return the sample indices of each person.

    A person with one sample is kept: another augmentation of it is its positive. Such people are
    reported on standard error.

    Raises:
        DataError: fewer than two people, or nobody with two samples: there is nothing to compare.
    """
    people = {int(person): np.flatnonzero(person_N == person) for person in np.unique(person_N)}
    lonely = sum(len(pictures) == 1 for pictures in people.values())
    if len(people) < 2 or lonely == len(people):
        raise DataError(
            f"found {len(people)} training people, {lonely} of them with only one sample; "
            "retrieval needs at least two people, at least one of them with several samples"
        )
    if lonely:
        tell(
            f"edgehuman: {lonely} of {len(people)} people have only one sample; it is repeated "
            "with different augmentations"
        )
    return people


def pk_indices(
    pictures: Mapping[int, Index],
    batch: int,
    each: int,
    step: int,
    seed: int,
    rank: int,
    world: int,
) -> Index:
    """Return one process's share (batch / world,) of a step's indices: batch / each people in
    shuffled order, nobody twice if there are enough, each with `each` samples, drawn without
    replacement if there are enough.
    """
    names = list(pictures)
    chosen = _different(
        batch_indices(len(names), batch // each, step, seed), len(names), step, seed
    )
    rng = np.random.default_rng((seed, step, 0, 7))
    drawn = []
    for place in chosen:
        own = pictures[names[place]]
        drawn.append(rng.choice(own, each, replace=len(own) < each))
    share = len(drawn) // world
    return np.concatenate(drawn[rank * share :][:share])


def _different(chosen: Index, count: int, step: int, seed: int) -> Index:
    """People of a step, of so many: where a shuffle ends within it and somebody comes twice, others
    who are not in it take the second places.
    """
    again = np.ones(len(chosen), bool)
    again[np.unique(chosen, return_index=True)[1]] = False
    absent = np.setdiff1d(np.arange(count), chosen)
    others = np.random.default_rng((seed, step, 0, 17)).permutation(absent)[: again.sum()]
    made = chosen.copy()
    made[np.flatnonzero(again)[: len(others)]] = others
    return made
