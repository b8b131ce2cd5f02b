"""Find mistakes in a set of skeletons that would make training or evaluation meaningless.

Walks with enough frames are checked one by one, the inconclusive ones together: this finds single
wrong walks among right ones, and sets of short walks that are all wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.geometry import flip_indices
from edgehuman.preprocess.skeleton.screen import (
    all_zero,
    mirrored_sides,
    order_mistake,
    rate_mistake,
    size_mistake,
    step_rate,
    steps_said,
    upside_down,
)
from edgehuman.progress import progress_bar
from edgehuman.records import Bool, Float32, Index

# This many walks are enough to tell whether a twentieth of a set is wrong.
MOST_JUDGED = 2000
# Walks with the same mistake: a few are enough to describe it.
_WALKS_TOGETHER = 200
# A few walks of a large set may be wrong, or look wrong, without making it useless.
_SHARE_REFUSED = 0.05
_NAMES_SHOWN = 3
# Step rates outside this range (Hz) are not walking, even slow, hurried or badly seen.
_STEPS_ALONE_HZ = (0.6, 3.8)
# A single walk shorter than this gives no step rate.
_SHORTEST_ALONE_S = 3.0

_FLIP = flip_indices("openpose18")
_log = logging.getLogger("edgehuman.data")
Teller = Callable[[Float32], str | None]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in some or all walks of a set.

    Attributes:
        said: what was found, the rule, the fix.
        walks: names of the walks that have it.
        refused: whether it makes the set unusable.
    """

    said: str
    walks: tuple[str, ...]
    refused: bool


def require_right(walks: SkeletonSet, where: str) -> None:
    """Raise DataError for a mistake in at least a twentieth of the set; warn of others.

    Of a set of over 2,000 walks, the same 2,000 are sampled and checked each time.
    """
    drawn, said_of = _drawn(walks), where
    if len(drawn) < len(walks):
        said_of = f"{where} (checked {len(drawn)} of its {len(walks)} walks)"
    found = find_mistakes(drawn)
    for mistake in found:
        if mistake.refused:
            raise DataError(f"{said_of}: {mistake.said}. {_way_out(mistake, drawn, where)}")
    for mistake in found:
        _log.warning("%s: %s; they are used anyway", said_of, mistake.said)


def _drawn(walks: SkeletonSet) -> SkeletonSet:
    if len(walks) <= MOST_JUDGED:
        return walks
    chosen = np.random.default_rng(0).choice(len(walks), MOST_JUDGED, replace=False)
    return walks.subset(np.sort(chosen))


def _way_out(mistake: Mistake, walks: SkeletonSet, where: str) -> str:
    if len(mistake.walks) == len(walks):
        return f"Then try again; verify with `edgehuman data check {where}`"
    return (
        f"Fix or remove these walks; `edgehuman data check {where} --json` lists them all "
        "(wrong_walks)"
    )


def find_mistakes(walks: SkeletonSet) -> list[Mistake]:
    """Find the mistakes in a set, or in some of its walks: joints, picture size, frame rate."""
    everyone = np.arange(len(walks))
    order = _told(walks, everyone, order_mistake)
    # Nothing else can be checked if the joint order is wrong.
    left = _others(everyone, order)
    found = [order, _told(walks, left, upside_down), _sides(walks, left)]
    for height_px, width_px in np.unique(walks.image_size_N2, axis=0).tolist():
        same = np.flatnonzero((walks.image_size_N2 == (height_px, width_px)).all(axis=1))
        tell = partial(size_mistake, height_px=height_px, width_px=width_px)
        found.append(_told(walks, same, tell))
    left = _others(everyone, *found)
    mistakes = [_mistake(walks, *each) for each in found if each is not None]
    return mistakes + _rate_mistakes(walks, left)


