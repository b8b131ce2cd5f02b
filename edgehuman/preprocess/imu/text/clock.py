"""Stamps as they are written: ISO 8601 with or without a zone, as Axivity writes it too, or numbers
whose step tells their unit.

A wearable gives 2 to 500 rows a second, so steps in seconds, milliseconds, micro- and nanoseconds
do not overlap. A step from 0.5 to 1.9 is taken as seconds: it is too slow to use and refused later
with advice, instead of guessing a kilohertz.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import lru_cache

import numpy as np

from edgehuman.preprocess.imu.format import StampUnit
from edgehuman.records import Float64

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d):(\d\d(?:[.,]\d+)?)\s*(Z|[+-]\d\d:?\d\d)?(?:\s*\[[^\]]*\])?$"
)
MILLISECONDS_FROM, MICROSECONDS_FROM, NANOSECONDS_FROM = 1.9, 500.0, 5e5
WANTED = "seconds, or ISO 8601 such as 2024-10-27T01:30:00.010+01:00"


def is_date(text: str) -> bool:
    """Whether a cell holds a date with a time."""
    return _ISO.match(text.strip().strip('"')) is not None


def seconds_of(text: str) -> float:
    """Seconds since 1970; a time without a zone is taken as UTC.

    Raises:
        ValueError: not such a date.
    """
    found = _ISO.match(text.strip().strip('"'))
    if found is None:
        raise ValueError(f"{text[:40]!r} is no date with a time; give {WANTED}")
    day, minute, second, zone = found.groups()
    return _minute_s(day, minute, zone or "Z") + float(second.replace(",", "."))


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


@lru_cache(maxsize=8)
def _minute_s(day: str, minute: str, zone: str) -> float:
    start = datetime.strptime(f"{day} {minute}", "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
    if zone == "Z":
        return start.timestamp()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    ahead_s = 3600 * hours + 60 * minutes
    return start.timestamp() - (ahead_s if zone[0] == "+" else -ahead_s)
