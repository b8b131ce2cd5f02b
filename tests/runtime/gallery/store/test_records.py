"""A walk's bytes, and bytes that are no walk."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.gallery.store.records import (
    WalkRecord,
    name_of,
    person_content,
    walk_content,
    walk_of,
)
from edgehuman.runtime.gallery.terms import Consent

CONSENT = Consent("ANNA", "2026-11-30", "v3")
WALK = WalkRecord(7, "1f", "p-1", "door\u00e9#1", 1_800_000_000, None, CONSENT)
VECTOR = np.array([[1, 2], [3, 4]], np.float32)


def test_a_walk_and_a_name_come_back() -> None:
    for walk in (WALK, WalkRecord(7, "1f", "p-1", "w", 5, 6, None)):
        found = np.empty_like(VECTOR)
        assert walk_of(7, "1f", "p-1", walk_content(walk, VECTOR), found) == walk
        assert np.array_equal(found, VECTOR)
    assert name_of(person_content("ZO\u00c9")) == "ZO\u00c9"


def with_head(head: bytes, numbers: int = 4) -> bytes:
    return len(head).to_bytes(4, "little") + head + bytes(4 * numbers)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xff\xff\xff",
        with_head(b'{"walk": "w", "added": 1, "expires": null}', 3),
        with_head(b'{"walk": "w", "added": 1}'),
        with_head(b'{"walk": 1, "added": 1, "expires": null}'),
        with_head(b'{"walk": "w", "added": "x", "expires": null}'),
        with_head(b'{"walk": "w", "added": 1, "expires": null, "consent": 1}'),
        with_head(b'{"walk": "w", "added": 1, "expires": null, "consent": {"by": 1}}'),
        with_head(b"[]"),
        with_head(b"\xff"),
        with_head(b" " * 20_000 + b"{}"),
    ],
)
def test_what_is_no_walk_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        walk_of(7, "1f", "p-1", content, np.empty_like(VECTOR))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"name": 1}', b"\xff"])
def test_what_is_no_name_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        name_of(content)
