"""Pictures that are pushed one by one: the intake of a stream without a source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Any, Generic, Protocol, TypeVar

from edgehuman.errors import UsageError

ResultT = TypeVar("ResultT")
_AddedT = TypeVar("_AddedT", contravariant=True)


class Tally(Protocol[_AddedT]):
    """Totals over the results so far."""

    def add(self, result: _AddedT, /) -> None:
        """Count one."""

    def summary(self) -> dict[str, Any]:
        """In numbers."""


class Pushed(Generic[ResultT]):
    """A `loop.live.Intake`: one picture after another behind a lock.

    Args:
        answer: (what was pushed, its number from 0) -> the result.
        tally: totals of the results.
    """

    def __init__(self, answer: Callable[[object, int], ResultT], tally: Tally[ResultT]) -> None:
        self._answer, self._tally = answer, tally
        self._lock = threading.Lock()
        self._count, self._ended = 0, False

    def push(self, record: object) -> list[ResultT]:
        """The result of one array, or of the picture of a path."""
        with self._lock:
            if self._ended:
                raise UsageError(
                    "push after the end of the stream; open another with edgehuman.stream(model)"
                )
            result = self._answer(record, self._count)
            self._count += 1
            self._tally.add(result)
            return [result]

    def end(self) -> list[ResultT]:
        """Nothing: no picture waits for another."""
        with self._lock:
            self._ended = True
        return []

    def report(self) -> dict[str, Any]:
        """The pictures so far."""
        with self._lock:
            return self._tally.summary()


def nothing_to_iterate(what: str) -> Generator[Any, None, None]:
    """The results of a stream without a source.

    Args:
        what: it would read, for the message.

    Raises:
        UsageError: it is iterated.
    """
    yield from ()
    raise UsageError(
        "this stream has no source to iterate: `push` returns its results; or give "
        f"edgehuman.stream {what} as its source"
    )
