"""What enrolment refuses, because nobody would be found by it, and what it only remarks."""

from __future__ import annotations

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import LAYOUTS
from edgehuman.preprocess.skeleton.breaks import jumps_said
from edgehuman.preprocess.skeleton.motion.way import BACKWARDS
from edgehuman.preprocess.skeleton.order import seen_joints
from edgehuman.preprocess.skeleton.screen import (
    joint_mistakes,
    joint_remarks,
    size_mistake,
    slow_mistake,
    unseen_said,
)
from edgehuman.preprocess.skeleton.walk import SLOWEST_ROUNDED_HZ
from edgehuman.runtime.skeleton.lines import rate_of
from edgehuman.runtime.skeleton.shown import idle_of
from edgehuman.runtime.skeleton.walks import Walks, rate_remarks
from edgehuman.runtime.states import ENROL_QUALITY, ENROL_STEPS, too_little

# A datagram may come twice; a track that is two people repeats about every second line.
_MOST_REPEATED = 0.1
# What `order_mistake` says of joints in an order that is known.
_ORDER_NAMED = "The joints are in the order of"
# Below this, windows of a walk disagree (docs/gait.md: `bench.pages.skeleton.screening`).
LEAST_AGREEMENT = 0.75
# Unseen joints move a network's vectors: with fewer seen, windows that disagree are a remark.
_SEEN = 0.85


def require_one(walks: Walks, track: str, where: str) -> None:
    """Raise DataError for a track with two people at a time, or with rounded times: half of its
    lines would be dropped at random.
    """
    repeated = walks.repeated[track]
    if repeated <= _MOST_REPEATED:
        return
    if walks.apart[track] < repeated / 2 and rate_of(walks.beginnings[track]) < SLOWEST_ROUNDED_HZ:
        raise DataError(
            f"{where}: {repeated:.0%} of its lines repeat the time of the line before, and the "
            "body is in one place, so the times are rounded. Nobody was enrolled; write t in "
            "seconds with three or more decimals"
        )
    if walks.apart[track] >= repeated / 2:
        raise DataError(
            f"{where}: {repeated:.0%} of its lines repeat the time of the line before, as if "
            "two people shared an id. Nobody was enrolled; give each person an id of their own"
        )


def require_right(walks: Walks, track: str, where: str, on_the_spot: bool = False) -> None:
    """Raise DataError for a track whose vector means nothing: joints in another order or unit,
    outside the image, too few frames a second, two people, nobody who walks, or who walks
    backwards; or that shows too little of how somebody walks.

    Args:
        on_the_spot: whether who walks on the spot walks, as on a treadmill.
    """
    block = walks.beginnings[track]
    found = joint_mistakes(block.joint_TJ3, rate_of(block))
    if found and _ORDER_NAMED in found[0]:
        found[0] += (
            ". Joints in a known order need no conversion if every line names it, e.g. "
            f'"layout": "coco17" ({", ".join(LAYOUTS)})'
        )
    if not found:
        found = _motion_mistakes(walks, track, on_the_spot)
    if found:
        raise DataError(
            f"{where}: {'; also, '.join(found)}. Nobody was enrolled; if the poses are correct, "
            "give --take-as-is"
        )


def _motion_mistakes(walks: Walks, track: str, on_the_spot: bool) -> list[str]:
    """The first thing that is wrong with a track whose joints are right, and its rate if that may
    be the reason.
    """
    block = walks.beginnings[track]
    size = size_mistake(block.joint_TJ3, int(block.height_T[0]), int(block.width_T[0]))
    slow = slow_mistake(np.diff(np.unique(block.stamp_s_T)))
    jumping = jumps_said(walks.jump_s[track]) if walks.jump_s[track] else None
    idle = idle_of(walks.idle[track], on_the_spot) or None
    backwards = BACKWARDS if walks.backwards[track] else None
    apart, is_sure = _disagreement(walks, track)
    found = [
        size,
        slow,
        jumping,
        idle,
        backwards,
        apart if is_sure else None,
        _too_little(walks, track),
    ]
    first = [line for line in found if line is not None][:1]
    return [*first, *rate_remarks(block)] if first else []


def _too_little(walks: Walks, track: str) -> str | None:
    """Too few steps, or too low a quality, to be known by."""
    said = too_little(walks.quality[track], ENROL_STEPS, ENROL_QUALITY)
    return f"it shows too little of how somebody walks: {said}" if said else None


def remarks(walks: Walks, track: str) -> list[str]:
    """What may be wrong with a track, by one weak sign."""
    block = walks.beginnings[track]
    apart, _ = _disagreement(walks, track)
    found = [
        *joint_remarks(block.joint_TJ3, rate_of(block)),
        *rate_remarks(block),
        unseen_said(block.joint_TJ3),
        apart,
    ]
    return [line for line in found if line is not None]


def _disagreement(walks: Walks, track: str) -> tuple[str | None, bool]:
    """Windows that look like two people, one after the other; whether that is sure."""
    agreement = walks.agreement[track]
    if agreement >= LEAST_AGREEMENT:
        return None, False
    said = (
        f"an earlier and a later part of it are only {agreement:.2f} alike, and parts of one "
        f"person's walk at least {LEAST_AGREEMENT:g}, as if one person followed another under "
        "one id; give each person an id of their own"
    )
    return said, bool(seen_joints(walks.beginnings[track].joint_TJ3).mean() >= _SEEN)
