"""Which of several senders on one UDP port is read: one, and never two mixed.

The first that sends something readable is read, told by its address and port. Another is refused
and named, unless the first was silent: for five seconds where the other has the same address (an
app that was started again), or where the first sent fewer than ten datagrams that could be read (a
stray); for thirty where it has another. While the first sends, nobody takes its place. A sender
that takes a new port for each datagram is known by its first three. Whoever sent only what cannot
be read gives way at once, and whoever sent a header alone, or numbers that are none, does after
five seconds, or after another such datagram. What a reader knows of a sender (columns, units,
clock) holds for that one alone: where `changes` has grown, it begins anew. The state is of a few
senders and one datagram, however many send.
"""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Callable

from edgehuman.errors import UsageError

Address = tuple[str, int]
SILENT_S, AWAY_S = 5.0, 30.0
SETTLED = 10  # datagrams that could be read
MAX_TOLD = 3
_RECENT = 16


class Senders:
    """Chooses datagrams by who sent them.

    Args:
        chosen: read this one, "ADDRESS" or "ADDRESS:PORT"; None: the first that sends.
        clock: seconds of this machine.
        may_roam: a sender may take a new port for each datagram; a connection keeps its own.

    Attributes:
        refused: datagrams of others.
        changes: how often another began to be read.

    Raises:
        UsageError: `chosen` is no address.
    """

    def __init__(
        self,
        chosen: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        may_roam: bool = True,
    ) -> None:
        self._may_roam = may_roam
        self.refused = 0
        self._chosen = None if chosen is None else parse_sender(chosen)
        self._clock = clock
        self._read: Address | None = None
        self._count = 0  # datagrams of the one that is read
        self._last_s = 0.0
        self._roams = False  # a new port for each datagram
        self._recent: deque[Address] = deque(maxlen=_RECENT)
        self._waiting: tuple[Address, bytes] | None = None
        self._told: dict[Address, str] = {}
        self._succeeded: list[str] = []
        self._proofs = 0  # datagrams of the one that is read that could be read
        self.changes = 0

    @property
    def remarks(self) -> list[str]:
        """Who is refused, and who followed whom, in words, for the first few."""
        told = [words for sender, words in self._told.items() if sender != self._read]
        return [*told, *self._succeeded]

    def heard(self, rows: bool, garbage: bool) -> None:
        """Learn what came of the newest datagram that was admitted.

        Args:
            rows: whether it held what was wanted, in finite numbers.
            garbage: whether a part of it could not be read.
        """
        self._proofs += rows
        if garbage and not self._proofs:
            self._drop_waiting()
            self._read, self._roams = None, False

    def left(self, sender: Address) -> None:
        """A connection was closed: whoever sends next is read at once."""
        if sender == self._read:
            self._drop_waiting()
            self._read = None

    def admit(self, datagram: bytes, sender: Address) -> list[bytes]:
        """The datagrams to read now: this one, one that waited before it, or none."""
        if self._chosen is not None and not _is(sender, *self._chosen):
            return self._refuse(sender)
        again = sender in self._recent
        self._recent.append(sender)
        if self._roams and again:  # it keeps its port: they were several, and one is left
            self._roams = False
            self.changes += 1
        if self._read is None or (self._roams and sender[0] == self._read[0]):
            return self._take(sender, datagram)
        if sender == self._read:
            self._drop_waiting()
            return self._take(sender, datagram)
        is_here = sender[0] == self._read[0] or self._proofs < SETTLED
        is_silent = self._clock() - self._last_s > (SILENT_S if is_here else AWAY_S)
        if not self._proofs and self._count > 1:
            return self._take(sender, datagram)
        if sender[0] != self._read[0] and not is_silent:
            return self._refuse(sender)
        is_new = self._count == 1 and sender[0] == self._read[0] and not again
        if is_new and self._may_roam:
            return self._wait_or_roam(sender, datagram)
        if is_silent:
            if len(self._succeeded) < MAX_TOLD:
                before = _said(self._read)
                self._succeeded.append(f"{before} is silent; {_said(sender)} is read from here")
            return self._take(sender, datagram)
        return self._refuse(sender)

    def _take(self, sender: Address, datagram: bytes) -> list[bytes]:
        is_known = sender == self._read or (self._roams and self._read is not None)
        self._count = self._count + 1 if sender == self._read else 1
        if not is_known:
            self.changes += 1
            self._proofs = 0
        self._read, self._last_s = sender, self._clock()
        return [datagram]

    def _wait_or_roam(self, sender: Address, datagram: bytes) -> list[bytes]:
        """A second port after one datagram of the first: the next one tells who it is."""
        if self._waiting is None:
            self._waiting = sender, datagram
            return []
        other, before = self._waiting
        if other == sender:
            return self._refuse(sender)
        self._waiting, self._roams = None, True
        return [before, *self._take(sender, datagram)]

    def _drop_waiting(self) -> None:
        if self._waiting is not None:
            self._refuse(self._waiting[0])
            self._waiting = None

    def _refuse(self, sender: Address) -> list[bytes]:
        self.refused += 1
        if sender not in self._told and len(self._told) < MAX_TOLD:
            if self._chosen is None:
                assert self._read is not None
                kept = _said(self._read) + ("" if self._succeeded else ", which came first")
            else:
                kept = "the one of --sender"
            self._told[sender] = (
                f"another sender, {_said(sender)}, is not read, only {kept}; "
                f"--sender {_said(sender)} reads it instead; for both, run twice, on two ports"
            )
        return []


def parse_sender(text: str) -> tuple[str, int | None]:
    """An IP address, and a port if there is one: "192.168.1.7", "10.0.0.2:5000", "[::1]:5000".

    Raises:
        UsageError: neither.
    """
    host, colon, port = text.rpartition(":")
    bare = host.strip("[]")
    candidates: list[tuple[str, int | None]] = [(text.strip("[]"), None)]
    if colon and port.isascii() and port.isdigit() and len(port) <= 5:
        candidates.append((bare, int(port)))
    for address, number in candidates:
        try:
            return str(ipaddress.ip_address(address)), number
        except ValueError:
            continue
    raise UsageError(f"--sender is {text!r}; give an IP address, with or without a port")


def _is(sender: Address, host: str, port: int | None) -> bool:
    return sender[0] == host and port in (None, sender[1])


def _said(sender: Address) -> str:
    host = f"[{sender[0]}]" if ":" in sender[0] else sender[0]
    return f"{host}:{sender[1]}"
