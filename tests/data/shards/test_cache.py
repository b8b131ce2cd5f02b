"""The copies of remote shards: bounded, whole, the right ones, shared by programs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgehuman.data.shards import cache as cache_module
from edgehuman.data.shards import fetch
from edgehuman.data.shards.address import key_of
from edgehuman.data.shards.cache import ShardCache, cache_bytes
from edgehuman.data.shards.index import SUFFIX, as_json, write_index
from edgehuman.errors import DataError, UsageError
from tests import leaving
from tests.data.shards.unsteady import Server, serving, tar_of, written

TARS = {f"/{name}.tar": tar_of(**{f"{name}.jpg": name.encode() * 900}) for name in "abc"}
SIZE = len(TARS["/a.tar"])


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Three shards of 10,240 bytes with their indexes."""
    monkeypatch.setattr(fetch, "sleep", lambda wait_s: None)
    files = dict(TARS)
    for name, content in TARS.items():
        made = write_index(written(tmp_path / "made", name[1:], content))
        files[name + SUFFIX] = as_json(made)
    with serving(Server(files)) as running:
        yield running


def cache(tmp_path: Path, shards: float = 100) -> ShardCache:
    """A cache that holds so many shards."""
    return ShardCache(tmp_path / "cache", int(shards * SIZE))


def kept(cache: ShardCache) -> set[str]:
    return {path.name[17] for path in cache.folder.glob("*.tar")}


def read(cache: ShardCache, url: str) -> bytes:
    with cache.opened(url, cache.index_of(url)) as file:
        return file.read()


