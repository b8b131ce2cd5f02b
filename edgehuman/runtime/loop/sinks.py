"""Where results go: JSON lines, a terminal, a picture; each on a thread of its own.

A slow sink never slows a live loop: its queue is bounded, the oldest result is dropped, and every
drop is counted. For a file nothing may be lost, so the loop waits instead (`lossless`).
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from edgehuman.errors import UsageError
from edgehuman.files import cannot_write, require_usable_file, writing_lines
from edgehuman.outcome import to_json
from edgehuman.placing import what_is
from edgehuman.runtime.loop.results import LiveResult, to_row

QUEUE_LENGTH = 256
LAST_WRITES_S = 5.0  # how long a slow sink is waited for at the end of a live stream
_LOOK_S = 0.2
ItemT = TypeVar("ItemT")
ItemT_contra = TypeVar("ItemT_contra", contravariant=True)


class Sink(Protocol[ItemT_contra]):
    """Receives results in batches, oldest first.

    Attributes:
        name: for reports.
        may_skip: results may be dropped even if the source is a file: a screen shows only the
            newest.
    """

    @property
    def name(self) -> str: ...
    @property
    def may_skip(self) -> bool: ...

    def write(self, results: Sequence[ItemT_contra]) -> None:
        """Take the results; an exception ends this sink and no other."""

    def close(self) -> None:
        """Nothing more will come."""


class Stream(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def close(self) -> object: ...


class JsonLines:
    """One JSON object per line, flushed whenever the queue is empty, so that a pipe's reader sees
    it at once.
    """

    may_skip = False

    def __init__(self, stream: Stream, name: str, close_stream: bool = False) -> None:
        self.name = name
        self._stream = stream
        self._close_stream = close_stream

    def write(self, results: Sequence[LiveResult]) -> None:
        lines = [to_json(to_row(result)) for result in results]
        self._stream.write("\n".join(lines) + "\n")
        self._stream.flush()

    def close(self) -> None:
        if self._close_stream:
            self._stream.close()


class SinkThread(Generic[ItemT]):
    """A sink with its queue and its thread, started at once.

    Args:
        sink: where the results go.
        lossless: wait for room instead of dropping the oldest, until the stream is to stop.
        capacity: results the queue holds.
        stopped: whether the stream is to stop: from then on `patience_s` is all that is waited.

    Attributes:
        dropped: results dropped for newer ones.
        error: what ended the sink; None while it works.
    """

    def __init__(
        self,
        sink: Sink[ItemT],
        lossless: bool,
        capacity: int = QUEUE_LENGTH,
        stopped: Callable[[], bool] = lambda: False,
        patience_s: float = LAST_WRITES_S,
    ) -> None:
        self.sink = sink
        self.dropped = 0
        self.error: Exception | None = None
        self._lossless = lossless
        self._stopped, self._patience_s = stopped, patience_s
        self._until_s = math.inf  # nothing is waited for after it
        self._capacity = capacity
        self._queue: deque[ItemT] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=f"sink {sink.name}", daemon=True)
        self._thread.start()

    def put(self, result: ItemT) -> None:
        """Queue one result; if the queue is full, drop the oldest, or wait if lossless."""
        with self._changed:
            if self.error is not None:
                return
            while self._lossless and len(self._queue) >= self._capacity and self.error is None:
                if not self._may_wait():
                    break
                self._changed.wait(_LOOK_S)
            if len(self._queue) >= self._capacity:
                self._queue.popleft()
                self.dropped += 1
            self._queue.append(result)
            if len(self._queue) == 1:
                self._changed.notify_all()

    @property
    def lost(self) -> int:
        """Results dropped here, and by the sink itself."""
        return self.dropped + int(getattr(self.sink, "dropped", 0))

    @property
    def waiting(self) -> int:
        """Results that the sink has not taken yet."""
        return len(self._queue)

    def close(self, timeout_s: float | None = None) -> bool:
        """Write what is queued, then end; False if that took longer than `timeout_s`, or than a
        stream that is to stop waits.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        until_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while self._thread.is_alive() and time.monotonic() < until_s and self._may_wait():
            self._thread.join(_LOOK_S)
        return not self._thread.is_alive()

    def _may_wait(self) -> bool:
        """Whether a slow sink is waited for: always, or for a while once the stream is to stop."""
        if self._until_s == math.inf and self._stopped():
            self._until_s = time.monotonic() + self._patience_s
        return time.monotonic() < self._until_s

    def _work(self) -> None:
        try:
            while results := self._take():
                self.sink.write(results)
            self.sink.close()
        except (
            Exception
        ) as error:  # a sink may be any code; its end is reported, and the loop goes on
            with self._changed:
                self.error = error
                self._queue.clear()
                self._changed.notify_all()

    def _take(self) -> list[ItemT]:
        """Everything queued; empty only when the sink is closed and nothing is left."""
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            results = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
            return results


class _Beside:
    """Rows that take the place of an earlier file once they are complete. Until then it stays, and
    after a failure too: the rows so far are then in NAME.partial.
    """

    def __init__(self, path: Path) -> None:
        held = contextlib.ExitStack()
        self._stream = held.enter_context(writing_lines(path, "--save"))
        self._held = held
        # Of a run that ends without closing it: whatever ended it is the block's failure.
        self._abandon = weakref.finalize(self, held.__exit__, GeneratorExit, GeneratorExit(), None)

    def write(self, text: str, /) -> object:
        return self._stream.write(text)

    def flush(self) -> object:
        return self._stream.flush()

    def close(self) -> object:
        if self._abandon.detach() is not None:
            self._held.close()
        return None


def open_to_write(path: Path) -> Stream:
    """The file of `--save`, its folder made; a pipe or a device is opened as it is.

    An earlier file is replaced when the stream is closed, and only then.

    Raises:
        UsageError: the path cannot be written to.
    """
    if path.is_dir() or not path.exists():
        require_usable_file(path, "--save")
    if path.is_file() and path.stat().st_size:
        return _Beside(path)
    if path.is_block_device() or path.is_socket():
        raise UsageError(f"--save: {path} is {what_is(path.stat())}; choose another path")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w", encoding="utf-8")
    except OSError as reason:
        raise UsageError(f"--save: {cannot_write(path, reason)}") from None
