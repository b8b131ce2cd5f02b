"""The results of one stream as they come: what `edgehuman.stream` returns, for any record."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from typing import Any, Generic, Protocol, TypeVar

from edgehuman.errors import UsageError
from edgehuman.runtime.loop.play import (
    BlockT,
    Closable,
    Listener,
    Playable,
    account,
    first_seconds,
)
from edgehuman.runtime.loop.records import PushedSource, Pushing
from edgehuman.runtime.loop.results import LiveT

ResultT = TypeVar("ResultT")


class Intake(Protocol[ResultT]):
    """What a pushed stream passes its records to; `loop.records.Pushing` is one."""

    def push(self, record: object) -> list[ResultT]:
        """The results that a record completes."""

    def end(self) -> list[ResultT]:
        """The results that only the end completes; none the second time."""


class LiveStream(Iterator[ResultT], Generic[ResultT]):
    """The results of one stream as they come, with counts of what was read and dropped.

    A stream that was opened without a source is pushed: `push` returns the results that became
    ready, `end` the last ones. Pushing is safe from any thread, one record at a time; it computes
    in the thread that pushes and queues nothing. Iterating is for one thread.

    with edgehuman.stream("zoo:activity") as live:
        ble.on_sample(lambda t, *six: show(live.push(t, *six)))

    Args:
        results: yields them; opens its source at the first and closes it after the last.
        report: returns the counts so far.
        give_back: closes the source if no result was ever taken.
        intake: of a pushed stream.
    """

    def __init__(
        self,
        results: Generator[ResultT, None, None],
        report: Callable[[], dict[str, Any]],
        give_back: Callable[[], object] = lambda: None,
        intake: Intake[ResultT] | None = None,
    ) -> None:
        self._results = results
        self._report = report
        self._give_back = give_back
        self._intake = intake

    def __enter__(self) -> LiveStream[ResultT]:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __next__(self) -> ResultT:
        return next(self._results)

    def report(self) -> dict[str, Any]:
        """The stream so far, as in the summary of `run`.

        For samples, `stream` counts what was dropped (`out_of_order`, `duplicate`, `not_finite` of
        a wearable, `empty` of skeletons), gaps, and other findings; `source` counts what could not
        be read, with the first few in words. For photos: how many there were, and how many were
        unreadable.
        """
        return self._report()

    def push(self, *record: object) -> list[ResultT]:
        """Pass a record to a stream without a source; return the results that it made ready.

        Args:
            record: for a wearable `t, ax, ay, az, gx, gy, gz`, or one row, mapping or array (T, 7)
                of rows (`runtime.imu.rows`); for skeletons one person's mapping or a frame's list
                of them (`runtime.skeleton.rows`); for photos one uint8 RGB array (H, W, 3); for
                silhouettes one mask of the walk, uint8 (H, W).

        Raises:
            UsageError: the stream has a source, or has ended.
            DataError: no such record; the stream goes on.
        """
        if self._intake is None:
            raise UsageError(
                "push is for a stream without a source: edgehuman.stream(model); this one reads "
                "its own, so iterate over it"
            )
        return self._intake.push(record[0] if len(record) == 1 else record)

    def end(self) -> list[ResultT]:
        """No more records: the results that a pushed stream still held (delayed by smoothing)."""
        return [] if self._intake is None else self._intake.end()

    def close(self) -> dict[str, Any]:
        """Leave the stream, even before its first result; its source is closed.

        Returns the summary (`report`). A pushed stream is ended first: call `end` before to take
        the results that it still held.
        """
        self.end()
        unread = inspect.getgeneratorstate(self._results) == inspect.GEN_CREATED
        self._results.close()
        if unread:
            self._give_back()
        return self.report()


def live(
    listener: Listener[BlockT, LiveT], source: Playable[BlockT], seconds: float | None = None
) -> LiveStream[LiveT]:
    """The listener's results for a source.

    Args:
        source: opened at the first result, closed after the last.
        seconds: end after this much stream time; for a live source see `first_seconds`.
    """
    if isinstance(source, PushedSource):
        intake = Pushing(listener, source)
        return LiveStream(_results(listener, source, None), intake.report, intake=intake)
    return LiveStream(
        _results(listener, source, seconds),
        lambda: account(listener, source),
        lambda: close_unread(source),
    )


def close_unread(source: object) -> None:
    """Close a source that was never entered, if it can be closed."""
    if isinstance(source, Closable):
        source.close()


def _results(
    listener: Listener[BlockT, LiveT], source: Playable[BlockT], seconds: float | None
) -> Generator[LiveT, None, None]:
    with source:
        for block in first_seconds(source, seconds, source.live):
            yield from listener.push(block)
    yield from listener.close()
