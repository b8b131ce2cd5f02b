"""Merge accelerometer and gyroscope files, each with its own stamps, into one stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.resample import MAX_GAP_S
from edgehuman.records import Float64, Index

_TICKS_PER_S = (1.0, 1e3, 1e6, 1e9)
_STEP_RANGE_S = (0.002, 0.5)


def seconds(stamp_T: Index | Float64, path: Path) -> Float64:
    """Convert stamps in s, ms, µs or ns to seconds: the unit whose median step is 2 to 500 Hz.

    Raises:
        DataError: no unit fits.
    """
    steps = np.diff(np.unique(stamp_T))
    if not steps.size:
        return np.zeros(len(stamp_T))
    step, (shortest_s, longest_s) = float(np.median(steps)), _STEP_RANGE_S
    for ticks_per_s in _TICKS_PER_S:
        if shortest_s <= step / ticks_per_s <= longest_s:
            return stamp_T / ticks_per_s
    raise DataError(
        f"{path}: stamps are {step:g} apart, which is not 2 to 500 Hz in any of s, ms, µs, ns. "
        "Unpack the archive again, unedited"
    )


def sorted_unique(
    stamp_s_T: NDArray[np.floating], value_TC: NDArray[np.floating]
) -> tuple[Float64, Float64]:
    """Sort rows by time; drop repeated stamps and rows that are not finite."""
    finite_T = np.isfinite(stamp_s_T) & np.isfinite(value_TC).all(axis=1)
    stamp_s, first = np.unique(stamp_s_T[finite_T], return_index=True)
    return stamp_s.astype(np.float64), value_TC[finite_T][first].astype(np.float64)


def align(
    acc_stamp_s: NDArray[np.floating],
    acc_T3: NDArray[np.floating],
    gyro_stamp_s: NDArray[np.floating],
    gyro_T3: NDArray[np.floating],
) -> tuple[Float64, Float64]:
    """Stamps (T,) and imu (T, 6) at the accelerometer's stamps, where there is gyroscope data.

    The gyroscope is interpolated linearly between neighbours at most 0.1 s apart; rows without it
    are dropped, so a gap in either sensor becomes a gap in both.
    """
    stamp_s, acc = sorted_unique(acc_stamp_s, acc_T3)
    known_s, turn = sorted_unique(gyro_stamp_s, gyro_T3)
    if not stamp_s.size or known_s.size < 2:
        return np.empty(0), np.empty((0, 6))
    after = np.clip(np.searchsorted(known_s, stamp_s), 1, known_s.size - 1)
    inside = (stamp_s >= known_s[0]) & (stamp_s <= known_s[-1])
    near = known_s[after] - known_s[after - 1] <= MAX_GAP_S
    kept = inside & near
    gyro = [np.interp(stamp_s[kept], known_s, turn[:, axis]) for axis in range(3)]
    return stamp_s[kept], np.column_stack([acc[kept], *gyro])
