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
from edgehuman.limits.sizes import MOST_TEXT, read_bounded
from edgehuman.preprocess.skeleton.formats.content import beginning, text_of
from edgehuman.preprocess.skeleton.formats.people import Person, people
from edgehuman.preprocess.skeleton.names import order_by_name
from edgehuman.reading.parsers import foreign

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
        text = text_of(read_bounded(path, MOST_TEXT, DataError))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    lines = text.splitlines()
    header = _header(text)
    rows = [
        {
            name: _value(name, cell, f"{path}: line {number}")
            for name, cell in zip(header, row, strict=False)
        }
        for number, row in enumerate(_cells(lines[1:], _delimiter(text), path), start=2)
        if any(cell.strip() for cell in row) and [cell.strip() for cell in row] != header
    ]
    places = _places(header)
    if len(places) >= _FEWEST:
        yield from people(_wide(rows, places, str(path)), str(path))
    else:
        yield from people(_long(rows, str(_joint_column(header)), str(path)), str(path))


def _cells(lines: list[str], delimiter: str, path: Path) -> list[list[str]]:
    try:
        with foreign():
            return list(csv.reader(lines, delimiter=delimiter))
    except ValueError as error:
        raise DataError(f"{path}: cannot be read ({error}); write it again") from None


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max((",", ";", "\t"), key=first.count)


def _header(text: str) -> list[str]:
    first = text.partition("\n")[0].strip().lstrip("#").strip()
    return [cell.strip().strip('"') for cell in first.split(_delimiter(text))]


def _places(header: list[str]) -> dict[str, dict[str, str]]:
    """Joint -> axis -> column, for joints with numbers if they are enough for a person."""
    found: dict[str, dict[str, str]] = {}
    for name in header:
        match = _AXIS_FIRST.fullmatch(name) or _JOINT_FIRST.fullmatch(name)
        if match is not None and (axis := _AXES[match["axis"].lower()]):
            found.setdefault(match["joint"], {}).setdefault(axis, name)
    whole = {joint: axes for joint, axes in found.items() if "x" in axes and "y" in axes}
    numbered = {joint: axes for joint, axes in whole.items() if re.search(r"\d$", joint)}
    return numbered if len(numbered) >= _FEWEST else whole


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
    rows: list[dict[str, object]], places: Mapping[str, Mapping[str, str]], where: str
) -> list[dict[str, object]]:
    """An object with joints for every row."""
    used = {column for axes in places.values() for column in axes.values()}
    sure = any("c" in axes for axes in places.values())
    wanted = ("x", "y", "c") if sure else ("x", "y")
    columns = [*places.values()]
    order = order_by_name([*places], where, whole=True)
    objects = []
    for row in rows:
        joints = [
            None
            if place is None
            else [row.get(columns[place][axis]) for axis in wanted if axis in columns[place]]
            for place in order
        ]
        other = {name.lower(): value for name, value in row.items() if name not in used}
        objects.append({**other, "joints": joints})
    return objects


def _long(rows: list[dict[str, object]], joint: str, where: str) -> list[dict[str, object]]:
    """An object with joints for every frame of a table with a row per joint; where a joint comes
    again, another begins. A joint without a row was not seen.
    """
    made: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    names: dict[str, None] = {}
    of_joint = {"x", "y", "z", *_AXES, *_JOINT_KEYS, *_NAMES, *_NUMBERS_OF_ROWS}
    for row in rows:
        small = {name.lower(): value for name, value in row.items()}
        other = {name: value for name, value in small.items() if name not in of_joint}
        sure = next((small[name] for name in _AXES if _AXES[name] == "c" and name in small), 1.0)
        name = _joint_name(small.get(joint.lower()))
        names[name] = None
        held = made.setdefault(tuple(other.items()), [])
        if not held or name in held[-1]["joints"]:
            held.append({**other, "joints": {}})
        held[-1]["joints"][name] = [small.get("x"), small.get("y"), sure]
    joints = [*names]
    order = order_by_name(joints, where, whole=True) if joints else []
    objects = [each for held in made.values() for each in held]
    for each in objects:
        of = each["joints"]
        each["joints"] = [None if place is None else of.get(joints[place]) for place in order]
    return objects


def _joint_name(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
