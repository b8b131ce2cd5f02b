"""Skeleton records: joint order, units, resampling to 24 Hz, and quality.

The filters and the quality score are those of "On Model and Data Scaling for Skeleton-based
Self-Supervised Gait Recognition" (arXiv 2504.07598, sections 3 and 5): at least 48 frames at 24 Hz,
mean confidence over 0.6, Q_S = sum over joints of (mean c - log std c).

Axes: S all frames of many sequences, N sequence, T frame, J joint.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.geometry import LAYOUTS, convert
from edgehuman.preprocess.skeleton.layouts import BY_COUNT
from edgehuman.records import Float32, Float64, Index

RATE_HZ = 24.0
NUM_JOINTS = 18
MIN_FRAMES = 48
MIN_CONFIDENCE = 0.6
# A walk is split at longer gaps between frames.
MAX_GAP_S = 0.5
# Stamps are rounded: differences of a fiftieth of a frame mean nothing.
ROUNDING = 0.02
# Times so rounded that frames share them are usable while this many a second differ.
SLOWEST_ROUNDED_HZ = 20.0
# Keeps the score finite if a detector's confidence never changes.
_LEAST_STD = 1e-3


def require_skeleton(skeleton_TJ3: NDArray[Any], where: str) -> None:
    """Raise DataError unless joints are float32 (T, 18, 3), finite, with confidences 0..1."""
    if skeleton_TJ3.ndim != 3 or skeleton_TJ3.shape[1:] != (NUM_JOINTS, 3):
        raise DataError(
            f"{where}: shape is {skeleton_TJ3.shape}; it must be (frames, 18, 3): x, y, "
            "confidence of the OpenPose-18 joints"
        )
    if skeleton_TJ3.dtype != np.float32:
        raise DataError(f"{where}: dtype is {skeleton_TJ3.dtype}; it must be float32")
    _require_finite(skeleton_TJ3, where)
    require_confidence(skeleton_TJ3[..., 2], where)


def _require_finite(joints_TJ3: NDArray[Any], where: str) -> None:
    """Raise DataError with the first frame and joint that are not finite."""
    finite_TJ = np.isfinite(joints_TJ3).all(axis=2)
    if not finite_TJ.all():
        frame, joint = np.argwhere(~finite_TJ)[0].tolist()
        raise DataError(
            f"{where}: frame {frame} has a value that is not a finite number, joint {joint} is "
            f"{joints_TJ3[frame, joint].tolist()}; a joint that was not seen is 0, 0 with "
            "confidence 0"
        )


def require_confidence(sure: NDArray[Any], where: str) -> None:
    """Raise DataError unless all confidences are 0..1."""
    if sure.size and not (sure.min() >= 0.0 and sure.max() <= 1.0):
        wrong = float(sure.max() if sure.max() > 1.0 else sure.min())
        raise DataError(
            f"{where}: confidence is {wrong:g}; it must be 0 to 1: divide by the largest possible "
            "value (6 in older AlphaPose) or clip"
        )


def to_record(joints_TJ3: NDArray[Any], where: str, layout: str | None = None) -> Float32:
    """Convert joints of any known layout to a record, float32 (T, 18, 3).

    Args:
        joints_TJ3: (T, J, 3): x, y in pixels, confidence; J identifies the layout if none is given.
        layout: name in `geometry.LAYOUTS`.

    Raises:
        DataError: a number of joints without a known layout, values that are not finite, or
            confidences outside 0..1.
    """
    array = np.asarray(joints_TJ3)
    if array.ndim != 3 or array.shape[-1] != 3 or array.dtype.kind not in "fiu":
        raise DataError(
            f"{where}: found {array.dtype} {array.shape}; joints must be (frames, joints, 3): "
            "x, y, confidence"
        )
    name = layout or BY_COUNT.get(array.shape[1])
    if name is None or array.shape[1] != len(LAYOUTS[name]):
        known = ", ".join(f"{count} ({each})" for count, each in BY_COUNT.items())
        raise DataError(
            f"{where}: found {array.shape[1]} joints; "
            + (f"{name} has {len(LAYOUTS[name])}" if name else f"valid: {known}")
            + _other_layout(array.shape[1], name)
        )
    _require_finite(array, where)
    require_confidence(array[..., 2], where)
    record = array.astype(np.float32)
    if name != "openpose18":
        made = convert(record, name, "openpose18", has_confidence=True)
        record = np.ascontiguousarray(made, np.float32)
    record[record[..., 2] == 0.0] = 0.0
    return record


def _other_layout(count: int, name: str | None) -> str:
    """A hint at the layout with this number of joints, if another one was named."""
    other = BY_COUNT.get(count)
    if name is None or other is None:
        return ""
    return f". If they are {other}, set their layout to {other!r}"


def gaps(stamp_s_T: Float64, max_gap_s: float = MAX_GAP_S) -> list[slice]:
    """The stretches of a walk between gaps longer than `max_gap_s`."""
    breaks = np.flatnonzero(np.diff(stamp_s_T) > max_gap_s) + 1
    edges = [0, *breaks.tolist(), len(stamp_s_T)]
    return [slice(edges[i], edges[i + 1]) for i in range(len(edges) - 1)]


def resample(skeleton_TJ3: Float32, stamp_s_T: Float64, rate_hz: float = RATE_HZ) -> Float32:
    """Resample to frames `1 / rate_hz` apart, from the first stamp to the last (see `between`).

    Raises:
        DataError: stamps that do not increase or do not match the frames.
    """
    if stamp_s_T.shape != (len(skeleton_TJ3),) or not len(stamp_s_T):
        raise DataError(
            f"found {stamp_s_T.shape} stamps for {len(skeleton_TJ3)} frames; give one per frame"
        )
    step_s_T = np.diff(stamp_s_T)
    if not np.isfinite(stamp_s_T).all() or (step_s_T <= 0.0).any():
        wrong = int(np.argmax(~(step_s_T > 0.0))) + 1
        raise DataError(
            f"frame {wrong} is stamped {stamp_s_T[min(wrong, len(stamp_s_T) - 1)]:g} s; stamps "
            "must increase from frame to frame. Sort the frames, and drop duplicates"
        )
    grid_T = np.arange(len(stamp_s_T)) - (stamp_s_T - stamp_s_T[0]) * rate_hz
    if np.abs(grid_T).max() < ROUNDING:
        return skeleton_TJ3
    count = int(np.floor((stamp_s_T[-1] - stamp_s_T[0]) * rate_hz + ROUNDING)) + 1
    wanted_s = stamp_s_T[0] + np.arange(count) / rate_hz
    after = np.clip(np.searchsorted(stamp_s_T, wanted_s, side="right"), 1, len(stamp_s_T) - 1)
    before = after - 1
    part = (wanted_s - stamp_s_T[before]) / (stamp_s_T[after] - stamp_s_T[before])
    return between(skeleton_TJ3[before], skeleton_TJ3[after], np.clip(part, 0.0, 1.0))


def between(before_TJ3: Float32, after_TJ3: Float32, share_T: Float64 | float) -> Float32:
    """Interpolate joints (..., J, 3) at a share (...,) of the way from one frame to the next.

    Interpolation is linear; a joint that was not seen in one of the frames is copied from the
    nearer frame, so no joint is invented.
    """
    share_T11 = np.asarray(share_T, np.float32)[..., None, None]
    mixed_TJ3 = before_TJ3 + share_T11 * (after_TJ3 - before_TJ3)
    seen_TJ = (before_TJ3[..., 2] > 0.0) & (after_TJ3[..., 2] > 0.0)
    nearer_TJ3 = np.where(share_T11 < 0.5, before_TJ3, after_TJ3)
    made_TJ3: Float32 = np.where(seen_TJ[..., None], mixed_TJ3, nearer_TJ3)
    return made_TJ3


def mean_confidence(skeleton_SJ3: Float32, length_N: Index) -> Float64:
    """Mean confidence of each sequence (N,), over its frames and joints."""
    total_S = skeleton_SJ3[..., 2].sum(axis=1, dtype=np.float64)
    return _sums(total_S, length_N) / (length_N * NUM_JOINTS)


def quality_score(skeleton_SJ3: Float32, length_N: Index) -> Float64:
    """Q_S of each sequence (N,): high if confidence is high and constant.

    Q_S = sum over the 18 joints of (mean c_j - log std c_j), standard deviation over the frames and
    at least 0.001.
    """
    sure_SJ = skeleton_SJ3[..., 2].astype(np.float64)
    count_N1 = length_N[:, None].astype(np.float64)
    mean_NJ = _sums(sure_SJ, length_N) / count_N1
    # Two passes: a difference of squares would lose the small deviations, which matter here.
    away_SJ = sure_SJ - np.repeat(mean_NJ, length_N, axis=0)
    std_NJ = np.sqrt(_sums(away_SJ**2, length_N) / count_N1)
    score: Float64 = (mean_NJ - np.log(np.maximum(std_NJ, _LEAST_STD))).sum(axis=1)
    return score


def _sums(values_S: Float64, length_N: Index) -> Float64:
    """Sums over the frames of each sequence."""
    start_N = np.cumsum(length_N) - length_N
    total: Float64 = np.add.reduceat(values_S, start_N, axis=0)
    return total
