"""Small videos whose metrics a person can check by hand, and random ones."""

from __future__ import annotations

import numpy as np

from edgehuman.metrics.tracking.sequence import Sequence, renumbered
from edgehuman.records import Index


def ids(*numbers: int) -> Index:
    return np.array(numbers, np.int64)


def swap() -> Sequence:
    """Two people in 4 frames, similarity 0.8; their tracks are exchanged after frame 2."""
    alike = 0.8 * np.eye(2)
    return Sequence([ids(0, 1)] * 4, [ids(0, 1)] * 2 + [ids(1, 0)] * 2, [alike] * 4)


def gap() -> Sequence:
    """One person in 5 frames, on track 0, 0, none, 1, 1."""
    found = [ids(0), ids(0), ids(), ids(1), ids(1)]
    return Sequence([ids(0)] * 5, found, [np.full((1, len(each)), 0.8) for each in found])


def random_video(rng: np.random.Generator) -> Sequence:
    true, found, alike = [], [], []
    for _ in range(rng.integers(1, 12)):
        true.append(rng.permutation(5)[: rng.integers(0, 6)])
        found.append(rng.permutation(7)[: rng.integers(0, 8)])
        random_GM = rng.random((len(true[-1]), len(found[-1])))
        alike.append(np.where(random_GM > 0.4, random_GM, 0))
    return Sequence(renumbered(true), renumbered(found), alike)
