"""Read the list of a tar archive without believing what it says of its sizes.

    for member in members(path, DataError):

`tarfile` reads the long names and records of its own headers whole, at the size that they state,
and goes back where a size is negative. Here a header is at most 1 MB, and every member lies behind
the one before it. Source: POSIX pax; the format of GNU tar.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edgehuman.errors import EdgehumanError
from edgehuman.reading.parsers import foreign

MOST_MEMBERS = 1_000_000
_MOST_HEADER = 1 << 20
_MOST_READS_AT_END = 100


class _Bounded(io.RawIOBase):
    """A file whose reader asks for no more than a header may have, and not for ever."""

    def __init__(self, stream: BinaryIO, where: str, error: type[EdgehumanError]) -> None:
        self._stream, self._where, self._error = stream, where, error
        self._at_end = 0

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _MOST_HEADER:
            raise self._error(
                f"{self._where}: damaged: a header states {size or 0:,} bytes; copy it again"
            )
        found = self._stream.read(size)
        self._at_end += not found
        if self._at_end > _MOST_READS_AT_END:
            raise self._error(f"{self._where}: damaged: a header goes on after the end")
        return found

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(place, whence)

    def tell(self) -> int:
        return self._stream.tell()


def members(
    path: Path, error: type[EdgehumanError]
) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """The regular files of a plain tar, in order, each with its archive; sparse ones are left out,
    as their bytes do not lie in one piece.

    Raises:
        EdgehumanError: `error`: a header that is damaged so that it would not end, or over
            1,000,000 members.
        OSError, ValueError: not readable; not a tar, or cut short.
    """
    with path.open("rb") as stream:
        bounded = _Bounded(stream, str(path), error)
        reached = 0
        with foreign(), tarfile.open(fileobj=bounded, mode="r:") as archive:
            for count, member in enumerate(archive):
                if member.size < 0 or member.offset_data < reached or archive.offset < reached:
                    raise error(f"{path}: damaged: {member.name[:100]!r} lies before others")
                if count >= MOST_MEMBERS:
                    raise error(f"{path}: has over {MOST_MEMBERS:,} files; split it")
                reached = member.offset_data
                if member.isreg() and not member.issparse():
                    yield archive, member


def content_of(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    """The bytes of a member of at most so many; empty of a larger one."""
    if not 0 <= member.size <= min(most, _MOST_HEADER):
        return b""
    file = archive.extractfile(member)
    return b"" if file is None else file.read(member.size)
