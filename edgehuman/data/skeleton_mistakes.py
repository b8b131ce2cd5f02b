"""Mistakes in a set of skeletons as a whole: what would train or judge a network on nonsense."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.skeleton_set import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton_screen import (
    all_zero,
    layout_mistakes,
    rate_mistake,
    size_mistake,
)

# Mistakes are of whole files, so some walks are enough to find them.
_WALKS_SEEN = 200


def require_right(walks: SkeletonSet, where: str) -> None:
    """Raise DataError with the first of `find_mistakes`, if there is any."""
    problems = find_mistakes(walks)
    if problems:
        raise DataError(
            f"{where}: {problems[0]}. If the poses are right all the same, load them from Python "
            "with load_skeletons(path, check=False)"
        )


def find_mistakes(walks: SkeletonSet) -> list[str]:
    """What is wrong with a set as a whole, one line each: joints, picture, rate."""
    step = max(1, len(walks) // _WALKS_SEEN)
    some = walks.subset(np.arange(0, len(walks), step))
    problems = layout_mistakes(some.skeleton_SJ3)
    problems += _size_mistakes(some)
    if not problems:
        parts = [some.sequence(i) for i in range(len(some))]
        rate = rate_mistake(parts, some.rate_hz_N.tolist())
        problems += [] if rate is None else [rate]
    return problems


def _size_mistakes(walks: SkeletonSet) -> list[str]:
    """One line per size of picture that its joints do not fit."""
    lines = []
    for height_px, width_px in np.unique(walks.image_size_N2, axis=0).tolist():
        same = walks.subset((walks.image_size_N2 == (height_px, width_px)).all(axis=1))
        line = size_mistake(same.skeleton_SJ3, height_px, width_px)
        lines += [] if line is None else [line]
    return lines


def shows_nobody(walks: SkeletonSet) -> NDArray[np.bool_]:
    """(N,) walks without a single joint that was seen."""
    empty_N: NDArray[np.bool_] = np.logical_and.reduceat(
        all_zero(walks.skeleton_SJ3), walks.start_N
    )
    return empty_N


def empty_walks(walks: SkeletonSet) -> list[str]:
    """A line where nobody is seen in some walks: filters drop them."""
    empty_N = shows_nobody(walks)
    if not empty_N.any():
        return []
    first = walks.sequence_N[int(np.argmax(empty_N))]
    return [
        f"{int(empty_N.sum())} walks show nobody (all joints 0), such as {first}; leave them out, "
        "or find their poses again"
    ]
