"""Sets in memory of simulated people, small enough for a training in a test."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.data.skeleton.walks import SkeletonSet


def walkers(people: int = 6, each: int = 4) -> SkeletonSet:
    """Walks without roles: everybody is for training."""
    walks = load_skeletons(SIMULATED, seed=7, people=people, each=each)
    return dataclasses.replace(walks, name="made walks", role_N=np.full(len(walks), ""))
