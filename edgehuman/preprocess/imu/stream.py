"""Resample a live 6-axis stream to the 50 Hz grid, in g and rad/s: `recording.prepare`, online.

The first 2.5 seconds are buffered to detect rate and units, then released: nothing is lost, and
from then on the delay is that of `Resampler`. Every ten seconds, two seconds are checked again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import GyroUnit, ImuFormat, ImuReport, parse_axes
from edgehuman.preprocess.imu.interleaved import ROWS_TO_TELL, require_one_sensor
from edgehuman.preprocess.imu.resample import (
    MAX_GAP_S,
    Resampler,
    Segment,
    decimation,
    median_rate_hz,
    require_possible,
)
from edgehuman.preprocess.imu.screen import Piece, RowScreen, SensorWatch
from edgehuman.preprocess.imu.units import (
    ACCEL_G_RANGE,
    accel_median,
    gyro_conflict,
    judge_accel,
    judge_gyro,
    require_gravity,
    unit_scale,
)
from edgehuman.records import IMU_RATE_HZ, Float32, Float64, Index

MIN_RATE_HZ = 10.0
DECIDE_S = 2.5  # no later than the first window of 2.56 s
CHECK_S = 2.0
DECIDE_ROWS = 16
MAX_HELD_ROWS = 8192
CHECK_EVERY_S = 10.0
STILL_NOTE = "the gyroscope is too still to detect its unit; rad/s assumed until it turns"
NO_GRAVITY_NOTE = "the accelerometer shows no gravity at the start; g assumed until it does"


def require_rate(rate_hz: float, target_hz: float, report: ImuReport) -> None:
    """Refuse a rate that is too low or too high; add a note if it is lower than the target.

    Raises:
        DataError: under 10 rows per second, or over 5000: no memory is asked for then.
    """
    require_possible(rate_hz)
    if rate_hz and rate_hz < MIN_RATE_HZ * 0.98:
        raise DataError(
            f"the stream has {rate_hz:.3g} rows per second; it needs at least {MIN_RATE_HZ:g}. "
            "Raise the sensor's rate or, if its stamps are not seconds, give their unit with "
            '--stamp-unit (in Python: ImuFormat(stamp_unit="ms")), or count the rows: --rate-hz'
        )
    if rate_hz and rate_hz < 0.9 * target_hz:
        report.note(
            f"{rate_hz:.1f} rows per second, interpolated to {target_hz:g} Hz: "
            f"movement above {rate_hz / 2:.1f} Hz is missing"
        )


class Canonical:
    """Convert raw rows to g and rad/s on the canonical axes; units can be corrected later."""

    def __init__(self, format: ImuFormat) -> None:
        accel_3, accel_sign_3 = parse_axes(format.axes)
        same = format.gyro_axes == "same"
        gyro_3, gyro_sign_3 = parse_axes(format.axes if same else format.gyro_axes)
        self._column_6 = np.concatenate([accel_3, gyro_3 + 3])
        self._in_place = bool((self._column_6 == np.arange(6)).all())
        self._sign_6 = np.concatenate([accel_sign_3, gyro_sign_3])
        self._scale_6 = self._sign_6

    def set_units(self, report: ImuReport) -> None:
        """Use the units in the report."""
        scale_6 = unit_scale(report.accel_unit, report.gyro_unit)
        self._scale_6 = scale_6[self._column_6] * self._sign_6

    def __call__(self, imu_TC: Float32) -> Float32:
        """Raw rows (T, 6) -> canonical float32 (T, 6)."""
        rows_TC = imu_TC if self._in_place else imu_TC[:, self._column_6]
        canonical_TC: Float32 = rows_TC * self._scale_6
        return canonical_TC


class UnitWatch:
    """Check two seconds in ten of the raw rows, and correct units that were detected wrongly."""

    def __init__(self, format: ImuFormat, report: ImuReport) -> None:
        self.format = format
        self._report = report
        self._wait_rows = 0
        self._rows: list[Float32] = []
        self._doubts = 0

    def next_cut(self) -> int:
        """How many rows to look at next, so that a correction begins at the row that tells it."""
        if self._wait_rows > 1:
            return self._wait_rows - 1
        missing = self._needed() - sum(map(len, self._rows))
        return max(1, missing - 1)

    def _needed(self) -> int:
        return math.ceil(CHECK_S * (self._report.rate_hz or IMU_RATE_HZ))

    def look(self, imu_TC: Float32) -> bool:
        """Collect rows; return True if the report's units have just been corrected."""
        rate_hz = self._report.rate_hz or IMU_RATE_HZ
        self._wait_rows -= imu_TC.shape[0]
        if self._wait_rows > 0:
            return False
        self._rows.append(imu_TC)
        if sum(map(len, self._rows)) < self._needed():
            return False
        rows_TC = np.concatenate(self._rows)
        self._rows, self._wait_rows = [], round((CHECK_EVERY_S - CHECK_S) * rate_hz)
        return self._judge_accel(rows_TC) | self._judge_gyro(rows_TC, rate_hz)

    def _judge_accel(self, rows_TC: Float32) -> bool:
        report, found = self._report, judge_accel(rows_TC)
        # A fall or a jump can last a second or two, so the accelerometer needs two checks.
        self._doubts = self._doubts + 1 if found not in ("auto", report.accel_unit) else 0
        if self._doubts < 2:
            return False
        unit = {"g": "g", "ms2": "m/s²", "mg": "milli-g"}
        seen = f"the accelerometer now looks like {unit[found]}, not {unit[report.accel_unit]}"
        if self.format.accel_unit != "auto":
            report.note(f"{seen} as declared; the declared unit is used")
            return False
        report.note(f"{seen} as before; read as {unit[found]} from here on")
        report.accel_unit = found
        return True

    def _judge_gyro(self, rows_TC: Float32, rate_hz: float) -> bool:
        report, verdict = self._report, judge_gyro(rows_TC, rate_hz)
        conflict = gyro_conflict(verdict, self.format.gyro_unit)
        if conflict:
            report.note(conflict)
        if self.format.gyro_unit != "auto" or (verdict.unit, report.gyro_unit) != ("degs", "rads"):
            return False
        report.note(
            "the gyroscope turns much faster than gravity: it is deg/s, not rad/s; "
            "read as deg/s from here on"
        )
        report.gyro_unit = "degs"
        return True


