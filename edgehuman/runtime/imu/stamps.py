"""Stamps of a text stream to seconds; their unit is declared or inferred from the step of rows.

A wearable gives 2 to 500 rows a second, so steps in seconds, milliseconds, micro- and nanoseconds
do not overlap. A step from 0.5 to 1.9 is taken as seconds: it is too slow to use and refused later
with advice, instead of guessing a kilohertz.
"""

from __future__ import annotations

import numpy as np

from edgehuman.preprocess.imu.format import StampUnit
from edgehuman.records import Float64
from edgehuman.runtime.imu.lines import Rows

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
MILLISECONDS_FROM, MICROSECONDS_FROM, NANOSECONDS_FROM = 1.9, 500.0, 5e5
ROWS_TO_TELL = 8
MAX_ROWS_HELD = 256


def tell_unit(stamp_T: Float64) -> StampUnit:
    """The unit, from the median positive step; seconds if no step is positive."""
    with np.errstate(invalid="ignore"):
        step_T = np.diff(stamp_T[np.isfinite(stamp_T)])
    step_T = step_T[step_T > 0]
    step = float(np.median(step_T)) if step_T.size else 0.0
    if step < MILLISECONDS_FROM:
        return "s"
    if step < MICROSECONDS_FROM:
        return "ms"
    return "us" if step < NANOSECONDS_FROM else "ns"


class StampReader:
    """Holds the first rows back until the unit is inferred, then converts stamps to seconds.

    Attributes:
        unit: "auto" until it is inferred.
    """

    def __init__(self, unit: StampUnit = "auto") -> None:
        self.unit = unit
        self._held: list[Rows] = []
        self._count = 0

    def push(self, rows: Rows, last: bool = False) -> list[Rows]:
        """Rows with stamps in seconds; empty while the unit is not known."""
        if self.unit == "auto":
            self._held.append(rows)
            self._count += rows.stamp_T.size
            stamp_T = np.concatenate([held.stamp_T for held in self._held])
            enough = np.unique(stamp_T).size >= ROWS_TO_TELL or self._count > MAX_ROWS_HELD
            if not (enough or last):
                return []
            self.unit = tell_unit(stamp_T)
            ready, self._held = self._held, []
        else:
            ready = [rows]
        return [self._in_seconds(part) for part in ready if part.stamp_T.size]

    def _in_seconds(self, rows: Rows) -> Rows:
        if self.unit == "s":
            return rows
        return Rows(rows.stamp_T / PER_SECOND[self.unit], rows.imu_TC, rows.label_T)
