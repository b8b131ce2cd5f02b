"""DenseGait: annotations.csv with `file_name` and `track_id`, and an array (T, 18, 3) per track."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import Walk, WalkReader
from edgehuman.errors import DataError
from edgehuman.limits.archives import read_npy
from edgehuman.limits.sizes import MOST_PICTURE, read_bounded

_TABLE = "annotations.csv"
_NEEDED = {"file_name", "track_id"}
_RATE_HZ = 24.0


def _columns(path: Path) -> list[str]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return next(csv.reader(file), [])


def _is(place: Path) -> bool:
    return set(_columns(place / _TABLE)) >= _NEEDED


def _read(place: Path) -> Iterator[Walk]:
    with (place / _TABLE).open(encoding="utf-8", errors="replace", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            name, track = row.get("file_name"), row.get("track_id")
            if not name or not track:
                raise DataError(
                    f"{place / _TABLE}: line {number} has no file_name or track_id; copy it again"
                )
            path = _inside(place, name)
            try:
                joints = read_npy(read_bounded(path, MOST_PICTURE, DataError))
            except DataError:
                raise
            except (OSError, ValueError, EOFError) as error:
                raise DataError(f"{path}: cannot be read ({error}); unpack it again") from None
            who = f"densegait:{track}"
            yield Walk(joints, who, f"densegait:{name}", role="train", rate_hz=_RATE_HZ)


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
