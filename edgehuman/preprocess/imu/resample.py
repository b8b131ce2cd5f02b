"""Resample by time stamps to one uniform grid, with anti-aliasing when downsampling.

Between samples: a cubic through the two neighbours whose slopes are the secants over their own
neighbours (Catmull-Rom for uneven steps). Downsampling by a factor L: first to a grid L times finer
than the target, then a Hamming-windowed low-pass over eight periods of the target, then every L-th
value. The grid of a stretch starts at its first sample. A sample within `SNAP_S` of a grid point is
that point's value, so a stream on the grid passes through unchanged and without delay.

`Resampler` works block by block; `resample` is the same code over a whole recording, in one block.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import MAX_RATE_HZ, ImuReport
from edgehuman.preprocess.imu.screen import RowScreen
from edgehuman.records import IMU_RATE_HZ, Float32, Float64, Index

SNAP_S = 1e-4
CUTOFF = 0.4  # of the target rate: 20 Hz at 50 Hz, as UCI HAR was filtered
HALF_PERIODS = 4
MAX_GAP_S = 0.1
LONGEST_PATTERN = 4
"""Rows after which the steps of an uneven clock may come again."""
_EVEN, _OF_ALL, _ELSEWHERE = 0.05, 0.9, 0.1


@dataclass(frozen=True, slots=True)
class Segment:
    """Samples on one uniform grid.

    Attributes:
        start_s: stamp of the first sample.
        imu_TC: float32 (T, 6).
        tag_TK: int64 (T, K): the tags of the latest row at or before each sample.
        fresh: False if it continues exactly where the previous segment ended.
        restart: True if it is fresh because the clock stepped back.
    """

    start_s: float
    imu_TC: Float32
    tag_TK: Index
    fresh: bool = True
    restart: bool = False


def decimation(row_rate_hz: float, rate_hz: float = IMU_RATE_HZ) -> int:
    """Ratio of the first grid's rate to the target: 1 up to 10 % above the target, 2 for 100 Hz."""
    return max(1, math.ceil(row_rate_hz / rate_hz - 0.1))


def low_pass(factor: int) -> Float32:
    """Taps of the anti-aliasing filter, with sum 1: (2 * 4 * factor + 1,)."""
    offset_M = np.arange(-HALF_PERIODS * factor, HALF_PERIODS * factor + 1)
    taps_M = np.sinc(2 * CUTOFF * offset_M / factor) * np.hamming(offset_M.size)
    return np.asarray(taps_M / taps_M.sum(), np.float32)


def _interpolate(
    stamp_s_T: Float64,
    imu_TC: Float32,
    grid_s_K: Float64,
    left_K: Index,
    step_s: float,
) -> Float32:
    """Values (K, 6) at grid points, each after row `left_K`; slopes span at least `step_s`."""
    last = stamp_s_T.shape[0] - 1
    if last == 0 or left_K.size == 0:
        return imu_TC[left_K]
    slope_TC = np.empty_like(imu_TC)
    reach_s_T = np.maximum(stamp_s_T[2:] - stamp_s_T[:-2], step_s).astype(np.float32)
    slope_TC[1:-1] = (imu_TC[2:] - imu_TC[:-2]) / reach_s_T[:, None]
    for end, inner in ((0, 1), (last, last - 1)):
        reach_s = max(abs(stamp_s_T[inner] - stamp_s_T[end]), step_s)
        sign = np.sign(inner - end)
        slope_TC[end] = sign * (imu_TC[inner] - imu_TC[end]) / np.float32(reach_s)
    right_K = np.minimum(left_K + 1, last)
    left_s_K = stamp_s_T.take(left_K)
    width_s_K = stamp_s_T.take(right_K) - left_s_K
    past_s_K = grid_s_K - left_s_K
    past_s_K[past_s_K <= SNAP_S] = 0.0
    if left_K[-1] == last:  # there is nothing after the last row
        past_s_K[left_K == last], width_s_K[left_K == last] = 0.0, 1.0
    u_K1 = (past_s_K / width_s_K).astype(np.float32)[:, None]
    width_K1 = width_s_K.astype(np.float32)[:, None]
    y0_KC = imu_TC.take(left_K, axis=0)
    rise_KC = imu_TC.take(right_K, axis=0) - y0_KC
    bend0_KC = width_K1 * slope_TC.take(left_K, axis=0) - rise_KC
    bend1_KC = width_K1 * slope_TC.take(right_K, axis=0) - rise_KC
    v_K1 = 1 - u_K1
    value_KC: Float32 = y0_KC + u_K1 * (rise_KC + v_K1 * (v_K1 * bend0_KC - u_K1 * bend1_KC))
    return value_KC


