"""What is where in a shard: the index beside a tar file, NAME.tar.idx.json.

    {"version": 1, "bytes": 10240, "sha256": "ab...", "files": [["0.jpg", 512, 3000], ...],
     "simulated": ["0"]}

With it a file of the shard is one seek and one read, the tar need not be read first, and a copy is
known to be whole. Offsets are of the contents, in order; they do not overlap. "simulated" names the
samples that say so in their JSON. `edgehuman data pack` writes it; without one a shard's headers
are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.files import write_whole
from edgehuman.limits.sizes import read_bounded
from edgehuman.limits.tars import MOST_MEMBERS, content_of, members
from edgehuman.outcome import to_json
from edgehuman.placing import why
from edgehuman.reading.parsers import foreign, json_of

SUFFIX = ".idx.json"
VERSION = 1
MOST_INDEX = 1 << 27
"""Of an index, bytes; that of a million files has half as many."""
_MOST_JSON = 1 << 16
_BLOCK = 1 << 20
_FIRST = 512  # behind the first header


@dataclass(frozen=True)
class ShardIndex:
    """What is where in a shard.

    Attributes:
        bytes: of the tar; 0: not known.
        sha256: of the tar; empty: not known.
        files: name, offset and size of each file, in order.
        simulated: samples that are marked as simulated.
    """

    bytes: int
    sha256: str
    files: Sequence[tuple[str, int, int]]
    simulated: frozenset[str]


def index_path(shard: Path) -> Path:
    """The index of a shard beside it."""
    return shard.with_name(shard.name + SUFFIX)


def contents(path: Path) -> ShardIndex:
    """Read the headers of a tar; a truncated tar gives the files before the cut.

    Raises:
        DataError: no such file, not a tar, or damaged on purpose (see `limits.tars`).
    """
    found: list[tuple[str, int, int]] = []
    marked: list[tuple[str, bytes]] = []
    try:
        with foreign():
            for archive, member in members(path, DataError):
                found.append((member.name, member.offset_data, member.size))
                if member.name.endswith(".json"):
                    text = content_of(archive, member, _MOST_JSON)
                    # Much faster than parsing the JSON of millions of photos.
                    if b'"simulated"' in text:
                        marked.append((member.name, text))
    except OSError as error:
        raise DataError(f"{path}: {why(error)}; give the path of a shard") from None
    except ValueError as error:
        if not found:
            raise DataError(
                f"{path} is not a plain tar file ({error}); a shard is not compressed: unpack it "
                "with gunzip, or copy it again"
            ) from None
    simulated = frozenset(sample_of(name) for name, text in marked if _says_simulated(text))
    return ShardIndex(0, "", found, simulated)


def sample_of(name: str) -> str:
    """The sample of a file, by WebDataset's rule: its path up to the first dot of its name."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition('.')[0]}"


def _says_simulated(text: bytes) -> bool:
    """Whether a JSON file has the mark that `pack.py` writes; other contents are ignored."""
    try:
        row = json_of(text)
    except ValueError:
        return False
    return isinstance(row, dict) and row.get("simulated") is True


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_index(shard: Path) -> ShardIndex:
    """Write the index beside a finished shard.

    Raises:
        DataError: it cannot be read, or its folder not written to.
    """
    index = contents(shard)
    index = ShardIndex(shard.stat().st_size, sha256_of(shard), index.files, index.simulated)
    write_whole(index_path(shard), as_json(index), DataError)
    return index


def as_json(index: ShardIndex) -> bytes:
    """An index as its file holds it."""
    row = {
        "version": VERSION,
        "bytes": index.bytes,
        "sha256": index.sha256,
        "files": index.files,
        "simulated": sorted(index.simulated),
    }
    return to_json(row).encode()


def index_beside(shard: Path) -> ShardIndex | None:
    """Read the index beside a local shard, and hold the shard against it; None: it has none.

    The hash is compared if the shard is younger than its index: a copy, or another shard.

    Raises:
        DataError: the index is damaged, or of another shard.
    """
    path = index_path(shard)
    if not path.is_file():
        return None
    try:
        index = parse(read_bounded(path, MOST_INDEX, DataError, "index"), str(path))
        about = shard.stat()
        younger = about.st_mtime_ns > path.stat().st_mtime_ns
        require_same(index, about.st_size, sha256_of(shard) if younger else "", str(shard))
    except OSError as error:
        raise DataError(f"{shard}: {why(error)}; copy the shard again") from None
    return index


def require_same(index: ShardIndex, size: int, sha256: str, where: str) -> None:
    """Check that a shard is the one that an index describes.

    Args:
        sha256: of the shard; empty: not compared.

    Raises:
        DataError: another size or hash.
    """
    fix = f"copy it again, or remove its index ({SUFFIX}) if it was replaced on purpose"
    if index.bytes and size != index.bytes:
        raise DataError(
            f"{where}: has {size:,} bytes, but {index.bytes:,} by its index: cut short or "
            f"another shard; {fix}"
        )
    if index.sha256 and sha256 and sha256 != index.sha256:
        raise DataError(
            f"{where}: its SHA-256 is {sha256[:12]}..., but {index.sha256[:12]}... by its index: "
            f"another shard, or damaged; {fix}"
        )


def parse(content: bytes, where: str) -> ShardIndex:
    """Read an index, which may come from anywhere.

    Raises:
        DataError: not an index, of a newer version, or with files that cannot be where it says.
    """
    try:
        row = json_of(content)
    except ValueError as error:
        raise _damaged(where, f"no JSON ({error})") from None
    if not isinstance(row, dict) or not isinstance(row.get("files"), list):
        raise _damaged(where, "no list of files in it")
    version = row.get("version")
    if version != VERSION:
        raise _damaged(where, f"version {str(version)[:20]!r}; this edgehuman reads {VERSION}")
    size, digest, marks = row.get("bytes"), row.get("sha256"), row.get("simulated", [])
    if type(size) is not int or not 0 <= size < 1 << 50:
        raise _damaged(where, "its bytes are no size")
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}|", digest):
        raise _damaged(where, "its sha256 is no SHA-256")
    if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks):
        raise _damaged(where, "its list of simulated samples holds something else")
    if len(row["files"]) > MOST_MEMBERS:
        raise _damaged(where, f"over {MOST_MEMBERS:,} files")
    return ShardIndex(size, digest, _files(row["files"], size, where), frozenset(marks))


def _files(rows: list[Any], size: int, where: str) -> list[tuple[str, int, int]]:
    reached = 0
    for row in rows:
        if not (isinstance(row, list) and [type(each) for each in row] == [str, int, int]):
            raise _damaged(where, f"{str(row)[:60]} is no name, offset and size")
        name, offset, length = row
        if "\0" in name or len(name) > 4096:
            raise _damaged(where, f"{name[:60]!r} names no file")
        if offset < reached + _FIRST or length < 0 or offset + length > (size or 1 << 50):
            raise _damaged(
                where, f"{name[:60]!r} cannot lie at {offset} with {length} bytes of {size}"
            )
        reached = offset + length
    return [(name, offset, length) for name, offset, length in rows]


def _damaged(where: str, what: str) -> DataError:
    return DataError(
        f"{where}: not the index of a shard: {what}; remove it, or pack the shards again with "
        "`edgehuman data pack`"
    )
