"""Stamps written as dates: ISO 8601 with or without a zone, as Axivity writes it too."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import lru_cache

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d):(\d\d(?:[.,]\d+)?)\s*(Z|[+-]\d\d:?\d\d)?(?:\s*\[[^\]]*\])?$"
)
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


@lru_cache(maxsize=8)
def _minute_s(day: str, minute: str, zone: str) -> float:
    start = datetime.strptime(f"{day} {minute}", "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
    if zone == "Z":
        return start.timestamp()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    ahead_s = 3600 * hours + 60 * minutes
    return start.timestamp() - (ahead_s if zone[0] == "+" else -ahead_s)
