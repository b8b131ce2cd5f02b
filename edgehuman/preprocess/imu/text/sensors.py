"""A folder or a zip with a file per sensor: phyphox, Sensor Logger, MetaBase and others write such.

The gyroscope is interpolated to the instants of the accelerometer, where both have samples.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError
from edgehuman.files import decoded
from edgehuman.limits.sizes import FREE_TEXT, MOST_TEXT, read_bounded, require_few_lines
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.columns import ALIASES, REQUIRED, axis_of, listed, plain
from edgehuman.preprocess.imu.text.header import MAX_BEFORE, delimiter_of, find_header, split_cells
from edgehuman.preprocess.imu.text.joining import interpolated
from edgehuman.preprocess.imu.text.lines import RowParser
from edgehuman.reading.parsers import foreign
from edgehuman.records import Float32, Float64

# Words of file names, best first: with gravity before without.
_ACCELEROMETER = ("totalacceleration", "accelerationwithg", "accelerometer", "acceleration", "acc")
_WITHOUT_GRAVITY = ("linear", "withoutg", "useracc", "gravity")
_GYROSCOPE = ("gyroscope", "gyro", "rotationrate")
_SUFFIXES = (".csv", ".txt", ".tsv")
MOST_JOINED = 8_000_000
"""Lines of each of the two files: 22 hours at 100 rows a second, and 2 GB of memory."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows of both sensors at the instants of the accelerometer.

    Attributes:
        stamp_T: float64 (T,), in the unit of the files.
        imu_TC: float32 (T, 6).
        gyro_stated: whether rotation was turned into rad/s by its header.
        files: names of the two files.
    """

    stamp_T: Float64
    imu_TC: Float32
    gyro_stated: bool
    files: tuple[str, str]


def read_joined(path: Path, format: ImuFormat) -> Joined:
    """Read and join the two files of a folder or zip.

    Raises:
        DataError: no accelerometer or no gyroscope among its files, or they do not overlap.
    """
    files = _files(path)
    names = (_pick(files, _ACCELEROMETER), _pick(files, _GYROSCOPE))
    for name, what in zip(names, ("accelerometer with gravity", "gyroscope"), strict=True):
        if name is None:
            raise DataError(
                f"{path} has no file of the {what}; found "
                f"{listed(sorted(files)) or 'no .csv or .txt file'}. Give a folder with both "
                "(their names say which sensor), or one file with the columns "
                f"{','.join(REQUIRED)}"
            )
    accel_name, gyro_name = (str(name) for name in names)
    believed = (format.accel_unit == "auto", format.gyro_unit == "auto")
    left, sensors = MOST_TEXT, []
    for name, letter in ((accel_name, "a"), (gyro_name, "g")):
        content = _content(partial(files[name], left), f"{path}/{name}")
        left -= len(content)
        sensors.append(_Sensor(_lines(content), f"{path}/{name}", letter, believed))
    accel, gyro = sensors
    first, last = max(accel.t_T[0], gyro.t_T[0]), min(accel.t_T[-1], gyro.t_T[-1])
    kept_T = (accel.t_T >= first) & (accel.t_T <= last)
    if not kept_T.any():
        raise DataError(
            f"{accel_name} and {gyro_name} of {path} share no time: {accel.t_T[0]:g} to "
            f"{accel.t_T[-1]:g}, and {gyro.t_T[0]:g} to {gyro.t_T[-1]:g}; take both from one "
            "recording"
        )
    t_T = accel.t_T[kept_T]
    turned_TC = interpolated(t_T, gyro.t_T, gyro.value_TC)
    imu_TC = np.column_stack([accel.value_TC[kept_T], turned_TC]).astype(np.float32)
    return Joined(t_T, imu_TC, gyro.units.gyro is not None, (accel_name, gyro_name))


class _Sensor:
    """The samples of one file: its stamps (T,) in order, and x, y, z (T, 3)."""

    def __init__(
        self, lines: Sequence[str], where: str, letter: str, believed: tuple[bool, bool]
    ) -> None:
        at = find_header_of_three(lines)
        delimiter = delimiter_of(lines[at]) if lines else ","
        named = _renamed(split_cells(lines[at], delimiter) if lines else [], letter)
        parser = RowParser(where, believed=believed)
        # The other sensor's columns are filled with zeros, so that one parser reads every file.
        other = "g" if letter == "a" else "a"
        zeros = [f"{other}{axis}" for axis in "xyz"]
        tail = delimiter + delimiter.join("000")
        head = delimiter.join([*(f'"{name}"' for name in named), *zeros])
        rows = parser.parse([head, *(line + tail for line in lines[at + 1 :] if line.strip())])
        order_T = np.argsort(rows.stamp_T, kind="stable")
        finite_T = order_T[np.isfinite(rows.stamp_T[order_T])]
        if not finite_T.size:
            raise DataError(f"{where} holds no readable row ({'; '.join(parser.told)})")
        self.t_T = rows.stamp_T[finite_T]
        self.value_TC = rows.imu_TC[finite_T][:, :3] if letter == "a" else rows.imu_TC[finite_T, 3:]
        self.units = parser.units


def find_header_of_three(lines: Sequence[str]) -> int:
    """The place of the header of one sensor's file."""
    for at, line in enumerate(lines[:MAX_BEFORE]):
        cells = [plain(cell) for cell in split_cells(line, delimiter_of(line))]
        if {axis_of(cell) for cell in cells} >= {"x", "y", "z"}:
            return at
    return find_header(lines)


