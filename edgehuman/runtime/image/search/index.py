"""The people of a folder of photos as vectors, kept for the next query.

    index = read_index(path)                     what an earlier query computed; or empty
    photo = index.known(path, "a/1.jpg")         of the same file: size and time, or content

A file that kept its size and its time of change is taken for the same; any other is read, and taken
for the same by the hash of its content, also under another name. One index is of one model, and of
one detector if there is one. Axes: M people of a photo, P people of all, D dimensions.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.card import sha256_of_bytes, sha256_of_file
from edgehuman.errors import DataError
from edgehuman.files import write_whole
from edgehuman.limits.sizes import MOST_MODEL, read_bounded
from edgehuman.outcome import to_json
from edgehuman.progress import tell
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.records import Float32

_FORM = "edgehuman search 1"
_PRIVATE = 0o600
_FIELDS = ("photos", "box_P4", "vector_PD")


@dataclass(frozen=True, slots=True)
class Photo:
    """What is known of a photo.

    Attributes:
        size, stamp_ns: of its file. sha256: of its content.
        box_M4: float32 (M, 4): x0, y0, x1, y1 of each person, pixels; NaN: the whole photo.
        vector_MD: float32 (M, D): of each person, of length 1.
        reason: why it cannot be read; empty if it can.
    """

    size: int
    stamp_ns: int
    sha256: str
    box_M4: Float32
    vector_MD: Float32
    reason: str = ""


@dataclass
class Index:
    """Photos by name; those of files with the same content are the same photo."""

    photos: dict[str, Photo] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_content = {photo.sha256: photo for photo in self.photos.values()}

    def known(self, path: Path, name: str) -> Photo | None:
        """What is known of a file; None: nothing, or it has changed.

        Raises:
            OSError: it cannot be read.
        """
        about, own = path.stat(), self.photos.get(name)
        if own is not None and (own.size, own.stamp_ns) == (about.st_size, about.st_mtime_ns):
            return own
        if not self._by_content:
            return None
        same = self._by_content.get(sha256_of_file(path))
        if same is None:
            return None
        return self.add(name, path, lambda: (same.box_M4, same.vector_MD, same.reason))

    def add(self, name: str, path: Path, look: Callable[[], tuple[Float32, Float32, str]]) -> Photo:
        """Look at a file and keep what was found: boxes, vectors, and why there are none.

        Raises:
            OSError: it cannot be read.
        """
        about, content = path.stat(), sha256_of_file(path)
        box_M4, vector_MD, reason = look()
        photo = Photo(about.st_size, about.st_mtime_ns, content, box_M4, vector_MD, reason)
        self.photos[name] = self._by_content[content] = photo
        return photo


def index_path(folder: Path, source: str, identity: Mapping[str, str]) -> Path:
    """The file of the index of a source for what looks at it.

    Args:
        identity: of the model, and of the detector.
    """
    where = to_json({"source": str(Path(source).resolve()), **identity})
    return folder / f"{sha256_of_bytes(where.encode())[:32]}.npz"


def read_index(path: Path, dim: int) -> Index:
    """Read an index; an empty one if there is none. One that is damaged is told and left out: its
    photos are looked at again.
    """
    if not path.is_file():
        return Index()
    try:
        with foreign():
            content = io.BytesIO(read_bounded(path, MOST_MODEL, DataError))
            with np.load(content, allow_pickle=False) as table:
                found = {name: table[name] for name in _FIELDS}
        return _parsed(found, dim)
    except (ValueError, OSError) as error:
        tell(f"{path}: not used ({error}); the photos are looked at again")
        return Index()


def _parsed(found: Mapping[str, Any], dim: int) -> Index:
    """The index of arrays.

    Raises:
        ValueError: they are not those of an index.
    """
    head = json_of(found["photos"].tobytes())
    box_P4, vector_PD = found["box_P4"], found["vector_PD"]
    if not isinstance(head, dict) or head.get("form") != _FORM:
        raise ValueError("of another version")
    kinds = box_P4.dtype, vector_PD.dtype
    if kinds != (np.float32, np.float32) or vector_PD.shape != (len(box_P4), dim):
        raise ValueError("its arrays do not fit each other")
    if not np.isfinite(vector_PD).all() or box_P4.shape[1:] != (4,):
        raise ValueError("its vectors are not finite")
    photos, first = {}, 0
    for name, size, stamp_ns, sha256, count, reason in head["photos"]:
        here = slice(first, first + int(count))
        photos[str(name)] = Photo(
            int(size), int(stamp_ns), str(sha256), box_P4[here], vector_PD[here], str(reason)
        )
        first += int(count)
    if first != len(box_P4):
        raise ValueError("it counts other people than it has")
    return Index(photos)


def write_index(path: Path, index: Index, dim: int) -> None:
    """Write an index, for this user alone; whole or not at all.

    Raises:
        ArtefactError: it cannot be written.
    """
    photos = index.photos.values()
    head = {
        "form": _FORM,
        "photos": [
            [name, one.size, one.stamp_ns, one.sha256, len(one.box_M4), one.reason]
            for name, one in index.photos.items()
        ],
    }
    content = io.BytesIO()
    np.savez(
        content,
        photos=np.frombuffer(to_json(head).encode(), np.uint8),
        box_P4=np.concatenate([np.zeros((0, 4), np.float32), *(one.box_M4 for one in photos)]),
        vector_PD=np.concatenate(
            [np.zeros((0, dim), np.float32), *(one.vector_MD for one in photos)]
        ),
    )
    write_whole(path, content.getvalue(), mode=_PRIVATE)
