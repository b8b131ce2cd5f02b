"""Records of the caller's own Python as a source: an iterable, or `LiveStream.push` of a callback.

    edgehuman.stream(model, rows)                 an `IterableSource`, read as results are taken
    edgehuman.stream(model).push(t, ax, ...)      a `PushedSource`, read by the caller's thread

What a record is, is up to its reader: `runtime/<record>/rows.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, Protocol

from edgehuman.errors import UsageError
from edgehuman.runtime.loop.play import BlockT, BlockT_co, Listener, account
from edgehuman.runtime.loop.results import LiveT

AT_ONCE = 64
ITERABLE, PUSHED = "iterable", "pushed"


class Reader(Protocol[BlockT_co]):
    """Records in Python to blocks."""

    def read(self, items: Sequence[object]) -> BlockT_co:
        """The block of some records, arrived now; empty while the reader holds them back.

        Raises:
            DataError: a record that is none; the message names its place.
        """

    def last(self) -> BlockT_co:
        """What was held back, at the end."""

    def report(self) -> dict[str, Any]:
        """How many were read."""


class IterableSource(Generic[BlockT]):
    """Records of an iterable; a `loop.play.Playable` without a thread, which loses nothing.

    A list or an array is read 64 records at a time. Anything else may wait for its next record, so
    each one is passed on at once.

    Args:
        records: read once, or as often as it can be iterated.
        reader: record -> block.
        name: the id that results carry.
    """

    live = False

    def __init__(
        self, records: Iterable[object], reader: Reader[BlockT], name: str = ITERABLE
    ) -> None:
        self.name = name
        self._records = records
        self._reader = reader
        self._at_once = AT_ONCE if hasattr(records, "__len__") else 1

    def __enter__(self) -> IterableSource[BlockT]:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to close: the iterable is the caller's."""

    def __iter__(self) -> Iterator[BlockT]:
        records = iter(self._records)
        while items := list(islice(records, self._at_once)):
            yield self._reader.read(items)
        yield self._reader.last()

    def report(self) -> dict[str, Any]:
        """Records read so far."""
        return {"source": self.name, **self._reader.report(), "dropped": 0}


class PushedSource(Generic[BlockT]):
    """The counts of what was pushed; a `loop.play.Playable` that has nothing to iterate."""

    live = False

    def __init__(self, reader: Reader[BlockT], name: str = PUSHED) -> None:
        self.name = name
        self.reader = reader

    def __enter__(self) -> PushedSource[BlockT]:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing to close."""

    def __iter__(self) -> Iterator[BlockT]:
        """Raises UsageError: results are returned by `push`."""
        raise UsageError(
            "this stream has no source to iterate: `push` returns its results; or give "
            "edgehuman.stream an iterable of records as its source"
        )

    def report(self) -> dict[str, Any]:
        """Records pushed so far."""
        return {"source": self.name, **self.reader.report(), "dropped": 0}


class Pushing(Generic[BlockT, LiveT]):
    """The intake of a pushed stream: a `loop.live.Intake`.

    The work is done in the thread that pushes, one record after another behind a lock; nothing is
    queued, so memory is bounded by the model's window and its smoothing.
    """

    def __init__(self, listener: Listener[BlockT, LiveT], source: PushedSource[BlockT]) -> None:
        self._listener = listener
        self._source = source
        self._lock = threading.Lock()
        self._ended = False

    def push(self, record: object) -> list[LiveT]:
        """The results that a record completes; see `LiveStream.push`."""
        with self._lock:
            if self._ended:
                raise UsageError(
                    "push after the end of the stream; open another with edgehuman.stream(model)"
                )
            return list(self._listener.push(self._source.reader.read([record])))

    def end(self) -> list[LiveT]:
        """The results that only the end completes; none the second time."""
        with self._lock:
            if self._ended:
                return []
            self._ended = True
            last = self._source.reader.last()
            ready = list(self._listener.push(last)) if len(last) else []
            return [*ready, *self._listener.close()]

    def report(self) -> dict[str, Any]:
        """The stream so far."""
        with self._lock:
            return account(self._listener, self._source)


def require_no_clock(realtime: bool, seconds: float | None) -> None:
    """Raises UsageError for options of a source that edgehuman reads, given to a pushed stream."""
    for name, given in (("realtime", realtime), ("seconds", seconds is not None)):
        if given:
            raise UsageError(
                f"{name} is for a source that is read; a pushed stream goes at the pace of its "
                "caller, who ends it with `end` or `close`. Leave it out, or give a source"
            )


def require_unpaced(realtime: bool) -> None:
    """Raises UsageError for an iterable that is to keep the pace of its stamps."""
    if realtime:
        raise UsageError(
            "realtime is for files and the simulator; an iterable is read as fast as it gives "
            "records. Leave it out, and wait inside the iterable"
        )
