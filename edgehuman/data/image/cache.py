"""A cache of what is made of pictures, within one budget of memory for the whole process.

    people: Cache[Uint8] = Cache()
    people.keep(7, image_HWC, image_HWC.nbytes)
    7 in people, people[7]

What finds no room is not kept, and its owner makes it anew. Nothing is evicted, so that what was
kept stays; the room is given back with the cache. Threads may share both.
"""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

MOST_BYTES = 800_000_000
"""Of all caches of the process."""
ValueT = TypeVar("ValueT")


class Budget:
    """Bytes that may be kept.

    Attributes:
        free: of them.
    """

    def __init__(self, most: int) -> None:
        self.free = most
        # A cache may end, and give back, while the same thread is in here.
        self._lock = threading.RLock()

    def take(self, num_bytes: int) -> bool:
        """Take so many, if there are."""
        with self._lock:
            if num_bytes > self.free:
                return False
            self.free -= num_bytes
            return True

    def give(self, num_bytes: int) -> None:
        """Give so many back."""
        with self._lock:
            self.free += num_bytes


BUDGET = Budget(MOST_BYTES)
"""Of the process."""


class Cache(Generic[ValueT]):
    """What one owner keeps, by number.

    Args:
        budget: None: that of the process.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = BUDGET if budget is None else budget
        self._held: dict[int, tuple[ValueT, int]] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._held

    def __getitem__(self, number: int, /) -> ValueT:
        return self._held[number][0]

    def keep(self, number: int, value: ValueT, num_bytes: int) -> None:
        """Keep a value if there is room for it, and another of that number is not kept."""
        if number in self._held or not self._budget.take(num_bytes):
            return
        held = value, num_bytes
        if self._held.setdefault(number, held) is not held:  # another thread was first
            self._budget.give(num_bytes)

    @property
    def num_bytes(self) -> int:
        """Of what is kept."""
        return sum(num_bytes for _, num_bytes in [*self._held.values()])

    def __del__(self) -> None:
        self._budget.give(self.num_bytes)
