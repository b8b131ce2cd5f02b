"""A whole recording of a wearable from a file: what `run` reads as a stream, read at once.

    for person, rows in read_people(Path("walks.csv")).items(): ...

Any form that `run` takes: CSV or JSON lines with any header, units and clock, a zip or a folder
with a file per sensor. A table may hold several people, told apart by a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError
from edgehuman.files import decoded, unix_ends
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.columns import plain
from edgehuman.preprocess.imu.text.documents import GZIP, is_document, read_text
from edgehuman.preprocess.imu.text.header import (
    delimiter_of,
    find_header,
    foreign,
    names_columns,
    split_cells,
)
from edgehuman.preprocess.imu.text.lines import RowParser, Rows, join_rows
from edgehuman.preprocess.imu.text.sensors import read_joined
from edgehuman.preprocess.imu.text.stamps import StampReader
from edgehuman.reading.parsers import json_of

SUFFIXES = (".csv", ".jsonl", ".json", ".ndjson", ".txt", ".tsv")
PERSON_COLUMNS = ("subject", "subject_id", "user", "user_id", "person", "participant", "volunteer")
_LINES = 20_000
_BEFORE = 60
BEGINNING = 1 << 18
"""Bytes that tell what a file is: the longest line fits."""
_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?")
_ROW_OF_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording as its file gives it.

    Attributes:
        rows: stamps in seconds, six channels in the file's units, labels.
        labels: names of the labels.
        gyro_stated: whether rotation is in rad/s for certain.
        accel_stated: whether acceleration is in g for certain.
    """

    rows: Rows
    labels: tuple[str, ...]
    gyro_stated: bool
    accel_stated: bool


def is_recording(path: Path) -> bool:
    """Whether a file's name is that of text, or of a zip of text; hidden files are not."""
    suffix = path.suffix.lower()
    if suffix == GZIP:
        suffix = Path(path.stem).suffix.lower()
    return suffix in (*SUFFIXES, ".zip") and not path.name.startswith(".")


def read_people(path: Path, format: ImuFormat | None = None) -> dict[str, Recording]:
    """Read a recording; {"": it}, or by person if a column tells people apart.

    Args:
        format: the declared units and clock; a declared unit is taken in the header's place. Axes
            are left as they are.

    Raises:
        DataError: not readable, no rows, or without the six channels; the message names the file.
    """
    format = format or ImuFormat()
    if path.is_dir() or path.suffix.lower() == ".zip":
        if format.rate_hz:
            raise DataError(
                f"{path}: --rate-hz is for rows without stamps; files of one sensor each are "
                "joined by theirs: leave it out"
            )
        joined = read_joined(path, format)
        rows = _in_seconds([Rows(joined.stamp_T, joined.imu_TC, None)], format)
        return {"": Recording(rows, (), joined.gyro_stated, False)}
    lines = _lines(path)
    return {name: _parsed(path, own, format) for name, own in _by_person(lines).items()}


def looks_meant(path: Path) -> bool:
    """Whether a file that is no recording is meant as one: it names columns, or is known."""
    lines = _beginning(path)
    return names_columns(lines) or bool(lines and foreign(lines[0]))


def is_prose(path: Path) -> bool:
    """Whether a file is plainly no recording, as a README: text without a row of three numbers."""
    if path.suffix.lower() == ".zip":
        return False
    lines = [line for line in _beginning(path) if line.strip()]
    if not lines or looks_meant(path) or any("\0" in line or "\ufffd" in line for line in lines):
        return False
    return not any(map(_has_numbers, lines))


def _has_numbers(line: str) -> bool:
    """Whether a line is a JSON object of three numbers or more, or a row half of which they are."""
    cells = [
        cell.strip(' "{}[]') for cell in re.split(r"[,:]" if "{" in line else r"[,;\s]+", line)
    ]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    return numbers >= _ROW_OF_NUMBERS and ("{" in line or 2 * numbers >= len(cells))


