"""Whether the rows of several sensors take turns in one stream, with one clock or with several."""

from __future__ import annotations

import numpy as np

from edgehuman.errors import DataError
from edgehuman.records import Float32, Float64

LEAST_ROWS, ROWS_TO_TELL, MOST_ROWS = 16, 64, 256
MOST_SENSORS = 4
FURTHER = 3.0
SHARE = 0.75
"""Rows that are so much further from the next than from the one after it, of those looked at."""
ALIKE = 0.25
"""Median norms of three or four sensors differ less, as a share; those of a jolt's phases more."""


def takes_turns(imu_TC: Float32) -> int:
    """How many sensors take turns in rows (T, 6) as given; 0 if they are of one: each row is like
    the one so many rows on, and unlike those between, in acceleration. Whoever runs at 20 rows a
    second has few such rows; a runner's phases at 10 rows a second differ in their norms.
    """
    accel_T3 = imu_TC[:, :3].astype(np.float64)
    accel_T3 = accel_T3[np.isfinite(accel_T3).all(axis=1)]
    if len(accel_T3) < LEAST_ROWS:
        return 0
    norm_T = np.linalg.norm(accel_T3, axis=1)
    for sensors in range(2, MOST_SENSORS + 1):
        if sensors > 2:
            norm_S = np.array([np.median(norm_T[one::sensors]) for one in range(sensors)])
            if np.ptp(norm_S) > ALIKE * np.median(norm_S):
                continue
        if _is_periodic(accel_T3, sensors, 0.1 * float(np.median(norm_T))):
            return sensors
    return 0


def _is_periodic(accel_T3: Float64, period: int, least: float) -> bool:
    """Whether most rows are much closer to the one a period on than to any between."""
    rows = len(accel_T3) - period
    again_T = np.linalg.norm(accel_T3[period:] - accel_T3[:-period], axis=1)
    apart_T = np.ones(rows, bool)
    for lag in range(1, period):
        away_T = np.linalg.norm(accel_T3[lag : rows + lag] - accel_T3[:rows], axis=1)
        apart_T &= (away_T > FURTHER * again_T) & (away_T > least)
    return bool(apart_T.mean() >= SHARE)


def require_one_sensor(imu_TC: Float32) -> None:
    """Raises DataError if any of the first four stretches of rows (T, 6) is of several sensors in
    turn.
    """
    stretches = [imu_TC[at : at + ROWS_TO_TELL] for at in range(0, MOST_ROWS, ROWS_TO_TELL)]
    sensors = max(map(takes_turns, stretches), default=0)
    if sensors:
        count = {2: "two", 3: "three", 4: "four"}[sensors]
        after = {2: "the one after the next", 3: "the third after it", 4: "the fourth after it"}
        raise DataError(
            f"the rows of {count} sensors take turns: each row is like {after[sensors]}, and far "
            "from the next. Give one sensor's rows: split the file by its device, or of a UDP "
            "port choose one with --sender"
        )
