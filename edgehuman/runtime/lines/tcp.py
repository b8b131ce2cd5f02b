"""Lines over TCP: from a device that listens, or from apps that connect to us.

tcp://192.168.1.7:5000              connects, as a sensor's bridge or a microcontroller listens
tcp://:5000?listen                  listens on this machine alone
tcp://0.0.0.0:5000?listen           listens for everybody, as phones need it
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgehuman.errors import DataError
from edgehuman.runtime.lines.messages import Backoff, Remarks
from edgehuman.runtime.loop.address import LOOPBACK, Address, said_host
from edgehuman.runtime.loop.datagrams import POLL_S
from edgehuman.runtime.loop.senders import AWAY_S, Senders
from edgehuman.runtime.loop.text import CHUNK, LineCutter

CONNECT_S = 3.0
MOST_CONNECTIONS = 8
_WANTED = "lines of text"
_KEEP_ALIVE = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))


class ConnectedMessages:
    """A connection that we make, and make again when it is lost: a `lines.messages.Messages`.

    Args:
        address: of tcp://.
        backoff: when to try again.

    Raises:
        DataError: nobody listens there.
    """

    address = ("", 0)

    def __init__(self, address: Address, backoff: Backoff | None = None) -> None:
        self.name = address.shown
        self.changes = 0
        self._place = (address.host or LOOPBACK, address.port)
        self._backoff = backoff or Backoff()
        self._remarks = Remarks()
        self._lost = self._dropped = 0
        self._socket: socket.socket | None = None
        try:
            self._connect()
        except OSError as error:
            raise DataError(
                f"cannot connect to {self.name} ({error.strerror or error}); start what listens "
                "there, or listen for it yourself: tcp://HOST:PORT?listen"
            ) from None

    def __iter__(self) -> Iterator[bytes | None]:
        """The whole lines of what arrives; None while nothing does. Never ends."""
        while True:
            if self._socket is None and not self._again():
                time.sleep(POLL_S)
                yield None
                continue
            assert self._socket is not None
            try:
                chunk = self._socket.recv(CHUNK)
                if not chunk:
                    raise ConnectionResetError("closed by the other side")
            except TimeoutError:
                yield None
                continue
            except OSError as error:
                self._lose(str(error.strerror or error))
                yield None
                continue
            self._backoff.worked()
            yield self._cutter.push(chunk)

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """There is one sender, and it is told nothing."""

    def report(self) -> dict[str, Any]:
        """Connections lost, and lines that were too long."""
        counts = {"lost_connections": self._lost, "long_lines": self._dropped}
        return {**counts, "remarks": self._remarks.told}

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._place, CONNECT_S)
        _keep_alive(self._socket)
        self._socket.settimeout(POLL_S)
        self._cutter = LineCutter(self.name, _WANTED, self._drop, joined=True)
        self.changes += 1

    def _again(self) -> bool:
        """Connect again if it is time to; whether there is a connection."""
        if not self._backoff.is_due:
            return False
        try:
            self._connect()
        except OSError:
            self._backoff.failed()
            return False
        self._remarks.add("connected again")
        return True

    def _lose(self, why: str) -> None:
        assert self._socket is not None
        self._socket.close()
        self._socket = None
        self._lost += 1
        self._backoff.failed()
        self._remarks.add(f"the connection is lost ({why}); it is tried again, for ever")

    def _drop(self, reason: str) -> None:
        self._dropped += 1
        self._remarks.add(f"{reason}; such lines are dropped and counted")


@dataclass(slots=True)
class _Peer:
    socket: socket.socket
    address: tuple[str, int]
    cutter: LineCutter
    heard_s: float


class ListeningMessages:
    """Connections that others make: a `lines.messages.Messages`. Several may be open, one sender is
    read (`loop.senders`), and the next one as soon as that leaves.

    Args:
        address: of tcp://…?listen; without a host: this machine alone.
        sender: read this one, "ADDRESS" or "ADDRESS:PORT"; None: the first.

    Raises:
        UsageError: no such sender.
        DataError: the address is taken or not available.
    """

    def __init__(self, address: Address, sender: str | None = None) -> None:
        self.name = address.shown
        self._senders = Senders(sender, may_roam=False)
        self._remarks = Remarks()
        self._refused = self._dropped = self._lost = 0
        self._selector = selectors.DefaultSelector()
        self._peers: dict[int, _Peer] = {}
        place = (address.host or LOOPBACK, address.port)
        try:
            family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
            self._listener = socket.create_server(place, family=family, backlog=MOST_CONNECTIONS)
        except OSError as error:
            raise DataError(
                f"cannot listen on {self.name} ({error.strerror}); free the port or give another "
                "one"
            ) from None
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]

    @property
    def changes(self) -> int:
        """How often another sender began to be read."""
        return self._senders.changes

    def __iter__(self) -> Iterator[bytes | None]:
        """The whole lines of what arrives; None while nothing does. Never ends."""
        while True:
            ready = self._selector.select(POLL_S)
            if not ready:
                yield None
            for key, _ in ready:
                if key.fileobj is self._listener:
                    self._accept()
                    yield None
                elif key.fd in self._peers:
                    yield from self._read(self._peers[key.fd])

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """Learn what came of the newest lines; nobody is told."""
        self._senders.heard(rows, garbage)

    def report(self) -> dict[str, Any]:
        """Connections refused and lost, lines refused, and those that were too long."""
        return {
            "refused_connections": self._refused,
            "lost_connections": self._lost,
            "refused_messages": self._senders.refused,
            "long_lines": self._dropped,
            "remarks": [*self._remarks.told, *self._senders.remarks],
        }

    def close(self) -> None:
        """Close the port and every connection."""
        for peer in list(self._peers.values()):
            peer.socket.close()
        self._peers.clear()
        self._selector.close()
        self._listener.close()

    def _accept(self) -> None:
        try:
            connection, address = self._listener.accept()
        except OSError:  # it left before it was taken
            return
        if len(self._peers) >= MOST_CONNECTIONS and not self._make_room():
            connection.close()
            self._refused += 1
            self._remarks.add(
                f"over {MOST_CONNECTIONS} connections are open; further ones are closed"
            )
            return
        connection.setblocking(False)
        _keep_alive(connection)
        cutter = LineCutter(self.name, _WANTED, self._drop, joined=True)
        peer = _Peer(connection, address[:2], cutter, time.monotonic())
        self._peers[connection.fileno()] = peer
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, peer: _Peer) -> Iterator[bytes]:
        try:
            chunk = peer.socket.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._leave(peer)
            return
        peer.heard_s = time.monotonic()
        whole = peer.cutter.push(chunk)
        if whole is not None:
            yield from self._senders.admit(whole, peer.address)

    def _make_room(self) -> bool:
        """Close the connection that was silent longest, if it was for half a minute."""
        peer = min(self._peers.values(), key=lambda each: each.heard_s)
        if time.monotonic() - peer.heard_s < AWAY_S:
            return False
        self._leave(peer)
        return True

    def _leave(self, peer: _Peer) -> None:
        del self._peers[peer.socket.fileno()]
        self._selector.unregister(peer.socket)
        peer.socket.close()
        self._lost += 1
        self._senders.left(peer.address)
        self._remarks.add(f"{said_host(peer.address[0])} has left; it may come back")

    def _drop(self, reason: str) -> None:
        self._dropped += 1
        self._remarks.add(f"{reason}; such lines are dropped and counted")


def _keep_alive(connection: socket.socket) -> None:
    """Find out within half a minute that the other side is gone without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
