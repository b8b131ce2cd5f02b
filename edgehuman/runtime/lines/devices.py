"""Which of several devices is read that share a topic, a port or a broker: one, by its name.

The first that sends is read. Another is refused and named, unless the first was silent for thirty
seconds, or has sent only what cannot be read. It is `loop.senders` for those that have names in
place of addresses.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from edgehuman.errors import safe_name
from edgehuman.runtime.loop.senders import AWAY_S, MAX_TOLD

_LONGEST_NAME, _SHOWN = 200, 60


class Devices:
    """Chooses messages by the device that sent them.

    Args:
        chosen: the one to read; None: the first that sends.
        what: what a name is of, for the remarks ("topic", "device").
        clock: seconds of this machine.

    Attributes:
        refused: messages of others.
        changes: how often another began to be read.
        remarks: who is refused, and who followed whom, in words, for the first few.
    """

    def __init__(
        self,
        chosen: str | None = None,
        what: str = "device",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.refused = 0
        self.changes = 0
        self.remarks: list[str] = []
        self._chosen, self._what, self._clock = chosen, what, clock
        self._read: str | None = None
        self._last_s = 0.0
        self._proofs = 0  # messages of the one that is read that could be read
        self._told: set[str] = set()

    def admit(self, device: str) -> bool:
        """Whether a message of this device is read."""
        device = device[:_LONGEST_NAME]
        if self._chosen is not None:
            return self._take(device) if device == self._chosen else self._refuse(device)
        if device == self._read or self._read is None:
            return self._take(device)
        if self._clock() - self._last_s > AWAY_S:
            self._tell(f"{_said(self._read)} is silent; {_said(device)} is read from here")
            return self._take(device)
        return self._refuse(device)

    def heard(self, rows: bool, garbage: bool) -> None:
        """Learn what came of the newest message that was admitted."""
        self._proofs += rows
        if garbage and not self._proofs:
            self._read = None

    def _take(self, device: str) -> bool:
        if device != self._read:
            self._read = device
            self._proofs = 0
            self.changes += 1
        self._last_s = self._clock()
        return True

    def _refuse(self, device: str) -> bool:
        self.refused += 1
        if device not in self._told and len(self._told) < MAX_TOLD:
            self._told.add(device)
            kept = "the one of --sender" if self._chosen is not None else _said(self._read)
            self._tell(
                f"another {self._what}, {_said(device)}, is not read, only {kept}; --sender "
                f"{_said(device)} reads it instead; for both, run twice"
            )
        return False

    def _tell(self, words: str) -> None:
        if len(self.remarks) < 2 * MAX_TOLD:
            self.remarks.append(words)


def _said(name: str | None) -> str:
    return safe_name(name or "nameless")[:_SHOWN]
