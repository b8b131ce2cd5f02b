"""Batches for retrieval: P people with K pictures each, so that every picture has a partner.

Source: Hermans et al., "In defense of the triplet loss for person re-identification" (2017),
section 2. Which pictures make up a step follows from seed, step and process alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np

from edgehuman.errors import DataError
from edgehuman.records import Index
from edgehuman.training.batches import batch_indices


def pictures_of(person_N: Index) -> dict[int, Index]:
    """The pictures of every person.

    A person with one picture stays: the picture is its own partner under another augmentation, and
    is told of on standard error.

    Raises:
        DataError: under two people, or nobody with two pictures: there is nothing to compare.
    """
    people = {int(person): np.flatnonzero(person_N == person) for person in np.unique(person_N)}
    lonely = sum(len(pictures) == 1 for pictures in people.values())
    if len(people) < 2 or lonely == len(people):
        raise DataError(
            f"found {len(people)} people to learn from, {lonely} of them with a single picture; "
            "retrieval is learned from at least two people with several pictures each"
        )
    if lonely:
        print(
            f"edgehuman: {lonely} of {len(people)} people have a single picture; it is shown "
            "several times, each time changed",
            file=sys.stderr,
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
    """Indices (batch,) of a step: batch / each people in the order of a shuffle of all, each with
    `each` pictures drawn without repetition where there are enough.
    """
    names = list(pictures)
    chosen = batch_indices(len(names), batch // each, step, seed, rank, world)
    rng = np.random.default_rng((seed, step, rank, 7))
    drawn = []
    for place in chosen:
        own = pictures[names[place]]
        drawn.append(rng.choice(own, each, replace=len(own) < each))
    return np.concatenate(drawn)
