"""A folder that keeps what a run was given, bounded in size, and gives it back.

    DIR/recording.json           kind, source, and what was removed for want of room
    DIR/000000/lines.jsonl       a line for each record, in order
    DIR/000000/00000012.png      what belongs to a line and is no text

A part of the folder is closed at a tenth of the room; if all is used, the oldest part is removed.
Everything is written as it comes, so that a run which was killed can be replayed to its last line.
What a folder of somebody else names is a file of the same part, and nothing else.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from edgehuman.errors import DataError, UsageError
from edgehuman.files import cannot_write, require_own_folder, write_whole
from edgehuman.install import VERSION
from edgehuman.limits.sizes import read_regular
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of

ABOUT, LINES = "recording.json", "lines.jsonl"
FORMAT = 1
PARTS = 10
"""Of the room, which part is written before the next."""
MOST_LINE = 1 << 22
_MOST_ABOUT = 1 << 20
_MODE = 0o700  # pictures of people, and where they were
_PART = re.compile(r"[0-9]{6}")
_FILE = re.compile(r"[0-9]{1,12}\.[a-z]{1,8}")
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """What a recording is of.

    Attributes:
        kind: "frames" or "samples".
        source: its name, as results carry it.
        more: what its kind needs besides.
        removed: lines at its beginning for which there was no room.
    """

    kind: str
    source: str
    more: Mapping[str, Any]
    removed: int = 0


class Recorder:
    """Writes a recording.

    Args:
        folder: is made; or is empty.
        about: what it is of.
        most_mb: room, in millions of bytes.

    Attributes:
        kept, removed: lines so far, and those of them that were removed for want of room.
        size: bytes in the folder now.

    Raises:
        UsageError: no room at all, or a folder that holds files or cannot be written to.
    """

    def __init__(self, folder: Path, about: About, most_mb: float) -> None:
        if not most_mb > 0:
            raise UsageError(f"--record-mb is {most_mb:g}; give a number of megabytes above 0")
        require_own_folder(folder, (), "--record")
        self.kept = self.removed = self.size = 0
        self._folder, self._about = folder, about
        self._most = int(most_mb * 1e6)
        self._parts: list[tuple[Path, int, int]] = []
        """Folder, lines and bytes of those that are closed."""
        self._stream: IO[str] | None = None
        self._number = self._lines = self._bytes = 0
        try:
            folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        except OSError as reason:
            raise UsageError(f"--record: {cannot_write(folder, reason)}") from None
        self._write_about()

    def add(self, line: Mapping[str, Any], content: bytes = b"", suffix: str = "") -> None:
        """Append a line.

        Args:
            content: of a file that belongs to it, which the line then names as "file".
            suffix: of that file.

        Raises:
            OSError: the disk is full.
            UsageError: the same of what says what the recording is of.
        """
        if self._stream is None or self._bytes > self._most // PARTS:
            self._next_part()
        assert self._stream is not None
        if content:
            name = f"{self.kept:08d}.{suffix}"
            (self._part / name).write_bytes(content)
            line = {**line, "file": name}
        text = to_json(dict(line)) + "\n"
        self._stream.write(text)
        self._stream.flush()
        written = len(text.encode()) + len(content)
        self.kept += 1
        self._lines += 1
        self._bytes += written
        self.size += written
        self._make_room()

    def close(self) -> None:
        """Nothing more comes."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
            self._write_about()

    @property
    def _part(self) -> Path:
        return self._folder / f"{self._number - 1:06d}"

    def _next_part(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._parts.append((self._part, self._lines, self._bytes))
        self._number += 1
        self._lines = self._bytes = 0
        self._part.mkdir(mode=_MODE)
        self._stream = (self._part / LINES).open("w", encoding="utf-8")

    def _make_room(self) -> None:
        while self.size > self._most and self._parts:
            oldest, lines, size = self._parts.pop(0)
            self.removed += lines
            self.size -= size
            self._write_about()  # before: who replays it now must not miss what is gone
            shutil.rmtree(oldest, ignore_errors=True)

    def _write_about(self) -> None:
        row = {
            "format": FORMAT,
            "edgehuman": VERSION,
            "kind": self._about.kind,
            "source": self._about.source,
            "removed": self.removed,
            **self._about.more,
        }
        write_whole(self._folder / ABOUT, to_json(row, indent=1).encode() + b"\n", UsageError)


def is_recording(path: str | Path) -> bool:
    """Whether a path is a folder that `--record` wrote."""
    return bool(str(path).strip()) and (Path(path) / ABOUT).is_file()


def read_about(folder: Path, kind: str) -> About:
    """What a recording is of.

    Raises:
        DataError: damaged, of another kind, or of a newer edgehuman.
    """
    path = folder / ABOUT
    try:
        row = json_of(read_regular(path, _MOST_ABOUT, DataError), unique=True)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: damaged ({error}); record the run again") from None
    if not isinstance(row, dict) or not isinstance(row.get("format"), int):
        raise DataError(f"{path}: says not what it is; record the run again")
    if row["format"] > FORMAT:
        raise DataError(f"{path}: a newer edgehuman wrote it; install that, to replay it")
    if row.get("kind") != kind:
        found = str(row.get("kind"))[:40]
        raise DataError(f"{folder} is a recording of {found}, and the model reads {kind}")
    removed = row.get("removed", 0)
    source = row.get("source")
    if not isinstance(source, str) or not isinstance(removed, int):
        raise DataError(f"{path}: its source is missing; record the run again")
    return About(kind, source, row, removed)


def read_lines(folder: Path) -> Iterator[tuple[Line, Path]]:
    """The lines of a recording in order, each with the folder of its file. A last line that was cut
    short is the end.

    Raises:
        DataError: a line that is none.
    """
    parts = sorted(path for path in folder.iterdir() if _PART.fullmatch(path.name))
    for place, part in enumerate(parts):
        path = part / LINES
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            number = 0
            while text := stream.readline(MOST_LINE + 1):
                number += 1
                if not text.endswith(b"\n"):
                    if place + 1 == len(parts) and len(text) <= MOST_LINE:
                        return  # the run was killed while it wrote this
                    raise DataError(f"{path}: line {number} is cut short, or is none")
                yield _line_of(text, path, number), part


def file_of(line: Mapping[str, Any], part: Path) -> Path | None:
    """The file that belongs to a line; None if there is none.

    Raises:
        DataError: its name is none that `Recorder` gives, or it is missing.
    """
    name = line.get("file")
    if name is None:
        return None
    if not isinstance(name, str) or not _FILE.fullmatch(name):
        raise DataError(f"{part}: {str(name)[:60]!r} is no file of a recording")
    path = part / name
    if path.is_symlink() or not path.is_file():
        raise DataError(f"{path} is missing; the recording is not whole")
    return path


def _line_of(text: bytes, path: Path, number: int) -> Line:
    try:
        line = json_of(text)
    except ValueError as error:
        raise DataError(f"{path}: line {number} is no JSON ({error})") from None
    if not isinstance(line, dict):
        raise DataError(f"{path}: line {number} is no JSON object")
    return line
