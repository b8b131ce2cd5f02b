"""The index beside a shard: what is where, and whether the shard is the one that it describes."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from edgehuman.data.shards.index import (
    ShardIndex,
    contents,
    index_beside,
    index_path,
    parse,
    require_same,
    sample_of,
    write_index,
)
from edgehuman.errors import DataError
from tests.data.shards.unsteady import tar_of, written

TAR = tar_of(**{"0.jpg": b"x" * 600, "0.json": b'{"simulated": true}', "1.jpg": b"y"})
ROWS = [["0.jpg", 512, 600], ["0.json", 2048, 19], ["1.jpg", 3072, 1]]


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    path = written(tmp_path, "s.tar", TAR)
    write_index(path)
    return path


def test_an_index_says_what_the_headers_say(shard: Path) -> None:
    index = index_beside(shard)
    assert index is not None
    assert [list(row) for row in index.files] == ROWS
    assert (index.bytes, index.sha256) == (len(TAR), hashlib.sha256(TAR).hexdigest())
    assert index.simulated == {"0"}
    read = contents(shard)
    assert (list(read.files), read.simulated) == (list(index.files), index.simulated)
    for name, offset, size in index.files:
        assert (
            TAR[offset : offset + size] == {"0": b"x" * 600, "1": b"y"}.get(name[0])
            or "json" in name
        )
    assert index_beside(written(shard.parent, "other.tar", TAR)) is None


def test_another_size_or_hash_is_an_error(shard: Path) -> None:
    content = bytearray(TAR)
    content[700] ^= 1
    shard.write_bytes(content)
    later = time.time() + 10
    os.utime(shard, (later, later))
    with pytest.raises(DataError, match=r"s\.tar: its SHA-256 is .* by its index: another shard"):
        index_beside(shard)
    os.truncate(shard, 3000)
    with pytest.raises(DataError, match=r"s\.tar: has 3,000 bytes, but 10,240 by its index: cut"):
        index_beside(shard)
    shard.unlink()
    with pytest.raises(DataError, match=r"s\.tar: No such file or directory; copy the shard"):
        index_beside(shard)


def test_an_older_shard_is_not_hashed_again(shard: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from edgehuman.data.shards import index

    monkeypatch.setattr(index, "sha256_of", lambda path: pytest.fail("hashed"))
    os.utime(shard, (1, 1))
    assert index_beside(shard) is not None
    require_same(ShardIndex(0, "", (), frozenset()), 5, "f" * 64, "x")  # nothing known


def test_the_index_of_any_tar_comes_back(tmp_path: Path) -> None:
    names = {f"a.b/{'long' * 40}-{n}.jpg": bytes([n]) * n for n in range(5)}
    path = written(tmp_path, "s.tar", tar_of(**names))
    made = write_index(path)
    again = parse(index_path(path).read_bytes(), "x")
    assert [tuple(row) for row in again.files] == list(made.files)
    assert sample_of("a.b/0.seg.png") == "a.b/0"


def changed(**changes: Any) -> bytes:
    row = {"version": 1, "bytes": 10240, "sha256": "a" * 64, "files": ROWS, "simulated": []}
    return json.dumps({**row, **changes}).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "no JSON"),
        (b"[]", "no list of files"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (changed(version=2), "version '2'; this edgehuman reads 1"),
        (changed(version=True, files={}), "no list of files"),
        (changed(bytes=-1), "its bytes are no size"),
        (changed(bytes=1 << 60), "its bytes are no size"),
        (changed(bytes=True), "its bytes are no size"),
        (changed(sha256="../../x"), "its sha256 is no SHA-256"),
        (changed(simulated=[1]), "holds something else"),
        (changed(files=[["a", 512]]), "is no name, offset and size"),
        (changed(files=[["a", 512.5, 3]]), "is no name, offset and size"),
        (changed(files=[["a\0b", 512, 3]]), "names no file"),
        # Beyond the file, before its first header, negative, overlapping, huge.
        (changed(files=[["a", 512, 99_999]]), "'a' cannot lie at 512 with 99999 bytes of 10240"),
        (changed(files=[["a", 20_000, 1]]), "'a' cannot lie at 20000"),
        (changed(files=[["a", 0, 1]]), "'a' cannot lie at 0"),
        (changed(files=[["a", -512, 1]]), "'a' cannot lie at -512"),
        (changed(files=[["a", 512, -1]]), "'a' cannot lie at 512 with -1"),
        (changed(files=[["a", 512, 2000], ["b", 2048, 1]]), "'b' cannot lie at 2048"),
        (changed(files=[["b", 2048, 1], ["a", 512, 1]]), "'a' cannot lie at 512"),
        (changed(files=[["a", 512, 1 << 70]]), "'a' cannot lie at 512"),
        (changed(files=[["a", 512, 1]] * 1_000_001), "over 1,000,000 files"),
    ],
)
def test_what_is_no_index_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(
        DataError, match=r"x: not the index of a shard: .*remove it, or pack"
    ) as bad:
        parse(content, "x")
    assert said in str(bad.value)


def test_an_index_names_no_command_and_no_address(tmp_path: Path) -> None:
    """Names in an index are of files inside the tar; nothing is opened by them."""
    made = tmp_path / "made"
    index = parse(changed(files=[[f"pipe:touch {made}", 512, 1]], shard=f"pipe:touch {made}"), "x")
    assert index.files == [(f"pipe:touch {made}", 512, 1)]
    assert not made.exists()
