"""Where samples come from: a file, standard input, UDP, or the simulator.

    with open_source("walk.csv", format=ImuFormat()) as source:
        for block in source:
            ...
    print(source.report())

| words | what |
|---|---|
| `FILE.csv`, `FILE.jsonl` | columns `t ax ay az gx gy gz` in any order, a header on top; `label`
  travels along |
| `-` | the same, from standard input |
| `udp://host:port` | the same, a row or an object per datagram |
| `simulated`, `simulated:wrist` | a simulated person's sensor |

A file, a pipe and the simulator lose nothing: their reader waits. A socket, and anything with
`realtime`, keeps the pace of its samples, and where the loop is too slow the newest win and the
others are counted.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.records import Float64
from edgehuman.runtime.imu.feeds import CHUNK, DatagramFeed, Feed, SimulatedFeed, TextFeed
from edgehuman.runtime.imu.lines import RowParser, Rows
from edgehuman.runtime.imu.ring import SampleBlock, SampleRing
from edgehuman.runtime.loop.datagrams import SCHEME

BLOCK = 64
LOSSLESS_CAPACITY = 8192
LIVE_CAPACITY = 2048  # about 40 s at 50 Hz: what is older than that nobody wants to see live
PACE_S = 0.02
LONGEST_PAUSE_S = 10.0
TEXT_SUFFIXES = (".csv", ".jsonl", ".json", ".ndjson", ".txt", ".tsv")


@runtime_checkable
class Source(Protocol):
    """A context manager that iterates over blocks of samples, read on a thread of its own.

    Attributes:
        name: the id that results carry.
        live: True where samples come at their own pace and the newest win.
    """

    name: str
    live: bool

    def __enter__(self) -> Source: ...
    def __exit__(self, *exception: object) -> None: ...
    def __iter__(self) -> Iterator[SampleBlock]: ...
    def report(self) -> dict[str, Any]: ...


def require_unread(name: str, thread: threading.Thread, stop: threading.Event, opener: str) -> None:
    """Raises UsageError for a source whose thread has run, or that was closed."""
    if stop.is_set() or thread.ident is not None:
        raise UsageError(
            f"the source {name!r} was read or closed already; open it anew, e.g. with `{opener}`"
        )


class ThreadedSource:
    """A feed read on its own thread into a ring.

    Args:
        feed: what is read.
        live: True: the newest samples win. False: the reader waits.
        paced: True: the reader keeps the pace of the stamps.
    """

    def __init__(self, feed: Feed, live: bool, paced: bool = False) -> None:
        self.name = feed.name
        self.live = live
        self.feed = feed
        self._pace = Pace() if paced else None
        self._ring = SampleRing(LIVE_CAPACITY if live else LOSSLESS_CAPACITY, lossless=not live)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"source {self.name}", daemon=True)

    def __enter__(self) -> ThreadedSource:
        """Start reading.

        Raises:
            UsageError: it was read or closed before.
        """
        require_unread(self.name, self._thread, self._stop, "open_source")
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._ring.close()
        self._thread.join()
        self.feed.close()

    def close(self) -> None:
        """Give back the file or port of a source that was never entered; `with` does it itself."""
        if self._thread.ident is None:
            self._stop.set()
            self.feed.close()

    def __iter__(self) -> Iterator[SampleBlock]:
        """Blocks until the end; an empty one where nothing came for half a second.

        Raises:
            DataError: what the reader met.
        """
        if self._thread.ident is None:
            raise UsageError(f"{self.name} is not open; iterate inside `with source:`")
        while (block := self._ring.take(BLOCK)) is not None:
            yield block

    def report(self) -> dict[str, Any]:
        """Counts of what was read and dropped so far."""
        return {"source": self.name, **self.feed.report(), "dropped": self._ring.dropped}

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for rows in self.feed:
                if self._stop.is_set() or not self._give(rows):
                    break
        except OSError as trouble:
            error = DataError(f"{self.name}: reading failed ({trouble.strerror or trouble})")
        except BaseException as trouble:
            error = trouble  # raised again where the blocks are taken
        self._ring.close(error)

    def _give(self, rows: Rows) -> bool:
        self._ring.labels = self.feed.labels
        if self._pace is None:
            return self._put(rows, 0, rows.stamp_T.size)
        begin = 0
        for end in self._pace.groups(rows.stamp_T):
            if self._stop.wait(self._pace.wait_s(float(rows.stamp_T[end - 1]))):
                return False
            if not self._put(rows, begin, end):
                return False
            begin = end
        return True

    def _put(self, rows: Rows, begin: int, end: int) -> bool:
        label_T = None if rows.label_T is None else rows.label_T[begin:end]
        stamp_s_T, imu_TC = rows.stamp_T[begin:end], rows.imu_TC[begin:end]
        return self._ring.put(stamp_s_T, imu_TC, time.monotonic_ns(), label_T)


class Pace:
    """The clock of a replay: when a stamp is due."""

    def __init__(self) -> None:
        self._zero_s: float | None = None  # the clock's time at stamp 0
        self._newest_s = 0.0

    def groups(self, stamp_s_T: Float64) -> list[int]:
        """Ends of runs of rows that are given out together: those of one fiftieth of a second."""
        with np.errstate(invalid="ignore"):
            tick_T = np.floor(stamp_s_T / PACE_S)
            ends = np.flatnonzero(tick_T[1:] != tick_T[:-1]) + 1
        return [*ends.tolist(), stamp_s_T.size] if stamp_s_T.size else []

    def wait_s(self, stamp_s: float) -> float:
        """Seconds until a stamp is due; a pause over ten seconds and a clock that starts again are
        skipped.
        """
        now_s = time.monotonic()
        if not np.isfinite(stamp_s):
            return 0.0
        step_s = stamp_s - self._newest_s
        if self._zero_s is None or step_s > LONGEST_PAUSE_S or step_s < -LONGEST_PAUSE_S:
            self._zero_s = now_s - stamp_s
        self._newest_s = stamp_s
        return max(0.0, self._zero_s + stamp_s - now_s)


def open_source(
    spec: str,
    *,
    format: ImuFormat | None = None,
    realtime: bool = False,
    seed: int = 0,
    placement: str = "waist",
    minutes: float | None = None,
) -> ThreadedSource:
    """A source from its words: `FILE.csv`, `FILE.jsonl`, `-`, `udp://host:port` or `simulated`.

    Args:
        spec: the words; `simulated:PLACEMENT` says where the simulated sensor sits.
        format: what is declared of the stream.
        realtime: files and the simulator keep the pace of their stamps, and the newest samples win.
        seed: of the simulated person.
        placement: where the simulated sensor sits, unless the words say it.
        minutes: length of the simulated stream; None: it never ends.

    Raises:
        UsageError: words that name no source.
        DataError: a missing, empty or foreign file; a port that is taken.
    """
    format = ImuFormat() if format is None else format
    word, _, rest = spec.partition(":")
    if word == "simulated":
        feed: Feed = SimulatedFeed(seed, rest or placement, minutes)
        return ThreadedSource(feed, live=realtime, paced=realtime)
    if spec.startswith(SCHEME):
        return ThreadedSource(DatagramFeed(spec, format), live=True)
    if "://" in spec:
        raise UsageError(
            f"source {spec!r}: {word} is not read; "
            "give FILE.csv, FILE.jsonl, -, udp://host:port or simulated"
        )
    feed = _stdin(format) if spec == "-" else _file(Path(spec), format)
    return ThreadedSource(feed, live=realtime, paced=realtime)


def _stdin(format: ImuFormat) -> TextFeed:
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        raise DataError("standard input is closed; pipe CSV or JSON lines into it") from None
    return TextFeed("standard input", descriptor, format, owned=False)


def _file(path: Path, format: ImuFormat) -> TextFeed:
    """An open file whose first lines have been found right."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        hint = "" if path.suffix in TEXT_SUFFIXES else ", or -, udp://host:port or simulated"
        raise DataError(f"{path}: no such file; give the path of a .csv or .jsonl{hint}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror})") from None
    try:
        kind = os.fstat(descriptor)
        if stat.S_ISDIR(kind.st_mode):
            raise DataError(f"{path} is a folder; give one .csv or .jsonl file of it")
        if stat.S_ISREG(kind.st_mode):
            _check_beginning(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return TextFeed(str(path), descriptor, format)


def _check_beginning(path: Path, descriptor: int) -> None:
    """Refuse what is empty, binary or without the columns, before anything else is started."""
    beginning = os.read(descriptor, CHUNK)
    os.lseek(descriptor, 0, os.SEEK_SET)
    if not beginning.strip():
        raise DataError(f"{path} is empty; it should hold a header and rows, or JSON lines")
    if b"\0" in beginning:
        raise DataError(f"{path} is not text: give CSV with a header, or JSON lines (UTF-8)")
    lines = beginning.lstrip().split(b"\n")
    RowParser(str(path)).parse([lines[0].rstrip(b"\r").decode("utf-8", errors="replace")])
