"""Messages of text from a sensor that may go and come back: what every live source of lines gives.

| source | messages |
|---|---|
| `lines.udp` | datagrams |
| `lines.tcp`, `lines.serial` | the whole lines of what was read |
| `mqtt.messages` | what is published on a topic |
| `imu.phones` | what a phone's app pushes, or is asked for |

None of them ends because of what is sent, and none waits without a bound. One sender is read at a
time; `changes` tells the reader that what it learnt of columns, units and clock is of another.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
_JITTER = 0.2
MOST_REMARKS = 6
MOST_MESSAGE = 1 << 20
"""Of one message, bytes: Sensor Logger pushes some seconds of all sensors in one."""


class Messages(Protocol):
    """Where messages come from.

    Attributes:
        name: of the source, for results and messages; without a password.
        address: where it listens; ("", 0) where it does not.
        changes: how often another sender began to be read.
    """

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> tuple[str, int]: ...
    @property
    def changes(self) -> int: ...
    def __iter__(self) -> Iterator[bytes | None]:
        """Each message as it comes; None while there is none, a few times a second."""

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """Learn what came of the newest message.

        Args:
            rows: whether it held what was wanted, in finite numbers.
            garbage: whether a part of it could not be read.
            trouble: what its sender should change, in words; "" if nothing.
        """

    def report(self) -> dict[str, Any]:
        """Counts, with `remarks`: what happened, in words."""

    def close(self) -> None:
        """Give back the port or the connection."""


class Backoff:
    """When to try again: after 1, 2, 4 … 30 seconds, a fifth more or less, for ever.

    Args:
        first_s, longest_s: the first pause and the longest.
        clock: seconds of this machine.
    """

    def __init__(
        self,
        first_s: float = FIRST_PAUSE_S,
        longest_s: float = LONGEST_PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first_s, self._longest_s, self._clock = first_s, longest_s, clock
        self._pause_s = 0.0
        self._due_s = 0.0

    @property
    def is_due(self) -> bool:
        """Whether to try now."""
        return self._clock() >= self._due_s

    def failed(self) -> float:
        """It failed: the seconds until the next try."""
        self._pause_s = min(self._longest_s, max(self._first_s, 2 * self._pause_s))
        pause_s = self._pause_s * random.uniform(1 - _JITTER, 1 + _JITTER)
        self._due_s = self._clock() + pause_s
        return pause_s

    def worked(self) -> None:
        """It worked: the next failure is a first one."""
        self._pause_s = self._due_s = 0.0


class Remarks:
    """The first few remarks on a source, each once: what is sent can make no more.

    Args:
        tell: called with each as it is made.
    """

    def __init__(self, tell: Callable[[str], object] = lambda words: None) -> None:
        self.told: list[str] = []
        self._tell = tell

    def add(self, words: str) -> None:
        """Remark something, if it is new and there is room."""
        if words not in self.told and len(self.told) < MOST_REMARKS:
            self.told.append(words)
            self._tell(words)
