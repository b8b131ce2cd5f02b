"""Any time-stamped 6-axis stream to 50 Hz windows in g and rad/s, for training and the device.

    segments, report = prepare(stamp_s_T, imu_TC, ImuFormat())        a whole recording
    for segment in segments:
        windows_NTC = cut_windows(segment.imu_TC, window=128, hop=64)

    stream = StreamResampler(ImuFormat())                             the same, live
    segments = stream.push_block(stamp_s_T, imu_TC)

Nothing is invented: a gap over 0.1 s ends a segment, and rows that are not finite or come late are
dropped and counted. Rows of a frozen sensor are counted and, on the device, their windows get no
result, nor do those with a dead axis. Saturated rows are counted, noted and used: a clipped peak
alone does not invalidate a window.
"""

from __future__ import annotations

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.format import ImuFormat, ImuReport
from edgehuman.preprocess.imu.interleaved import require_one_sensor
from edgehuman.preprocess.imu.resample import (
    MAX_GAP_S,
    Resampler,
    Segment,
    median_rate_hz,
    resample,
)
from edgehuman.preprocess.imu.screen import AxisWatch, RowScreen, SensorWatch, frozen_sensors
from edgehuman.preprocess.imu.stream import STILL_NOTE, Canonical, StreamResampler, require_rate
from edgehuman.preprocess.imu.units import (
    detect_units,
    gyro_conflict,
    judge_recording,
    require_gravity,
)
from edgehuman.records import IMU_RATE_HZ, IMU_WINDOW, Float32, Float64, Index

__all__ = [
    "AxisWatch",
    "ImuFormat",
    "ImuReport",
    "Segment",
    "StreamResampler",
    "cut_windows",
    "detect_units",
    "frozen_sensors",
    "prepare",
    "resample",
    "to_canonical",
]


def to_canonical(
    imu_TC: Float32, format: ImuFormat | None = None, rate_hz: float = IMU_RATE_HZ
) -> Float32:
    """Raw rows (T, 6) at about `rate_hz` -> float32 (T, 6) in g and rad/s on the canonical axes.

    Raises:
        DataError: the accelerometer shows no gravity, or not in the declared unit.
    """
    format, report = ImuFormat() if format is None else format, ImuReport()
    imu_TC = np.asarray(imu_TC, np.float32)
    _settle_units(imu_TC, format, rate_hz, report)
    canonical = Canonical(format)
    canonical.set_units(report)
    return canonical(imu_TC)


def prepare(
    stamp_s_T: Float64,
    imu_TC: Float32,
    format: ImuFormat | None = None,
    rate_hz: float = IMU_RATE_HZ,
    max_gap_s: float = MAX_GAP_S,
    tag_TK: Index | None = None,
) -> tuple[list[Segment], ImuReport]:
    """Convert a raw recording to segments on the grid, in g and rad/s, with a report.

    Args:
        stamp_s_T: seconds (T,).
        imu_TC: rows (T, 6) in the sensor's units, rate and axes.
        format: the declared format; the rest is detected from the whole recording.
        rate_hz: samples per second of the grid.
        max_gap_s: a longer gap ends a segment.
        tag_TK: data attached to each row, int64 (T, K).

    Raises:
        DataError: a rate under 10 Hz, no gravity, or not in the declared unit; the rows of two
            sensors in turn.
    """
    format, report = ImuFormat() if format is None else format, ImuReport()
    require_one_sensor(imu_TC)
    tag_TK = np.empty((imu_TC.shape[0], 0), np.int64) if tag_TK is None else tag_TK
    pieces = RowScreen(max_gap_s, report).screen(
        np.asarray(stamp_s_T, np.float64), np.asarray(imu_TC, np.float32), tag_TK
    )
    if not pieces:
        return [], report
    report.rate_hz = median_rate_hz(np.concatenate([piece.stamp_s_T for piece in pieces]))
    require_rate(report.rate_hz, rate_hz, report)
    row_rate_hz = report.rate_hz or rate_hz
    _settle_units(np.concatenate([p.imu_TC for p in pieces]), format, row_rate_hz, report)
    canonical, sensors = Canonical(format), SensorWatch(row_rate_hz, report)
    canonical.set_units(report)
    segments = []
    for piece in pieces:
        canonical_TC = canonical(piece.imu_TC)
        sensors.watch(canonical_TC)
        stretch = Resampler(row_rate_hz, rate_hz)
        segments.append(stretch.feed(piece.stamp_s_T, canonical_TC, piece.tag_TK, last=True))
    return segments, report


def _settle_units(imu_TC: Float32, format: ImuFormat, rate_hz: float, report: ImuReport) -> None:
    """Set the units of a recording in its report."""
    report.accel_unit = require_gravity(imu_TC, format.accel_unit)
    report.gyro_unit = format.gyro_unit
    verdict = judge_recording(imu_TC, rate_hz)
    conflict = gyro_conflict(verdict, format.gyro_unit)
    if conflict:
        report.note(conflict)
    if format.gyro_unit == "auto":
        report.gyro_unit = verdict.unit
        if verdict.still:
            report.note(STILL_NOTE)


def cut_windows(imu_TC: Float32, window: int = IMU_WINDOW, hop: int = 64) -> Float32:
    """Cut (T, 6) into windows, float32 (N, window, 6), one every `hop` samples.

    Raises:
        UsageError: a window or a hop under 1.
    """
    if window < 1 or hop < 1:
        raise UsageError(f"window is {window}, hop is {hop}; both must be at least 1 sample")
    if imu_TC.shape[0] < window:
        return np.empty((0, window, 6), np.float32)
    view_NCT = np.lib.stride_tricks.sliding_window_view(imu_TC, window, axis=0)[::hop]
    return np.ascontiguousarray(view_NCT.transpose(0, 2, 1), np.float32)
