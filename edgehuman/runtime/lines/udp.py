"""Datagrams as messages: of one sender, by its address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from edgehuman.runtime.loop.datagrams import Datagrams
from edgehuman.runtime.loop.senders import Senders


class UdpMessages:
    """A port that listens: a `lines.messages.Messages`.

    Args:
        spec: `udp://host:port`.
        sender: read this one, "ADDRESS" or "ADDRESS:PORT"; None: the first.

    Raises:
        UsageError: no host:port, or no such sender.
        DataError: the address is taken or not available.
    """

    def __init__(self, spec: str, sender: str | None = None) -> None:
        self.name = spec
        self._senders = Senders(sender)
        self._datagrams = Datagrams(spec, self._senders)
        self.address = self._datagrams.address

    @property
    def changes(self) -> int:
        """How often another sender began to be read."""
        return self._senders.changes

    def __iter__(self) -> Iterator[bytes | None]:
        """Each datagram; never ends."""
        return self._datagrams.raw()

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """Learn what came of the newest datagram; UDP tells nobody."""
        self._senders.heard(rows, garbage)

    def report(self) -> dict[str, Any]:
        """Datagrams read, refused, and dropped by the kernel."""
        return {
            "datagrams": self._datagrams.count,
            "lost_datagrams": self._datagrams.lost,
            "refused_datagrams": self._senders.refused,
            "remarks": self._senders.remarks,
        }

    def close(self) -> None:
        """Close the socket."""
        self._datagrams.close()
