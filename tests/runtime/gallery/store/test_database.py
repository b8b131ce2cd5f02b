"""Files that are no gallery, or were made to do harm; and SQLite's errors in words."""

from __future__ import annotations

import dataclasses
import os
import re
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, EdgehumanError, UsageError
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Gallery, read_gallery, update_gallery
from edgehuman.runtime.gallery.store import database
from edgehuman.runtime.gallery.store.database import Database
from tests import leaving
from tests.runtime.gallery.made import gait_card, quiet, vector, write_known


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_known(tmp_path / "k.gallery")


# A leaf of a table, without free blocks, with two cells.
LEAF_OF_TWO = bytes([13, 0, 0, 0, 2])


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as base, base:
        for sql in statements:
            base.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON walk BEGIN DELETE FROM walk; END",
        "CREATE VIEW v AS SELECT * FROM walk",
        "CREATE TABLE more (x)",
        "CREATE INDEX i ON walk (hex(content))",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "ALTER TABLE walk ADD COLUMN y AS (hex(content))",
        "DROP TABLE log",
    ],
)
def test_a_schema_that_is_not_ours_is_refused_before_a_table_is_read(sql: str, path: Path) -> None:
    try:
        edit(path, sql)
    except sqlite3.OperationalError as error:
        pytest.skip(f"this SQLite has no such thing: {error}")
    with pytest.raises(ArtefactError, match="does not have the tables of a gallery alone"):
        read_gallery(path)


def test_a_table_that_became_a_view_is_refused(path: Path) -> None:
    edit(path, "DROP TABLE walk", "CREATE VIEW walk AS SELECT 1 n, 'a' id, 'b' person, x'' content")
    with pytest.raises(ArtefactError, match="VIEW walk"):
        read_gallery(path)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("PRAGMA application_id = 7", "a database of another program, not a gallery"),
        ("PRAGMA user_version = 3", "a gallery of version 3; this edgehuman reads 2"),
    ],
)
def test_another_programs_and_a_newer_file_are_told_apart(sql: str, said: str, path: Path) -> None:
    edit(path, sql)
    with pytest.raises(ArtefactError, match=said):
        read_gallery(path)


def test_rows_that_share_their_pages_are_not_read(path: Path) -> None:
    """Two walks of a megabyte whose first pages lead on to the same chain, and the other is cut
    off: a file half as large as its rows.
    """
    edit(path, "DELETE FROM walk WHERE n > 2", "UPDATE walk SET content = zeroblob(1000000)")
    edit(path, "VACUUM")
    content = bytearray(path.read_bytes())
    page = 4096
    leaf = next(at for at in range(0, len(content), page) if content[at : at + 5] == LEAF_OF_TWO)
    cells = [int.from_bytes(content[leaf + 8 + 2 * k :][:2], "big") for k in (0, 1)]
    ends = sorted([*cells, page])
    last = {cell: leaf + ends[ends.index(cell) + 1] - 4 for cell in cells}
    chains = {cell: int.from_bytes(content[at : at + 4], "big") for cell, at in last.items()}
    kept, cut = sorted(cells, key=lambda cell: chains[cell])
    content[last[cut] : last[cut] + 4] = chains[kept].to_bytes(4, "big")
    pages = chains[cut] - 1
    content[28:32] = pages.to_bytes(4, "big")
    path.write_bytes(content[: pages * page])
    with closing(sqlite3.connect(path)) as base:
        assert [len(row[0]) for row in base.execute("SELECT content FROM walk")] == [1_000_000] * 2
    with pytest.raises(ArtefactError, match=r"its rows state 2,000,\d+: it is damaged"):
        read_gallery(path)


