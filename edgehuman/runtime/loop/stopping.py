"""Ctrl-C and SIGTERM end a stream between two blocks, so that all results and the summary are
written.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TypeVar

Item = TypeVar("Item")


class StopSignals:
    """While entered, the first Ctrl-C or SIGTERM only ends `until_stopped`; the second has its
    usual effect.

    Signals reach only the main thread; on another thread this does nothing.

    Attributes:
        requested: a signal came.
    """

    def __init__(self) -> None:
        self.requested = False
        self._waiting = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *exception: object) -> None:
        self._restore()

    def until_stopped(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items until they end or a signal comes; a wait for the next item is cut short."""
        iterator = iter(items)
        while True:
            try:
                self._waiting = True
                if self.requested:
                    return
                item = next(iterator)
            except (StopIteration, KeyboardInterrupt):
                return
            finally:
                self._waiting = False
            yield item

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore()
        if self._waiting:
            raise KeyboardInterrupt

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()
