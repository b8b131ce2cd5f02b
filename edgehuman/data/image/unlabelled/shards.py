"""Images in WebDataset shards by index: plain tar files with random access.

A shard's table of contents is read once; after that an image is one seek and one read, so shuffling
covers all images, not just a buffer. Remote shards (http, https, "pipe:" and a command) are copied
once into the user's cache, by the `webdataset` library's own openers. Format:
https://github.com/webdataset/webdataset; `pack.py` writes it.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import tarfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.errors import DataError, ImageError
from edgehuman.files import own_folder, writing
from edgehuman.limits.sizes import MOST_PICTURE
from edgehuman.limits.tars import content_of, members
from edgehuman.placing import why
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES, decode
from edgehuman.progress import progress_bar
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.records import Bool, Index, Uint8

_BLOCK = 1 << 20
_MOST_JSON = 1 << 16
_MOST_SHARDS = 100_000
_MOST_LETTERS, _MOST_DEPTH = 4096, 10
_STEP = {"{": 1, "}": -1}
_RANGE = re.compile(r"\{(-?\d{1,18}|\w)\.\.(-?\d{1,18}|\w)(?:\.\.-?\d+)?\}")
# What an address may hold (RFC 3986), without the quote: older openers give it to a shell.
_ADDRESS = re.compile(r"https?://[\w.~:/?#\[\]@!$&()*+,;=%-]+", re.ASCII)


@dataclass(frozen=True)
class ShardImages:
    """The images of local shards.

    Attributes:
        source: what was opened.
        shards: the tar files.
        shard_N, offset_N, size_N: location of each image's bytes.
        names: of the images, inside their shard.
        simulated_N: see `Images`; from the sample's JSON.
    """

    source: str
    shards: tuple[str, ...]
    shard_N: NDArray[np.int32]
    offset_N: Index
    size_N: Index
    names: Names
    simulated_N: Bool

    @classmethod
    def of(cls, paths: Sequence[Path], source: str) -> ShardImages:
        """Read the tables of contents.

        Raises:
            DataError: a shard is missing or not a tar file, or there are no images.
        """
        rows: list[tuple[int, int, int]] = []
        names: list[str] = []
        simulated = bytearray()
        others: Counter[str] = Counter()
        for number, path in enumerate(progress_bar(paths, "reading shards", delay=2, unit="shard")):
            held, drawn = contents(path)
            for member in held:
                suffix = os.path.splitext(member.name)[1].lower()
                if suffix in IMAGE_SUFFIXES:
                    rows.append((number, member.offset_data, member.size))
                    names.append(member.name)
                    simulated.append(_sample(member.name) in drawn)
                else:
                    others[suffix or "without a suffix"] += 1
        if not rows:
            listed = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(5))
            raise DataError(
                f"{source}: has no images (it holds {listed or 'nothing'}); a shard is a .tar file "
                "of images, as `edgehuman data pack` writes"
            )
        row_N3 = np.array(rows, np.int64)
        return cls(
            source,
            tuple(map(str, paths)),
            row_N3[:, 0].astype(np.int32),
            row_N3[:, 1],
            row_N3[:, 2],
            Names(names),
            np.frombuffer(simulated, np.bool_),
        )

    def __len__(self) -> int:
        return len(self.size_N)

    def name(self, index: int) -> str:
        """Shard, and name inside it."""
        return f"{os.path.basename(self.shards[self.shard_N[index]])}/{self.names[index]}"

    def encoded(self, index: int) -> bytes:
        """The bytes of the file; see `Images`."""
        if self.size_N[index] > MOST_PICTURE:
            raise ImageError(
                f"{self.name(index)}: has {self.size_N[index]:,} bytes; a picture may have "
                f"{MOST_PICTURE:,}. Remove it"
            )
        try:
            # Reopened each time: cheap compared with decoding, and safe in threads and processes.
            with open(self.shards[self.shard_N[index]], "rb", buffering=0) as file:
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

    def read(self, index: int) -> Uint8:
        """See `Images`."""
        return decode(self.encoded(index), self.name(index))


def contents(path: Path) -> tuple[list[tarfile.TarInfo], set[str]]:
    """Files in a tar, in order, and the samples marked as simulated in their JSON; a truncated tar
    gives the files before the cut.

    Raises:
        DataError: no such file, not a tar, or damaged on purpose (see `limits.tars`).
    """
    found: list[tarfile.TarInfo] = []
    marked: list[tuple[str, bytes]] = []
    try:
        with foreign():
            for archive, member in members(path, DataError):
                found.append(member)
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
    return found, {_sample(name) for name, text in marked if _says_simulated(text)}


def _sample(name: str) -> str:
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


def open_shards(said: str) -> ShardImages:
    """Open shards by a path, an address or a command, with braces expanded; see `open_images`.

    A command must be one as it was typed: config files refuse a text that begins with "pipe:", and
    braces must not make one of another text.

    Raises:
        DataError: one is missing, cannot be fetched, or is not a tar file.
    """
    urls = _expanded(said) if "{" in said else [said]
    hidden = [url for url in urls if url.startswith("pipe:")]
    if hidden and not said.startswith("pipe:"):
        raise DataError(
            f"{said}: its braces make the command {hidden[0]!r}; a command begins with pipe: and "
            "is typed on the command line"
        )
    paths = [fetch(url) if _is_remote(url) else Path(url.removeprefix("file:")) for url in urls]
    return ShardImages.of(paths, said)


def _expanded(said: str) -> list[str]:
    """The addresses that braces stand for, as many as there may be.

    Raises:
        DataError: too many, or braces that are no pattern.
    """
    # Slow to import, and not needed for a single file.
    from webdataset.shardlists import expand_urls

    why = f"{said[:200]}: is no pattern of shards"
    depth = max(itertools.accumulate(_STEP.get(letter, 0) for letter in said))
    if len(said) > _MOST_LETTERS or depth > _MOST_DEPTH:
        raise DataError(f"{why}; write it with fewer braces, such as s-{{000..099}}.tar")
    if _most_of(said) > _MOST_SHARDS:
        raise DataError(f"{why}: it stands for over {_MOST_SHARDS:,} files; give their folder")
    try:
        return expand_urls(said)  # type: ignore[no-any-return]
    except (ValueError, AssertionError) as error:  # an assertion: a variable that is not set
        raise DataError(f"{why} ({error}); write it such as s-{{000..099}}.tar") from None


def _most_of(said: str) -> int:
    """At least the number of addresses that braces stand for, without making them."""
    most, open_braces = 1, [1]
    for letter in said:
        if letter == "{":
            open_braces.append(1)
        elif letter == ",":
            open_braces[-1] += 1
        elif letter == "}" and len(open_braces) > 1:
            most *= open_braces.pop()
    for first, last in _RANGE.findall(said):
        if first.lstrip("-").isdigit() and last.lstrip("-").isdigit():
            most *= abs(int(last) - int(first)) + 1
        else:
            most *= abs(ord(last[-1]) - ord(first[0])) + 1
    return most


def _is_remote(url: str) -> bool:
    return url.startswith(("http://", "https://", "pipe:"))


def cache_folder() -> Path:
    """Folder for the copies of remote shards."""
    return own_folder("XDG_CACHE_HOME", ".cache") / "shards"


def fetch(url: str) -> Path:
    """Return the local copy of a remote shard, fetched on first use and cached by its address.

    Raises:
        DataError: it cannot be fetched or stored, or is no address.
    """
    if not url.startswith("pipe:") and _ADDRESS.fullmatch(url) is None:
        raise DataError(
            f"{url[:200]!r}: no address; one has no spaces, quotes or letters beyond ASCII. Write "
            "them with %, such as %20 for a space"
        )
    tail = url.rpartition("/")[2].partition("?")[0]
    plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in tail)[-60:].removesuffix(
        ".tar"
    )
    path = cache_folder() / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{plain}.tar"
    if path.is_file():
        return path
    if not url.startswith("pipe:") and shutil.which("curl") is None:
        raise DataError(f"{url}: fetching needs curl, which is not installed; install it")
    try:
        with writing(path) as partial:
            _copy(url, partial)
    except OSError as error:
        raise DataError(
            f"Cannot fetch {url} into {path.parent} ({error}); check the address and the free "
            "disk space (set XDG_CACHE_HOME to use another folder)"
        ) from None
    return path


def _copy(url: str, path: Path) -> None:
    from webdataset.gopen import gopen

    with (
        progress_bar(desc=f"fetching {url}", unit="B", unit_scale=True, delay=2) as bar,
        gopen(url) as stream,
        path.open("wb") as file,
    ):
        while block := stream.read(_BLOCK):
            file.write(block)
            bar.update(len(block))