@pytest.mark.parametrize("cut", [0.25, 0.5, 0.9])
def test_a_file_that_was_cut_is_damaged(cut: float, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(ArtefactError, match="is damaged"):
        read_gallery(path)


def test_a_file_with_changed_bytes_is_read_or_is_an_error_of_ours(path: Path) -> None:
    valid = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(0)
    for _ in range(150):
        content = valid.copy()
        places = random.integers(100, len(content), size=random.integers(1, 40))
        content[places] = random.integers(256, size=len(places))
        path.write_bytes(content.tobytes())
        try:
            read_gallery(path)
            update_gallery(path, lambda old: old.enrol("C", "c", vector(1, 1)), notify=quiet)
        except EdgehumanError:
            continue


def test_text_after_the_magic_is_no_gallery(path: Path) -> None:
    path.write_bytes(database.MAGIC + b"some other text" * 100)
    with pytest.raises(ArtefactError, match="is damaged"):
        read_gallery(path)


def test_a_writer_that_goes_on_is_told_of(path: Path) -> None:
    with closing(Database(path, write=True)) as one, one.writing():
        assert read_gallery(path).people() == {"ANNA": 2, "BOB": 1}  # readers wait for nobody
        begin_s = time.monotonic()
        with (
            pytest.raises(UsageError, match=r"another program has been using it for 0 s; nothing"),
            closing(Database(path, write=True, wait_s=0.1)) as two,
            two.writing(),
        ):
            raise AssertionError
        assert time.monotonic() - begin_s < 5


def test_a_writer_that_ends_is_waited_for(path: Path) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(Database(path, write=True)) as base, base.writing():
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    threading.Timer(0.2, done.set).start()
    with closing(Database(path, write=True)) as base, base.writing():
        assert done.is_set()
    thread.join()


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes not a page more."""
    begin = Database.__init__

    def limited(self: Database, path: Path, write: bool, new: bool = False) -> None:
        begin(self, path, write, new)
        if write:
            self.run("PRAGMA max_page_count = 1")  # SQLite makes of it as many as there are

    monkeypatch.setattr(Database, "__init__", limited)


def test_a_full_disk_leaves_the_gallery(path: Path, full: None) -> None:
    before = path.read_bytes()
    many = np.ones((2000, 2), np.float32)
    with pytest.raises(UsageError, match=r"cannot write to .*full.*unchanged. Free some space"):
        update_gallery(path, lambda old: _many(old, many), notify=quiet)
    assert read_gallery(path).people() == {"ANNA": 2, "BOB": 1}
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert path.read_bytes()[200:] == before[200:]  # but for the counters of the header


def _many(old: Gallery, vector_ND: Float32) -> Gallery:
    names = tuple(f"N{n}" for n in range(len(vector_ND)))
    return dataclasses.replace(old, vector_GD=vector_ND, person_G=names, walk_G=names)


def test_a_full_disk_takes_no_new_gallery(tmp_path: Path, full: None) -> None:
    many = np.ones((2000, 2), np.float32)
    with pytest.raises(UsageError, match=r"cannot write to .*/new\.gallery .*full"):
        update_gallery(tmp_path / "new.gallery", lambda old: _many(old, many), gait_card(), quiet)
    assert not [*tmp_path.iterdir()]


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from edgehuman.errors import UsageError
from edgehuman.runtime.gallery import update_gallery
path, vector_D = Path(sys.argv[1]), np.ones(2, np.float32)
size = path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
def many(old):
    for n in range(300):
        old = old.enrol(f"N{n}", f"n{n}" * 40, vector_D)
    return old
try:
    update_gallery(path, many)
except UsageError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of its files")
def test_a_disk_that_refuses_in_the_middle_leaves_the_gallery(path: Path) -> None:
    words = [sys.executable, "-c", LIMITED, str(path)]
    done = leaving.run(words, capture_output=True, text=True, check=True, timeout=60)
    assert re.search(r"cannot write to .*; the gallery is unchanged", done.stdout), done.stderr
    assert read_gallery(path).people() == {"ANNA": 2, "BOB": 1}
    assert update_gallery(path, lambda old: old, notify=quiet)[1].people() == {"ANNA": 2, "BOB": 1}
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_gallery_that_may_only_be_read_is_read_and_not_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_may_write", lambda file: False)  # the super user may
    before = sorted(each.name for each in path.parent.iterdir())
    with closing(Database(path, write=False)) as base:
        assert base.run("SELECT count(*) FROM walk") == [(3,)]
        assert sorted(each.name for each in path.parent.iterdir()) == before
        with pytest.raises(UsageError, match="it is read-only"):
            base.run("DELETE FROM walk")
    Path(f"{path}-wal").touch()  # another program writes
    with closing(Database(path, write=False)) as base:
        assert base.run("SELECT count(*) FROM walk") == [(3,)]


def test_sqlites_words_become_ours(path: Path) -> None:
    for words, kind, said in (
        ("database is locked", UsageError, "nothing was changed"),
        ("database or disk is full", UsageError, "Free some space"),
        ("disk I/O error", UsageError, "Free some space"),
        ("attempt to write a readonly database", UsageError, "read-only"),
        ("unable to open database file", ArtefactError, "killed program left changes"),
        ("database disk image is malformed", ArtefactError, "is damaged"),
    ):
        found = database._in_words(path, sqlite3.OperationalError(words), 60)
        assert isinstance(found, kind)
        assert said in str(found)


def test_the_journal_of_a_killed_writer_is_taken_up(path: Path, tmp_path: Path) -> None:
    """A copy of the file and of the log beside it is what a kill leaves."""
    with closing(Database(path, write=True)) as base:
        with base.writing():
            base.run("DELETE FROM walk WHERE n = 1")
        left = tmp_path / "left"
        left.mkdir()
        for name in (path.name, f"{path.name}-wal"):
            (left / name).write_bytes((path.parent / name).read_bytes())
    assert (left / f"{path.name}-wal").stat().st_size > 0
    assert read_gallery(left / path.name).people() == {"ANNA": 1, "BOB": 1}
    assert [each.name for each in left.iterdir()] == [path.name]
