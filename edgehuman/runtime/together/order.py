"""Results of several sides, each from a thread of its own, in the order of their times.

    order = Order(["camera", "anna"], wait_s=3.0)
    order.put("anna", 2.56, result)            in the side's thread
    for name, t_s, item in order: ...          in the thread of the run; None while nothing comes

A result is released when every other side is later, or away, or when it has waited for `wait_s`.
What comes after a later one was released is late; it is released at once, and counted. Recorded
sides are waited for without end (`wait_s` None), as a file is always there. A replay may follow the
order in which the recorded run released them (`script`), so that what was late is late again.

Memory is bounded: a side whose queue is full waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
CAPACITY = 256
_LOOK_S = 0.1


@dataclass(slots=True)
class _Side(Generic[ItemT]):
    """What waits of one side: (time, when it came by the monotonic clock, item)."""

    waiting: deque[tuple[float, float, ItemT]] = field(default_factory=deque)
    away: bool = False
    ended: bool = False


class Order(Generic[ItemT]):
    """Args:
        sides: their names.
        wait_s: for how long a result waits for other sides; None: for ever.
        script: the sides in the order of an earlier run.

    Attributes:
        late: results so far that came after later ones.
    """

    def __init__(
        self, sides: Sequence[str], wait_s: float | None, script: Iterable[str] = ()
    ) -> None:
        self.late = 0
        self._wait_s = wait_s
        self._script = iter(script)
        self._next: str | None = next(self._script, None)
        self._sides: dict[str, _Side[ItemT]] = {name: _Side() for name in sides}
        self._changed = threading.Condition()
        self._released_s = -1.0
        self._closed = False

    def put(self, name: str, t_s: float, item: ItemT) -> bool:
        """Queue a result of a side; waits for room. False: nobody takes any more."""
        side = self._sides[name]
        with self._changed:
            while len(side.waiting) >= CAPACITY and not self._closed:
                self._changed.wait(_LOOK_S)
            side.away = False
            side.waiting.append((t_s, time.monotonic(), item))
            self._changed.notify_all()
            return not self._closed

    def away(self, name: str) -> None:
        """Nothing comes from a side: it is not waited for until something does."""
        with self._changed:
            self._sides[name].away = True
            self._changed.notify_all()

    def end(self, name: str) -> None:
        """Nothing more comes from a side."""
        with self._changed:
            self._sides[name].ended = True
            self._changed.notify_all()

    def hurry(self) -> None:
        """From now on nothing waits for others: the run is to end."""
        with self._changed:
            self._wait_s = 0.0
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody takes any more; sides that wait for room go on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[tuple[str, float, ItemT] | None]:
        """The results until all sides have ended; None if nothing was released for a while."""
        while True:
            with self._changed:
                taken = self._take()
                if taken is None:
                    if self._is_over():
                        return
                    self._changed.wait(_LOOK_S)
                    taken = self._take()
            yield taken

    def _is_over(self) -> bool:
        return all(side.ended and not side.waiting for side in self._sides.values())

    def _take(self) -> tuple[str, float, ItemT] | None:
        name = self._scripted() if self._next is not None else self._earliest()
        if name is None:
            return None
        t_s, _, item = self._sides[name].waiting.popleft()
        self.late += t_s < self._released_s
        self._released_s = max(self._released_s, t_s)
        self._changed.notify_all()
        return name, t_s, item

    def _scripted(self) -> str | None:
        """The next side of the script, once it has something; one that has ended is passed over."""
        while (name := self._next) is not None:
            side = self._sides.get(name)
            if side is not None and side.waiting:
                self._next = next(self._script, None)
                return name
            if side is not None and not side.ended:
                return None
            self._next = next(self._script, None)
        return self._earliest()

    def _earliest(self) -> str | None:
        """The side of the earliest result, if that may be released."""
        heads = {name: side.waiting[0] for name, side in self._sides.items() if side.waiting}
        if not heads:
            return None
        name = min(heads, key=lambda each: heads[each][0])
        others = [side for side in self._sides.values() if not side.waiting and not side.ended]
        if all(side.away for side in others):
            return name
        if self._wait_s is not None:
            # Whoever waited longest decides, not only the earliest.
            came_s = min(head[1] for head in heads.values())
            if time.monotonic() - came_s >= self._wait_s:
                return name
        return None
