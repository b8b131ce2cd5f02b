"""A gallery's file as SQLite sees it: opened with care, its tables checked, its errors in words.

    with closing(Database(path, write=True)) as base, base.writing():
        base.run("DELETE FROM walk WHERE id = ?", name)

A file may come from somebody else. SQLite trusts a schema: a trigger, a view or a generated column
runs when a table is read. So the schema has to be ours to the letter before a table is touched, and
no function is called from it. What a file states is held against its size before memory is asked
for.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehuman.errors import ArtefactError, EdgehumanError, UsageError
from edgehuman.placing import followed
from edgehuman.reading.parsers import foreign
from edgehuman.runtime.lock import WAIT_S

MAGIC = b"SQLite format 3\0"
VERSION = 2
"""Of the format; 1 is the archive in .npz."""
_APPLICATION = 0x65684731  # "ehG1"
_TABLES = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE person (id TEXT PRIMARY KEY, secret BLOB NOT NULL, content BLOB NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE walk (n INTEGER PRIMARY KEY, id TEXT NOT NULL, person TEXT NOT NULL, "
    "content BLOB NOT NULL)",
    "CREATE TABLE log (n INTEGER PRIMARY KEY, line TEXT NOT NULL, hash TEXT NOT NULL)",
)
_CARE = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = ON",
    "PRAGMA synchronous = FULL",
)
# What one value may take, bytes: a walk of 4 million numbers.
_MOST_VALUE = 1 << 24
_MOST_SQL = 1 << 16
_ROWS = 1000


class Database:
    """One connection to the file of a gallery.

    Args:
        path: of a file that begins with `MAGIC`; a link stands for the file that it leads to.
        write: whether it will be written to.
        new: nobody else knows of the file yet, so that nothing is written beside it.
        wait_s: wait for this long where another program uses the file.

    Raises:
        ArtefactError: not a gallery, of a newer version, with a schema that is not ours, damaged,
            or no permission.
        UsageError: another program goes on using it, or it cannot be written to.
    """

    def __init__(self, path: Path, write: bool, new: bool = False, wait_s: float = WAIT_S) -> None:
        self.path, self._wait_s = path, wait_s
        file = followed(path)
        with self._told():
            self._base = sqlite3.connect(
                _address(file, write), timeout=wait_s, isolation_level=None, uri=True
            )
        try:
            if sys.version_info >= (3, 11):
                self._base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
                self._base.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _MOST_SQL)
                self._base.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)  # VACUUM does
            for pragma in _CARE:
                self.run(pragma)
            if not write:
                self.run("PRAGMA query_only = ON")
            self._require_ours()
            if write:
                with contextlib.suppress(UsageError):  # a reader is at work: as it is, then
                    self.run(f"PRAGMA journal_mode = {'MEMORY' if new else 'WAL'}")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the last one leaves the gallery in one file."""
        with contextlib.suppress(sqlite3.Error):
            self._base.close()

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement; all its rows.

        Raises:
            ArtefactError, UsageError: as the class says; or the disk is full.
        """
        with self._told():
            return self._base.execute(sql, values).fetchall()

    def each(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, some at a time."""
        with self._told():
            found = self._base.execute(sql, values)
        while True:
            with self._told():
                rows = found.fetchmany(_ROWS)
            if not rows:
                return
            yield from rows

    def many(self, sql: str, rows: Iterator[tuple[Any, ...]] | list[tuple[Any, ...]]) -> None:
        """Run a statement for each row."""
        for row in rows:
            self.run(sql, *row)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """One state of the gallery for the block, whoever writes meanwhile."""
        self.run("BEGIN")
        try:
            yield
        finally:
            with contextlib.suppress(EdgehumanError):
                self.run("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """All that the block writes, or nothing; no other program writes meanwhile."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            with contextlib.suppress(EdgehumanError):
                self.run("ROLLBACK")
            raise

    def wipe(self, is_encrypted: bool) -> str:
        """After a deletion: leave nothing of it on the disk; what is in the way, if anything.

        The file is written anew, by way of the memory: only what is encrypted may pass through a
        temporary file.
        """
        try:
            self.run(f"PRAGMA temp_store = {'FILE' if is_encrypted else 'MEMORY'}")
            self.run("VACUUM")
            busy = self.run("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        except (UsageError, ArtefactError) as error:
            return str(error)
        if busy:
            return f"{self.path}: another program reads it, and old pages stay until it ends"
        return ""

    def require_bounded(self) -> None:
        """Check that pages and rows state no more than the file holds, before they are read: a file
        may be cut, and rows of a crafted one can share their pages.

        Raises:
            ArtefactError: they do.
        """
        size = _size(self.path)
        pages = self.run("PRAGMA page_count")[0][0] * self.run("PRAGMA page_size")[0][0]
        sums = "SELECT total(length(content)) + total(length(id)) + total(length(person)) FROM walk"
        stated = float(self.run(sums)[0][0])
        sums = "SELECT total(length(content)) + total(length(secret)) FROM person"
        stated += float(self.run(sums)[0][0])
        for what, needed in (("pages", pages), ("rows", stated)):
            if needed > size:
                raise ArtefactError(
                    f"{self.path} has {size:,} bytes, and its {what} state {needed:,.0f}: it is "
                    "damaged; restore a copy"
                )

    def faults(self) -> list[str]:
        """What SQLite's own check of the whole file finds."""
        found = self.run("PRAGMA integrity_check(10)")
        return [str(row[0]) for row in found if row[0] != "ok"]

    def _require_ours(self) -> None:
        application = self.run("PRAGMA application_id")[0][0]
        version = self.run("PRAGMA user_version")[0][0]
        if application != _APPLICATION:
            raise ArtefactError(
                f"{self.path} is a database of another program, not a gallery; give a file that "
                "`edgehuman gallery enroll` wrote"
            )
        if version != VERSION:
            raise ArtefactError(
                f"{self.path} is a gallery of version {version}; this edgehuman reads {VERSION}: "
                "install the edgehuman that wrote it, or enrol again"
            )
        found = self.run("SELECT type, sql FROM sqlite_master LIMIT 20")
        if sorted(found, key=str) != sorted((("table", sql) for sql in _TABLES), key=str):
            others = [f"{kind} {str(sql)[:60]}" for kind, sql in found if sql not in _TABLES]
            raise ArtefactError(
                f"{self.path} does not have the tables of a gallery alone "
                f"({'; '.join(others[:3]) or 'one is missing'}): it is damaged, or was made to do "
                "harm. Restore a copy"
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """The errors of SQLite in the block, in words."""
        try:
            with foreign():
                try:
                    yield
                except sqlite3.Error as error:
                    raise _in_words(self.path, error, self._wait_s) from None
        except ValueError as error:
            if isinstance(error, EdgehumanError):
                raise
            raise ArtefactError(f"{self.path} is damaged ({error}); restore a copy") from None


def create(path: Path) -> None:
    """Make an empty gallery of a file that is there and empty; nobody else uses it yet.

    Raises:
        OSError: it cannot be written.
    """
    base = sqlite3.connect(path, isolation_level=None)
    try:
        for sql in ("PRAGMA journal_mode = OFF", *_CARE, *_TABLES):
            base.execute(sql)
        base.execute(f"PRAGMA application_id = {_APPLICATION}")
        base.execute(f"PRAGMA user_version = {VERSION}")
    except sqlite3.Error as error:
        raise OSError(None, str(error)) from None
    finally:
        base.close()


def is_database(path: Path) -> bool:
    """Whether a path is a file of SQLite; False where it cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _address(file: Path, write: bool) -> str:
    """The file as an address of SQLite: never created here.

    Where nobody may write, there is no writer either, and no log to be read with it.
    """
    name = file.absolute().as_uri()
    if write or _may_write(file):
        return f"{name}?mode=rw"
    if os.path.exists(f"{file}-wal"):
        return f"{name}?mode=ro"
    return f"{name}?mode=ro&immutable=1"


def _may_write(file: Path) -> bool:
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def _size(path: Path) -> int:
    """Bytes of a gallery and of the log beside it."""
    file = followed(path)
    found = file.stat().st_size
    with contextlib.suppress(OSError):
        found += os.stat(f"{file}-wal").st_size
    return found


def _in_words(path: Path, error: sqlite3.Error, wait_s: float) -> EdgehumanError:
    """Python 3.10 has no codes of SQLite's errors, so they are told by their words."""
    words = str(error)
    if "locked" in words:
        return UsageError(
            f"{path}: another program has been using it for {wait_s:.0f} s; nothing was changed. "
            "End that program, or try again"
        )
    if "full" in words or "disk I/O" in words:
        return UsageError(
            f"cannot write to {path} ({words}); the gallery is unchanged. Free some space"
        )
    if "readonly" in words or "read-only" in words:
        return UsageError(
            f"cannot write to {path} (it is read-only); the gallery is unchanged. Fix the "
            "permissions of the file and of its folder"
        )
    if "unable to open" in words:
        return ArtefactError(
            f"{path}: cannot be opened, or a killed program left changes beside it that need "
            "permission to write; fix the permissions of the file and of its folder"
        )
    return ArtefactError(
        f"{path} is damaged ({words}); restore a copy, or enrol everybody into a new file"
    )
