"""A person and a walk as a gallery's file holds them: JSON, and the vector behind it.

Axes: D dimensions, or P parts of D.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of
from edgehuman.records import Float32
from edgehuman.runtime.gallery.store.vault import Cipher
from edgehuman.runtime.gallery.terms import Consent

_HEAD_BYTES = 4
_MOST_HEAD = 1 << 14


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Attributes:
    id: the pseudonym, random; it stands in the log.
    name: of the person.
    cipher: of their records.
    """

    id: str
    name: str
    cipher: Cipher


@dataclass(frozen=True, slots=True)
class WalkRecord:
    """Attributes:
    row: its number in the file; 0: it has none yet.
    id: random.
    person: id of the person.
    walk: the name of the walk.
    added_s: when it was enrolled, Unix time.
    expires_s: when it is to be forgotten; None: with the person.
    consent: None: not recorded.
    quality: 0 to 100; None: not recorded.
    """

    row: int
    id: str
    person: str
    walk: str
    added_s: int
    expires_s: int | None
    consent: Consent | None
    quality: int | None = None


def person_content(name: str) -> bytes:
    """What is sealed of a person."""
    return to_json({"name": name}).encode()


def name_of(content: bytes) -> str:
    """The name in a person's content.

    Raises:
        ValueError, KeyError, TypeError: it is none of ours.
    """
    name = json_of(content.decode("utf-8"))["name"]
    if not isinstance(name, str):
        raise TypeError("a name that is no text")
    return name


def walk_content(record: WalkRecord, vector_D: Float32) -> bytes:
    """What is sealed of a walk."""
    about: dict[str, Any] = {"walk": record.walk, "added": record.added_s}
    about["expires"] = record.expires_s
    if record.quality is not None:
        about["quality"] = record.quality
    if record.consent is not None:
        given = record.consent
        about["consent"] = {"by": given.by, "day": given.day, "text": given.text}
    head = to_json(about).encode()
    vector = np.ascontiguousarray(vector_D, "<f4").tobytes()
    return len(head).to_bytes(_HEAD_BYTES, "little") + head + vector


def walk_of(row: int, id: str, person: str, content: bytes, vector_D: Float32) -> WalkRecord:
    """The walk in its content; its vector is copied to `vector_D`.

    Raises:
        ValueError, KeyError, TypeError: it is none of ours.
    """
    size = int.from_bytes(content[:_HEAD_BYTES], "little")
    end = _HEAD_BYTES + size
    if size > _MOST_HEAD or len(content) != end + 4 * vector_D.size:
        raise ValueError(f"a walk of {len(content)} bytes")
    about = json_of(content[_HEAD_BYTES:end].decode("utf-8"))
    walk, added_s, expires_s = about["walk"], about["added"], about["expires"]
    are_whole = isinstance(added_s, int) and isinstance(expires_s, int | None)
    if not isinstance(walk, str) or not are_whole:
        raise TypeError("a walk without its name or its time")
    quality = about.get("quality")
    if not isinstance(quality, int | None):
        raise TypeError("a quality that is no whole number")
    vector_D[...] = np.frombuffer(content, "<f4", offset=end).reshape(vector_D.shape)
    consent = _consent_of(about.get("consent"))
    return WalkRecord(row, id, person, walk, added_s, expires_s, consent, quality)


def _consent_of(about: Any) -> Consent | None:
    if about is None:
        return None
    if not isinstance(about, Mapping):
        raise TypeError("a consent that is no record")
    by, day, text = about["by"], about["day"], about["text"]
    if not all(isinstance(each, str) for each in (by, day, text)):
        raise TypeError("a consent that is no record")
    return Consent(by, day, text)
