"""Joints in a CSV: a row per frame or a row per joint, as scripts around MediaPipe write them.

frame, timestamp_ms, x0, y0, z0, v0, x1, ...        or nose_x, nose_y, nose_visibility, ...
frame, landmark, x, y, z, visibility                a row per joint

Columns and rows whose joints have names may stand in any order.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.formats.content import beginning
from edgehuman.preprocess.skeleton.formats.people import Person, people

_AXES: Mapping[str, str] = {
    "x": "x",
    "y": "y",
    "c": "c",
    "v": "c",
    "s": "c",
    "z": "",
    "p": "",
    **dict.fromkeys(("visibility", "vis", "score", "conf", "confidence", "likelihood"), "c"),
    "presence": "",
}
_AXIS = "|".join(sorted(_AXES, key=len, reverse=True))
_WORD = "(?:(?:keypoint|kpt|kp|joint|landmark|lm|pose)[_ .-]?)?"
_AXIS_FIRST = re.compile(rf"{_WORD}(?P<axis>{_AXIS})[_ .-]?(?P<joint>\d+)", re.IGNORECASE)
_JOINT_FIRST = re.compile(rf"(?P<joint>\w*[a-z0-9])[_ .-](?P<axis>{_AXIS})", re.IGNORECASE)
_JOINT_KEYS = ("landmark", "landmark_id", "landmark_index", "joint", "keypoint", "keypoint_id")
_NAMES = ("joint_id", "landmark_name", "name", "index", "part")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d+$)")
# Columns that number the rows, as pandas writes them.
_NUMBERS_OF_ROWS = ("", "unnamed: 0")
_FEWEST = 17
TABLES = (".csv", ".tsv")
# Columns that are words; all others are numbers.
_WORDS = ("image_name", "img_name", "file_name", "filename", "image", "image_path")


def is_table(path: Path) -> bool:
    """Whether a CSV has columns of joints."""
    if path.suffix.lower() not in TABLES:
        return False
    header = _header(beginning(path))
    return len(_places(header)) >= _FEWEST or _joint_column(header) is not None


def read_table(path: Path) -> Iterator[Person]:
    """The people of a table, a frame a row where no column says otherwise.

    Raises:
        DataError: it cannot be read, or a cell is no number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    lines = text.splitlines()
    header = _header(text)
    rows = [
        {
            name: _value(name, cell, f"{path}: line {number}")
            for name, cell in zip(header, row, strict=False)
        }
        for number, row in enumerate(csv.reader(lines[1:], delimiter=_delimiter(text)), start=2)
        if any(cell.strip() for cell in row) and [cell.strip() for cell in row] != header
    ]
    places = _places(header)
    wide = len(places) >= _FEWEST
    objects = _wide(rows, places) if wide else _long(rows, str(_joint_column(header)))
    yield from people(objects, str(path))


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _header(text: str) -> list[str]:
    first = text.partition("\n")[0].strip().lstrip("#").strip()
    return [cell.strip().strip('"') for cell in first.split(_delimiter(text))]


def _places(header: list[str]) -> dict[str, dict[str, str]]:
    """Joint -> axis -> column, the joints in order: by number, or as their columns stand."""
    found: dict[str, dict[str, str]] = {}
    for name in header:
        match = _AXIS_FIRST.fullmatch(name) or _JOINT_FIRST.fullmatch(name)
        if match is not None and (axis := _AXES[match["axis"].lower()]):
            found.setdefault(match["joint"], {}).setdefault(axis, name)
    whole = {joint: axes for joint, axes in found.items() if "x" in axes and "y" in axes}
    number_of = {joint: re.search(r"\d+$", joint) for joint in whole}
    if all(number_of.values()):
        return dict(sorted(whole.items(), key=lambda each: int(re.findall(r"\d+$", each[0])[0])))
    return whole


def _joint_column(header: list[str]) -> str | None:
    """The column that names the joint of a row; None if it has none, or no x and y."""
    small = {name.lower(): name for name in header}
    if not {"x", "y"} <= set(small):
        return None
    return next((small[key] for key in (*_JOINT_KEYS, *_NAMES) if key in small), None)


def _value(name: str, cell: str, where: str) -> object:
    text = cell.strip()
    try:
        return float(_DECIMAL_COMMA.sub(".", text))
    except ValueError:
        if not text or text.lower() in ("nan", "none", "null"):
            return None
        if _JOINT_FIRST.fullmatch(name) or _AXIS_FIRST.fullmatch(name) or name in ("x", "y"):
            raise DataError(
                f"{where}: {name} is {text[:40]!r}; it must be a number, or empty where the joint "
                "was not seen"
            ) from None
        return text


def _wide(
    rows: list[dict[str, object]], places: Mapping[str, Mapping[str, str]]
) -> list[dict[str, object]]:
    """An object with joints for every row."""
    used = {column for axes in places.values() for column in axes.values()}
    sure = any("c" in axes for axes in places.values())
    objects = []
    for row in rows:
        joints = {
            joint: [
                row.get(axes[axis])
                for axis in ("x", "y", *(("c",) if sure else ()))
                if axis in axes
            ]
            for joint, axes in places.items()
        }
        other = {name.lower(): value for name, value in row.items() if name not in used}
        objects.append({**other, "joints": joints})
    return objects


def _long(rows: list[dict[str, object]], joint: str) -> list[dict[str, object]]:
    """An object with joints for every frame of a table with a row per joint; where a joint comes
    again, another begins.
    """
    made: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    of_joint = {"x", "y", "z", *_AXES, *_JOINT_KEYS, *_NAMES, *_NUMBERS_OF_ROWS}
    for row in rows:
        small = {name.lower(): value for name, value in row.items()}
        other = {name: value for name, value in small.items() if name not in of_joint}
        sure = next((small[name] for name in _AXES if _AXES[name] == "c" and name in small), 1.0)
        name = small[joint.lower()]
        name = f"{name:g}" if isinstance(name, float) else str(name)
        held = made.setdefault(tuple(other.items()), [])
        if not held or name in held[-1]["joints"]:
            held.append({**other, "joints": {}})
        held[-1]["joints"][name] = [small["x"], small["y"], sure]
    return [each for held in made.values() for each in held]
