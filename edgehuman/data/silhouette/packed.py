"""One file of silhouettes that is mapped into memory: `edgehuman data pack PATH --out FILE`.

    4096 bytes     the magic, then a JSON object: version, frames, sizes and hashes
    frames x 4096  the records, uint8 64x64, one walk after another
    the rest       the index: JSON, one row per walk

A set is opened without reading its frames, so that it may be larger than the memory, and several
processes share it. A file that was cut short or changed is told by its sizes and hashes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from edgehuman.data.gait.trees import Named
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.silhouette.layout import Walk, WalkReader, labelled, require_some, walks_of
from edgehuman.data.silhouette.walks import SIDE, SilhouetteSet
from edgehuman.errors import DataError
from edgehuman.files import writing
from edgehuman.outcome import to_json
from edgehuman.progress import progress_bar
from edgehuman.reading.parsers import json_of

SUFFIX = ".silhouettes"
MAGIC = b"EDGEHUMAN SILHOUETTES\n"
VERSION = 1
_HEAD = 4096
_FRAME = SIDE * SIDE
_MOST_INDEX = 1 << 30
_HASHED = 1 << 24


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a packed file.

    Attributes:
        version: of the form.
        name: the dataset's name in the catalogue, or of its layout.
        licence, url: its terms and source.
        simulated: whether the people are simulated.
        frames: number of records.
        walks: number of rows in the index.
        index_bytes: length of the index.
        index_sha256, frames_sha256: hashes of both parts.
    """

    version: int
    name: str
    licence: str
    url: str
    simulated: bool
    frames: int
    walks: int
    index_bytes: int
    index_sha256: str
    frames_sha256: str


def write(
    path: Path,
    walks: Iterable[Walk | LeftOut],
    name: str,
    rate_hz: float = 0.0,
    licence: str = "",
    url: str = "",
    simulated: bool = False,
    where: str = "",
) -> tuple[Head, list[LeftOut]]:
    """Write walks one by one, so that they need not fit into memory.

    Args:
        where: the path that the walks are from, for messages.
        rate_hz: frames per second of walks that do not state theirs.

    Returns:
        what was written; walks that were left out.

    Raises:
        DataError: no walk is left, or two have the same name.
        OSError: the file cannot be written.
    """
    rows: list[dict[str, Any]] = []
    left_out: list[LeftOut] = []
    names: set[str] = set()
    digest = hashlib.sha256()
    with writing(path) as partial, partial.open("wb") as file:
        file.write(bytes(_HEAD))
        with progress_bar(unit="walk", desc=f"packing {name}") as bar:
            for walk in walks:
                bar.update(1)
                if isinstance(walk, LeftOut):
                    left_out.append(walk)
                    continue
                if walk.named.sequence in names:
                    raise DataError(
                        f"{name}: two walks are named {walk.named.sequence!r}; give every walk a "
                        "unique name"
                    )
                names.add(walk.named.sequence)
                data = np.ascontiguousarray(walk.records_THW).tobytes()
                digest.update(data)
                file.write(data)
                rows.append(_row(walk, rate_hz))
        require_some(len(rows), left_out, where or name)
        index = to_json(rows).encode()
        file.write(index)
        frames = sum(row["frames"] for row in rows)
        head = Head(
            VERSION, name, licence, url, simulated, frames, len(rows), len(index),
            hashlib.sha256(index).hexdigest(), digest.hexdigest(),
        )  # fmt: skip
        _write_head(file, head)
    return head, left_out


def _row(walk: Walk, rate_hz: float) -> dict[str, Any]:
    return {
        **asdict(walk.named),
        "frames": len(walk.records_THW),
        "rate_hz": walk.rate_hz or rate_hz,
        "size_px": [int(side) for side in walk.size_px],
    }


def _write_head(file: BinaryIO, head: Head) -> None:
    written = MAGIC + to_json(asdict(head)).encode()
    if len(written) > _HEAD:
        raise DataError(f"{head.name}: its name, licence and url are over 3 kB; shorten them")
    file.seek(0)
    file.write(written.ljust(_HEAD, b" "))


