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
from edgehuman.preprocess.skeleton.breaks import jumps, jumps_said
from edgehuman.preprocess.skeleton.motion.walking import ON_THE_SPOT, WALKS, not_walking
from edgehuman.preprocess.skeleton.order import order_mistake
from edgehuman.preprocess.skeleton.screen import all_zero, size_mistake, upside_down
from edgehuman.preprocess.skeleton.sides import knows_behind, side_votes, swapped_sides
from edgehuman.preprocess.skeleton.steps import (
    rate_mistake,
    rate_remark,
    step_rate,
    steps_said,
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

_log = logging.getLogger("edgehuman.data")
Teller = Callable[[Float32], str | None]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in some or all walks of a set.

    Attributes:
        said: what was found, the rule, the fix.
        walks: names of the walks that have it.
        refused: whether it makes the set unusable.
        sure: whether it is a mistake; otherwise one weak sign says so.
    """

    said: str
    walks: tuple[str, ...]
    refused: bool
    sure: bool = True


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
    found = [order, _told(walks, left, upside_down)]
    for height_px, width_px in np.unique(walks.image_size_N2, axis=0).tolist():
        same = np.flatnonzero((walks.image_size_N2 == (height_px, width_px)).all(axis=1))
        tell = partial(size_mistake, height_px=height_px, width_px=width_px)
        found.append(_told(walks, same, tell))
    mistakes = [_mistake(walks, *each) for each in found if each is not None]
    sides = _side_mistakes(walks, _others(left, found[1]))
    swapped = [name for each in sides if each.sure for name in each.walks]
    left = _others(everyone, *found)
    left = left[~np.isin(walks.sequence_N[left], swapped)]
    return [*mistakes, *sides, *_motion_mistakes(walks, left), *_rate_mistakes(walks, left)]


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


def _side_mistakes(walks: SkeletonSet, members: Index) -> list[Mistake]:
    """Left and right swapped in some or all walks; those that show neither side are counted with
    the rest of their set.
    """
    if not len(members):
        return []
    votes_MK2 = np.stack(
        [
            side_votes(walks.sequence(i), float(walks.rate_hz_N[i]))
            for i in _shown(members, "checking sides")
        ]
    )
    frames_M = walks.length_N[members]
    knows = knows_behind(_together(walks, members))
    alone = [
        swapped_sides(votes_K2, int(frames), knows)
        for votes_K2, frames in zip(votes_MK2, frames_M, strict=True)
    ]
    is_wrong_M = np.array([found is not None and found[1] for found in alone])
    pooled = swapped_sides(votes_MK2.sum(axis=0), int(frames_M.sum()), knows)
    if pooled is not None and pooled[1]:
        others_K2, frames = votes_MK2[~is_wrong_M].sum(axis=0), int(frames_M[~is_wrong_M].sum())
        are_right = swapped_sides(others_K2[:, ::-1], frames, knows) is not None
        wrong = members[is_wrong_M] if is_wrong_M.any() and are_right else members
        return [_mistake(walks, pooled[0], wrong)]
    if is_wrong_M.any():
        of_wrong = swapped_sides(votes_MK2[is_wrong_M].sum(axis=0), int(frames_M.sum()), knows)
        said = of_wrong or next(found for found in alone if found is not None and found[1])
        return [_mistake(walks, said[0], members[is_wrong_M])]
    return [] if pooled is None else [_mistake(walks, pooled[0], members, is_sure=False)]


def _together(walks: SkeletonSet, members: Index) -> Float32:
    step = max(1, len(members) // _WALKS_TOGETHER)
    return walks.subset(members[::step]).skeleton_SJ3


def _others(members: Index, *found: tuple[str, Index] | None) -> Index:
    """The members without any of the mistakes."""
    wrong = [each[1] for each in found if each is not None]
    others: Index = np.setdiff1d(members, np.concatenate(wrong)) if wrong else members
    return others


def _mistake(
    walks: SkeletonSet, said: str, wrong: Index, alone: bool = False, is_sure: bool = True
) -> Mistake:
    """A mistake in some walks; if only these walks differ (`alone`), perhaps nobody walks there,
    so the set is never refused.
    """
    names = tuple(walks.sequence_N[wrong].tolist())
    if len(wrong) < len(walks):
        some = ", ".join(names[:_NAMES_SHOWN])
        said = f"{len(wrong)} of {len(walks)} walks, such as {some}: {said}"
    is_refused = is_sure and not alone and len(wrong) >= _SHARE_REFUSED * len(walks)
    return Mistake(said, names, is_refused, is_sure)


def _motion_mistakes(walks: SkeletonSet, members: Index) -> list[Mistake]:
    """Walks that jump, and people who do not walk. On a treadmill they do."""
    jumping, first = [], ""
    idle: dict[str, list[int]] = {}
    for i in _shown(members, "looking at motion"):
        walk_TJ3, rate_hz = walks.sequence(i), float(walks.rate_hz_N[i])
        stamp_s_T = np.arange(len(walk_TJ3)) / rate_hz
        at_P = np.flatnonzero(jumps(walk_TJ3, stamp_s_T))
        if len(at_P):
            first = first or jumps_said(stamp_s_T[at_P + 1].tolist())
            jumping.append(i)
        elif (said := not_walking(walk_TJ3, rate_hz)) not in (WALKS, ON_THE_SPOT):
            idle.setdefault(said, []).append(i)
    mistakes = []
    if jumping:
        mistakes.append(_mistake(walks, first, np.array(jumping), alone=True))
    return mistakes + [
        _mistake(walks, said, np.array(members), alone=True) for said, members in idle.items()
    ]


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
        known = is_long & np.isfinite(steps_hz) & ~is_wrong
        said = rate_remark(float(np.median(steps_hz[known])), rate_hz) if known.any() else None
        if said is not None:
            mistakes.append(_mistake(walks, said, same[known], is_sure=False))
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
