"""Whether the rows of two sensors take turns in one stream, with one clock or with two."""

from __future__ import annotations

import numpy as np

from edgehuman.errors import DataError
from edgehuman.records import Float32

LEAST_ROWS, ROWS_TO_TELL, MOST_ROWS = 16, 64, 256
FURTHER = 3.0
SHARE = 0.75
"""Rows that are so much further from the next than from the one after it, of those looked at."""


def takes_turns(imu_TC: Float32) -> bool:
    """Whether each of the rows (T, 6), as given, is like the one after the next, and unlike the
    next, in acceleration. Whoever runs at 20 rows a second has few such rows.
    """
    accel_T3 = imu_TC[:, :3].astype(np.float64)
    accel_T3 = accel_T3[np.isfinite(accel_T3).all(axis=1)]
    if len(accel_T3) < LEAST_ROWS:
        return False
    norm = float(np.median(np.linalg.norm(accel_T3, axis=1)))
    next_T = np.linalg.norm(np.diff(accel_T3, axis=0), axis=1)[:-1]
    second_T = np.linalg.norm(accel_T3[2:] - accel_T3[:-2], axis=1)
    apart_T = (next_T > FURTHER * second_T) & (next_T > 0.1 * norm)
    return bool(apart_T.mean() >= SHARE)


def require_one_sensor(imu_TC: Float32) -> None:
    """Raises DataError if any of the first four stretches of rows (T, 6) is of two sensors in
    turn.
    """
    stretches = [imu_TC[at : at + ROWS_TO_TELL] for at in range(0, MOST_ROWS, ROWS_TO_TELL)]
    if any(map(takes_turns, stretches)):
        raise DataError(
            "the rows of two sensors take turns: each row is like the one after the next, and far "
            "from the next. Give one sensor's rows: split the file by its device, or of a UDP "
            "port choose one with --sender"
        )