def parser_of(name: str, format: ImuFormat, strict: bool = True) -> RowParser:
    """A parser that believes the units of a header where the format declares none."""
    believed = (format.accel_unit == "auto", format.gyro_unit == "auto")
    stamp_unit = "auto" if format.rate_hz else format.stamp_unit
    return RowParser(name, strict, format.rate_hz, believed, stamp_unit, format.phone)


def columns_of(path: Path, rate_hz: float | None = None) -> None:
    """Raise DataError if the beginning of a file is not a recording's; the message says why.

    Args:
        rate_hz: rows per second, for rows without stamps.
    """
    if path.suffix.lower() == ".zip":
        read_joined(path, ImuFormat())
        return
    lines = _beginning(path)
    if not any(line.strip() for line in lines):
        raise DataError(f"{path} is empty; give a CSV file with a header, or JSON lines")
    RowParser(str(path), rate_hz=rate_hz).parse(lines)


def _beginning(path: Path) -> list[str]:
    try:
        with path.open("rb") as stream:
            beginning = stream.read(BEGINNING)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); fix its permissions") from None
    if is_document(beginning):
        beginning = read_text(path)[:BEGINNING]
    return [decoded(line) for line in unix_ends(beginning).split(b"\n")[:_BEFORE]]


def _lines(path: Path) -> list[str]:
    lines = [decoded(line) for line in unix_ends(read_text(path)).split(b"\n")]
    return lines[:-1] if lines and not lines[-1].strip() else lines


def _by_person(lines: list[str]) -> dict[str, list[str]]:
    """The lines of each person, each with the header; all under "" without such a column."""
    if lines and lines[0].lstrip("\ufeff ").startswith("{"):
        return _by_key(lines)
    before = find_header(lines[:_BEFORE]) if lines else 0
    if before >= len(lines):
        return {"": lines}
    header = lines[before].lstrip("\ufeff").strip()
    delimiter = delimiter_of(header)
    names = [plain(cell) for cell in split_cells(header, delimiter)]
    place = next((names.index(name) for name in PERSON_COLUMNS if name in names), None)
    if place is None:
        return {"": lines}
    people: dict[str, list[str]] = {}
    for line in lines[before + 1 :]:
        cells = split_cells(line, delimiter)
        name = cells[place].strip() if len(cells) == len(names) else ""
        if name:
            people.setdefault(name, [*lines[: before + 1]]).append(line)
    return people or {"": lines}


def _by_key(lines: list[str]) -> dict[str, list[str]]:
    """The JSON lines of each person; all under "" without such a key in the first."""
    try:
        first = json_of(lines[0].lstrip("\ufeff"))
        key = next(key for key in first if plain(key) in PERSON_COLUMNS)
    except (ValueError, StopIteration):
        return {"": lines}
    people: dict[str, list[str]] = {}
    for line in lines:
        try:
            name = str(json_of(line.lstrip("\ufeff"))[key]).strip()
        except (ValueError, KeyError, TypeError):
            continue
        if name:
            people.setdefault(name, []).append(line)
    return people


def _parsed(path: Path, lines: Sequence[str], format: ImuFormat) -> Recording:
    parser = parser_of(str(path), format)
    pieces = [parser.parse(part) for part in _chunks(lines)]
    rows = _in_seconds(pieces, format)
    if not rows.stamp_T.size:
        why = f": {'; '.join(parser.told)}" if parser.told else ""
        raise DataError(f"{path} holds no readable row{why}; see `edgehuman run --help`")
    stated = parser.units
    return Recording(rows, parser.labels, stated.gyro is not None, stated.accel is not None)


def _in_seconds(pieces: Sequence[Rows], format: ImuFormat) -> Rows:
    stamps = StampReader("s" if format.rate_hz else format.stamp_unit)
    ready = [done for rows in pieces for done in stamps.push(rows)]
    nothing = Rows(np.empty(0), np.empty((0, 6), np.float32), None)
    return join_rows([*ready, *stamps.push(nothing, last=True)] or [nothing])


def _chunks(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(lines), _LINES):
        yield lines[start : start + _LINES]
