"""Images in WebDataset shards by index: plain tar files with random access.

A shard's table of contents is read once, from the index beside it (`edgehuman.data.shards`) or from
its headers; after that an image is one seek and one read. Shards on this machine are shuffled all
together; of remote ones, which the cache may not hold all, so many at once as `BLOCK` says, in
another order and grouping each epoch. Format: https://github.com/webdataset/webdataset; `pack.py`
writes it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.shards.address import addresses_of, is_remote, shown
from edgehuman.data.shards.cache import OnBad, ShardCache, cache_bytes, cache_folder
from edgehuman.data.shards.index import ShardIndex, contents, index_beside, sample_of
from edgehuman.errors import DataError, ImageError
from edgehuman.limits.sizes import MOST_PICTURE
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES, decode
from edgehuman.progress import progress_bar, tell
from edgehuman.records import Bool, Index, Uint8

FoundT = TypeVar("FoundT")
_AT_ONCE = 8
BLOCK = 16
"""Remote shards whose images are shuffled together. Fixed, so that the order of a training does not
depend on the machine's cache."""


class LostShard(ImageError):
    """An image of a shard that is gone.

    Attributes:
        next: the first image of the next shard.
    """

    def __init__(self, said: str, next: int) -> None:
        super().__init__(said)
        self.next = next


@dataclass(frozen=True)
class ShardImages:
    """The images of shards.

    Attributes:
        source: what was opened.
        shards: the tar files: paths, or addresses of remote ones.
        shard_N, offset_N, size_N: location of each image's bytes.
        names: of the images, inside their shard.
        simulated_N: see `Images`; from the sample's JSON.
        cache: of remote shards.
        on_bad: what happens to a shard that cannot be read: an error, or it is left out.
        skipped: shards left out on opening, with the reason.
        bytes_S, sha256_S: of each shard, as its index says; 0 and empty: not known.
    """

    source: str
    shards: tuple[str, ...]
    shard_N: NDArray[np.int32]
    offset_N: Index
    size_N: Index
    names: Names
    simulated_N: Bool
    cache: ShardCache | None = None
    on_bad: OnBad = "fail"
    skipped: tuple[tuple[str, str], ...] = ()
    bytes_S: tuple[int, ...] = ()
    sha256_S: tuple[str, ...] = ()
    _lost: dict[int, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls,
        urls: Sequence[Path | str],
        source: str,
        on_bad: OnBad = "fail",
        cache: ShardCache | None = None,
    ) -> ShardImages:
        """Read the tables of contents.

        Raises:
            DataError: a shard is missing, not a tar file or another than its index says, and
                `on_bad` is "fail"; or there are no images.
        """
        rows = _Rows()
        skipped: list[tuple[str, str]] = []
        names = [str(url) for url in urls]
        with contextlib.closing(_indexes(names, cache)) as indexes:
            found = zip(names, indexes, strict=True)
            bar = progress_bar(found, "reading shards", total=len(names), delay=2, unit="shard")
            for name, index in bar:
                if not isinstance(index, DataError):
                    rows.add(name, index)
                    continue
                if on_bad == "fail":
                    raise index
                skipped.append((shown(name), str(index)))
                tell(f"shard left out: {index}")
        if skipped and not rows.shards:
            raise DataError(
                f"{source}: none of its {len(skipped)} shards can be read; the first: "
                f"{skipped[0][1]}"
            )
        if not rows.places:
            listed = ", ".join(f"{count} {suffix}" for suffix, count in rows.others.most_common(5))
            raise DataError(
                f"{source}: has no images (it holds {listed or 'nothing'}); a shard is a .tar file "
                "of images, as `edgehuman data pack` writes"
            )
        row_N3 = np.array(rows.places, np.int64)
        return cls(
            source,
            tuple(rows.shards),
            row_N3[:, 0].astype(np.int32),
            row_N3[:, 1],
            row_N3[:, 2],
            Names(rows.names),
            np.frombuffer(rows.simulated, np.bool_),
            cache,
            on_bad,
            tuple(skipped),
            tuple(rows.bytes),
            tuple(rows.sha256),
        )

    def __len__(self) -> int:
        return len(self.size_N)

    def name(self, index: int) -> str:
        """Shard, and name inside it."""
        shard = shown(self.shards[self.shard_N[index]])
        return f"{os.path.basename(shard)}/{self.names[index]}"

    def encoded(self, index: int) -> bytes:
        """The bytes of the file; see `Images`.

        Raises:
            DataError: a remote shard cannot be fetched, and `on_bad` is "fail".
        """
        if self.size_N[index] > MOST_PICTURE:
            raise ImageError(
                f"{self.name(index)}: has {self.size_N[index]:,} bytes; a picture may have "
                f"{MOST_PICTURE:,}. Remove it"
            )
        try:
            with self._opened(index) as file:
                file.seek(int(self.offset_N[index]))
                data: bytes = file.read(int(self.size_N[index])) or b""
        except OSError as error:
            raise ImageError(
                f"{self.name(index)}: {error.strerror}; copy the shard again"
            ) from None
        if len(data) < self.size_N[index]:
            raise ImageError(
                f"{self.name(index)}: only {len(data)} of {self.size_N[index]} bytes found, so the "
                "shard was cut short; copy it again"
            )
        return data

    @contextlib.contextmanager
    def _opened(self, index: int) -> Iterator[IO[bytes]]:
        """The shard of an image, opened each time: cheap compared with decoding, and safe in
        threads and processes.
        """
        number = int(self.shard_N[index])
        url = self.shards[number]
        if self.cache is None or not is_remote(url):
            with open(url, "rb", buffering=0) as local:
                yield local
            return
        if number in self._lost:
            raise LostShard(self._lost[number], self._after(number))
        with contextlib.ExitStack() as stack:
            try:
                known = ShardIndex(self.bytes_S[number], self.sha256_S[number], (), frozenset())
                file = stack.enter_context(self.cache.opened(url, known))
            except DataError as error:
                if self.on_bad == "fail":
                    raise
                self._lost[number] = f"{LOST}{shown(url)}: {error}"
                raise LostShard(self._lost[number], self._after(number)) from None
            yield file

    def _after(self, number: int) -> int:
        return int(np.searchsorted(self.shard_N, number, side="right"))

    def read(self, index: int) -> Uint8:
        """See `Images`."""
        return decode(self.encoded(index), self.name(index))

    def order(self, draw: np.random.Generator) -> Index:
        """An epoch's order: all images shuffled; of remote shards, in blocks of shards."""
        if self.cache is None or len(self.shards) <= BLOCK:
            return draw.permutation(len(self))
        # Images lie in the order of their shards.
        edge_S = np.searchsorted(self.shard_N, np.arange(len(self.shards) + 1))
        shuffled_S = draw.permutation(len(self.shards))
        parts = []
        for start in range(0, len(shuffled_S), BLOCK):
            block = [np.arange(*edge_S[s : s + 2]) for s in shuffled_S[start : start + BLOCK]]
            parts.append(draw.permutation(np.concatenate(block)))
        return np.concatenate(parts)


