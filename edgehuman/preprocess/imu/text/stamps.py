"""Stamps of a text stream to seconds; their unit is declared or inferred from the step of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import MAX_RATE_HZ, PER_SECOND, StampUnit
from edgehuman.preprocess.imu.text.clock import tell_unit
from edgehuman.preprocess.imu.text.lines import Rows, join_rows
from edgehuman.records import Float64

ROWS_TO_TELL = 8
_DAY_S = 86_400
# Rows are bursts if a third of them, and so many, repeat the stamp before; a longer interval than
# so many usual ones is a gap.
_BURST_ROWS, _LONG = 6, 2.5
_LATE_SHARE = 0.1
_EXCEL_DAYS = (20_000, 80_000)  # 1954 to 2119, counted from 1900
MAX_ROWS_HELD = 256
MAX_BURST_ROWS = 5000  # of one stamp: a second of the fastest wearable


def require_wearable(stamp_T: Float64, unit: StampUnit) -> None:
    """Raises DataError if the median step gives more rows per second than any wearable."""
    step_T = np.diff(stamp_T[np.isfinite(stamp_T)])
    step_T = step_T[step_T > 0] / PER_SECOND[unit]
    step_s = float(np.median(step_T)) if step_T.size else 1.0
    if step_s * MAX_RATE_HZ >= 1:
        return
    first, days = float(stamp_T[np.isfinite(stamp_T)][0]), step_s * _DAY_S
    if _EXCEL_DAYS[0] < first < _EXCEL_DAYS[1] and days * MAX_RATE_HZ >= 1:
        fix = f"they look like the days of a spreadsheet; multiply them by {_DAY_S:g}"
    else:
        fix = (
            "give their unit with --stamp-unit, write them in seconds, or count the rows: --rate-hz"
        )
    raise DataError(
        f"the steps of the stamps are {step_s:.2g} s, {1 / step_s:,.0f} rows a second; a wearable "
        f"gives at most {MAX_RATE_HZ:,.0f}: {fix}"
    )


def require_order(stamp_T: Float64, where: str) -> None:
    """Raises DataError if over a tenth of the rows come before the row above: a sorted file would
    be lost in part, and one that is sorted backwards entirely.
    """
    step_T = np.diff(stamp_T[np.isfinite(stamp_T)])
    back = int(np.count_nonzero(step_T < 0))
    if back > _LATE_SHARE * len(step_T):
        how = "run backwards" if back > 0.75 * len(step_T) else "are not in order"
        raise DataError(
            f"{where}: its rows {how} in time: {back} of {len(stamp_T)} have an earlier stamp than "
            "the row above; sort the file by its stamps"
        )


class BurstSpreader:
    """Rows that share a stamp, as a radio or a clock of whole seconds gives them, spread evenly
    between the stamp before and their own.

    Attributes:
        rows_per_stamp: of the first stamps.
    """

    def __init__(self, first_T: Float64) -> None:
        distinct = _distinct(first_T[np.isfinite(first_T)])
        self.rows_per_stamp = first_T.size / max(1, distinct.size)
        self._usual = float(np.median(np.diff(distinct))) if distinct.size > 1 else 0.0
        self._held: Rows | None = None
        self._before: float | None = None

    def push(self, rows: Rows, last: bool = False) -> Rows:
        """Rows with stamps of their own; those of the newest stamp are held back, up to 5000."""
        rows = rows if self._held is None else join_rows([self._held, rows])
        stamp_T = rows.stamp_T
        starts = np.flatnonzero(np.diff(stamp_T, prepend=np.nan) != 0)
        ready = stamp_T.size if last or not starts.size else int(starts[-1])
        ready = stamp_T.size if stamp_T.size - ready > MAX_BURST_ROWS else ready
        self._held = None if ready == stamp_T.size else _part(rows, slice(ready, None))
        starts = starts[starts < ready]
        if not starts.size:
            return _part(rows, slice(0, 0))
        count_B = np.diff(np.append(starts, ready))
        own_B = stamp_T[starts]
        before = own_B[0] - self._usual if self._before is None else self._before
        interval_B = np.diff(own_B, prepend=before)
        even_B = (interval_B > 0) & (interval_B <= _LONG * self._usual)  # not of a NaN
        interval_B = np.where(even_B, interval_B, self._usual)
        self._before = float(own_B[-1])
        after_T = np.concatenate([np.arange(count - 1, -1, -1) for count in count_B])
        spread_T = stamp_T[:ready] - np.repeat(interval_B / count_B, count_B) * after_T
        return replace(_part(rows, slice(0, ready)), stamp_T=spread_T)


def _part(rows: Rows, part: slice) -> Rows:
    label_T = None if rows.label_T is None else rows.label_T[part]
    return Rows(rows.stamp_T[part], rows.imu_TC[part], label_T)


def share_stamps(rows: Rows) -> bool:
    """Whether rows come in bursts of one stamp: several of each, and not copies of one another."""
    same_T = np.diff(rows.stamp_T) == 0
    copies_T = same_T & (np.diff(rows.imu_TC, axis=0) == 0).all(axis=1)
    repeats, copies = int(same_T.sum()), int(copies_T.sum())
    return repeats >= _BURST_ROWS and 3 * repeats >= len(same_T) and 2 * copies < repeats


class StampReader:
    """Holds the first rows back until they tell the unit and whether rows share stamps; then
    converts stamps to seconds.

    Attributes:
        unit: "auto" until it is inferred.
    """

    def __init__(self, unit: StampUnit = "auto") -> None:
        self.unit = unit
        self._held: list[Rows] | None = []
        self._count = 0
        self._bursts: BurstSpreader | None = None

    @property
    def rows_per_stamp(self) -> float:
        """Rows that share a stamp, and are spread; 1 where each has its own."""
        return 1.0 if self._bursts is None else self._bursts.rows_per_stamp

    @property
    def held(self) -> int:
        """Rows that wait until the unit is known."""
        return 0 if self._held is None else self._count

    def push(self, rows: Rows, last: bool = False) -> list[Rows]:
        """Rows with stamps in seconds; empty while the unit is not known.

        Raises:
            DataError: more rows a second than any wearable gives.
        """
        ready = [rows]
        if self._held is not None:
            if not (rows.stamp_T.size or last):
                return []
            self._held.append(rows)
            self._count += rows.stamp_T.size
            first = join_rows(self._held)
            known = _distinct(first.stamp_T[~np.isnan(first.stamp_T)]).size
            enough = known >= ROWS_TO_TELL or self._count > MAX_ROWS_HELD
            if not (enough or last):
                return []
            ready, self._held = self._held, None
            with np.errstate(invalid="ignore", over="ignore"):
                self._begin(first)
        if self._bursts is not None:
            with np.errstate(invalid="ignore", over="ignore"):  # infinite stamps
                ready = [self._bursts.push(part, last and part is ready[-1]) for part in ready]
        return [self._in_seconds(part) for part in ready if part.stamp_T.size]

    def _begin(self, first: Rows) -> None:
        """Tell the unit and the bursts from the first rows."""
        if self.unit == "auto":
            self.unit = tell_unit(first.stamp_T)
        require_wearable(first.stamp_T, self.unit)
        if share_stamps(first):
            self._bursts = BurstSpreader(first.stamp_T)

    def _in_seconds(self, rows: Rows) -> Rows:
        if self.unit == "s":
            return rows
        return Rows(rows.stamp_T / PER_SECOND[self.unit], rows.imu_TC, rows.label_T)


def _distinct(stamp_T: Float64) -> Float64:
    """The stamps, sorted, each once. `np.unique` imports `numpy.ma`, 2 MB of memory."""
    sorted_T = np.sort(stamp_T)
    return sorted_T[np.r_[True, sorted_T[1:] != sorted_T[:-1]]] if sorted_T.size else sorted_T