def is_packed(path: Path) -> bool:
    """Whether a file begins as a packed one."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_head(path: Path) -> Head:
    """The beginning of a packed file, after checking its size.

    Raises:
        DataError: of another version, damaged, or cut short.
    """
    damaged = f"{path}: its beginning is damaged; pack it again"
    try:
        with path.open("rb") as file:
            held = json_of(file.read(_HEAD)[len(MAGIC) :])
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    except ValueError:
        raise DataError(damaged) from None
    if not isinstance(held, dict) or held.get("version") != VERSION:
        found = held.get("version") if isinstance(held, dict) else held
        raise DataError(
            f"{path}: is of version {found!r}; this edgehuman reads version {VERSION}. Pack it "
            "again with `edgehuman data pack`"
        )
    try:
        head = Head(**held)
    except TypeError:
        raise DataError(damaged) from None
    kinds = {"str": str, "int": int, "bool": bool}
    if any(type(getattr(head, name)) is not kinds[kind] for name, kind in _KINDS.items()):
        raise DataError(damaged)
    if min(head.frames, head.walks, head.index_bytes) < 1 or head.index_bytes > _MOST_INDEX:
        raise DataError(damaged)
    needed = _HEAD + head.frames * _FRAME + head.index_bytes
    if size != needed:
        what = "was cut short" if size < needed else "has something added"
        raise DataError(
            f"{path}: has {size} of {needed} bytes, so it {what}; copy it again, or pack it again"
        )
    return head


_KINDS: dict[str, str] = {name: str(kind) for name, kind in Head.__annotations__.items()}


def read(path: Path) -> SilhouetteSet:
    """Open a packed file; the frames stay on disk until they are used.

    Raises:
        DataError: see `read_head`; or a damaged index.
    """
    head = read_head(path)
    with path.open("rb") as file:
        file.seek(_HEAD + head.frames * _FRAME)
        index = file.read(head.index_bytes)
    if hashlib.sha256(index).hexdigest() != head.index_sha256:
        raise DataError(f"{path}: its index was changed; copy it again, or pack it again")
    try:
        rows = [_labels(row) for row in json_of(index)]
        frames = np.memmap(path, np.uint8, mode="r", offset=_HEAD, shape=(head.frames, SIDE, SIDE))
        if len(rows) != head.walks:
            raise DataError(f"it has {len(rows)} walks, not the {head.walks} of its beginning")
        walks = labelled(frames, rows, head.name)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(f"{path}: its index is wrong ({error}); pack it again") from None
    return replace(walks, licence=head.licence, url=head.url, simulated=head.simulated)


def _labels(row: dict[str, Any]) -> tuple[Named, int, float, tuple[int, int]]:
    named = Named(*(str(row[key]) for key in ("person", "sequence", "view", "condition", "role")))
    height, width = row["size_px"]
    rate_hz = float(row["rate_hz"])
    if not 0 <= rate_hz < math.inf:
        raise ValueError(f"{named.sequence} has {rate_hz:g} frames per second")
    return named, int(row["frames"]), rate_hz, (int(height), int(width))


def damage(path: Path) -> str | None:
    """Compare the frames with their hash, reading all of them; None if they are whole.

    Raises:
        DataError: see `read_head`.
    """
    head = read_head(path)
    digest = hashlib.sha256()
    left = head.frames * _FRAME
    with path.open("rb") as file:
        file.seek(_HEAD)
        while left:
            data = file.read(min(left, _HASHED))
            if not data:
                break
            digest.update(data)
            left -= len(data)
    if digest.hexdigest() == head.frames_sha256:
        return None
    return f"{path}: the frames do not have their hash, so some were changed; pack it again"


def _walks(path: Path) -> Iterator[Walk | LeftOut]:
    return walks_of(read(path))


def _almost(path: Path) -> str:
    if path.suffix == SUFFIX and path.is_file():
        return "it does not begin as one, so it was cut or changed; copy it again, or pack it again"
    return ""


PACKED = Layout(
    "silhouettes",
    "a file of `edgehuman data pack`",
    is_packed,
    WalkReader(_walks, whole=read),
    _almost,
)
