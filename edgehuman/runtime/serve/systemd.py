"""What systemd is told: that the run is ready, alive, and about to stop.

    watchdog = Watchdog()          does nothing unless systemd started the run with Type=notify
    watchdog.ready()
    watchdog.alive()               from the loop alone, at every turn

So a loop that hangs is started anew after `WatchdogSec`, whatever other threads do. Source:
sd_notify(3), sd_watchdog_enabled(3).
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

_MOST_BETWEEN_S = 1.0
_MOST_STATUS = 200


class Watchdog:
    """The socket that systemd gives.

    Args:
        environment: of the process.

    Attributes:
        is_wanted: whether systemd listens.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        given = os.environ if environment is None else environment
        self._address = given.get("NOTIFY_SOCKET", "")
        self.is_wanted = self._address.startswith(("/", "@")) and hasattr(socket, "AF_UNIX")
        self._between_s = _between_s(given)
        self._due_s = 0.0
        self._socket: socket.socket | None = None
        if self.is_wanted:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)

    def ready(self) -> None:
        """The loop begins."""
        self._send("READY=1")

    def alive(self, status: str = "") -> None:
        """The loop has made a turn; sent at most once a second."""
        if self._socket is None:
            return
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + self._between_s
            said = f"\nSTATUS={status[:_MOST_STATUS]}" if status else ""
            self._send(f"WATCHDOG=1{said}")

    @property
    def is_due(self) -> bool:
        """Whether `alive` would send."""
        return self._socket is not None and time.monotonic() >= self._due_s

    def stopping(self) -> None:
        """The loop has ended."""
        self._send("STOPPING=1")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._socket is None:
            return
        address = self._address
        if address.startswith("@"):
            address = f"\0{address[1:]}"
        try:
            self._socket.sendto(message.encode(), address)
        except OSError:
            self._due_s = 0.0  # systemd is busy or gone: the next turn tries again


def _between_s(environment: Mapping[str, str]) -> float:
    """Seconds between two signs of life: a quarter of what systemd waits, at most one."""
    said = environment.get("WATCHDOG_USEC", "")
    if not said.isdecimal() or environment.get("WATCHDOG_PID", str(os.getpid())) != str(
        os.getpid()
    ):
        return _MOST_BETWEEN_S
    return min(_MOST_BETWEEN_S, int(said) / 4e6)
