"""Who wears what: the items of a picture, by the people they belong to.

    for person, worn in by_wearer(items): ...

An item belongs to the person whose box holds the largest share of its own, at least half; of
several, the smaller box. Items that are nobody's but touch one another make a person of their own,
whose box is around them all: of photos of garments, where no person was found.

Axes: K items, P people.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.metrics.boxes.overlap import areas, shares_within
from edgehuman.metrics.garments.answers import PERSON, Item
from edgehuman.records import Bool, Float32, Float64, Index

LEAST_WITHIN = 0.5
"""The share of an item's box inside that of who wears it."""
# Shares that differ by less are the same.
_ROUND = 0.05


def wearers(box_K4: Float32, person_P4: Float32) -> Index:
    """The person of each item (K,); -1: nobody's."""
    if not len(person_P4):
        return np.full(len(box_K4), -1, np.int64)
    within_KP = shares_within(box_K4, person_P4)
    steps_KP = np.floor(within_KP / _ROUND + 1e-6)
    # Of equal shares the smaller person is the likelier one.
    small_P = areas(person_P4) / max(float(areas(person_P4).max()), 1e-9)
    best_K = (steps_KP - 0.5 * small_P).argmax(axis=1)
    is_worn_K = within_KP[np.arange(len(box_K4)), best_K] >= LEAST_WITHIN
    return np.asarray(np.where(is_worn_K, best_K, -1), np.int64)


def by_wearer(items: Sequence[Item]) -> list[tuple[Item, tuple[Item, ...]]]:
    """Each person with what they wear, the best first."""
    people = [each for each in items if each.label == PERSON]
    worn = [each for each in items if each.label != PERSON]
    of_K = wearers(_boxes(worn), _boxes(people))
    found = [
        (person, tuple(worn[k] for k in np.flatnonzero(of_K == number).tolist()))
        for number, person in enumerate(people)
    ]
    rest = [worn[k] for k in np.flatnonzero(of_K < 0).tolist()]
    for group in _touching(_boxes(rest)):
        own = tuple(rest[k] for k in group)
        box_K4 = _boxes(own)
        around_4 = np.concatenate((box_K4[:, :2].min(axis=0), box_K4[:, 2:].max(axis=0)))
        found.append((Item(PERSON, around_4, max(each.score for each in own)), own))
    return sorted(found, key=lambda each: -each[0].score)


def _boxes(items: Sequence[Item]) -> Float32:
    return np.array([each.box_4 for each in items], np.float32).reshape(-1, 4)


def _touching(box_K4: Float32) -> list[list[int]]:
    """Groups of boxes that overlap, directly or through others."""
    touches_KK = _overlaps(box_K4)
    open_K = np.ones(len(box_K4), np.bool_)
    groups = []
    for first in range(len(box_K4)):
        if not open_K[first]:
            continue
        group_K: Bool = np.arange(len(box_K4)) == first
        while True:
            grown_K = np.asarray(touches_KK[group_K].any(axis=0), np.bool_)
            if grown_K.sum() == group_K.sum():
                break
            group_K = grown_K
        open_K &= ~group_K
        groups.append(np.flatnonzero(group_K).tolist())
    return groups


def _overlaps(box_K4: Float32) -> Bool:
    shares: Float64 = shares_within(box_K4, box_K4)
    return (shares > 0) | np.eye(len(box_K4), dtype=np.bool_)
