"""A declared rate is for rows without stamps: it is refused where their stamps can be read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import PER_SECOND
from edgehuman.preprocess.imu.text.clock import seconds_of, tell_unit
from edgehuman.preprocess.imu.text.columns import Columns
from edgehuman.preprocess.imu.text.header import split_cells
from edgehuman.reading.parsers import json_of
from edgehuman.records import Float64

ROWS_TO_TELL = 16
_PLAUSIBLE_HZ = (10.0, 1000.0)  # of a wearable; stamps of another rate are a counter, or days


class RateGuard:
    """Looks at the first rows of a stream with a declared rate.

    Args:
        where: the name of the source, for messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._stamps: list[float] = []

    def look(self, lines: Sequence[str], found: Columns, delimiter: str | None) -> None:
        """Look at some rows.

        Args:
            delimiter: None: the rows are JSON.

        Raises:
            DataError: the first rows have stamps that tell a wearable's rate.
        """
        wanted = ROWS_TO_TELL - len(self._stamps)
        if found.clock is None or wanted <= 0:
            return
        name = found.clock_name or ""
        for line in lines[:wanted]:
            text = _of_json(line, name) if delimiter is None else _of_csv(line, found, delimiter)
            self._stamps.append(_stamp(text))
        if len(self._stamps) < ROWS_TO_TELL:
            return
        rate_hz = _rate_hz(np.array(self._stamps))
        if _PLAUSIBLE_HZ[0] <= rate_hz <= _PLAUSIBLE_HZ[1]:
            raise DataError(
                f"{self._where}: the rows have stamps, {name!r}, of {rate_hz:.3g} rows a second, "
                "and --rate-hz is for rows without: leave it out; if the stamps are wrong, take "
                "their column out"
            )


def _of_csv(line: str, found: Columns, delimiter: str) -> str:
    cells = line.split() if delimiter == " " else split_cells(line, delimiter)
    right = found.clock is not None and len(cells) == found.width
    return cells[found.clock] if right and found.clock is not None else ""


def _of_json(line: str, name: str) -> str:
    try:
        record = json_of(line)
    except ValueError:
        return ""
    return str(record.get(name, "")) if isinstance(record, dict) else ""


def _stamp(text: str) -> float:
    """Seconds of a date, or the number that a cell holds; NaN if neither."""
    for read in (float, seconds_of):
        try:
            return read(text)
        except (ValueError, OverflowError):
            continue
    return math.nan


def _rate_hz(stamp_T: Float64) -> float:
    """Rows a second, in the unit that the steps tell; 0 if most of the stamps do not go on."""
    step_T = np.diff(stamp_T)
    rising_T = step_T[step_T > 0]  # not of a NaN
    if 2 * rising_T.size <= step_T.size:
        return 0.0
    step_s = float(np.median(rising_T)) / PER_SECOND[tell_unit(stamp_T)]
    return 1 / step_s if math.isfinite(step_s) else 0.0
