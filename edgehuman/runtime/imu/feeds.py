"""What the reader threads run: bytes from a file, a pipe or the simulator, as samples; messages are
read in `imu.messages`.

A feed is a `loop.source.Feed` of `SampleBlock` (stamps in seconds, not arrived yet).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.lines import WANTED, Rows
from edgehuman.preprocess.imu.text.sensors import read_joined
from edgehuman.preprocess.imu.text.stamps import StampReader
from edgehuman.preprocess.imu.text.whole import parser_of
from edgehuman.runtime.imu.messages import NOTHING, events_report, parsed_block, sample_block
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.loop.text import is_stream, read_lines

SIMULATED_RATE_HZ = 50.0
_JOINED_ROWS = 512


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
