"""What the reader threads run: bytes from a file, a pipe, a socket or the simulator, as rows.

A feed is an iterator of `Rows` (stamps in seconds); it gives empty rows while nothing comes, so
that its thread can be stopped.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.runtime.imu.lines import MAX_LINE, NOT_TEXT, RowParser, Rows
from edgehuman.runtime.imu.stamps import StampReader
from edgehuman.runtime.loop.datagrams import POLL_S, Datagrams

CHUNK = 65_536
EMPTY_DATAGRAM = "an empty datagram"
SIMULATED_RATE_HZ = 50.0
NOTHING = Rows(np.empty(0), np.empty((0, 6), np.float32), None)


class Feed(Protocol):
    """Rows from somewhere.

    Attributes:
        name: the id that results carry.
        labels: names of the true labels seen so far.
    """

    name: str

    @property
    def labels(self) -> tuple[str, ...]: ...
    def __iter__(self) -> Iterator[Rows]: ...
    def report(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


def read_lines(descriptor: int, name: str) -> Iterator[tuple[list[str], bool]]:
    """The lines of an open file or pipe as they come, none while nothing does; and whether this is
    the end: then at most one line, which no line end closed.

    Raises:
        DataError: a line of over 64 KB.
    """
    rest = b""
    while True:
        readable, _, _ = select.select([descriptor], [], [], POLL_S)
        if not readable:
            yield [], False
            continue
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise DataError(f"{name} {NOT_TEXT}; a line of it is over {MAX_LINE} bytes")
        if lines:
            yield [_text(line) for line in lines], False
    yield ([_text(rest)] if rest.strip() else []), True


class TextFeed:
    """A file or a pipe of CSV or JSON lines.

    Args:
        name: for messages and results.
        descriptor: an open file descriptor.
        format: what is declared; only the unit of the stamps is used here.
        owned: True: closed with the feed.
    """

    def __init__(self, name: str, descriptor: int, format: ImuFormat, owned: bool = True) -> None:
        self.name = name
        self._descriptor = descriptor
        self._owned = owned
        self._parser = RowParser(name)
        self._stamps = StampReader(format.stamp_unit)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the true labels seen so far."""
        return self._parser.labels

    def __iter__(self) -> Iterator[Rows]:
        for lines, at_end in read_lines(self._descriptor, self.name):
            if at_end:
                last = self._parser.parse_last(lines[0]) if lines else NOTHING
                yield from self._stamps.push(last, last=True)
            elif lines:
                yield from self._stamps.push(self._parser.parse(lines))
            else:
                yield NOTHING
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
        }

    def close(self) -> None:
        """Close the file."""
        if self._owned:
            self._owned = False
            os.close(self._descriptor)

    def _require_rows(self) -> None:
        if self._parser.rows:
            return
        reasons = "; ".join(self._parser.told)
        raise DataError(
            f"{self.name} holds no row that can be read"
            + (f" ({self._parser.bad} dropped: {reasons})" if reasons else "; it is empty")
        )


class DatagramFeed:
    """UDP: a JSON object or a CSV row per datagram; several lines in one are read as several rows.

    A CSV row without a header before it is t,ax,ay,az,gx,gy,gz. What cannot be read is counted.

    Attributes:
        address: where it listens, with the port that was chosen where 0 was asked for.

    Raises:
        UsageError: no host:port.
        DataError: nothing can listen there.
    """

    def __init__(self, spec: str, format: ImuFormat) -> None:
        self.name = spec
        self._datagrams = Datagrams(spec)
        self.address = self._datagrams.address
        self._garbage = 0
        self._parser = RowParser(spec, strict=False)
        self._stamps = StampReader(format.stamp_unit)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the true labels seen so far."""
        return self._parser.labels

    def __iter__(self) -> Iterator[Rows]:
        for lines in self._datagrams:
            if lines is None:
                yield NOTHING
                continue
            bad = self._parser.bad
            rows = self._parser.parse(lines)
            if not lines:
                self._parser.drop(EMPTY_DATAGRAM)
            self._garbage += self._parser.bad > bad
            yield from self._stamps.push(rows)

    def report(self) -> dict[str, Any]:
        """Datagrams and rows that came, those that could not be read, and why."""
        parser = self._parser
        return {
            "rows": parser.rows,
            "datagrams": self._datagrams.count,
            "garbage_datagrams": self._garbage,
            "bad_rows": parser.bad,
            "first_bad": list(parser.told),
            "stamp_unit": self._stamps.unit,
        }

    def close(self) -> None:
        """Close the socket."""
        self._datagrams.close()


class SimulatedFeed:
    """A simulated person, one pass of `simulate_stream`; says "simulated" in its name."""

    def __init__(self, seed: int, placement: str, minutes: float | None) -> None:
        from edgehuman.simulate.body.activities import ACTIVITIES
        from edgehuman.simulate.imu.recording import simulate_stream
        from edgehuman.simulate.imu.sensor import PLACEMENTS

        if placement not in PLACEMENTS:
            raise UsageError(
                f"no simulated sensor sits at {placement!r}: choose of {', '.join(PLACEMENTS)}, "
                "e.g. simulated:wrist"
            )
        self.name = f"simulated:{placement}"
        self.labels = tuple(ACTIVITIES)
        self._stream = simulate_stream(seed, placement, minutes, SIMULATED_RATE_HZ)
        self._rows = 0

    def __iter__(self) -> Iterator[Rows]:
        for stamp_s_T, imu_TC, label_T in self._stream:
            self._rows += stamp_s_T.shape[0]
            yield Rows(stamp_s_T, imu_TC, label_T)

    def report(self) -> dict[str, Any]:
        """Samples given."""
        return {"rows": self._rows, "simulated": True}

    def close(self) -> None:
        """Nothing to close."""


def _text(line: bytes) -> str:
    return line.rstrip(b"\r").decode("utf-8", errors="replace")
