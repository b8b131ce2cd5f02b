"""Local copies of remote shards: as many bytes as are allowed, the longest unused removed first.

    cache = ShardCache(most_bytes)
    with cache.opened(url, index) as file:       fetched if it is not there
        ...

A shard is copied under a temporary name and renamed when it is whole and, by its index, the right
one. Programs of a machine share the folder: one copies a shard while the others wait, and a shard
that is being read (a shared lock on it) is not removed. Windows has no such locks: there, let one
program at a time fetch.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from edgehuman.data.shards.address import (
    COMMAND,
    is_signed,
    key_of,
    shown,
    web_address,
)
from edgehuman.data.shards.fetch import Absent, Unreachable, download
from edgehuman.data.shards.index import (
    MOST_INDEX,
    SUFFIX,
    ShardIndex,
    as_json,
    contents,
    parse,
    require_same,
    sha256_of,
)
from edgehuman.errors import DataError, UsageError
from edgehuman.files import own_folder, write_whole, writing
from edgehuman.limits.sizes import read_bounded
from edgehuman.placing import why

OnBad = Literal["fail", "skip"]
USUAL_GB = 50.0
VARIABLE = "EDGEHUMAN_CACHE_GB"
_GB = 10**9
_LOCKS = 64
_BLOCK = 1 << 20
_RECENT_S = 10.0
PATIENCE_S = 60.0
"""How long a copy waits for room that readers hold."""
_PAUSE_S = 0.05
_TRIES = 3


def cache_folder() -> Path:
    """Folder for the copies of remote shards."""
    return own_folder("XDG_CACHE_HOME", ".cache") / "shards"


def cache_bytes(asked_gb: float = 0.0) -> int:
    """The bytes that the cache may take: as asked; 0: by the environment, or 50 GB.

    Raises:
        UsageError: the environment says something else than a number above 0.
    """
    if asked_gb:
        return int(asked_gb * _GB)
    said = os.environ.get(VARIABLE, "")
    try:
        value = float(said) if said else USUAL_GB
    except ValueError:
        value = math.nan
    if not 0 < value < 1e9:
        raise UsageError(f"{VARIABLE} is {said[:40]!r} in the environment; give GB above 0")
    return int(value * _GB)


@dataclass(frozen=True)
class ShardCache:
    """The copies of remote shards in a folder.

    Attributes:
        folder: of the copies, made when needed.
        most: bytes of all copies.
    """

    folder: Path
    most: int

    def index_of(self, url: str) -> ShardIndex:
        """The index of a remote shard: the one beside it; or made of the shard, which is fetched.

        Raises:
            DataError: neither can be fetched, or they do not fit each other.
        """
        found = self.known_index(url)
        if found is None:
            path = self.path(url)
            made = contents(path)
            found = ShardIndex(path.stat().st_size, sha256_of(path), made.files, made.simulated)
            self._keep(url, found)
        return found

    def known_index(
        self, url: str, wait: Callable[[float], object] | None = None
    ) -> ShardIndex | None:
        """The index beside a remote shard, or the one kept of it; None: the shard has to be read.

        Args:
            wait: see `fetch.download`.

        Raises:
            DataError: the server does not answer and none is kept, or it is damaged.
        """
        before = None
        with contextlib.suppress(DataError, FileNotFoundError):  # a damaged one is made anew
            own = self._own_index(url)
            before = parse(read_bounded(own, MOST_INDEX, DataError), str(own))
        try:
            found = self._published_index(url, wait) if _may_have_index(url) else None
        except Unreachable:
            if before is None:
                raise
            found = None
        if found is None or found == before:
            return before
        if before is not None and before.sha256 != found.sha256:
            (self.folder / key_of(url)).unlink(missing_ok=True)  # a copy of the former shard
        self._keep(url, found)
        return found

    def _own_index(self, url: str) -> Path:
        return self.folder / (key_of(url) + SUFFIX)

    def _keep(self, url: str, index: ShardIndex) -> None:
        write_whole(self._own_index(url), as_json(index), DataError)

    def _published_index(
        self, url: str, wait: Callable[[float], object] | None
    ) -> ShardIndex | None:
        address, query = web_address(url).partition("?")[::2]
        beside = f"{address}{SUFFIX}" + (f"?{query}" if query else "")
        try:
            with tempfile.TemporaryFile() as file:
                download(beside, file, MOST_INDEX, wait)
                file.seek(0)
                return parse(file.read(MOST_INDEX), shown(beside))
        except Absent:
            return None
        except OSError as error:
            raise self._cannot(url, error) from None

    def path(self, url: str, index: ShardIndex | None = None) -> Path:
        """The local copy of a shard, fetched if it is not there.

        Raises:
            DataError: it cannot be fetched or stored, is no address, or another than its index
                says.
        """
        path = self.folder / key_of(url)
        if not url.startswith(COMMAND):
            web_address(url)
        try:
            if not _used_again(path):
                self.folder.mkdir(parents=True, exist_ok=True)
                with _locked(self.folder / f".lock-{int(path.name[:2], 16) % _LOCKS}"):
                    if not _used_again(path):  # another program may have fetched it since
                        self._fetch(url, path, index)
        except OSError as error:
            raise self._cannot(url, error) from None
        return path

    @contextlib.contextmanager
    def opened(self, url: str, index: ShardIndex | None = None) -> Iterator[IO[bytes]]:
        """Open the local copy of a shard, which stays while it is open.

        Raises:
            DataError: see `path`.
            OSError: it cannot be read.
        """
        for attempt in range(_TRIES):
            path = self.path(url, index)
            try:
                file = path.open("rb", buffering=0)
                break
            except FileNotFoundError:  # removed by another program in between
                if attempt == _TRIES - 1:
                    raise
        with file:
            _lock(file.fileno(), shared=True, wait=True)
            yield file

    def _fetch(self, url: str, path: Path, index: ShardIndex | None) -> None:
        expected = index.bytes if index else 0
        if expected > self.most:
            raise DataError(
                f"{shown(url)}: has {expected:,} bytes, more than the cache may take "
                f"({self.most:,}); raise --cache-gb or {VARIABLE}"
            )
        self.make_room(expected)
        with writing(path) as partial:
            if url.startswith(COMMAND):
                self._run(url, partial)
                digest = sha256_of(partial) if index else ""
            else:
                with partial.open("xb") as file:
                    digest = download(web_address(url), file, expected or self.most)
            if index is not None:
                require_same(index, partial.stat().st_size, digest, shown(url))
        if not expected:
            self.make_room(0, besides=path)

    def _run(self, url: str, partial: Path) -> None:
        """Write what a typed command prints, by the `webdataset` library's own opener."""
        from webdataset.gopen import gopen

        with gopen(url) as stream, partial.open("xb") as file:
            while block := stream.read(_BLOCK):
                if file.tell() + len(block) > self.most:
                    raise DataError(f"{url}: prints more than the cache may take ({self.most:,})")
                file.write(block)

    def make_room(self, need: int, besides: Path | None = None) -> None:
        """Remove the shards that were unused for longest until so many bytes fit.

        Raises:
            DataError: the rest is being read, for long.
        """
        begin_s = time.monotonic()
        while not self._make_room(need, besides) and need:
            # Readers hold a shard for one file; copies of other programs become shards.
            if time.monotonic() - begin_s > PATIENCE_S:
                raise DataError(
                    f"{self.folder}: no room for {need:,} bytes more in the {self.most:,} of the "
                    f"cache, as its shards are in use; raise --cache-gb or {VARIABLE}"
                )
            time.sleep(_PAUSE_S)

    def _make_room(self, need: int, besides: Path | None) -> bool:
        with _locked(self.folder / ".lock-room"):
            sizes = {}
            for entry in os.scandir(self.folder):
                with contextlib.suppress(FileNotFoundError):
                    about = entry.stat()
                    sizes[Path(entry.path)] = (about.st_mtime_ns, about.st_size)
            total = sum(size for _, size in sizes.values())
            shards = [path for path in sizes if path.suffix == ".tar" and path.name[0] != "."]
            for path in sorted(shards, key=lambda path: sizes[path]):
                if total + need <= self.most:
                    break
                if path != besides and _removed(path):
                    total -= sizes[path][1]
        return total + need <= self.most

    def _cannot(self, url: str, error: OSError) -> DataError:
        return DataError(
            f"Cannot fetch {shown(url)} into {self.folder} ({why(error)}); check the address and "
            "the free disk space (set XDG_CACHE_HOME to use another folder)"
        )


def _may_have_index(url: str) -> bool:
    """Not of a command; nor of a signed address, whose signature is of the shard alone."""
    return not url.startswith(COMMAND) and not is_signed(url)


def _used_again(path: Path) -> bool:
    """Whether there is a copy; it is then the one used last."""
    try:
        if time.time() - path.stat().st_mtime > _RECENT_S:
            with contextlib.suppress(PermissionError):
                os.utime(path)
        return True
    except FileNotFoundError:
        return False


def _removed(path: Path) -> bool:
    """Remove a shard that nobody reads."""
    try:
        with path.open("rb") as file:
            if not _lock(file.fileno(), shared=False, wait=False):
                return False
            path.unlink()
            return True
    except FileNotFoundError:
        return True
    except PermissionError:
        return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock of the folder, waiting for it; its file stays."""
    opened = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o666)
    try:
        _lock(opened, shared=False, wait=True)
        yield
    finally:
        os.close(opened)


def _lock(opened: int, shared: bool, wait: bool) -> bool:
    """Whether the lock on an open file is granted; always where the system or disk has none."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(
            opened, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        )
    except BlockingIOError:
        return False
    except OSError:  # a network disk without locks
        return True
    return True
