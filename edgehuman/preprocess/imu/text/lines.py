"""Lines of text to rows of numbers: CSV with a header, JSON lines, and one row per datagram.

An unreadable line is dropped and counted, and the first few are described in words. Whole blocks
are parsed at once; only a block with a bad line is read line by line.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import PER_SECOND, Phone, StampUnit
from edgehuman.preprocess.imu.text import clock, columns
from edgehuman.preprocess.imu.text.cells import TIME_ADVICE, is_number, number
from edgehuman.preprocess.imu.text.columns import Columns
from edgehuman.preprocess.imu.text.documents import unwrapped
from edgehuman.preprocess.imu.text.events import SensorEvents, is_event
from edgehuman.preprocess.imu.text.header import (
    MAX_BEFORE,
    StatedUnits,
    delimiter_of,
    find_header,
    foreign,
    is_before_header,
    split_cells,
    stated_delimiter,
    stated_units,
)
from edgehuman.preprocess.imu.text.rate import RateGuard
from edgehuman.preprocess.imu.text.tagged import tagged_samples
from edgehuman.reading.parsers import json_of
from edgehuman.records import Float32, Float64

MAX_TOLD = 3
_LOOKED_AT = 64
_SHOWN = 64  # characters of a line that is not read
WANTED = "CSV with a header, or JSON lines (UTF-8)"
NOT_TEXT = f"is not text; give {WANTED}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Parsed rows, in the order of their lines.

    Attributes:
        stamp_T: float64 (T,), in the unit of the text.
        imu_TC: float32 (T, 6).
        label_T: int16 (T,), index into the parser's `labels`, -1 where empty; None: no such column.
    """

    stamp_T: Float64
    imu_TC: Float32
    label_T: NDArray[np.int16] | None


def join_rows(parts: Sequence[Rows]) -> Rows:
    """Several blocks of rows as one; rows of a block without labels get -1 beside one with."""
    label_T = None
    if any(part.label_T is not None for part in parts):
        labels = [
            np.full(part.stamp_T.size, -1, np.int16) if part.label_T is None else part.label_T
            for part in parts
        ]
        label_T = np.concatenate(labels)
    return Rows(
        np.concatenate([np.empty(0), *(part.stamp_T for part in parts)]),
        np.concatenate([np.empty((0, 6), np.float32), *(part.imu_TC for part in parts)]),
        label_T,
    )


