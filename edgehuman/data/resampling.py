"""Unit conversion and resampling for the readers until `preprocess/imu.py` takes over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.samples import STANDARD_GRAVITY_MS2, FloatArray


@dataclass(frozen=True, slots=True)
class ImuFormat:
    """Units of a sensor's columns."""

    accel_unit: str = "auto"
    gyro_unit: str = "auto"
    axes: str = "+x+y+z"
    gyro_axes: str = "same"


@dataclass(frozen=True, slots=True)
class Segment:
    """Samples on one uniform grid."""

    start_s: float
    imu_TC: FloatArray


def to_canonical(imu_TC: FloatArray, format: ImuFormat) -> FloatArray:
    """Rows in g and rad/s."""
    scale = np.ones(6, np.float32)
    if format.accel_unit == "ms2":
        scale[:3] = 1 / STANDARD_GRAVITY_MS2
    if format.gyro_unit == "degs":
        scale[3:] = np.pi / 180
    if format.axes == "-x-y-z":
        scale[:3] *= -1
    return imu_TC if (scale == 1).all() else (imu_TC * scale).astype(np.float32)


def resample(
    stamp_s_T: NDArray[np.float64],
    imu_TC: FloatArray,
    rate_hz: float = 50.0,
    max_gap_s: float = 0.1,
) -> list[Segment]:
    """Segments at `rate_hz`, parted at gaps; linear, after a zero-phase low pass when going down."""
    from scipy.signal import butter, sosfiltfilt

    breaks = np.flatnonzero(np.diff(stamp_s_T) > max_gap_s) + 1
    segments = []
    for part in np.split(np.arange(len(stamp_s_T)), breaks):
        stamp_s, imu = stamp_s_T[part], imu_TC[part]
        if len(part) < 2:
            continue
        rate_in = (len(part) - 1) / (stamp_s[-1] - stamp_s[0])
        if rate_in > 1.2 * rate_hz and len(part) > 30:
            sos = butter(4, 0.8 * rate_hz / 2, fs=rate_in, output="sos")
            imu = sosfiltfilt(sos, imu, axis=0).astype(np.float32)
        grid_s = np.arange(stamp_s[0], stamp_s[-1] + 1e-9, 1 / rate_hz)
        columns = [np.interp(grid_s, stamp_s, imu[:, c]) for c in range(6)]
        segments.append(Segment(float(stamp_s[0]), np.stack(columns, 1).astype(np.float32)))
    return segments


def cut_windows(imu_TC: FloatArray, window: int = 128, hop: int = 64) -> FloatArray:
    """Windows (N, T, 6)."""
    if len(imu_TC) < window:
        return np.empty((0, window, imu_TC.shape[1]), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(imu_TC, window, axis=0)[::hop]
    return np.ascontiguousarray(view.transpose(0, 2, 1))
