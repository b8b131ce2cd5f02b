"""The head of a text file: lines before the header, its delimiter, the units that it states.

| before the header | written by |
|---|---|
| `# ...` | many loggers |
| `sep=,` | programs that write for Excel |
| `---- ... ActiGraph ... ----` and nine lines | ActiLife |
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgehuman.preprocess.imu.text import columns
from edgehuman.records import STANDARD_GRAVITY_MS2

# A header stands in the first lines or nowhere.
MAX_BEFORE = 30
_SEPARATOR = re.compile(r"^\"?sep=(.)\"?$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^][]*)\]")
# What brackets behind a name say, in lower case without spaces: how many g, or rad/s, that is.
_IN_G = {
    **dict.fromkeys(("g", "gs"), 1.0),
    **dict.fromkeys(("mg",), 1e-3),
    **dict.fromkeys(("m/s^2", "m/s²", "m/s2", "ms^-2", "ms-2", "m/s/s"), 1 / STANDARD_GRAVITY_MS2),
}
_DEGREE = math.pi / 180
_IN_RAD_S = {
    **dict.fromkeys(("rad/s", "rads", "rps"), 1.0),
    **dict.fromkeys(("deg/s", "degs", "dps", "°/s", "º/s", "degrees/s"), _DEGREE),
    **dict.fromkeys(("mdps", "mdeg/s"), 1e-3 * _DEGREE),
}

_WISDM_V1 = re.compile(r"\d+,[A-Za-z]+,\d+,-?[\d.eE-]+,-?[\d.eE-]+,-?[\d.eE-]+;?")


@dataclass(frozen=True, slots=True)
class StatedUnits:
    """Units that stand in the header, as factors to g and rad/s; None where it states none."""

    accel: float | None = None
    gyro: float | None = None


def stated_units(names: Sequence[str]) -> StatedUnits:
    """The units in brackets behind the names ax ay az gx gy gz, if all three axes say the same."""
    return StatedUnits(_stated(names[:3], _IN_G), _stated(names[3:], _IN_RAD_S))


def _stated(names: Sequence[str], known: dict[str, float]) -> float | None:
    said = {known.get(_unit(name)) for name in names}
    return said.pop() if len(said) == 1 else None


def _unit(name: str) -> str:
    found = _IN_BRACKETS.search(name)
    return re.sub(r"\s", "", (found[1] or found[2] or "").lower()) if found else ""


def is_before_header(line: str) -> bool:
    """Whether a line is a remark, whatever stands in it."""
    return line.startswith("#") or bool(_SEPARATOR.match(line)) or set(line[:8]) == {"-"}


def stated_delimiter(line: str) -> str | None:
    """The sign of a line `sep=;`."""
    found = _SEPARATOR.match(line)
    return found[1] if found else None


def foreign(line: str) -> str:
    """Why a file is none that can be read, from its first line, if it is a known one; else ""."""
    if _WISDM_V1.match(line):
        return (
            "is WISDM v1.1 (user,activity,stamp,x,y,z): the accelerometer alone, and models of six "
            "channels need a gyroscope. The set of 2019 has both: `edgehuman data list`"
        )
    if "tBodyAcc-mean()-X" in line:
        return (
            "holds the 561 features of UCI HAR, as Kaggle gives them out, and no signals; the raw "
            "signals are in the UCI archive (`UCI HAR Dataset`): `edgehuman data list`"
        )
    return ""


def split_cells(line: str, delimiter: str) -> list[str]:
    """The cells of a line of CSV, without the spaces around them."""
    spaced = delimiter == " "
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=spaced), [])
    except csv.Error:  # before Python 3.11: of a line with a zero byte
        cells = line.split(delimiter)
    return [cell.strip() for cell in cells]


def delimiter_of(line: str) -> str:
    """The sign between the names of a header."""
    return max(",;\t", key=line.count) if any(sign in line for sign in ",;\t") else " "


def find_header(lines: Sequence[str]) -> int:
    """The place of the header among the first lines: the one that names most of the columns; 0 if
    none names three.
    """
    known = [_known_names(line) for line in lines[:MAX_BEFORE]]
    most = max(known, default=0)
    return known.index(most) if most >= 3 else 0


def names_columns(lines: Sequence[str]) -> bool:
    """Whether one of the first lines names three of the columns or more."""
    return max((_known_names(line) for line in lines[:MAX_BEFORE]), default=0) >= 3


def _known_names(line: str) -> int:
    delimiter = delimiter_of(line)
    if line.count(delimiter) >= columns.MAX_COLUMNS:
        return 0
    cells = {columns.plain(cell) for cell in split_cells(line, delimiter)}
    return sum(bool(cells & {name, *columns.ALIASES[name]}) for name in columns.REQUIRED)
