"""Several poses of one track at one time: written twice, detected twice, two people, rounded times.

Axes: K lines, J joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from edgehuman.preprocess.skeleton.breaks import jumped
from edgehuman.preprocess.skeleton.line import PoseLine

# A second pose in this share of the frames is a detector's mistake; in more, a second person.
_FEW = 0.1


def without_doubles(lines: Sequence[PoseLine]) -> tuple[list[PoseLine], int, int]:
    """The lines with one for each time: of several, the one nearest to the line before.

    Args:
        lines: of one track, sorted by time.

    Returns:
        The lines, how many times had several that differ, and in how many of these a body is in
        two places.
    """
    kept: list[PoseLine] = []
    doubled = apart = 0
    for _, same in groupby(lines, key=lambda line: line.t_s):
        first, *others = same
        others = [each for each in others if not np.array_equal(each.joints_J3, first.joints_J3)]
        if not others:
            kept.append(first)
            continue
        doubled += 1
        apart += any(jumped(first.joints_J3, each.joints_J3, 0.0) for each in others)
        before = kept[-1] if kept else first
        kept.append(min((first, *others), key=lambda each: _distance(each, before)))
    return kept, doubled, apart


def are_few(doubled: int, times: int) -> bool:
    """Whether so many doubled times may be a detector's mistakes."""
    return doubled <= _FEW * times


def _distance(line: PoseLine, before: PoseLine) -> float:
    """Median distance of the joints seen in both; infinite if there are none."""
    both_J = (line.joints_J3[:, 2] > 0.0) & (before.joints_J3[:, 2] > 0.0)
    if not both_J.any():
        return float("inf")
    away_J2 = (line.joints_J3 - before.joints_J3)[both_J, :2]
    return float(np.median(np.hypot(*away_J2.T)))
