"""How long to wait before a camera is opened again: 1, 2, 4, ... 30 s, a fifth more or less."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_S, MOST_S, JITTER = 1.0, 30.0, 0.2


class Backoff:
    """The pauses between attempts.

    Args:
        chance: gives numbers from 0 to 1; cameras that failed together do not come back together.
    """

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._next_s = FIRST_S

    def next_s(self) -> float:
        """Seconds to wait now; the next time twice as long."""
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, MOST_S)
        return pause_s * (1 + JITTER * (2 * self._chance() - 1))

    def reset(self) -> None:
        """It worked: the next pause is the first again."""
        self._next_s = FIRST_S
