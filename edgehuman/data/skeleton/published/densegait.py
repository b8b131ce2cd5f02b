"""DenseGait: annotations.csv with `file_name` and `track_id`, and an array (T, 18, 3) per track."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import Walk, WalkReader
from edgehuman.errors import DataError
from edgehuman.limits.archives import read_npy
from edgehuman.limits.sizes import MOST_PICTURE, MOST_TEXT, read_bounded
from edgehuman.reading.parsers import foreign
from edgehuman.reading.values import is_name

_TABLE = "annotations.csv"
_NEEDED = {"file_name", "track_id"}
_RATE_HZ = 24.0


def _columns(path: Path) -> list[str]:
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file, foreign():
            return next(csv.reader(file), [])
    except ValueError:
        return []


def _is(place: Path) -> bool:
    return set(_columns(place / _TABLE)) >= _NEEDED


def _read(place: Path) -> Iterator[Walk]:
    table = place / _TABLE
    for number, row in enumerate(_rows(table), start=2):
        name, track = row.get("file_name"), row.get("track_id")
        if not name or not track or not is_name(name):
            raise DataError(
                f"{table}: line {number} has no usable file_name or track_id; copy it again"
            )
        path = _inside(place, name)
        try:
            with foreign():
                joints = read_npy(read_bounded(path, MOST_PICTURE, DataError))
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: cannot be read ({error}); unpack it again") from None
        who = f"densegait:{track}"
        yield Walk(joints, who, f"densegait:{name}", role="train", rate_hz=_RATE_HZ)


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        lines = read_bounded(table, MOST_TEXT, DataError).decode("utf-8", "replace").splitlines()
        with foreign():
            return list(csv.DictReader(lines))
    except (OSError, ValueError) as error:
        raise DataError(f"{table}: cannot be read ({error}); unpack it again") from None


def _inside(place: Path, name: str) -> Path:
    """The file of a track; its name may include the folder that the archive unpacks into."""
    for path in (place / name, place.parent / name):
        if path.is_file() and place.parent.resolve() in path.resolve().parents:
            return path
    raise DataError(f"{place / name}: listed in {_TABLE}, but missing; unpack the archive again")


DENSEGAIT = Layout(
    "densegait",
    "annotations.csv with file_name and track_id, and the .npy files (frames, 18, 3) it names",
    _is,
    WalkReader(
        _read,
        _RATE_HZ,
        f"{_RATE_HZ:g} frames per second, and 18 joints in OpenPose order: not in the files",
    ),
)
