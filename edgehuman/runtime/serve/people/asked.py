"""What the page may ask for: one JSON object, of a form that is known to the letter.

    {"do": "enrol", "track": "7", "name": "ANNA", "consent": "2026-03", "by": "", "keep_days": 365}
    {"do": "forget", "name": "ANNA"}

Anything else is refused, and nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from edgehuman.errors import DataError
from edgehuman.reading.parsers import json_of

MOST_BYTES = 2048
"""Of a body: names and texts of consent have at most 200 characters."""
_MOST_MEMORY = 1 << 20  # so many bytes never take it; what is nested is told as such
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Enrol:
    """Enrol who is on a track now.

    Attributes:
        track: the id of the track.
        name: of the person.
        consent: version of the text that they agreed to.
        by: who agreed, if it was not the person; else "".
        keep_days: forget this walk after so many days; None: with the person.
    """

    track: str
    name: str
    consent: str
    by: str = ""
    keep_days: int | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Remove a person with all their walks."""

    name: str


Asked: TypeAlias = Enrol | Forget


def asked_of(body: bytes) -> Asked:
    """What a body asks for.

    Raises:
        DataError: no JSON, or not of a form that is known.
    """
    try:
        row = json_of(body.decode("utf-8"), _MOST_MEMORY, unique=True)
    except ValueError as error:
        raise DataError(f"the request is no JSON ({str(error)[:80]})") from None
    if not isinstance(row, dict):
        raise DataError("the request is no JSON object")
    kind = row.pop("do", None)
    if kind == "enrol":
        _require_keys(row, {"track", "name", "consent"}, {"by", "keep_days"})
        days = row.get("keep_days")
        if days is not None and type(days) is not int:
            raise DataError("keep_days is no whole number of days; give one, or leave it out")
        by = _text(row, "by") if row.get("by") is not None else ""
        return Enrol(_filled(row, "track"), _filled(row, "name"), _filled(row, "consent"), by, days)
    if kind == "forget":
        _require_keys(row, {"name"}, set())
        return Forget(_filled(row, "name"))
    raise DataError('the request says nothing to do: give "do": "enrol" or "do": "forget"')


def _require_keys(row: Mapping[str, Any], needed: set[str], more: set[str]) -> None:
    missing, unknown = needed - row.keys(), row.keys() - needed - more
    if missing:
        raise DataError(f"the request lacks {', '.join(sorted(missing))}")
    if unknown:
        raise DataError(f"the request has {len(unknown)} keys that are not known")


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row[key]
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise DataError(f"{key} is no text of at most {_LONGEST} characters")
    return value


def _filled(row: Mapping[str, Any], key: str) -> str:
    value = _text(row, key)
    if not value.strip():
        raise DataError(f"{key} is empty; fill it in")
    return value
