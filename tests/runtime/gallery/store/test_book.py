"""A gallery's file, read: whose key, which walks, and records that were moved or cut."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.gallery import empty_gallery, read_gallery, write_gallery
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.gallery.store.book import MOST_VALUES, read_book
from edgehuman.runtime.gallery.terms import DAY_S, Consent, Terms
from tests.runtime.gallery.made import gait_card, known, vector, write_key, write_known


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return write_key(tmp_path / "k.key")


@pytest.fixture
def path(tmp_path: Path, secret: Path) -> Path:
    return write_known(tmp_path / "k.gallery", secret)


def edit(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(sql, values)


def about(path: Path, **changes: object) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        (text,) = base.execute("SELECT value FROM about WHERE name = 'gallery'").fetchone()
        changed = to_json({**json_of(text), **changes})
        base.execute("UPDATE about SET value = ? WHERE name = 'gallery'", (changed,))


@pytest.mark.parametrize("sealed", [True, False])
def test_it_finds_whom_a_gallery_in_memory_finds(
    sealed: bool, tmp_path: Path, secret: Path
) -> None:
    path = write_known(tmp_path / "g.gallery", secret if sealed else None)
    gallery = read_gallery(path, secret if sealed else None)
    assert gallery.people() == {"ANNA": 2, "BOB": 1}
    assert gallery.walk_G == ("a1", "b1", "a2")
    for probe in (vector(1, 0), vector(0.6, 0.8), vector(-1, 0.1)):
        found, wanted = gallery.identify(probe, 0.9), known().identify(probe, 0.9)
        assert (found.person, found.nearest) == (wanted.person, wanted.nearest)
        assert found.score == pytest.approx(wanted.score, abs=1e-6)
    assert gallery.same_walk("EVE", vector(3, 4)) == ("ANNA", "a2")
    assert np.allclose(gallery.vector_GD, known().vector_GD) is not sealed


def test_nothing_in_an_encrypted_file_says_who_or_how(path: Path, secret: Path) -> None:
    content = path.read_bytes()
    for each in (b"ANNA", b"BOB", b'"a2"', known().vector_GD[2].tobytes(), vector(3, 4).tobytes()):
        assert each not in content
    plain = write_known(path.with_name("plain.gallery")).read_bytes()
    assert b"ANNA" in plain
    assert vector(3, 4).tobytes() in plain


def test_the_terms_of_each_walk_are_there(tmp_path: Path, secret: Path) -> None:
    terms = Terms(Consent("ANNA's mother", "2026-11-30", "v3"), 30)
    path = write_known(tmp_path / "g.gallery", secret, terms)
    book = read_book(path, read_key(secret))
    assert [walk.consent for walk in book.walks] == [terms.consent] * 3
    spans = [(walk.expires_s or 0) - walk.added_s for walk in book.walks]
    assert spans == [30 * DAY_S] * 3
    assert (book.walks[0].person, book.walks[1].person) == (
        book.walks[2].person,
        next(id for id, person in book.people.items() if person.name == "BOB"),
    )


def test_a_walk_whose_time_is_over_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_known(tmp_path / "g.gallery", None, Terms(None, 30))
    begin_s = read_book(path, None).walks[0].added_s
    monkeypatch.setattr("time.time", lambda: begin_s + 31 * DAY_S)
    book = read_book(path, None)
    assert (len(book.gallery), len(book.expired)) == (0, 3)
    assert b"ANNA" in path.read_bytes()  # until the next change


def test_no_key_another_key_and_a_key_too_many_are_told_apart(path: Path, tmp_path: Path) -> None:
    other = write_key(tmp_path / "other.key")
    with pytest.raises(ArtefactError, match=r"is encrypted: give its key with --key.*GALLERY_KEY"):
        read_gallery(path)
    with pytest.raises(ArtefactError, match=r"encrypted with another key than --key .*other\.key"):
        read_gallery(path, other)
    plain = write_known(tmp_path / "plain.gallery")
    with pytest.raises(ArtefactError, match=r"is not encrypted, but a key was given .*rekey"):
        read_gallery(plain, other)


def test_records_that_were_swapped_or_changed_are_refused(path: Path, secret: Path) -> None:
    valid = path.read_bytes()
    for sql in (
        "UPDATE walk SET content = (SELECT content FROM walk WHERE n = 2) WHERE n = 1",
        "UPDATE walk SET person = (SELECT person FROM walk WHERE n = 2) WHERE n = 1",
        "UPDATE walk SET id = 'x' WHERE n = 1",
        "UPDATE walk SET content = substr(content, 1, 40) WHERE n = 1",
        "UPDATE person SET secret = (SELECT secret FROM person ORDER BY id DESC LIMIT 1)",
        "UPDATE person SET content = x'00'",
    ):
        path.write_bytes(valid)
        edit(path, sql)
        with pytest.raises(
            ArtefactError, match=r"changed or damaged since it was encrypted|is damaged"
        ):
            read_gallery(path, secret)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE walk SET person = 'p-nobody'",
        "UPDATE walk SET content = 'text'",
        "UPDATE walk SET content = x''",
        "DELETE FROM person",
        "UPDATE person SET content = x'7b7d'",
        "UPDATE person SET content = 5",
        "UPDATE about SET value = '{}' WHERE name = 'gallery'",
        "UPDATE about SET value = x'ff' WHERE name = 'gallery'",
        "DELETE FROM about",
        "INSERT INTO about VALUES ('threshold', 'zz')",
        "INSERT INTO about VALUES ('threshold', '7b7d')",
    ],
)
def test_a_plain_file_that_was_damaged_is_an_error_of_ours(sql: str, tmp_path: Path) -> None:
    path = write_known(tmp_path / "g.gallery")
    edit(path, sql)
    with pytest.raises(ArtefactError, match="is damaged"):
        read_gallery(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": []}, {"shape": [3]}, {"shape": [1, 2, 3]}, {"shape": [-2]}, {"shape": [0]},
        {"shape": "x"}, {"shape": [MOST_VALUES]}, {"shape": [2.5, 1]}, {"shape": None},
        {"format": "x"}, {"distance": "x"}, {"id": "x"}, {"id": "x" * 32},
    ],
    ids=str,
)  # fmt: skip
def test_what_a_file_says_of_itself_is_held_against_it(
    changes: dict[str, object], tmp_path: Path
) -> None:
    path = write_known(tmp_path / "g.gallery")
    about(path, **changes)
    with pytest.raises(ArtefactError, match="is damaged"):
        read_gallery(path)


def test_vectors_of_parts_come_back(tmp_path: Path, secret: Path) -> None:
    parts = vector(1, 0, 0, 2, 3, 4).reshape(3, 2)
    made = empty_gallery(gait_card(dim=2, parts=3)).enrol("ANNA", "a", parts)
    for key in (None, secret):
        path = tmp_path / f"parts-{key is None}.gallery"
        write_gallery(path, made, key)
        found = read_gallery(path, key)
        assert found.vector_GD.shape == (1, 3, 2)
        assert found.identify(parts, 0.5).score == pytest.approx(1, abs=1e-6)
