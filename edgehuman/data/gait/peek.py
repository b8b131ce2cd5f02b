"""What the pickles of a gait tree hold: poses and silhouettes have the same folders and names."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.gait.trees import leaves
from edgehuman.data.safe_pickle import load_arrays
from edgehuman.errors import DataError

PICTURES, OTHER, DAMAGED = "pictures", "other", "damaged"
_FILES_TRIED = 3
_OF_A_JOINT = 3  # x, y, confidence


def kinds_in(place: Path) -> set[str]:
    """What the first pickles of a tree hold; empty without pickles."""
    return {_kind(file) for *_, file in islice(leaves(place, ".pkl"), _FILES_TRIED)}


def _kind(file: Path) -> str:
    try:
        return PICTURES if are_pictures(load_arrays(file)) else OTHER
    except DataError:
        return DAMAGED


def are_pictures(held: Any) -> bool:
    """Whether an array is pictures (frames, height, width) rather than joints (frames, joints,
    3), of whatever numbers.
    """
    return isinstance(held, np.ndarray) and held.ndim == 3 and held.shape[2] != _OF_A_JOINT