class RowParser:
    """Text to rows; the first line decides whether it is CSV or JSON.

    Args:
        where: the name of the source, for messages.
        strict: True: a wrong header is an error. False (datagrams): unreadable lines are counted,
            and rows may come without a header, in the default order.
        rate_hz: rows per second, for rows without stamps; None: they have stamps.
        believed: whether units in the header of acceleration, and of rotation, are believed: the
            numbers are then turned into g and rad/s.
        stamp_unit: of the events of one sensor; others are left as they are.
        phone: whose signs the events of Sensor Logger have.

    Attributes:
        rows, bad: lines read and lines dropped.
        truncated: 1 if the last line was cut short.
        told, newest: the first dropped lines, and the last one, in words.
        units: what the header states, as far as it is believed.
        events: what joins the events of one sensor each; None if there are none.
    """

    def __init__(
        self,
        where: str,
        strict: bool = True,
        rate_hz: float | None = None,
        believed: tuple[bool, bool] = (True, True),
        stamp_unit: StampUnit = "auto",
        phone: Phone | None = None,
    ) -> None:
        self.where = where
        self.rows = self.bad = self.truncated = 0
        self.told: list[str] = []
        self.newest = ""
        self._labels = columns.LabelNames()
        self._strict, self._rate_hz = strict, rate_hz
        self._columns: Columns | None = None  # of CSV
        self._keys: Columns | None = None  # of JSON
        self.units = StatedUnits()
        self._guard = None if rate_hz is None else RateGuard(where)
        self._believed = believed
        self.events: SensorEvents | None = None
        self._stamp_unit, self._phone = stamp_unit, phone
        self._json = False
        self._delimiter = ","
        self._stated_delimiter: str | None = None
        self._decimal_comma = self._dates = False
        self._looked = False  # whether the first rows have told the two above
        self._line = 0
        # For rows without stamps: instants before this block and in it, and those of its good rows
        # (None: all).
        self._instants, self._passed = 0, 0
        self._at: list[int] | None = None

    def parse(self, lines: Sequence[str]) -> Rows:
        """Rows of some lines, without their line ends.

        Raises:
            DataError: (strict) binary content, no header, or a column missing; a rate is given, and
                the rows have stamps.
        """
        lines = self._skip_to_data(lines)
        if not lines:
            return Rows(np.empty(0), np.empty((0, 6), np.float32), None)
        lines = self._in_numbers(lines)
        number_TC, label_texts = self._fast(lines) or self._slow(lines)
        if self._guard is not None and (found := self._found()) is not None:
            self._guard.look(lines, found, None if self._json else self._delimiter)
        number_TC = self._with_stamps(number_TC)
        self._instants += len(lines) if self._at is None else self._passed
        self._line += len(lines)
        self.rows += number_TC.shape[0]
        self._scale(number_TC)
        with np.errstate(over="ignore"):  # too large for float32: inf, and dropped as such
            imu_TC = number_TC[:, 1:].astype(np.float32)
        label_T = None if label_texts is None else self._labels.numbers(label_texts)
        return Rows(number_TC[:, 0].copy(), imu_TC, label_T)

    def parse_last(self, line: str) -> Rows:
        """A last line without a newline; counted as truncated, not as bad, if it is cut short."""
        bad, told = self.bad, len(self.told)
        rows = self.parse([line])
        if self.bad > bad:
            self.truncated += 1
            self.bad, self.told = bad, self.told[:told]
        return rows

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the true labels, in order of appearance."""
        return self._labels.names

    def succeed(self, other: RowParser) -> None:
        """Go on counting for another sender: nothing else of the first one's is used."""
        self.rows, self.bad, self.told = other.rows, other.bad, other.told
        self._labels = other._labels

    def drop(self, reason: str) -> None:
        """Count something that cannot be read."""
        self.bad, self.newest = self.bad + 1, reason
        if len(self.told) < MAX_TOLD:
            self.told.append(reason)

    def _in_numbers(self, lines: Sequence[str]) -> Sequence[str]:
        """The lines with decimal points, and with seconds in the place of dates."""
        if self._json or self._columns is None:
            return lines
        self._look(lines)
        if self._decimal_comma:
            lines = [line.replace(",", ".") for line in lines]
        return [self._dated(line) for line in lines] if self._dates else lines

    def _found(self) -> Columns | None:
        return self._keys if self._json else self._columns

    def _look(self, lines: Sequence[str]) -> None:
        """Find out from the first rows how numbers and stamps are written; whole numbers alone tell
        nothing, and the next rows are looked at, too.
        """
        found = self._columns
        assert found is not None
        for line in () if self._looked else lines[:_LOOKED_AT]:
            cells = split_cells(line, self._delimiter)
            if len(cells) != found.width:
                continue
            stamp, *values = [cells[at] for at in found.place]
            self._dates |= found.timed and clock.is_date(stamp)
            values += [] if self._dates else [stamp]
            self._decimal_comma |= self._delimiter != "," and any(
                "," in value and is_number(value.replace(",", ".")) for value in values
            )
            self._looked |= any("." in value or "," in value for value in values)

    def _dated(self, line: str) -> str:
        """The line with the seconds of its date; as it is if there is none, to be dropped."""
        found = self._columns
        cells = line.split(self._delimiter)
        if found is None or len(cells) != found.width:
            return line
        try:
            cells[found.place[0]] = repr(clock.seconds_of(cells[found.place[0]]))
        except ValueError:
            return line
        return self._delimiter.join(cells)

    def _with_stamps(self, number_TC: Float64) -> Float64:
        """Rows of seven numbers: rows without stamps get those of the rate; one that could not be
        read leaves its instant empty.
        """
        if self._rate_hz is None or (found := self._found()) is None or found.timed:
            return number_TC
        at_T = np.arange(len(number_TC)) if self._at is None else np.array(self._at, np.int64)
        stamp_T = (self._instants + at_T) / self._rate_hz
        return np.column_stack([stamp_T, number_TC])

    def _scale(self, number_TC: Float64) -> None:
        """Turn stated units into g and rad/s, in place."""
        if self.units.accel is not None:
            number_TC[:, 1:4] *= self.units.accel
        if self.units.gyro is not None:
            number_TC[:, 4:7] *= self.units.gyro

    def _skip_to_data(self, lines: Sequence[str]) -> Sequence[str]:
        """The lines without the header, which is read if it has not been yet."""
        at = 0
        while at < len(lines) and not (self._strict and (self._columns or self._keys)):
            first = lines[at].lstrip("\ufeff").strip()
            if not first or (self._strict and is_before_header(first)):
                self._stated_delimiter = stated_delimiter(first) or self._stated_delimiter
                self._line, at = self._line + 1, at + 1
                continue
            if "\0" in first or "\ufffd" in first:
                if self._strict:
                    raise DataError(f"{self.where} {NOT_TEXT}")
                break
            self._json = first.startswith("{")
            skips = self._strict and not self._json
            if before := find_header(lines[at : at + MAX_BEFORE]) if skips else 0:
                self._line, at = self._line + before, at + before
                continue
            if self._json or not self._begin_csv(first):
                break
            self._line, at = self._line + 1, at + 1
        return lines[at:]

    def _begin_csv(self, first: str) -> bool:
        """Take the header from the first line; True if it is one."""
        delimiter = self._stated_delimiter or delimiter_of(first)
        cells = split_cells(first, delimiter)
        numbers = sum(is_number(cell) for cell in cells)
        if self._strict and (why := foreign(first)):
            raise DataError(f"{self.where} {why}")
        if self._strict and numbers and numbers >= len(cells) - 1:
            raise DataError(
                f"{self.where} has no header row: its first line is {first[:60]!r}. Put the line "
                f"{','.join(columns.REQUIRED)} on top, in the order of your columns"
            )
        if not self._strict and (numbers or len(cells) < 2):
            self._columns = self._columns or columns.DEFAULT
            return False
        self._delimiter = delimiter
        try:
            self._columns = self._matched(cells, self.where)
        except DataError as error:
            if self._strict:
                raise
            self.drop(str(error))
        return True

    def _matched(self, names: Sequence[str], where: str) -> Columns:
        brief = not self._strict and len(self.told) >= MAX_TOLD
        found = columns.match(names, where, self._rate_hz is None, brief)
        stated = stated_units(found.names[-6:])
        accel, gyro = self._believed
        self.units = StatedUnits(stated.accel if accel else None, stated.gyro if gyro else None)
        return found

    def _fast(self, lines: Sequence[str]) -> tuple[Float64, list[str] | None] | None:
        """The whole block at once; None if a line must be read by itself."""
        found, self._at = self._columns, None
        if self._json or found is None or len(lines) < 2:
            return None
        sign = None if self._delimiter == " " else self._delimiter
        signs = "".join(lines).count(sign) if sign else (found.width - 1) * len(lines)
        if signs != (found.width - 1) * len(lines) or not all(map(str.strip, lines)):
            return None
        try:
            number_TC = np.loadtxt(
                lines, delimiter=sign, usecols=found.place, ndmin=2, comments=None
            )
        except ValueError:
            return None
        if found.label is None:
            return number_TC, None
        cells = [line.split(sign) for line in lines]
        if any(len(row) != found.width for row in cells) or any('"' in line for line in lines):
            return None
        return number_TC, [row[found.label].strip() for row in cells]

    def _slow(self, lines: Sequence[str]) -> tuple[Float64, list[str] | None]:
        """Line by line; bad ones are counted."""
        numbers: list[list[float]] = []
        labels: list[str] = []
        labelled = False
        self._passed, at = 0, []
        for i, line in enumerate(lines, self._line + 1):
            if not line.strip():
                continue
            self._passed += not line.startswith("#")
            try:
                read = self._read_json(line) if self._json else self._read_csv(line)
            except (ValueError, csv.Error) as error:
                if self._strict and self._json and self._keys is None:
                    raise DataError(f"{self.where}, line {i}: {error}") from None
                self.drop(f"line {i}: {error}" if self._strict else str(error))
                continue
            numbers += [row for row, _ in read]
            at += [self._passed - 1] * len(read)
            labels += ["" if label is None else label for _, label in read]
            labelled |= any(label is not None for _, label in read)
        found, self._at = self._found(), at
        width = 7 if found is None else len(found.place)
        number_TC = np.array(numbers, np.float64).reshape(-1, width)
        return number_TC, labels if labelled else None

    def _read_csv(self, line: str) -> list[tuple[list[float], str | None]]:
        found = self._columns
        if found is None:
            raise ValueError("a row before any header")
        spaced = self._delimiter == " "
        reader = csv.reader([line], delimiter=self._delimiter, skipinitialspace=spaced)
        cells = line.split() if spaced else next(reader)
        if found is columns.DEFAULT and (samples := tagged_samples(cells)) is not None:
            return self._joined(lambda events: events.rows_of_tagged(samples))
        if len(cells) != found.width:
            raise ValueError(f"{len(cells)} columns instead of {found.width}: {line[:_SHOWN]!r}")
        row = self._numbers([cells[at] for at in found.place], found)
        return [(row, None if found.label is None else cells[found.label].strip())]

    def _read_json(self, line: str) -> list[tuple[list[float], str | None]]:
        try:
            record = json_of(line)
        except ValueError as error:
            why = getattr(error, "msg", error)
            raise ValueError(f"not JSON ({why}): {line[:_SHOWN]!r}") from None
        if not isinstance(record, dict):
            raise ValueError(f"not a JSON object: {line[:_SHOWN]!r}")
        record = unwrapped(record)
        if self._keys is None and is_event(record):
            return self._joined(lambda events: events.rows(record))
        keys = self._keys
        if keys is None or any(name not in record for name in keys.names):
            keys = self._keys = self._matched(list(record), "this object")
        row = self._numbers([record[name] for name in keys.names], keys)
        label = record.get(keys.label_name) if keys.label_name is not None else None
        return [(row, None if label is None else str(label))]

    def _numbers(self, values: Sequence[Any], found: Columns) -> list[float]:
        """The cells of a row as numbers; the first time that is none gets advice."""
        first: list[float] = []
        if found.timed:
            try:
                first = [number(values[0], found.names[0], "a time")]
            except ValueError as error:
                advice = "" if self.rows or self.told else TIME_ADVICE
                raise ValueError(f"{error}{advice}") from None
        rest = range(len(first), len(values))
        return first + [number(values[at], found.names[at]) for at in rest]

    def _joined(
        self, read: Callable[[SensorEvents], list[list[float]]]
    ) -> list[tuple[list[float], str | None]]:
        """The rows that an event of one sensor completes."""
        if self._guard is not None:
            raise ValueError("a sensor's events have stamps: leave out --rate-hz")
        if self.events is None:
            declared = self._stamp_unit
            per_second = None if declared == "auto" else PER_SECOND[declared]
            self.events = SensorEvents(per_second, self._phone)
        rows = read(self.events)
        if self.events.in_rads and self._believed[1]:
            self.units = replace(self.units, gyro=1.0)
        return [(row, None) for row in rows]
