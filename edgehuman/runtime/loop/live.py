"""The results of one stream as they come: what `edgehuman.stream` returns, for any record."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from typing import Any, Generic, TypeVar

from edgehuman.runtime.loop.play import (
    BlockT,
    Closable,
    Listener,
    Playable,
    account,
    first_seconds,
)
from edgehuman.runtime.loop.results import LiveT

ResultT = TypeVar("ResultT")


class LiveStream(Iterator[ResultT], Generic[ResultT]):
    """The results of one stream as they come, with counts of what was read and dropped.

    Args:
        results: yields them; opens its source at the first and closes it after the last.
        report: returns the counts so far.
        give_back: closes the source if no result was ever taken.
    """

    def __init__(
        self,
        results: Generator[ResultT, None, None],
        report: Callable[[], dict[str, Any]],
        give_back: Callable[[], object] = lambda: None,
    ) -> None:
        self._results = results
        self._report = report
        self._give_back = give_back

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

    def close(self) -> None:
        """Leave the stream early, even before its first result; its source is closed."""
        unread = inspect.getgeneratorstate(self._results) == inspect.GEN_CREATED
        self._results.close()
        if unread:
            self._give_back()


def live(
    listener: Listener[BlockT, LiveT], source: Playable[BlockT], seconds: float | None = None
) -> LiveStream[LiveT]:
    """The listener's results for a source.

    Args:
        source: opened at the first result, closed after the last.
        seconds: end after this much stream time; for a live source see `first_seconds`.
    """
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
