"""What a body may ask for: two forms, to the letter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.serve.people.asked import Enrol, Forget, asked_of

ENROL: dict[str, Any] = {"do": "enrol", "track": "7", "name": "ANNA", "consent": "2026-03"}


def said(**changes: Any) -> bytes:
    return json.dumps({**ENROL, **changes}).encode()


def test_the_two_forms_are_read() -> None:
    assert asked_of(said()) == Enrol("7", "ANNA", "2026-03")
    assert asked_of(said(by="her mother", keep_days=30)) == Enrol(
        "7", "ANNA", "2026-03", "her mother", 30
    )
    assert asked_of(said(by=None, keep_days=None)) == Enrol("7", "ANNA", "2026-03")
    assert asked_of(b'{"do": "forget", "name": "<b>"}') == Forget("<b>")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"NaN", "no JSON object"),
        (b"[]", "no JSON object"),
        (b"[" * 1000 + b"]" * 1000, "no JSON"),
        (b"[" * 2000, r"no JSON \([^:]*\)$|no JSON .*char"),
        (b'{"do": "forget", "name": "A", "name": "B"}', "given twice"),
        (b'{"do": "forget"}', "lacks name"),
        (b'{"do": "forget", "name": "A", "walk": "1"}', "not known"),
        (b'{"do": "drop"}', "nothing to do"),
        (b'{"name": "A"}', "nothing to do"),
        (said(track=7), "track is no text"),
        (said(name=["A"]), "name is no text"),
        (said(name="A" * 201), "name is no text of at most 200"),
        (said(name=" "), "name is empty"),
        (said(consent=""), "consent is empty"),
        (said(consent=None), "consent is no text"),
        (said(keep_days="30"), "keep_days is no whole number"),
        (said(keep_days=True), "keep_days is no whole number"),
        (said(keep_days=1.5), "keep_days is no whole number"),
        (said(take_as_is=True), "not known"),
    ],
)
def test_anything_else_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        asked_of(body)
