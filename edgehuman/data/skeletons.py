"""Skeleton sequences from any known file or folder, or the simulator.

walks = load_skeletons("simulated", people=100, each=6)
walks.sequence(7), walks.person_N[7], walks.role_N[7]
"""

from __future__ import annotations

from pathlib import Path

from edgehuman.data.skeleton_set import SIMULATED, SkeletonSet, simulated_set
from edgehuman.errors import DataError

__all__ = ["SkeletonSet", "load_skeletons"]

SIMULATED_PEOPLE = 100
SIMULATED_EACH = 6


def load_skeletons(
    path: Path | str, seed: int = 0, people: int = SIMULATED_PEOPLE, each: int = SIMULATED_EACH
) -> SkeletonSet:
    """The walks at a path, or of simulated people where the path is the word "simulated"."""
    if str(path) == SIMULATED:
        return simulated_set(people, each, seed)
    raise DataError(f"{path}: no such file or folder")