LOST = "lost shard "
"""How the reason begins for which images of a lost shard cannot be read."""


class _Rows:
    """The images found so far, as columns."""

    def __init__(self) -> None:
        self.shards: list[str] = []
        self.bytes: list[int] = []
        self.sha256: list[str] = []
        self.places: list[tuple[int, int, int]] = []
        self.names: list[str] = []
        self.simulated = bytearray()
        self.others: Counter[str] = Counter()

    def add(self, url: str, index: ShardIndex) -> None:
        number = len(self.shards)
        self.shards.append(url)
        self.bytes.append(index.bytes)
        self.sha256.append(index.sha256)
        for name, offset, size in index.files:
            suffix = os.path.splitext(name)[1].lower()
            if suffix in IMAGE_SUFFIXES:
                self.places.append((number, offset, size))
                self.names.append(name)
                self.simulated.append(sample_of(name) in index.simulated)
            else:
                self.others[suffix or "without a suffix"] += 1


def _indexes(
    urls: Sequence[str], cache: ShardCache | None
) -> Generator[ShardIndex | DataError, None, None]:
    """The index of each shard, or why there is none; those of servers several at a time."""
    if cache is None:
        yield from (_or_error(_local_index, url) for url in urls)
        return

    halt = threading.Event()

    def wait(seconds: float) -> None:
        if halt.wait(seconds):
            raise DataError("another shard failed")

    def known(url: str) -> ShardIndex | None:
        return cache.known_index(url, wait) if is_remote(url) else _local_index(url)

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        for url, found in zip(urls, pool.map(partial(_or_error, known), urls), strict=True):
            # A shard without an index is fetched and read, one after the other.
            yield _or_error(cache.index_of, url) if found is None else found
    finally:
        halt.set()
        pool.shutdown(cancel_futures=True)


def _or_error(read: Callable[[str], FoundT], url: str) -> FoundT | DataError:
    try:
        return read(url)
    except DataError as error:
        return error


def _local_index(url: str) -> ShardIndex:
    path = Path(url)
    return index_beside(path) or contents(path)


def open_shards(said: str, on_bad: OnBad = "fail", cache_gb: float = 0.0) -> ShardImages:
    """Open shards by a path, an address or a command, with braces expanded; see `open_images`.

    A command must be one as it was typed: config files refuse a text that begins with "pipe:", and
    braces must not make one of another text.

    Raises:
        DataError: one is missing, cannot be fetched, or is not a tar file.
    """
    urls = addresses_of(said)
    remote = any(map(is_remote, urls))
    cache = ShardCache(cache_folder(), cache_bytes(cache_gb)) if remote else None
    images = ShardImages.of([url.removeprefix("file:") for url in urls], said, on_bad, cache)
    if cache is not None and (largest := max(images.bytes_S)) * min(BLOCK, len(urls)) > cache.most:
        tell(
            f"{shown(said)}: the cache ({cache.most / 1e9:g} GB) holds fewer than {BLOCK} shards "
            f"of {largest / 1e9:.2g} GB, whose images are shuffled together: they are fetched "
            "again and again; raise --cache-gb"
        )
    return images
