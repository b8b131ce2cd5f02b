"""A change of a gallery's file: all or nothing, by several programs, and what is gone is gone."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.gallery import Gallery, read_gallery, update_gallery, write_gallery
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.gallery.store import change
from edgehuman.runtime.gallery.store.book import read_book
from edgehuman.runtime.gallery.store.database import Database
from edgehuman.runtime.gallery.terms import DAY_S, Terms
from tests import leaving
from tests.runtime.gallery.made import gait_card, known, quiet, vector, write_key, write_known


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return write_key(tmp_path / "k.key")


@pytest.fixture
def path(tmp_path: Path, secret: Path) -> Path:
    return write_known(tmp_path / "k.gallery", secret)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as base:
        return base.execute(sql).fetchall()


def test_what_stays_is_not_written_again(path: Path, secret: Path) -> None:
    before = rows(path, "SELECT * FROM walk")
    update_gallery(
        path, lambda old: old.enrol("CLEO", "c1", vector(1, 1)), notify=quiet, key=secret
    )
    after = rows(path, "SELECT * FROM walk")
    assert after[:3] == before
    assert len(after) == 4


def test_an_error_of_the_change_leaves_the_file(path: Path, secret: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(UsageError, match="'EVE'"):
        update_gallery(path, lambda old: old.forget("EVE"), notify=quiet, key=secret)
    assert path.read_bytes() == before
    with pytest.raises(DataError):
        update_gallery(
            path.with_name("new.gallery"),
            lambda old: old.enrol("", "", vector(1, 0)), gait_card(), quiet, secret,
        )  # fmt: skip
    with pytest.raises(ArtefactError, match="different models"):
        update_gallery(path, lambda old: old, gait_card("b" * 64), quiet, secret)
    assert sorted(each.name for each in path.parent.iterdir()) == ["k.gallery", "k.key"]


def test_a_stop_in_the_middle_leaves_the_file(
    path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(change, "_add", stop)
    with pytest.raises(KeyboardInterrupt):
        update_gallery(path, lambda old: old.forget("ANNA"), notify=quiet, key=secret)
    assert read_gallery(path, secret).people() == {"ANNA": 2, "BOB": 1}


def test_what_is_forgotten_is_nowhere_in_the_files(tmp_path: Path) -> None:
    path = write_known(tmp_path / "plain.gallery")
    with closing(Database(path, write=False)):  # a reader: the log beside it stays
        update_gallery(path, lambda old: old.forget("ANNA"), notify=quiet)
        found = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"BOB" in found
    for gone in (b"ANNA", b'"a1"', vector(3, 4).tobytes()):
        assert gone not in found


def test_a_reader_in_the_middle_is_told_of(tmp_path: Path) -> None:
    path, said = write_known(tmp_path / "plain.gallery"), [""]
    update_gallery(path, lambda old: old, notify=quiet)
    with closing(Database(path, write=False)) as base, base.reading():
        base.run("SELECT count(*) FROM walk")
        begin = Database.__init__

        def short(self: Database, path: Path, write: bool) -> None:
            begin(self, path, write, wait_s=0.05)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Database, "__init__", short)
            update_gallery(path, lambda old: old.forget("ANNA"), notify=said.append)
        assert base.run("SELECT count(*) FROM walk") == [(3,)]
    assert "what was forgotten may remain on the disk" in said[-1]
    assert read_gallery(path).people() == {"BOB": 1}


def test_who_loses_a_walk_gets_another_key(path: Path, secret: Path) -> None:
    """So that a copy of the forgotten walk that is left somewhere opens no more."""
    before = {row[0]: row[1] for row in rows(path, "SELECT id, secret FROM person")}
    kept = rows(path, "SELECT content FROM walk WHERE n = 3")
    update_gallery(path, lambda old: old.forget(walk="a1"), notify=quiet, key=secret)
    after = {row[0]: row[1] for row in rows(path, "SELECT id, secret FROM person")}
    changed = [id for id in before if before[id] != after[id]]
    anna = rows(path, "SELECT person FROM walk WHERE n = 3")[0][0]
    assert changed == [anna]
    assert rows(path, "SELECT content FROM walk WHERE n = 3") != kept
    assert read_gallery(path, secret).identify(vector(3, 4), 0.9).person == "ANNA"
    update_gallery(path, lambda old: old.forget("ANNA"), notify=quiet, key=secret)
    assert anna not in {row[0] for row in rows(path, "SELECT id FROM person")}


def test_whose_time_is_over_is_removed_with_the_next_change(
    path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol = lambda old: old.enrol("ANNA", "a3", vector(1, 2))  # noqa: E731
    update_gallery(path, enrol, notify=quiet, key=secret, terms=Terms(None, 1))
    begin_s = read_book(path, read_key(secret)).walks[-1].added_s
    monkeypatch.setattr("time.time", lambda: begin_s + 2 * DAY_S)
    assert read_gallery(path, secret).people() == {"ANNA": 2, "BOB": 1}
    assert len(rows(path, "SELECT n FROM walk")) == 4
    update_gallery(path, lambda old: old, notify=quiet, key=secret)
    assert len(rows(path, "SELECT n FROM walk")) == 3
    (line,) = rows(path, "SELECT line FROM log ORDER BY n DESC LIMIT 1")
    assert '"expire"' in str(line[0])


def test_another_models_vectors_are_not_written(path: Path, secret: Path) -> None:
    other = Gallery("b" * 64, "other", "cosine", vector(1, 0)[None], ("A",), ("1",))
    with pytest.raises(ArtefactError, match="holds vectors of walker, and these are of other"):
        write_gallery(path, other, secret)


def test_a_gallery_is_written_into_another_keys_coordinates(path: Path, tmp_path: Path) -> None:
    gallery = read_gallery(path, tmp_path / "k.key").forget("BOB")
    for name, key in (("plain", None), ("sealed", write_key(tmp_path / "other.key"))):
        copy = tmp_path / f"{name}.gallery"
        write_gallery(copy, gallery, key)
        found = read_gallery(copy, key)
        assert found.people() == {"ANNA": 2}
        assert found.identify(vector(3, 4), 0.9).score == pytest.approx(1, abs=1e-6)
    write_gallery(tmp_path / "old.npz", gallery)
    assert np.allclose(
        read_gallery(tmp_path / "old.npz").vector_GD, known().vector_GD[[0, 2]], atol=1e-6
    )


WRITER = """
import sys
from pathlib import Path
import numpy as np
from edgehuman.runtime.gallery import update_gallery
from tests.runtime.gallery.made import gait_card, quiet
path, name, key = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
for walk in range(4):
    vector_D = np.array([1.0, 2.0], np.float32)
    update_gallery(path, lambda old: old.enrol(name, f"{name}-{walk}", vector_D), gait_card(),
                   quiet, key)