class _Decimator:
    """Low-pass and keep every `factor`-th value of a fine grid; the ends are padded with the first
    and last value.
    """

    def __init__(self, factor: int) -> None:
        self._factor = factor
        self._taps_M = low_pass(factor)
        self._half = self._taps_M.size // 2
        self._fine_FC: Float32 | None = None
        self._tag_FK: Index = np.empty((0, 0), np.int64)

    def feed(self, fine_FC: Float32, tag_FK: Index, last: bool) -> tuple[Float32, Index]:
        """Next samples of the fine grid -> values and tags of the target grid that these
        complete.
        """
        if self._fine_FC is None:
            self._fine_FC = np.repeat(fine_FC[:1], self._half, axis=0)
            self._tag_FK = np.repeat(tag_FK[:1], self._half, axis=0)
        fine_FC = np.concatenate([self._fine_FC, fine_FC])
        tag_FK = np.concatenate([self._tag_FK, tag_FK])
        if last:
            fine_FC = np.concatenate([fine_FC, np.repeat(fine_FC[-1:], self._half, axis=0)])
            tag_FK = np.concatenate([tag_FK, np.repeat(tag_FK[-1:], self._half, axis=0)])
        count = max(0, (fine_FC.shape[0] - self._taps_M.size) // self._factor + 1)
        self._fine_FC, self._tag_FK = (
            fine_FC[count * self._factor :],
            tag_FK[count * self._factor :],
        )
        if count == 0:
            return fine_FC[:0], tag_FK[:0]
        seen_KCM = np.lib.stride_tricks.sliding_window_view(fine_FC, self._taps_M.size, axis=0)
        value_KC: Float32 = seen_KCM[:: self._factor][:count] @ self._taps_M
        return value_KC, tag_FK[self._half :: self._factor][:count]


class Resampler:
    """Resample one stretch without breaks, block by block.

    Output waits for two rows after the grid point (none if a row is on it), and for four periods of
    the target when downsampling.

    Args:
        row_rate_hz, rate_hz: of the rows, and of the target.
        restart: passed on with the first samples.
    """

    def __init__(
        self, row_rate_hz: float, rate_hz: float = IMU_RATE_HZ, restart: bool = False
    ) -> None:
        self._rate_hz = rate_hz
        self._restart = restart
        self._factor = decimation(row_rate_hz, rate_hz)
        self._decimator = _Decimator(self._factor) if self._factor > 1 else None
        self._grid_hz = rate_hz * self._factor
        self._start_s = 0.0
        self._next = 0  # index on the first grid of the next value
        self._given = 0  # target samples returned so far
        self._stamp_s_T: Float64 = np.empty(0)
        self._imu_TC: Float32 = np.empty((0, 6), np.float32)
        self._tag_TK: Index = np.empty((0, 0), np.int64)

    def feed(
        self,
        stamp_s_T: Float64,
        imu_TC: Float32,
        tag_TK: Index,
        last: bool = False,
    ) -> Segment:
        """Return the samples that these rows complete (maybe none); `last` ends the stretch."""
        if self._stamp_s_T.size == 0:
            if stamp_s_T.size == 0:
                return Segment(self._start_s, imu_TC, tag_TK)
            self._start_s, self._tag_TK = float(stamp_s_T[0]), tag_TK[:0]
        value_KC, tag_KK = self._on_grid(stamp_s_T, imu_TC, tag_TK, last)
        if self._decimator is not None:
            value_KC, tag_KK = self._decimator.feed(value_KC, tag_KK, last)
        start_s, fresh = self._start_s + self._given / self._rate_hz, self._given == 0
        self._given += value_KC.shape[0]
        return Segment(start_s, value_KC, tag_KK, fresh, fresh and self._restart)

    def finish(self) -> Segment:
        """Return the samples that were waiting for more rows."""
        return self.feed(np.empty(0), self._imu_TC[:0], self._tag_TK[:0], last=True)

    def _on_grid(
        self,
        stamp_s_T: Float64,
        imu_TC: Float32,
        tag_TK: Index,
        last: bool,
    ) -> tuple[Float32, Index]:
        grid_s_T = (
            self._start_s + np.arange(self._next, self._next + stamp_s_T.size) / self._grid_hz
        )
        if stamp_s_T.size and np.abs(stamp_s_T - grid_s_T).max() <= SNAP_S:
            self._next += stamp_s_T.size
            self._keep(stamp_s_T, imu_TC, tag_TK)
            return imu_TC, tag_TK
        self._keep(stamp_s_T, imu_TC, tag_TK, limit=None)
        stamp_s_T, imu_TC, tag_TK = self._stamp_s_T, self._imu_TC, self._tag_TK
        end = math.floor((stamp_s_T[-1] + SNAP_S - self._start_s) * self._grid_hz) + 1
        grid_s_K = self._start_s + np.arange(self._next, end) / self._grid_hz
        left_K = np.searchsorted(stamp_s_T, grid_s_K + SNAP_S, side="right") - 1
        if not last:
            ready_K = (left_K <= stamp_s_T.size - 3) | (grid_s_K - stamp_s_T[left_K] <= SNAP_S)
            count = ready_K.size if ready_K.all() else int(ready_K.argmin())
            grid_s_K, left_K = grid_s_K[:count], left_K[:count]
        self._next += left_K.size
        value_KC = _interpolate(stamp_s_T, imu_TC, grid_s_K, left_K, 1 / self._grid_hz)
        self._keep(stamp_s_T[:0], imu_TC[:0], tag_TK[:0])
        return value_KC, tag_TK.take(left_K, axis=0)

    def _keep(
        self,
        stamp_s_T: Float64,
        imu_TC: Float32,
        tag_TK: Index,
        limit: int | None = 3,
    ) -> None:
        """Append rows to the buffer, and keep the last `limit`."""
        if limit is not None and stamp_s_T.size >= limit:
            self._stamp_s_T, self._imu_TC, self._tag_TK = (
                stamp_s_T[-limit:],
                imu_TC[-limit:],
                tag_TK[-limit:],
            )
            return
        kept = slice(None) if limit is None else slice(-limit, None)
        self._stamp_s_T = np.concatenate([self._stamp_s_T, stamp_s_T])[kept]
        self._imu_TC = np.concatenate([self._imu_TC, imu_TC])[kept]
        self._tag_TK = np.concatenate([self._tag_TK, tag_TK])[kept]


def median_rate_hz(stamp_s_T: Float64) -> float:
    """Rows per second by the median step of increasing stamps; 0 if there are fewer than two.

    Steps of 10 and 30 ms in turn are 50 rows a second, though their median is either: of a clock
    whose steps come in a pattern of up to four rows, the pattern's.
    """
    step_s_T = np.diff(stamp_s_T)
    step_s_T = step_s_T[step_s_T > 0]
    if not step_s_T.size:
        return 0.0
    usual_s = float(np.median(step_s_T))
    with np.errstate(over="ignore", invalid="ignore"):
        passed_s_T = np.append(0.0, np.cumsum(step_s_T))
    if not np.isfinite(passed_s_T[-1]) or (np.diff(passed_s_T) <= 0).any():
        return 1 / usual_s if usual_s * MAX_RATE_HZ > 1 else math.inf  # steps that do not add up
    for rows in range(1, min(LONGEST_PATTERN, step_s_T.size) + 1):
        span_s_T = passed_s_T[rows:] - passed_s_T[:-rows]
        span_s = float(np.median(span_s_T))
        if (np.abs(span_s_T - span_s) <= _EVEN * span_s).mean() >= _OF_ALL:
            is_pattern = abs(span_s / rows - usual_s) > _ELSEWHERE * usual_s
            return rows / span_s if is_pattern else 1 / usual_s
    return 1 / usual_s


def require_possible(rate_hz: float) -> None:
    """Refuse a rate that no wearable has, before its grid and its filter need memory.

    Raises:
        DataError: over 5000 rows per second.
    """
    if rate_hz > MAX_RATE_HZ:
        raise DataError(
            f"the stream has {rate_hz:,.0f} rows per second; a wearable gives at most "
            f"{MAX_RATE_HZ:,.0f}. Write the stamps in seconds, or give their unit with --stamp-unit"
        )


def resample(
    stamp_s_T: Float64,
    imu_TC: Float32,
    rate_hz: float = IMU_RATE_HZ,
    max_gap_s: float = MAX_GAP_S,
    tag_TK: Index | None = None,
    report: ImuReport | None = None,
) -> list[Segment]:
    """Resample a recording's rows to the grid, one segment between breaks; units are unchanged.

    Args:
        stamp_s_T: seconds (T,), any order; late and repeated rows are dropped.
        imu_TC: rows (T, 6); those that are not finite are dropped.
        rate_hz: samples per second of the grid.
        max_gap_s: a longer gap splits the recording.
        tag_TK: data attached to each row, int64 (T, K).
        report: receives the counts.

    Raises:
        DataError: over 5000 rows per second.
    """
    report = ImuReport() if report is None else report
    tag_TK = np.empty((imu_TC.shape[0], 0), np.int64) if tag_TK is None else tag_TK
    pieces = RowScreen(max_gap_s, report).screen(
        np.asarray(stamp_s_T, np.float64), np.asarray(imu_TC, np.float32), tag_TK
    )
    if not pieces:
        return []
    report.rate_hz = median_rate_hz(np.concatenate([piece.stamp_s_T for piece in pieces]))
    require_possible(report.rate_hz)
    row_rate_hz = report.rate_hz or rate_hz
    return [
        Resampler(row_rate_hz, rate_hz).feed(p.stamp_s_T, p.imu_TC, p.tag_TK, last=True)
        for p in pieces
    ]
