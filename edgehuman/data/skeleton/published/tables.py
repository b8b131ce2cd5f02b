"""Skeletons as one large CSV, one row per frame: `image_name` and x, y, confidence of COCO-17.

CASIA-B (GaitGraph)   image_name,nose_x,nose_y,nose_conf,...
                      frames/001-nm-01-000/000001.jpg,...
Gait3D, GREW (GaitPT) image_name,identity,image_width,image_height,nose_x,...
                      0000/camid0_videoid2/seq0/0001.jpg,...
                      train/00001/4XPn5Z28/00001_2d_pose.txt,...

Frames without a detected pose are not in the file: the frame number gives the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import numpy as np

from edgehuman.data.gait.roles import casia_b_role, gait3d_role, grew_role, read_partition
from edgehuman.data.skeleton.layout import Walk
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_LINE, lines_within
from edgehuman.records import Float64

_COLUMNS = 51
_SIZED = ("identity", "image_width", "image_height")
_CASIA_B = re.compile(r"(\d{3})-((?:nm|bg|cl)-\d\d)-(\d{3})")
_LAST_NUMBER = re.compile(r"(\d+)(?!.*\d)")
_FIRST_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    line: int
    size: tuple[str, ...]
    joints_J3: Float64

    @property
    def folder(self) -> str:
        return self.name.rpartition("/")[0]


def header(path: Path) -> list[str]:
    """The column names of a CSV; empty if it is not one."""
    if path.suffix != ".csv" or not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace") as file:
        return [word.strip() for word in file.readline(4096).split(",")]


def first_name(path: Path) -> str:
    """Name of the first frame of a CSV."""
    with path.open(encoding="utf-8", errors="replace") as file:
        file.readline(MOST_LINE)
        return file.readline(4096).partition(",")[0]


def is_casia_b(path: Path) -> bool:
    """Whether a CSV is CASIA-B as GaitGraph writes it."""
    names = header(path)
    return names[:1] == ["image_name"] and bool(_CASIA_B.search(first_name(path)))


def is_gait3d(path: Path) -> bool:
    """Whether a CSV is Gait3D as GaitPT writes it."""
    return _is_sized(path) and "camid" in first_name(path)


def is_grew(path: Path) -> bool:
    """Whether a CSV is GREW as GaitPT writes it."""
    return _is_sized(path) and first_name(path).endswith("_2d_pose.txt")


def _is_sized(path: Path) -> bool:
    names = header(path)
    return names[:1] == ["image_name"] and set(_SIZED) <= set(names[1:4])


def read_casia_b(path: Path) -> Iterator[Walk]:
    """CASIA-B: 25 Hz, 320x240 pixels."""
    for folder, rows in _walks(path, sized=False):
        found = _CASIA_B.search(folder)
        if found is None:
            raise DataError(
                f"{path}: line {rows[0].line}: found {rows[0].name!r}; name CASIA-B frames "
                "FOLDER/001-nm-01-000/000001.jpg"
            )
        person, walk, view = found.groups()
        yield Walk(
            _joints(rows), f"casia_b:{person}", f"casia_b:{person}-{walk}-{view}", view, walk,
            casia_b_role(person, walk), 25.0, _stamps(rows, 25.0, _LAST_NUMBER, path), 240, 320,
        )  # fmt: skip


def read_gait3d(path: Path) -> Iterator[Walk]:
    """Gait3D: 25 Hz."""
    partition = read_partition(path.parent, "Gait3D.json")
    for folder, rows in _walks(path, sized=True):
        person, camera, walk = _ends(folder, rows[0], path)
        width_px, height_px = _size(rows[0], path)
        yield Walk(
            _joints(rows), f"gait3d:{person}", f"gait3d:{person}-{camera}-{walk}", camera, walk,
            gait3d_role(person, camera, walk, partition), 25.0,
            _stamps(rows, 25.0, _LAST_NUMBER, path), height_px, width_px,
        )  # fmt: skip


def read_grew(path: Path) -> Iterator[Walk]:
    """GREW: 30 Hz; the walks of a test person are numbered from 01 in the file's order."""
    counts: dict[str, int] = {}
    for folder, rows in _walks(path, sized=True):
        part, person, video = _ends(folder, rows[0], path)
        width_px, height_px = _size(rows[0], path)
        if part != "train":
            counts[person] = counts.get(person, 0) + 1
        walk = "00" if part == "train" else "03" if person == "probe" else f"{counts[person]:02d}"
        who = f"train-{person}" if part == "train" else person
        who = f"probe-{video}" if person == "probe" else who
        role = grew_role("train" if part == "train" else person, walk)
        yield Walk(
            _joints(rows), f"grew:{who}", f"grew:{part}-{person}-{video}", "", walk, role, 30.0,
            _stamps(rows, 30.0, _FIRST_NUMBER, path), height_px, width_px,
        )  # fmt: skip


def _ends(folder: str, row: _Row, path: Path) -> tuple[str, str, str]:
    parts = folder.split("/")
    if len(parts) < 3:
        raise DataError(
            f"{path}: line {row.line}: found {row.name!r}; a frame's name is three folders and "
            "its file"
        )
    return parts[-3], parts[-2], parts[-1]


def _size(row: _Row, path: Path) -> tuple[int, int]:
    """(width, height) of a row's picture."""
    try:
        return round(float(row.size[0])), round(float(row.size[1]))
    except (ValueError, OverflowError):
        raise DataError(
            f"{path}: line {row.line}: picture size is {' x '.join(row.size)}; give width and "
            "height in pixels"
        ) from None


def _walks(path: Path, sized: bool) -> Iterator[tuple[str, list[_Row]]]:
    """The rows of each folder of frames; a folder's rows are contiguous."""
    finished: set[str] = set()
    for folder, rows in groupby(_rows(path, sized), key=lambda row: row.folder):
        if folder in finished:
            raise DataError(
                f"{path}: the frames of {folder} are not contiguous; sort the file by image_name"
            )
        finished.add(folder)
        yield folder, list(rows)


def _rows(path: Path, sized: bool) -> Iterator[_Row]:
    names = header(path)
    skipped = 4 if sized else 1
    size = [names.index(name) for name in _SIZED[1:]] if sized else []
    if len(names) - skipped != _COLUMNS:
        raise DataError(
            f"{path}: found {len(names) - skipped} joint columns; COCO-17 has {_COLUMNS}: x, "
            "y, confidence of each joint"
        )
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = lines_within(file, str(path), DataError)
        for number, line in enumerate(islice(lines, 1, None), start=2):
            words = line.rstrip("\r\n").split(",")
            if words == [""]:
                continue
            try:
                values = np.array(words[skipped:], np.float64)
                joints_J3 = values.reshape(17, 3)
            except ValueError:
                raise DataError(
                    f"{path}: line {number}: found {len(words)} columns, or one is not a number; "
                    f"a row needs {len(names)}: its name and numbers"
                ) from None
            yield _Row(words[0], number, tuple(words[i] for i in size), joints_J3)


def _joints(rows: list[_Row]) -> Float64:
    return np.stack([row.joints_J3 for row in rows])


def _stamps(rows: list[_Row], rate_hz: float, number: re.Pattern[str], path: Path) -> Float64:
    """Time of each frame in seconds, from the number in its file name."""
    found = [number.search(row.name.rpartition("/")[2]) for row in rows]
    if not all(found):
        raise DataError(
            f"{path}: line {rows[found.index(None)].line}: found {rows[0].name!r}; a frame's file "
            "name must be its number"
        )
    counts = np.array([int(match[1]) for match in found if match is not None], np.float64)
    return counts / rate_hz
