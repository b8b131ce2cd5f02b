"""What the reader threads run: bytes from a file, a pipe, a socket or the simulator, as samples.

A feed is a `loop.source.Feed` of `SampleBlock` (stamps in seconds, not arrived yet).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.lines import WANTED, RowParser, Rows
from edgehuman.preprocess.imu.text.sensors import read_joined
from edgehuman.preprocess.imu.text.stamps import StampReader
from edgehuman.preprocess.imu.text.whole import parser_of
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.loop.datagrams import EMPTY, Datagrams
from edgehuman.runtime.loop.senders import Senders
from edgehuman.runtime.loop.text import is_stream, read_lines

SIMULATED_RATE_HZ = 50.0
_JOINED_ROWS = 512
NOTHING = Rows(np.empty(0), np.empty((0, 6), np.float32), None)


class TextFeed:
    """A file or a pipe of CSV or JSON lines.

    Args:
        name: for messages and results.
        descriptor: an open file descriptor.
        format: the declared format; its axes are not used here.
        owned: True: closed with the feed.
    """

    def __init__(
        self,
        name: str,
        descriptor: int,
        format: ImuFormat,
        owned: bool = True,
    ) -> None:
        self.name = name
        self._descriptor = descriptor
        self._owned = owned
        self._parser = parser_of(name, format)
        self._stamps = StampReader("s" if format.rate_hz else format.stamp_unit)

    def __iter__(self) -> Iterator[SampleBlock]:
        """Blocks until the end.

        Raises:
            DataError: none of its rows can be read.
        """
        drop = self._parser.drop if is_stream(self._descriptor) else None
        for lines, at_end in read_lines(self._descriptor, self.name, WANTED, drop=drop):
            for rows in self._rows(lines, at_end):
                yield parsed_block(rows, self._parser)
        self._require_rows()

    def report(self) -> dict[str, Any]:
        """Lines read and dropped, and why."""
        parser = self._parser
        return {
            "rows": parser.rows,
            "bad_rows": parser.bad,
            "truncated": parser.truncated,
            "first_bad": list(parser.told),
            "stamp_unit": self._stamps.unit,
            "rows_per_stamp": round(self._stamps.rows_per_stamp, 2),
            **events_report(parser),
        }

    def close(self) -> None:
        """Close the file."""
        if self._owned:
            self._owned = False
            os.close(self._descriptor)

    def _rows(self, lines: list[str], at_end: bool) -> list[Rows]:
        if at_end:
            last = self._parser.parse_last(lines[0]) if lines else NOTHING
            return self._stamps.push(last, last=True)
        return self._stamps.push(self._parser.parse(lines)) if lines else [NOTHING]

    def _require_rows(self) -> None:
        if self._parser.rows:
            return
        missing = "" if self._parser.events is None else self._parser.events.missing()
        reasons = "; ".join([*([missing] if missing else []), *self._parser.told])
        if missing:
            raise DataError(f"{self.name}: {reasons}")
        raise DataError(
            f"{self.name} holds no readable row"
            + (f" ({self._parser.bad} dropped: {reasons})" if reasons else "; it is empty")
        )


class JoinedFeed:
    """A folder or zip with a file per sensor, joined at the instants of the accelerometer.

    Raises:
        DataError: as `read_joined`.
        UsageError: a rate is given, but files are joined by their stamps.
    """

    def __init__(self, name: str, format: ImuFormat) -> None:
        if format.rate_hz is not None:
            raise UsageError(
                f"--rate-hz is for rows without stamps; the files of {name} are joined by their "
                "stamps: leave it out"
            )
        self.name = name
        self._stamps = StampReader(format.stamp_unit)
        self._joined = read_joined(Path(name), format)

    def __iter__(self) -> Iterator[SampleBlock]:
        """Blocks until the end."""
        joined = self._joined
        for start in range(0, len(joined.stamp_T), _JOINED_ROWS):
            part = slice(start, start + _JOINED_ROWS)
            last = part.stop >= len(joined.stamp_T)
            rows = Rows(joined.stamp_T[part], joined.imu_TC[part], None)
            for ready in self._stamps.push(rows, last=last):
                yield sample_block(ready, (), self._joined.gyro_stated)

    def report(self) -> dict[str, Any]:
        """Rows joined, and of which files."""
        return {
            "rows": len(self._joined.stamp_T),
            "files": list(self._joined.files),
            "stamp_unit": self._stamps.unit,
        }

    def close(self) -> None:
        """Nothing to close."""


class DatagramFeed:
    """UDP: a JSON object or a CSV row per datagram; several lines in one are read as several rows.

    A CSV row without a header before it is t,ax,ay,az,gx,gy,gz. Unreadable rows are counted.
    Objects of one sensor each (`text.events`) are joined. One sender is read (`loop.senders`), and
    what is known of its columns, units and clock is used for no other. Nothing that is sent ends
    the stream.

    Args:
        sender: read this one, "ADDRESS" or "ADDRESS:PORT"; None: the first.

    Attributes:
        address: where it listens, with the port that was chosen for 0.

    Raises:
        UsageError: no host:port, or no such sender.
        DataError: the address is taken or not available.
    """

    def __init__(self, spec: str, format: ImuFormat, sender: str | None = None) -> None:
        self.name = spec
        self._senders = Senders(sender)
        self._datagrams = Datagrams(spec, self._senders)
        self.address = self._datagrams.address
        self._garbage, self._impossible = 0, 0
        self._clock_remarks: list[str] = []
        self._format, self._sender = format, 0
        self._parser = parser_of(spec, format, strict=False)
        self._stamps = self._clock()

    def __iter__(self) -> Iterator[SampleBlock]:
        """A block for each datagram; never ends."""
        for lines in self._datagrams:
            for rows in [NOTHING] if lines is None else self._rows(lines):
                yield parsed_block(rows, self._parser)

    def report(self) -> dict[str, Any]:
        """Datagrams and rows received, those that could not be read, and why."""
        parser, events = self._parser, events_report(self._parser)
        return {
            "rows": parser.rows,
            "datagrams": self._datagrams.count,
            "lost_datagrams": self._datagrams.lost,
            "refused_datagrams": self._senders.refused,
            "garbage_datagrams": self._garbage,
            "bad_rows": parser.bad,
            "impossible_rows": self._impossible,
            "first_bad": list(parser.told),
            "stamp_unit": self._stamps.unit,
            **events,
            "remarks": [
                *self._senders.remarks,
                *self._clock_remarks,
                *events.get("remarks", ()),
            ],
        }

    def close(self) -> None:
        """Close the socket."""
        self._datagrams.close()

    def _clock(self) -> StampReader:
        return StampReader("s" if self._format.rate_hz else self._format.stamp_unit)

    def _rows(self, lines: list[str]) -> list[Rows]:
        held = []
        if self._senders.changes != self._sender:
            held = self._begin()
        before, bad = _finite_events(self._parser), self._parser.bad
        rows = NOTHING
        try:
            rows = self._parser.parse(lines)
        except DataError as error:  # a declared rate, and rows that have stamps
            self._parser.drop(str(error))
        if not lines:
            self._parser.drop(EMPTY)
        garbage = self._parser.bad > bad
        self._garbage += garbage
        proof = _finite_events(self._parser) > before or _has_finite(rows)
        self._senders.heard(proof, garbage)
        return [*held, *self._in_seconds(rows)]

    def _begin(self) -> list[Rows]:
        """Begin with another sender; the rows of the one before that its clock still held."""
        first, self._sender = self._sender == 0, self._senders.changes
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


class SimulatedFeed:
    """A simulated person, one pass of `simulate_stream`; its name says "simulated"."""

    def __init__(self, seed: int, placement: str, minutes: float | None) -> None:
        from edgehuman.simulate.body.activities import ACTIVITIES
        from edgehuman.simulate.imu.recording import simulate_stream
        from edgehuman.simulate.imu.sensor import PLACEMENTS

        if placement not in PLACEMENTS:
            raise UsageError(
                f"no simulated sensor at {placement!r}: choose one of {', '.join(PLACEMENTS)}, "
                "e.g. simulated:wrist"
            )
        self.name = f"simulated:{placement}"
        self._labels = tuple(ACTIVITIES)
        self._stream = simulate_stream(seed, placement, minutes, SIMULATED_RATE_HZ)
        self._rows = 0

    def __iter__(self) -> Iterator[SampleBlock]:
        """A piece of the walk at a time."""
        for stamp_s_T, imu_TC, label_T in self._stream:
            self._rows += stamp_s_T.shape[0]
            yield sample_block(Rows(stamp_s_T, imu_TC, label_T), self._labels)

    def report(self) -> dict[str, Any]:
        """Samples given."""
        return {"rows": self._rows, "simulated": True}

    def close(self) -> None:
        """Nothing to close."""


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
