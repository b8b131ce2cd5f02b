"""Detect mistakes that affect whole files of skeletons: joints, picture size, frame rate.

Each detector checks many frames at once and returns one line with what was found, the rule and the
fix, or None if it cannot tell. They assume walking people seen from a usual camera.

Axes: S frames, J joint of OpenPose-18, T frames of one sequence, N sequence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.order import only_seen, order_mistake
from edgehuman.preprocess.skeleton.sides import knows_behind, side_votes, swapped_sides
from edgehuman.preprocess.skeleton.units import are_shares, shares_said
from edgehuman.preprocess.skeleton.walk import RATE_HZ
from edgehuman.records import Bool, Float32

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_ANKLES = [_JOINT["r_ankle"], _JOINT["l_ankle"]]
_OF_BODY = [
    f"{side}_{part}"
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in "lr"
]
# A joint is hardly ever seen in less than this share of the frames.
_HARDLY_EVER = 0.1
_FEWEST_VOTES = 20
# This share of all joints may lie outside the picture.
MOST_OUTSIDE = 0.02
# Detectors overshoot the picture's edge by up to this share of its size.
_OVERSHOOT = 0.1
SLOWEST_HZ = 10.0


def all_zero(skeleton_SJ3: Float32) -> Bool:
    """(S,) frames in which nobody was seen."""
    empty: Bool = np.asarray((skeleton_SJ3[..., 2] <= 0.0).all(axis=1))
    return empty


def upside_down(skeleton_SJ3: Float32) -> str | None:
    """Heads below feet: y points upwards."""
    seen_SJ3 = only_seen(skeleton_SJ3)
    below = votes(seen_SJ3[:, _JOINT["neck"]], _feet(seen_SJ3))
    if below.size < _FEWEST_VOTES or below.mean() < 0.7:
        return None
    return (
        f"the neck is below the ankles in {below.mean():.0%} of frames; y must point down from the "
        "top of the picture, so use height - y"
    )


def _feet(skeleton_SJ3: Float32) -> Float32:
    """(S, 3) the middle of the ankles, or the one that was seen; all zero if none was."""
    ankle_S23 = skeleton_SJ3[:, _ANKLES]
    seen_S2 = ankle_S23[..., 2] > 0.0
    total_S3 = np.where(seen_S2[..., None], ankle_S23, 0.0).sum(axis=1)
    feet: Float32 = total_S3 / np.maximum(seen_S2.sum(axis=1), 1)[:, None]
    return feet


def votes(upper_S3: Float32, lower_S3: Float32) -> Bool:
    """Whether the first joint lies below the second, for the frames that show both."""
    seen_S = (upper_S3[:, 2] > 0.0) & (lower_S3[:, 2] > 0.0)
    below: Bool = (upper_S3[:, 1] > lower_S3[:, 1])[seen_S]
    return below


def size_mistake(skeleton_SJ3: Float32, height_px: float, width_px: float) -> str | None:
    """Joints outside the picture, or coordinates that are not pixels."""
    seen_K2 = skeleton_SJ3[..., :2][skeleton_SJ3[..., 2] > 0.0]
    if len(seen_K2) < _FEWEST_VOTES:
        return None
    if are_shares(seen_K2):
        return shares_said(seen_K2)
    if not (height_px and width_px):
        return None
    share = float(outside(seen_K2, width_px, height_px).mean())
    if share <= MOST_OUTSIDE:
        return None
    found = f"{share:.0%} of joints lie outside the picture of {width_px:g}x{height_px:g} pixels"
    if outside(seen_K2, height_px, width_px).mean() <= MOST_OUTSIDE:
        return f"{found}, but inside one of {height_px:g}x{width_px:g}: swap its width and height"
    largest_x, largest_y = np.quantile(seen_K2, 0.995, axis=0)
    return (
        f"{found}; they reach x = {largest_x:.0f}, y = {largest_y:.0f}. Give the size of the "
        "pictures that the poses were detected in"
    )


def outside(xy_K2: Float32, width_px: float, height_px: float) -> Bool:
    """(K,) whether points are outside a picture by more than detectors overshoot its edge."""
    limit = np.array([width_px, height_px])
    over_K2 = (xy_K2 < -_OVERSHOOT * limit) | (xy_K2 > (1.0 + _OVERSHOOT) * limit)
    return np.asarray(over_K2.any(axis=1))


def slow_mistake(step_s_K: NDArray[np.floating]) -> str | None:
    """Frames too far apart (seconds) to see steps."""
    step_s = float(np.median(step_s_K)) if len(step_s_K) else 0.0
    if step_s * SLOWEST_HZ <= 1.01:  # stamps are rounded
        return None
    return (
        f"the frame rate is {1.0 / step_s:.1f} Hz, and steps cannot be seen below "
        f"{SLOWEST_HZ:g} Hz; use at least 24 frames per second, with t in seconds"
    )


def unseen_said(skeleton_TJ3: Float32) -> str | None:
    """Joints of the body that one walk hardly ever shows; None if it shows all."""
    seen_J = (skeleton_TJ3[..., 2] > 0.0).mean(axis=0)
    lost = [name for name in _OF_BODY if seen_J[_JOINT[name]] < _HARDLY_EVER]
    if not lost:
        return None
    return (
        f"hardly ever seen: {', '.join(lost)}; people are known less well without them, so enrol "
        "a walk that shows the whole body"
    )


def unit_said(step_s: float) -> str:
    """What stamps that are a second or more apart are likely to be, and the fix."""
    units = [(4.0, "frame numbers", "the frame rate"), (1e3, "milliseconds", "1000")]
    units += [(1e6, "microseconds", "1e6"), (np.inf, "nanoseconds", "1e9")]
    what, by = next((what, by) for most_s, what, by in units if step_s <= most_s)
    return f"t is in seconds, and these look like {what}: divide them by {by}"


def joint_mistakes(skeleton_TJ3: Float32, rate_hz: float = RATE_HZ) -> list[str]:
    """Mistakes that make the joints of one walk meaningless, one line each: order, sides, units."""
    return [line for line, is_sure in _joint_signs(skeleton_TJ3, rate_hz) if is_sure]


def joint_remarks(skeleton_TJ3: Float32, rate_hz: float = RATE_HZ) -> list[str]:
    """What may be a mistake in the joints of one walk, though only one sign says so."""
    return [line for line, is_sure in _joint_signs(skeleton_TJ3, rate_hz) if not is_sure]


def _joint_signs(skeleton_TJ3: Float32, rate_hz: float) -> list[tuple[str, bool]]:
    """What was found, and whether it is sure."""
    seen_TJ3 = only_seen(skeleton_TJ3)
    layout = order_mistake(seen_TJ3) or upside_down(seen_TJ3)
    units = size_mistake(seen_TJ3, 0, 0)
    found = [(line, True) for line in (layout, units) if line is not None]
    if layout is None:
        votes_K2 = side_votes(seen_TJ3, rate_hz)
        sides = swapped_sides(votes_K2, len(seen_TJ3), knows_behind(seen_TJ3))
        found += [] if sides is None else [sides]
    return found