"""


@pytest.mark.slow
def test_programs_enrol_at_once_and_nobody_is_lost(tmp_path: Path, secret: Path) -> None:
    """The first of them makes the file."""
    path = tmp_path / "new.gallery"
    writers = [
        leaving.start(
            [sys.executable, "-c", WRITER, str(path), f"N{i}", str(secret)],
            cwd=Path.cwd(), stderr=subprocess.PIPE,
        )
        for i in range(3)
    ]  # fmt: skip
    assert [writer.communicate(timeout=120)[1] for writer in writers] == [""] * 3
    assert read_gallery(path, secret).people() == {f"N{i}": 4 for i in range(3)}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["k.key", "new.gallery"]


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_nothing_of_it_is_ever_for_others(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "new" / "k.gallery"
    seen: dict[str, int] = {}

    def look(old: Gallery) -> Gallery:
        for each in path.parent.glob("*"):
            seen[each.name.rpartition("-")[2]] = each.stat().st_mode & 0o77
        return old.enrol("A", f"w{len(old)}", vector(1, 0))

    before = os.umask(umask)
    try:
        for _ in range(2):
            update_gallery(path, look, gait_card(), quiet)
    finally:
        os.umask(before)
    assert seen == dict.fromkeys((".k.gallery.lock", "k.gallery", "wal", "shm"), 0)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o77 == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its writers")
@pytest.mark.parametrize("kills", ["20", pytest.param("1000", marks=pytest.mark.longest)])
def test_a_kill_at_any_moment_loses_no_enrolment_that_was_answered(kills: str) -> None:
    fast = {"TMPDIR": "/dev/shm"} if os.access("/dev/shm", os.W_OK) else {}  # no disk to wait for
    done = leaving.run(
        [sys.executable, "-m", "tests.kills", "store", kills],
        capture_output=True, text=True, check=False, timeout=400, env={**os.environ, **fast},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"{kills} kills" in done.stdout
