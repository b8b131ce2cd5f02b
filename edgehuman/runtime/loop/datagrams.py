"""Lines of text that arrive as UDP datagrams, for any parser of lines."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator

from edgehuman.errors import DataError
from edgehuman.runtime.loop.address import host_and_port
from edgehuman.runtime.loop.senders import Senders

POLL_S = 0.2
SCHEME = "udp://"
EMPTY = "an empty datagram"
_LARGEST = 65_536
# Linux counts the datagrams that did not fit into the socket's buffer, in 32 bits, and tells with
# the next one; socket(7). Python has no name for it.
_OVERFLOWS = 40 if sys.platform == "linux" else None
_COUNT = struct.Struct("=I")
_FORM = "udp://:5555 or udp://127.0.0.1:5555"


class Datagrams:
    """A socket that listens.

    Args:
        spec: `udp://host:port`; without a host: all interfaces; port 0: any free port.
        senders: chooses whose datagrams are read; None: everybody's.

    Attributes:
        name: the spec.
        address: where it listens, with the port that was chosen for 0.
        count: datagrams received, without those of other senders.
        lost: datagrams, of anybody, that the kernel dropped since the start, as they came faster
            than they were read; 0 where it does not tell (not Linux).

    Raises:
        UsageError: no host:port.
        DataError: the address is taken or not available.
    """

    def __init__(self, spec: str, senders: Senders | None = None) -> None:
        host, port = host_and_port(spec.removeprefix(SCHEME), None, spec, _FORM)
        host = host or "0.0.0.0"
        self.name = spec
        self.count = 0
        self.lost = 0
        self._lost_before = 0  # by the kernel's counter, which begins anew at 2**32
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
        self._tells_lost = self._ask_for_lost()
        self._socket.settimeout(POLL_S)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    def __iter__(self) -> Iterator[list[str] | None]:
        """The lines of each datagram, none for an empty one; None while nothing arrives."""
        for datagram in self.raw():
            yield None if datagram is None else lines_of(datagram)

    def raw(self) -> Iterator[bytes | None]:
        """Each datagram; None while nothing arrives."""
        while True:
            try:
                datagram, sender = self._receive()
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
                yield each

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _ask_for_lost(self) -> bool:
        """Ask the kernel to count what it drops; False where it does not."""
        if _OVERFLOWS is None:
            return False
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _OVERFLOWS, 1)
        except OSError:
            return False
        return True

    def _receive(self) -> tuple[bytes, tuple[str, int]]:
        """A datagram and its sender; what the kernel dropped before it is counted."""
        if not self._tells_lost:
            return self._socket.recvfrom(_LARGEST)
        datagram, told, _, sender = self._socket.recvmsg(_LARGEST, socket.CMSG_SPACE(_COUNT.size))
        for level, kind, value in told:
            if (level, kind) == (socket.SOL_SOCKET, _OVERFLOWS) and len(value) == _COUNT.size:
                (count,) = _COUNT.unpack(value)
                self.lost += (count - self._lost_before) % (1 << 32)
                self._lost_before = count
        return datagram, sender


def lines_of(message: bytes) -> list[str]:
    """The lines of a message; what is no UTF-8 in them is U+FFFD."""
    return message.decode("utf-8", errors="replace").splitlines()
