"""Shards of rows in a folder, which survive a kill at any moment and a full disk.

    with locked(folder):
        shards = Shards(folder, columns)
        shards.write(0, arrays)              rows 0, 1, ...
        found = shards.whole()               what an earlier process wrote, checked

A shard holds consecutive rows, column after column. It is written under a temporary name, synced
and renamed (`edgehuman.files`); only then a line with its CRC-32 is appended to the index. So what
the index names is whole, and anything else is written again.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.distill.targets.packing import Column
from edgehuman.errors import DataError
from edgehuman.files import writing
from edgehuman.limits.sizes import MOST_TEXT, read_bounded
from edgehuman.outcome import to_json
from edgehuman.progress import tell
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import require_types

INDEX, LOCK, SUFFIX = "index.jsonl", "lock", ".rows"
_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class Shard:
    """A line of the index: rows `first` to `first + rows`, and the CRC-32 of their file."""

    first: int
    rows: int
    crc32: int

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.first:010d}-{self.rows}{SUFFIX}"


class Shards:
    """The shards of a folder.

    Args:
        columns: the arrays of each shard, in their order in the file.
    """

    def __init__(self, folder: Path, columns: Sequence[Column]) -> None:
        self.folder = folder
        self.columns = tuple(columns)
        self.row_bytes = sum(column.row_bytes for column in columns)

    def write(self, first: int, arrays: Mapping[str, NDArray[Any]]) -> Shard:
        """Write rows `first`, `first + 1`, ... as one shard.

        Raises:
            OSError: it cannot be written, such as on a full disk; then nothing of it is left.
        """
        rows = len(arrays[self.columns[0].name])
        blocks = [np.ascontiguousarray(arrays[each.name]).data for each in self.columns]
        crc32 = 0
        for block in blocks:
            crc32 = zlib.crc32(block, crc32)
        shard = Shard(first, rows, crc32)
        with writing(self.folder / shard.name) as partial, partial.open("wb") as stream:
            for block in blocks:
                stream.write(block)
        self._append(shard)
        return shard

    def whole(self) -> list[Shard]:
        """Return the shards that are in the folder as they were written, by their first rows. A
        damaged one is said and left out.
        """
        found = []
        for shard in self._index():
            reason = self._damage(shard)
            if reason:
                tell(f"{self.folder / shard.name}: {reason}; its rows are computed again")
            else:
                found.append(shard)
        return sorted(found, key=lambda shard: shard.first)

    def remove_partial(self) -> None:
        """Remove what killed processes left half written; nobody else may write meanwhile."""
        for path in self.folder.glob(".*.partial"):
            path.unlink(missing_ok=True)

    def open(self, shard: Shard) -> dict[str, NDArray[Any]]:
        """Map the columns of a shard into memory."""
        with (self.folder / shard.name).open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        arrays, offset = {}, 0
        for column in self.columns:
            size = column.row_bytes * shard.rows
            flat = np.frombuffer(
                mapped, column.dtype, size // np.dtype(column.dtype).itemsize, offset
            )
            arrays[column.name] = flat.reshape(shard.rows, *column.shape)
            offset += size
        return arrays

    def _append(self, shard: Shard) -> None:
        path = self.folder / INDEX
        with path.open("ab+") as stream:
            end = stream.seek(0, os.SEEK_END)
            if end:
                stream.seek(end - 1)
            torn = bool(end) and stream.read(1) != b"\n"  # a line that a kill cut short
            line = ("\n" if torn else "") + to_json(asdict(shard)) + "\n"
            stream.write(line.encode())
            stream.flush()
            os.fsync(stream.fileno())

    def _index(self) -> list[Shard]:
        """The shards of the index, by the latest line of each; a line cut short does not count."""
        path = self.folder / INDEX
        latest: dict[str, Shard] = {}
        content = read_bounded(path, MOST_TEXT, DataError) if path.is_file() else b""
        for line in content.splitlines():
            with contextlib.suppress(ValueError, TypeError):
                shard = Shard(**json_of(line))
                require_types(shard)
                if shard.first < 0 or shard.rows < 1:
                    continue
                latest[shard.name] = shard
        return list(latest.values())

    def _damage(self, shard: Shard) -> str:
        """What is wrong with the file of a shard, in words; "" if nothing is."""
        path, crc32 = self.folder / shard.name, 0
        if not path.is_file():
            return "is missing"
        size, expected = path.stat().st_size, shard.rows * self.row_bytes
        if size != expected:
            return f"has {size} bytes, not {expected}"
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                crc32 = zlib.crc32(block, crc32)
        return "" if crc32 == shard.crc32 else f"has CRC-32 {crc32:08x}, not {shard.crc32:08x}"


def missing(shards: Sequence[Shard], rows: int, most: int) -> list[tuple[int, int]]:
    """Return the rows that no shard holds, as (first, number), in pieces that end at multiples of
    `most`.
    """
    pieces, at = [], 0
    for first, end in [*((each.first, each.first + each.rows) for each in shards), (rows, rows)]:
        while at < min(first, rows):
            stop = min(first, rows, (at // most + 1) * most)
            pieces.append((at, stop - at))
            at = stop
        at = max(at, end)
    return pieces


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder during the block; wait for one that is inside. The
    system opens the lock of a process that dies. A folder that nobody may write needs none.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / LOCK).open("ab")
    except OSError:
        yield
        return
    with stream:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell(f"{folder}: another process writes there; waiting for it")
                fcntl.flock(stream, fcntl.LOCK_EX)
        yield