def _renamed(header: Sequence[str], letter: str) -> list[str]:
    """The header with the names of one sensor: "z-axis (g)" of an accelerometer -> "az (g)"."""
    names = []
    for name in header:
        axis = "" if plain(name) in ALIASES["t"] else axis_of(plain(name))
        unit = re.search(r"[(\[].*", name)
        names.append(f"{letter}{axis} {unit[0] if unit else ''}".strip() if axis else name)
    return names


def beside(path: Path) -> str:
    """What to add to the message about a file of one sensor whose other one is beside it."""
    names = [each.name for each in path.parent.iterdir() if _is_text(each.name)]
    pair = _pick(names, _ACCELEROMETER), _pick(names, _GYROSCOPE)
    if None in pair or path.name not in pair:
        return ""
    other = pair[1] if path.name == pair[0] else pair[0]
    return f"; {other} is beside it: give the folder, --source {path.parent}"


def _files(path: Path) -> Mapping[str, Callable[[int], bytes]]:
    """What reads each text file of a folder or zip, by name, up to a number of bytes."""
    if path.is_dir():
        return {each.name: partial(_read, each) for each in path.iterdir() if _is_text(each.name)}
    from edgehuman.limits.archives import opened_zip  # here: a CSV file needs none of it

    try:
        with foreign(), opened_zip(path, DataError) as archive:
            names = archive.namelist()
    except (ValueError, OSError) as error:
        raise DataError(f"cannot read {path} as a zip ({error}); give the folder inside") from None
    return {name: partial(_unpacked, path, name) for name in names if _is_text(name)}


def _read(path: Path, most: int) -> bytes:
    return read_bounded(path, most, DataError, "recording")


def _unpacked(path: Path, name: str, most: int) -> bytes:
    from edgehuman.limits.archives import member, opened_zip

    with opened_zip(path, DataError) as archive:
        return bytes(member(archive, name, most, DataError, FREE_TEXT))


def _content(read: Callable[[], bytes], where: str) -> bytes:
    try:
        with foreign():  # of a zip: damaged, encrypted, packed in a way of its own
            content = read().removeprefix(codecs.BOM_UTF8)
        require_few_lines(content, where, DataError, MOST_JOINED)
    except DataError:
        raise
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {where} ({error}); check its permissions") from None
    return content


def _lines(content: bytes) -> list[str]:
    return [decoded(line) for line in content.splitlines()]


def _is_text(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base.lower().endswith(_SUFFIXES) and not base.startswith(".")


def _pick(names: Sequence[str] | Mapping[str, object], words: Sequence[str]) -> str | None:
    """The file whose name holds the first of the words that any holds."""
    flat = {name: plain(Path(name).stem).replace("_", "") for name in sorted(names)}
    usable = {
        name: text for name, text in flat.items() if not any(w in text for w in _WITHOUT_GRAVITY)
    }
    for word in words:
        for name, text in usable.items():
            if word in text:
                return name
    return None
