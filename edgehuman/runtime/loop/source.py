"""A source read on its own thread: a feed, a bounded queue, and the pace of its stamps.

    with Source(feed, queue) as source:
        for block in source:
            ...
    print(source.report())

A file, a pipe or a simulator loses nothing: its reader waits for room in the queue. A socket, and
anything that keeps the pace of its stamps, is live: if the loop is too slow, the oldest records are
dropped and counted. How a source is named on the command line is up to its record:
`runtime/<record>/source.py`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.records import Float64
from edgehuman.runtime.loop.play import RESTART_S, Block

PACE_S = 0.02
LONGEST_PAUSE_S = 10.0
_WAIT_S = 0.5
_MOST_AT_ONCE = 256


class FedBlock(Block, Protocol):
    """A block as a feed gives it; `part` cuts it to keep the pace."""

    def part(self: FedT, begin: int, end: int) -> FedT:
        """The records from `begin` to before `end`."""


class QueuedBlock(FedBlock, Protocol):
    """A block that `BlockQueue` can hold."""

    def arrived(self: QueuedT, arrival_ns: int) -> QueuedT:
        """The same records with this arrival time (this machine's monotonic clock)."""


FedT = TypeVar("FedT", bound=FedBlock)
FedT_co = TypeVar("FedT_co", bound=FedBlock, covariant=True)
QueuedT = TypeVar("QueuedT", bound=QueuedBlock)


class Feed(Protocol[FedT_co]):
    """Blocks from somewhere, empty ones while nothing arrives, so that its thread can be stopped.

    Attributes:
        name: the id that results carry.
    """

    name: str

    def __iter__(self) -> Iterator[FedT_co]: ...
    def report(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


class Queue(Protocol[FedT]):
    """A bounded buffer between the thread that reads and the loop that recognises.

    Attributes:
        kind: the class of its blocks.
        lossless: True: `put` waits for room. False: the oldest records are dropped.
        dropped: records dropped for newer ones.
    """

    @property
    def kind(self) -> type[FedT]: ...
    @property
    def lossless(self) -> bool: ...
    @property
    def dropped(self) -> int: ...

    def put(self, block: FedT, arrival_ns: int) -> bool:
        """Append records that arrived together; False once the queue is closed."""

    def take(self) -> FedT | None:
        """The oldest records; an empty block after half a second of nothing; None at the end.

        Raises:
            BaseException: what ended the reader, after all earlier records were taken.
        """

    def close(self, error: BaseException | None = None) -> None:
        """Accept no more records; `take` raises `error` after the last one."""


class Source(Generic[FedT]):
    """A feed read on its own thread into a queue; a `loop.play.Playable`.

    Args:
        feed: what is read.
        queue: holds what was read until it is taken.
        paced: the reader keeps the pace of the stamps.

    Attributes:
        name: the id that results carry.
        live: True if late records are dropped.
        patient: True if others may send to it: what cannot be used is dropped, and it goes on.
    """

    def __init__(self, feed: Feed[FedT], queue: Queue[FedT], paced: bool = False) -> None:
        self.name = feed.name
        self.live = not queue.lossless
        self.patient = self.live and not paced
        self.feed = feed
        self.queue = queue
        self._pace = Pace() if paced else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"source {self.name}", daemon=True)

    @property
    def entered(self) -> bool:
        """Whether reading has begun; stays True after the end."""
        return self._thread.ident is not None

    def __enter__(self) -> Source[FedT]:
        """Start reading.

        Raises:
            UsageError: it was read or closed before.
        """
        if self._stop.is_set() or self.entered:
            raise UsageError(
                f"the source {self.name!r} was read or closed already; open it again: a source is "
                "read once"
            )
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self.queue.close()
        self._thread.join()
        self.feed.close()

    def close(self) -> None:
        """Close the file or port of a source that was never entered; `with` closes it itself."""
        if not self.entered:
            self._stop.set()
            self.feed.close()

    def __iter__(self) -> Iterator[FedT]:
        """Blocks until the end; an empty one if nothing arrived for half a second.

        Raises:
            DataError: an error of the reader.
        """
        if not self.entered:
            raise UsageError(f"{self.name} is not open; iterate inside `with source:`")
        while (block := self.queue.take()) is not None:
            yield block

    def report(self) -> dict[str, Any]:
        """Counts of what was read and dropped so far."""
        return {"source": self.name, **self.feed.report(), "dropped": self.queue.dropped}

    def _read(self) -> None:
        error: BaseException | None = None
        try:
            for block in self.feed:
                if self._stop.is_set() or not self._give(block):
                    break
        except OSError as trouble:
            error = DataError(f"{self.name}: reading failed ({trouble.strerror or trouble})")
        except BaseException as trouble:
            error = trouble  # `take` raises it again
        self.queue.close(error)

    def _give(self, block: FedT) -> bool:
        """Queue a block, in groups at the pace of its stamps; False once the source is closed."""
        if self._pace is None:
            return self.queue.put(block, time.monotonic_ns())
        begin = 0
        for end in self._pace.groups(block.stamp_s_T):
            if self._stop.wait(self._pace.wait_s(float(block.stamp_s_T[end - 1]))):
                return False
            if not self.queue.put(block.part(begin, end), time.monotonic_ns()):
                return False
            begin = end
        return True


class Pace:
    """The clock of a replay: when a stamp is due."""

    def __init__(self) -> None:
        self._zero_s: float | None = None  # the clock's time at stamp 0
        self._newest_s = 0.0

    def groups(self, stamp_s_T: Float64) -> list[int]:
        """Ends of the runs of rows that are released together: those within 20 ms."""
        with np.errstate(invalid="ignore"):
            tick_T = np.floor(stamp_s_T / PACE_S)
            ends = np.flatnonzero(tick_T[1:] != tick_T[:-1]) + 1
        return [*ends.tolist(), stamp_s_T.size] if stamp_s_T.size else []

    def wait_s(self, stamp_s: float) -> float:
        """Seconds until a stamp is due; pauses over ten seconds and clock restarts are skipped."""
        now_s = time.monotonic()
        if not np.isfinite(stamp_s):
            return 0.0
        step_s = stamp_s - self._newest_s
        if self._zero_s is None or step_s > LONGEST_PAUSE_S or step_s < -RESTART_S:
            self._zero_s = now_s - stamp_s
        self._newest_s = stamp_s
        return max(0.0, self._zero_s + stamp_s - now_s)


class BlockQueue(Generic[QueuedT]):
    """A queue of whole blocks, for records too few per second to need a preallocated ring.

    Args:
        joined: joins blocks in order; returns the empty block for none.
        capacity: records the queue holds.
        lossless: True: `put` waits for room, and a record's arrival time is when it is taken, as it
            was not captured live. False: the oldest block is dropped.

    Attributes:
        dropped: records dropped for newer ones.
        waiting: records in the queue.
        closed: no more records are accepted.
    """

    def __init__(
        self, joined: Callable[[Sequence[QueuedT]], QueuedT], capacity: int, lossless: bool
    ) -> None:
        self.lossless = lossless
        self.dropped = 0
        self.waiting = 0
        self.closed = False
        self._joined = joined
        self._capacity = capacity
        self._blocks: deque[QueuedT] = deque()
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    @property
    def kind(self) -> type[QueuedT]:
        """The class of its blocks."""
        return type(self._joined([]))

    def put(self, block: QueuedT, arrival_ns: int) -> bool:
        """Append records that arrived together, 256 at a time; False once the queue is closed."""
        begins = range(0, len(block), _MOST_AT_ONCE)
        parts = (block.part(at, min(at + _MOST_AT_ONCE, len(block))) for at in begins)
        return all(self._append(part.arrived(arrival_ns)) for part in parts)

    def take(self) -> QueuedT | None:
        """The oldest block (several if live); empty after half a second; None at the end.

        Raises:
            BaseException: what ended the reader, after all earlier records were taken.
        """
        with self._changed:
            if not self._blocks and not self.closed:
                self._changed.wait(_WAIT_S)
            if not self._blocks and self.closed:
                if self._error is not None:
                    raise self._error
                return None
            block = self._joined(self._oldest())
            self.waiting -= len(block)
            self._changed.notify_all()
        return block.arrived(time.monotonic_ns()) if self.lossless else block

    def close(self, error: BaseException | None = None) -> None:
        """Accept no more blocks; `take` raises `error` after the last one."""
        with self._changed:
            self._error = self._error or error
            self.closed = True
            self._changed.notify_all()

    def _append(self, block: QueuedT) -> bool:
        with self._changed:
            while self.lossless and self.waiting >= self._capacity and not self.closed:
                self._changed.wait(_WAIT_S)
            self._blocks.append(block)
            self.waiting += len(block)
            while not self.lossless and self.waiting > self._capacity and len(self._blocks) > 1:
                lost = len(self._blocks.popleft())
                self.waiting -= lost
                self.dropped += lost
            self._changed.notify_all()
            return not self.closed

    def _oldest(self) -> list[QueuedT]:
        taken = [self._blocks.popleft()] if self._blocks else []
        while self._blocks and not self.lossless and sum(map(len, taken)) < _MOST_AT_ONCE:
            taken.append(self._blocks.popleft())
        return taken