def age(cache: ShardCache, url: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(cache.folder / key_of(url), (then, then))


def test_the_longest_unused_goes_first_and_its_index_stays(server: Server, tmp_path: Path) -> None:
    few = cache(tmp_path, 2.5)
    urls = {name: f"{server.url}/{name}.tar" for name in "abc"}
    assert read(few, urls["a"]) == TARS["/a.tar"]
    assert read(few, urls["b"]) == TARS["/b.tar"]
    age(few, urls["a"], 100)
    age(few, urls["b"], 200)
    read(few, urls["b"])  # used again: a is now the one unused for longest
    read(few, urls["c"])
    assert kept(few) == {"b", "c"}
    assert len(list(few.folder.glob("*" + SUFFIX))) == 3
    assert read(few, urls["a"]) == TARS["/a.tar"]  # and comes back


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_shard_in_use_is_not_removed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "PATIENCE_S", 0.1)
    one = cache(tmp_path, 1.5)
    url, other = f"{server.url}/a.tar", f"{server.url}/b.tar"
    index = one.index_of(url)
    with one.opened(url, index) as file:
        age(one, url, 1000)
        with pytest.raises(DataError, match=r"no room for 10,240 bytes more .* raise --cache"):
            read(one, other)
        assert kept(one) == {"a"}
        assert file.read() == TARS["/a.tar"]
    read(one, other)
    assert kept(one) == {"b"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_copy_waits_for_a_reader(server: Server, tmp_path: Path) -> None:
    one = cache(tmp_path, 1.5)
    url, other = f"{server.url}/a.tar", f"{server.url}/b.tar"
    reader = contextlib.ExitStack()
    reader.enter_context(one.opened(url, one.index_of(url)))
    threading.Timer(0.3, reader.close).start()
    assert read(one, other) == TARS["/b.tar"]
    assert kept(one) == {"b"}


def test_a_shard_larger_than_the_cache_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has 10,240 bytes, more than the cache may take"):
        read(cache(tmp_path, 0.5), f"{server.url}/a.tar")


def test_another_hash_than_the_indexs_is_an_error_and_not_kept(
    server: Server, tmp_path: Path
) -> None:
    other = bytearray(TARS["/a.tar"])
    other[600] ^= 1
    server.files["/a.tar"] = bytes(other)
    own = cache(tmp_path)
    with pytest.raises(DataError, match=r"its SHA-256 is .* by its index: another shard, or"):
        read(own, f"{server.url}/a.tar")
    server.files["/a.tar"] = TARS["/a.tar"][:-512]
    with pytest.raises(DataError, match="has 9,728 bytes, but 10,240 by its index"):
        read(own, f"{server.url}/a.tar")
    assert kept(own) == set()


def test_a_shard_that_was_packed_again_is_fetched_again(server: Server, tmp_path: Path) -> None:
    own, url = cache(tmp_path), f"{server.url}/a.tar"
    read(own, url)
    server.files["/a.tar"] = TARS["/b.tar"]
    server.files["/a.tar" + SUFFIX] = server.files["/b.tar" + SUFFIX]
    assert read(own, url) == TARS["/b.tar"]


def test_a_known_index_serves_while_the_server_is_away(server: Server, tmp_path: Path) -> None:
    own, url = cache(tmp_path), f"{server.url}/a.tar"
    read(own, url)
    server.codes = [503] * 6
    assert read(own, url) == TARS["/a.tar"]


def test_a_bad_index_of_a_server_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["/a.tar" + SUFFIX] = (
        b'{"version": 1, "bytes": 9, "sha256": "", "files": [["a",1,1]]}'
    )
    with pytest.raises(DataError, match=r"a\.tar\.idx\.json: not the index of a shard"):
        cache(tmp_path).index_of(f"{server.url}/a.tar")


def test_a_damaged_index_of_the_cache_is_made_anew(server: Server, tmp_path: Path) -> None:
    own, url = cache(tmp_path), f"{server.url}/a.tar"
    read(own, url)
    kept_index = own.folder / (key_of(url) + SUFFIX)
    whole = kept_index.read_bytes()
    kept_index.write_bytes(b"{")
    assert read(own, url) == TARS["/a.tar"]
    assert kept_index.read_bytes() == whole


def test_a_signed_address_has_no_index_beside_it(server: Server, tmp_path: Path) -> None:
    own = cache(tmp_path)
    url = f"{server.url}/a.tar?X-Amz-Signature=s"
    server.files["/a.tar?X-Amz-Signature=s"] = TARS["/a.tar"]
    index = own.index_of(url)
    assert (index.bytes, [row[0] for row in index.files]) == (SIZE, ["a.jpg"])
    assert server.asked == ["/a.tar?X-Amz-Signature=s"]


def test_a_command_is_run_once_and_bounded(tmp_path: Path) -> None:
    pytest.importorskip("webdataset")
    shard, counted = written(tmp_path, "s.tar", TARS["/a.tar"]), tmp_path / "counted"
    url = f"pipe:echo x >> {counted}; cat {shard}"
    own = cache(tmp_path)
    assert own.index_of(url).bytes == SIZE
    assert read(own, url) == TARS["/a.tar"]
    assert counted.read_text() == "x\n"
    with pytest.raises(DataError, match="prints more than the cache may take"):
        ShardCache(tmp_path / "other", 1000).path(url)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_cannot_be_written_to_is_said(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o500)
    with pytest.raises(DataError, match=r"cannot write|Cannot fetch"):
        read(cache(tmp_path), f"{server.url}/a.tar")


def test_a_cache_that_is_no_folder_is_said(server: Server, tmp_path: Path) -> None:
    written(tmp_path, "cache", b"")
    with pytest.raises(DataError, match=r"Cannot fetch .*a\.tar into .*set XDG_CACHE_HOME"):
        cache(tmp_path).path(f"{server.url}/a.tar")


def test_a_full_disk_is_said_and_leaves_nothing(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, block: bytes) -> None:
        raise OSError(28, "No space left on device")

    own, url = cache(tmp_path), f"{server.url}/a.tar"
    index = own.index_of(url)
    monkeypatch.setattr(fetch._Copy, "take", full)
    with pytest.raises(DataError, match=r"Cannot fetch .* \(No space left on device\)"):
        own.path(url, index)
    assert not [path for path in own.folder.iterdir() if path.name.endswith(("tar", "part"))]


PROGRAM = """
import sys
from pathlib import Path
from edgehuman.data.shards.cache import ShardCache
cache = ShardCache(Path(sys.argv[1]), 10**9)
with cache.opened(sys.argv[2]) as file:
    print(len(file.read()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_two_programs_fetch_a_shard_once(server: Server, tmp_path: Path) -> None:
    words = [sys.executable, "-c", PROGRAM, str(tmp_path / "cache"), f"{server.url}/a.tar"]
    both = [leaving.start(words, stdout=subprocess.PIPE) for _ in range(2)]
    for one in both:
        out, _ = one.communicate(timeout=60)
        assert int(out) == SIZE
    assert server.asked == ["/a.tar"]


@pytest.mark.parametrize("said", ["0", "-3", "many", "inf", "nan"])
def test_a_size_that_is_none_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEHUMAN_CACHE_GB", said)
    with pytest.raises(UsageError, match=f"EDGEHUMAN_CACHE_GB is '{said}' in the environment"):
        cache_bytes()
    assert cache_bytes(1.5) == 1_500_000_000
    monkeypatch.delenv("EDGEHUMAN_CACHE_GB")
    assert cache_bytes() == 50_000_000_000