def _told(walks: SkeletonSet, members: Index, tell: Teller) -> tuple[str, Index] | None:
    """A mistake, and the members that have it."""
    if not len(members):
        return None
    alone = [tell(walks.sequence(i)) for i in _shown(members, "checking walks")]
    is_wrong_M = np.array([line is not None for line in alone])
    rest = members[~is_wrong_M]
    of_rest = tell(_together(walks, rest)) if len(rest) else None
    wrong = members if of_rest is not None else members[is_wrong_M]
    if not len(wrong):
        return None
    said = tell(_together(walks, wrong))
    return said or next(line for line in (of_rest, *alone) if line is not None), wrong


def _shown(members: Index, what: str) -> Iterable[int]:
    """The members, with a progress bar on stderr if it takes long."""
    numbers: Iterable[int] = progress_bar(members.tolist(), what, unit="walk", delay=2, leave=False)
    return numbers


def _sides(walks: SkeletonSet, members: Index) -> tuple[str, Index] | None:
    """As `_told`; walks that show neither side are counted with the rest of their set."""
    found = _told(walks, members, mirrored_sides)
    if found is None or mirrored_sides(_together(walks, members)) is None:
        return found
    rest = _others(members, found)
    if len(rest) and mirrored_sides(_together(walks, rest)[:, _FLIP]) is not None:
        return found
    return found[0], members


def _together(walks: SkeletonSet, members: Index) -> Float32:
    step = max(1, len(members) // _WALKS_TOGETHER)
    return walks.subset(members[::step]).skeleton_SJ3


def _others(members: Index, *found: tuple[str, Index] | None) -> Index:
    """The members without any of the mistakes."""
    wrong = [each[1] for each in found if each is not None]
    others: Index = np.setdiff1d(members, np.concatenate(wrong)) if wrong else members
    return others


def _mistake(walks: SkeletonSet, said: str, wrong: Index, alone: bool = False) -> Mistake:
    """A mistake in some walks; if only these walks differ (`alone`), perhaps nobody walks there,
    so the set is never refused.
    """
    names = tuple(walks.sequence_N[wrong].tolist())
    if len(wrong) < len(walks):
        some = ", ".join(names[:_NAMES_SHOWN])
        said = f"{len(wrong)} of {len(walks)} walks, such as {some}: {said}"
    return Mistake(said, names, not alone and len(wrong) >= _SHARE_REFUSED * len(walks))


def _rate_mistakes(walks: SkeletonSet, members: Index) -> list[Mistake]:
    """Check the walks of each frame rate by their step rate, first all together."""
    mistakes = []
    rate_M = np.round(walks.rate_hz_N[members])
    for rate_hz in np.unique(rate_M).tolist():
        same = members[rate_M == rate_hz]
        steps_hz = np.array(
            [step_rate(walks.sequence(i), rate_hz) for i in _shown(same, "counting steps")]
        )
        said = rate_mistake(steps_hz, rate_hz)
        if said is not None:
            said += (
                ". Give the rate at which the frames were taken, for example in poses.jsonl by "
                "`t`, and in walks.jsonl by rate_hz"
            )
            mistakes.append(_mistake(walks, said, same))
            continue
        low, high = _STEPS_ALONE_HZ
        is_long = walks.length_N[same] >= _SHORTEST_ALONE_S * rate_hz
        is_wrong = is_long & ((steps_hz < low) | (steps_hz > high))
        if is_wrong.any():
            said = steps_said(steps_hz[is_wrong], rate_hz)
            mistakes.append(_mistake(walks, said, same[is_wrong], alone=True))
    return mistakes


def shows_nobody(walks: SkeletonSet) -> Bool:
    """(N,) whether a walk has no detected joint."""
    empty_N: Bool = np.logical_and.reduceat(all_zero(walks.skeleton_SJ3), walks.start_N)
    return empty_N


def empty_walks(walks: SkeletonSet) -> list[str]:
    """A line if some walks show nobody; filters drop them."""
    empty_N = shows_nobody(walks)
    if not empty_N.any():
        return []
    first = walks.sequence_N[int(np.argmax(empty_N))]
    return [
        f"{int(empty_N.sum())} walks show nobody (all joints 0), such as {first}; remove them, "
        "or detect their poses again"
    ]
