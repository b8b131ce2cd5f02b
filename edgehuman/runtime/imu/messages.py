"""Messages of text as samples: rows, objects and apps' events, from whatever brings them.

One sender is read, and what is known of its columns, units and clock is used for no other. A CSV
row without a header before it is t,ax,ay,az,gx,gy,gz. What cannot be read is dropped and counted,
and nothing that is sent ends the stream.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.lines import RowParser, Rows
from edgehuman.preprocess.imu.text.stamps import StampReader
from edgehuman.preprocess.imu.text.whole import parser_of
from edgehuman.records import IMU_RATE_HZ
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.lines.messages import Messages
from edgehuman.runtime.loop.datagrams import EMPTY, lines_of

NOTHING = Rows(np.empty(0), np.empty((0, 6), np.float32), None)
SHOWN_BYTES = 64
_TEXT = bytes(range(0x20, 0x7F)) + b"\t\r\n\f\v"
_LEAST_TEXT = 0.7  # of a message, in ASCII
_NUMBERS = ((">d", "64-bit"), (">f", "32-bit"), ("<d", "64-bit"), ("<f", "32-bit"))
_MOST_NUMBERS = 1024  # bytes
_LEAST, _MOST = 1e-9, 1e13  # of numbers that a sensor may send; stamps are in milliseconds


class MessageFeed:
    """The samples of messages: a `loop.source.Feed`.

    Args:
        messages: where they come from.
        format: the declared format; its axes are not used here.
        wanted_hz: samples a second that the model needs: a phone that gives fewer is told.
    """

    def __init__(
        self, messages: Messages, format: ImuFormat, wanted_hz: float = IMU_RATE_HZ
    ) -> None:
        self.name = messages.name
        self.messages = messages
        self._garbage, self._impossible = 0, 0
        self._clock_remarks: list[str] = []
        self._format, self._wanted_hz, self._sender = format, wanted_hz, 0
        self._parser = parser_of(self.name, format, strict=False)
        self._stamps = self._clock()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, with the port that was chosen for 0."""
        return self.messages.address

    def __iter__(self) -> Iterator[SampleBlock]:
        """A block for each message; never ends."""
        for message in self.messages:
            for rows in [NOTHING] if message is None else self._rows(message):
                yield parsed_block(rows, self._parser)

    def report(self) -> dict[str, Any]:
        """Messages and rows received, those that could not be read, and why."""
        parser, events = self._parser, events_report(self._parser)
        told = self.messages.report()
        one = "datagrams" if "datagrams" in told else "messages"
        return {
            "rows": parser.rows,
            **told,
            **({f"garbage_{one}": self._garbage} if one in told else {}),
            "bad_rows": parser.bad,
            "impossible_rows": self._impossible,
            "first_bad": list(parser.told),
            "stamp_unit": self._stamps.unit,
            **events,
            "remarks": [*told["remarks"], *self._clock_remarks, *events.get("remarks", ())],
        }

    def close(self) -> None:
        """Close the port or the connection."""
        self.messages.close()

    def _clock(self) -> StampReader:
        return StampReader("s" if self._format.rate_hz else self._format.stamp_unit)

    def _rows(self, message: bytes) -> list[Rows]:
        held = []
        if self.messages.changes != self._sender:
            held = self._begin()
        before, bad = _finite_events(self._parser), self._parser.bad
        rows = self._parsed(message)
        garbage = self._parser.bad > bad
        self._garbage += garbage
        proof = _finite_events(self._parser) > before or _has_finite(rows)
        self.messages.heard(proof, garbage, self._trouble(garbage))
        return [*held, *self._in_seconds(rows)]

    def _parsed(self, message: bytes) -> Rows:
        if not is_text(message):
            self._parser.drop(unknown(message))
            return NOTHING
        lines, rows = lines_of(message), NOTHING
        try:
            rows = self._parser.parse(lines)
        except DataError as error:  # a declared rate, and rows that have stamps
            self._parser.drop(str(error))
        if not lines:
            self._parser.drop(EMPTY)
        return rows

    def _trouble(self, garbage: bool) -> str:
        """What the sender should change, in words."""
        events = self._parser.events
        if garbage:
            return self._parser.newest
        return "" if events is None else events.missing() or events.slow(self._wanted_hz)

    def _begin(self) -> list[Rows]:
        """Begin with another sender; the rows of the one before that its clock still held."""
        first, self._sender = self._sender == 0, self.messages.changes
        if first:
            return []
        held = self._in_seconds(NOTHING, last=True)
        before, self._parser = self._parser, parser_of(self.name, self._format, strict=False)
        self._parser.succeed(before)
        self._stamps = self._clock()
        return held

    def _in_seconds(self, rows: Rows, last: bool = False) -> list[Rows]:
        """Rows with stamps in seconds; those of an impossible clock are dropped and counted."""
        held = self._stamps.held + rows.stamp_T.size
        try:
            return self._stamps.push(rows, last)
        except DataError as error:
            if not self._impossible:
                self._clock_remarks.append(f"{error}; such rows are dropped and counted")
            self._impossible += held
            self._stamps = self._clock()
            return []


