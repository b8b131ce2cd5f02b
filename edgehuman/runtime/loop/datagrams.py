"""Lines of text that arrive as UDP datagrams, for any parser of lines."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.loop.senders import Senders

POLL_S = 0.2
SCHEME = "udp://"
EMPTY = "an empty datagram"
_LARGEST = 65_536
_SHOWN = 60


class Datagrams:
    """A socket that listens.

    Args:
        spec: `udp://host:port`; without a host: all interfaces; port 0: any free port.
        senders: chooses whose datagrams are read; None: everybody's.

    Attributes:
        name: the spec.
        address: where it listens, with the port that was chosen for 0.
        count: datagrams received, without those of other senders.

    Raises:
        UsageError: no host:port.
        DataError: the address is taken or not available.
    """

    def __init__(self, spec: str, senders: Senders | None = None) -> None:
        host, port = _host_and_port(spec)
        self.name = spec
        self.count = 0
        self._senders = senders
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise DataError(
                f"cannot listen on {spec} ({error.strerror}); free the port or give another one"
            ) from None
        self._socket.settimeout(POLL_S)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    def __iter__(self) -> Iterator[list[str] | None]:
        """The lines of each datagram, none for an empty one; None while nothing arrives."""
        while True:
            try:
                datagram, sender = self._socket.recvfrom(_LARGEST)
            except TimeoutError:
                yield None
                continue
            chosen = [datagram]
            if self._senders is not None:
                chosen = self._senders.admit(datagram, sender[:2])
            if not chosen:
                yield None
            for each in chosen:
                self.count += 1
                yield each.decode("utf-8", errors="replace").splitlines()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _host_and_port(spec: str) -> tuple[str, int]:
    host, colon, port = spec.removeprefix(SCHEME).rpartition(":")
    # isdigit alone is not enough: int() rejects "²" and numbers of thousands of digits.
    if not (colon and port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535):
        shown = spec if len(spec) <= _SHOWN else f"{spec[:_SHOWN]}…"
        raise UsageError(
            f"{shown!r} names no port from 0 to 65535; write udp://:5555 or udp://127.0.0.1:5555"
        )
    return host.strip("[]") or "0.0.0.0", int(port)