class StreamResampler:
    """Rows in, samples on the grid out, in constant memory.

    Args:
        format: the declared format of the stream.
        rate_hz: samples per second of the grid.
        max_gap_s: a longer gap ends the segment.
        counted: samples get one tag more, the number of the latest usable row.
        patient: rows that cannot be a wearable's are dropped, counted and noted once, and the next
            are waited for; otherwise they are an error.
    """

    def __init__(
        self,
        format: ImuFormat | None = None,
        rate_hz: float = IMU_RATE_HZ,
        max_gap_s: float = MAX_GAP_S,
        counted: bool = False,
        patient: bool = False,
    ) -> None:
        self.report = ImuReport()
        self._patient, self._max_gap_s = patient, max_gap_s
        self._counted, self._number = counted, 0
        self._format = ImuFormat() if format is None else format
        self._rate_hz = rate_hz
        self._screen = RowScreen(max_gap_s, self.report)
        self._canonical = Canonical(self._format)
        self._units = UnitWatch(self._format, self.report)
        self._sensors: SensorWatch | None = None
        self._resampler: Resampler | None = None
        self._held: list[Piece] = []
        self._held_rows = 0
        self._held_s = 0.0  # seconds of buffered rows, without gaps
        self._newest_s = 0.0
        self._decided = False
        self._raw: list[Float32] = []  # the first rows, whatever their stamps

    @property
    def delay_s(self) -> float:
        """Longest time that an output waits for later rows, once the stream has started."""
        row_rate_hz = self.report.rate_hz or self._rate_hz
        filtered = decimation(row_rate_hz, self._rate_hz) > 1
        return 2 / row_rate_hz + (4 / self._rate_hz if filtered else 0.0)

    def state_gyro(self) -> None:
        """Rotation is in rad/s from here on, as the source says, unless the format declares it."""
        if self._format.gyro_unit != "auto":
            return
        self._format = replace(self._format, gyro_unit="rads")
        self._units.format = self._format
        if self._decided:
            self.report.gyro_unit = "rads"
            self._canonical.set_units(self.report)

    def push(self, stamp_s: float, row_6: Sequence[float] | Float32) -> list[Segment]:
        """One row; see `push_block`."""
        return self.push_block(np.array([stamp_s]), np.array([row_6], np.float32))

    def push_block(
        self,
        stamp_s_T: Float64,
        imu_TC: Float32,
        tag_TK: Index | None = None,
    ) -> list[Segment]:
        """Rows (T, 6) in the sensor's units and order -> samples (K, 6) that they complete.

        A segment with `fresh` set begins after a break; the others continue the previous one.

        Raises:
            DataError: at the start, a rate under 10 Hz, an accelerometer that contradicts its
                declaration, or the rows of two sensors in turn.
        """
        if tag_TK is None:
            tag_TK = np.empty((stamp_s_T.shape[0], 0), np.int64)
        segments: list[Segment] = []
        at, end = 0, stamp_s_T.shape[0]
        while at < end and not self._decided:
            # Row by row: what is decided does not depend on how rows come in blocks.
            row = slice(at, at + 1)
            segments += self._begin(stamp_s_T[row], imu_TC[row], tag_TK[row])
            at += 1
        if at == end:
            return segments
        pieces = self._screen.screen(stamp_s_T[at:], imu_TC[at:], tag_TK[at:])
        return segments + self._advance(pieces)

    def close(self) -> list[Segment]:
        """Return the samples that only the end of the stream completes."""
        segments = [] if self._decided or not self._held else self._started()
        if self._resampler is not None:
            segments.append(self._resampler.finish())
            self._resampler = None
        return [segment for segment in segments if segment.imu_TC.shape[0]]

    def _begin(self, stamp_s_T: Float64, imu_TC: Float32, tag_TK: Index) -> list[Segment]:
        """One of the first rows."""
        self._raw.append(imu_TC)
        self._hold(self._screen.screen(stamp_s_T, imu_TC, tag_TK))
        if len(self._raw) == ROWS_TO_TELL or self._enough():
            return self._started(self._enough())
        return []

    def _started(self, enough: bool = True) -> list[Segment]:
        """Look at the first rows, and start if they are enough; what is refused is not kept, so
        that a stream goes on in bounded memory.
        """
        try:
            self._require_one_sensor()
            return self._start() if enough else []
        except DataError as error:
            held, self._held, self._raw = self._held_rows, [], []
            self._held_rows, self._held_s = 0, 0.0
            self._screen = RowScreen(self._max_gap_s, self.report)
            if not self._patient:
                raise
            if not self.report.refused:
                self.report.note(f"{error}. Such rows are dropped and counted")
            self.report.refused += held
            self.report.used -= held
            return []

    def _hold(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            newest_s = float(piece.stamp_s_T[-1])
            self._held_s += newest_s - (piece.stamp_s_T[0] if piece.fresh else self._newest_s)
            self._held_rows += piece.stamp_s_T.size
            self._newest_s = newest_s
        self._held += pieces

    def _enough(self) -> bool:
        """Whether the buffer is enough to detect rate and units: 2.5 s of rows, or a longer
        time with too few rows.
        """
        if self._held_rows < DECIDE_ROWS:
            return False
        passed_s = self._newest_s - float(self._held[0].stamp_s_T[0])
        held_s = self._held_s
        return held_s >= DECIDE_S or passed_s > 2 * DECIDE_S or self._held_rows > MAX_HELD_ROWS

    def _start(self) -> list[Segment]:
        """Detect rate and units from the buffered rows, then release them all."""
        imu_TC = np.concatenate([piece.imu_TC for piece in self._held])
        report = self.report
        report.rate_hz = median_rate_hz(np.concatenate([p.stamp_s_T for p in self._held]))
        require_rate(report.rate_hz, self._rate_hz, report)
        rate_hz = report.rate_hz or self._rate_hz
        if self._format.accel_unit == "auto" and 0 < accel_median(imu_TC) < ACCEL_G_RANGE[0]:
            # A jump or a fall can look like this for two seconds, a whole recording cannot.
            report.accel_unit = "g"
            report.note(NO_GRAVITY_NOTE)
        else:
            report.accel_unit = require_gravity(imu_TC, self._format.accel_unit)
        report.gyro_unit = self._gyro_unit(imu_TC, rate_hz)
        self._canonical.set_units(report)
        self._sensors = SensorWatch(rate_hz, report)
        self._decided = True
        held, self._held = self._held, []
        return self._advance(held)

    def _gyro_unit(self, imu_TC: Float32, rate_hz: float) -> GyroUnit:
        verdict, declared = judge_gyro(imu_TC, rate_hz), self._format.gyro_unit
        if declared == "auto":
            if verdict.still:
                self.report.note(STILL_NOTE)
            return verdict.unit
        conflict = gyro_conflict(verdict, declared)
        if conflict:
            self.report.note(conflict)
        return declared

    def _advance(self, pieces: list[Piece]) -> list[Segment]:
        segments: list[Segment] = []
        for piece in self._cut(pieces):
            if self._units.look(piece.imu_TC):
                self._canonical.set_units(self.report)
            imu_TC = self._canonical(piece.imu_TC)
            assert self._sensors is not None
            self._sensors.watch(imu_TC)
            if piece.fresh or self._resampler is None:
                if self._resampler is not None:
                    segments.append(self._resampler.finish())
                row_rate_hz = self.report.rate_hz or self._rate_hz
                self._resampler = Resampler(row_rate_hz, self._rate_hz, piece.restart)
            tag_TK = self._with_number(piece.tag_TK) if self._counted else piece.tag_TK
            segments.append(self._resampler.feed(piece.stamp_s_T, imu_TC, tag_TK))
        return [segment for segment in segments if segment.imu_TC.shape[0]]

    def _require_one_sensor(self) -> None:
        """Refuse the first rows of two sensors."""
        first, self._raw = self._raw, []
        if first:
            require_one_sensor(np.concatenate(first))

    def _with_number(self, tag_TK: Index) -> Index:
        """The tags (T, K) with the numbers of the rows after them (T, K + 1)."""
        number_T = self._number + np.arange(tag_TK.shape[0])
        self._number += tag_TK.shape[0]
        return np.column_stack([tag_TK, number_T])

    def _cut(self, pieces: list[Piece]) -> Iterator[Piece]:
        """The pieces in parts, each as long as the check of the units wants it."""
        for piece in pieces:
            at, end = 0, piece.stamp_s_T.shape[0]
            while at < end:
                to = min(end, at + self._units.next_cut())
                yield piece.part(at, to)
                at = to
