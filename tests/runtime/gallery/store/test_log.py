"""The log of a gallery: what it says, and that a change of it shows."""

from __future__ import annotations

import datetime
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edgehuman.reading.parsers import json_of
from edgehuman.runtime.gallery import read_gallery, update_gallery
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.gallery.store import log
from edgehuman.runtime.gallery.store.book import open_vault
from edgehuman.runtime.gallery.store.database import Database
from edgehuman.runtime.gallery.store.vault import Vault
from edgehuman.runtime.gallery.terms import Consent, Terms
from tests.runtime.gallery.made import quiet, vector, write_key, write_known

TERMS = Terms(Consent("ANNA", "2026-11-30", "v3"), 30)


@pytest.fixture(params=["plain", "sealed"])
def secret(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return write_key(tmp_path / "k.key") if request.param == "sealed" else None


@pytest.fixture
def path(tmp_path: Path, secret: Path | None) -> Path:
    path = write_known(tmp_path / "k.gallery", secret, TERMS)
    update_gallery(path, lambda old: old.forget(walk="a1"), notify=quiet, key=secret)
    update_gallery(path, lambda old: old.forget("ANNA"), notify=quiet, key=secret)
    return path


def faults(path: Path, secret: Path | None) -> list[str]:
    with closing(Database(path, write=False)) as base, base.reading():
        return log.faults(base, open_vault(base, read_key(secret))[1])


def lines(path: Path) -> list[log.Entry]:
    with closing(Database(path, write=False)) as base, base.reading():
        return [*log.entries(base)]


def test_it_says_what_was_done_to_whom_and_no_name(path: Path, secret: Path | None) -> None:
    assert faults(path, secret) == []
    said = [(each.about["action"], each.about.get("walks")) for each in lines(path)]
    assert said == [
        ("create", None), ("enrol", 2), ("enrol", 1), ("forget", 1), ("forget", 1)
    ]  # fmt: skip
    anna = {each.about["subject"] for each in lines(path)[3:]}
    assert len(anna) == 1
    assert lines(path)[1].about["subject"] in anna
    assert (lines(path)[1].about["consent"], lines(path)[1].about["keep_days"]) == ("v3", 30)
    assert [each.about["left"] for each in lines(path)[3:]] == [1, 0]
    assert {each.about["actor"] for each in lines(path)} == {log.actor()}
    text = str(lines(path))
    assert not [name for name in ("ANNA", "BOB", "vector") if name in text]


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        for sql in statements:
            base.execute(sql)


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (
            ["UPDATE log SET line = replace(line, 'forget', 'export') WHERE n = 4"],
            "line 4 .* chang",
        ),
        (["DELETE FROM log WHERE n = 3"], "line 3 of the log is missing"),
        (["DELETE FROM log WHERE n = 3", "UPDATE log SET n = n - 1 WHERE n > 3"], "line 3"),
        (["DELETE FROM log WHERE n = 5"], "ends at line 4, and its head says otherwise"),
        (["DELETE FROM log"], "ends at line 0"),
        (["INSERT INTO log VALUES (6, '{}', 'x')"], "line 6"),
        (["DELETE FROM about WHERE name = 'log head'"], "its head says otherwise"),
        (["UPDATE about SET value = 'x' WHERE name = 'log head'"], "its head says otherwise"),
        (['INSERT INTO about VALUES (\'log begin\', \'{"n": 2, "hash": "x"}\')'], "line"),
    ],
)
def test_a_change_of_it_shows(
    statements: list[str], said: str, path: Path, secret: Path | None
) -> None:
    edit(path, *statements)
    found = faults(path, secret)
    assert found
    assert any(re.search(said, each) for each in found), found
    # The people are still there: a log that was changed takes nobody away.
    assert read_gallery(path, secret).people() == {"BOB": 1}


def test_whoever_lacks_the_key_cannot_make_a_chain_that_holds(tmp_path: Path) -> None:
    """Without a key anybody can; that is what the page says."""
    secret = write_key(tmp_path / "k.key")
    for key in (None, secret):
        path = write_known(tmp_path / f"{key is None}.gallery", key)
        with closing(Database(path, write=True)) as base, base.writing():
            plain = _without_key(base)
            base.run("DELETE FROM log WHERE n > 1")
            last = "0" * 64
            for number, line in base.run("SELECT n, line FROM log ORDER BY n"):
                last = plain.mac(f"{last}\n{number}\n{line}")
                base.run("UPDATE log SET hash = ? WHERE n = ?", last, number)
            log._seal(base, plain, 1, last)
        assert bool(faults(path, key)) == (key is not None)


def _without_key(base: Database) -> Vault:
    about = json_of(base.run("SELECT value FROM about WHERE name = 'gallery'")[0][0])
    return Vault(about["id"], about["weights_sha256"], about["distance"], None)


def test_old_lines_are_removed_and_the_chain_goes_on(
    path: Path, secret: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now: Callable[[], datetime.datetime] = log._now
    later = now() + datetime.timedelta(days=log.KEEP_DAYS + 1)
    monkeypatch.setattr(log, "_now", lambda: later)
    enrol = lambda old: old.enrol("CLEO", "c1", vector(1, 1))  # noqa: E731
    update_gallery(path, enrol, notify=quiet, key=secret)
    assert [each.about["action"] for each in lines(path)] == ["enrol", "prune log"]
    assert lines(path)[1].about["upto"] == 5
    assert faults(path, secret) == []
    edit(path, "DELETE FROM log WHERE n = 6")
    assert faults(path, secret)