def is_text(message: bytes) -> bool:
    """Whether a message is text at all: no zero bytes, and most of it in ASCII."""
    if b"\0" in message:
        return False
    return len(message.translate(None, _TEXT)) <= (1 - _LEAST_TEXT) * len(message)


def unknown(message: bytes) -> str:
    """What a message of an unknown form looks like, with its first bytes."""
    first = message[:SHOWN_BYTES].hex(" ")
    more = " …" if len(message) > SHOWN_BYTES else ""
    return f"{len(message):,} bytes that are no text{_numbers_said(message)}: {first}{more}"


def _numbers_said(message: bytes) -> str:
    """Whether all of a message are numbers of one kind, in words."""
    for form, said in _NUMBERS if len(message) <= _MOST_NUMBERS else ():
        count, rest = divmod(len(message), struct.calcsize(form))
        if rest or count < 2:
            continue
        numbers = struct.unpack(f"{form[0]}{count}{form[1]}", message)
        likely = [math.isfinite(n) and (n == 0 or _LEAST < abs(n) < _MOST) for n in numbers]
        if all(likely) and any(numbers):
            order = "big" if form[0] == ">" else "little"
            return f" ({count} {order}-endian {said} numbers? let the app send text)"
    return ""


def _finite_events(parser: RowParser) -> int:
    """Events of the sensors that are read, whose numbers are some."""
    return 0 if parser.events is None else parser.events.finite


def _has_finite(rows: Rows) -> bool:
    """Whether a row has a stamp and six numbers: `nan` and 1e999 say nothing of a sensor."""
    return bool((np.isfinite(rows.stamp_T) & np.isfinite(rows.imu_TC).all(axis=1)).any())


def events_report(parser: RowParser) -> dict[str, Any]:
    """Counts and remarks on the events of one sensor each, if there were any."""
    events = parser.events
    if events is None:
        return {}
    return {
        "sensors": events.report(),
        "remarks": list(events.remarks),
        "missing": events.missing(),
    }


def parsed_block(rows: Rows, parser: RowParser) -> SampleBlock:
    """Rows that a parser gave, with what it knows of them."""
    return sample_block(rows, parser.labels, parser.units.gyro is not None)


def sample_block(rows: Rows, labels: tuple[str, ...], gyro_stated: bool = False) -> SampleBlock:
    """Rows with stamps in seconds as a block that has not arrived yet.

    Args:
        labels: names of the true labels seen so far.
        gyro_stated: whether rotation is certainly in rad/s.
    """
    arrival_ns_T = np.zeros(rows.stamp_T.size, np.int64)
    return SampleBlock(rows.stamp_T, rows.imu_TC, arrival_ns_T, rows.label_T, labels, gyro_stated)
