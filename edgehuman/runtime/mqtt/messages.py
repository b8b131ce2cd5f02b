"""What is published on a topic, as messages.

    mqtt://broker.lan/wrist/imu         mqtts://broker.lan/house/+/imu?ca=ca.pem

Of several topics that + and # stand for, one is read (`lines.devices`). What a broker kept from
before is left out: it is of another time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.runtime.lines.devices import Devices
from edgehuman.runtime.lines.messages import MOST_MESSAGE
from edgehuman.runtime.loop.address import Address
from edgehuman.runtime.loop.datagrams import POLL_S
from edgehuman.runtime.mqtt.link import Link, require_topic

MOST_WAITING, MOST_WAITING_BYTES = 1024, 1 << 23


class BrokerMessages:
    """Messages of a broker: a `lines.messages.Messages`.

    Args:
        address: of mqtt:// or mqtts://, with a topic.
        sender: of several topics the one to read; None: the first that something comes on.

    Raises:
        UsageError: no topic; see `Link`.
        DataError: the broker cannot be reached, or does not let us in.
        MissingDependencyError: paho-mqtt 2 is not installed.
    """

    address = ("", 0)

    def __init__(self, address: Address, sender: str | None = None) -> None:
        self.name = address.shown
        self._topic = require_topic(address, wildcards=True)
        if "discovery" in address.options:
            raise UsageError(f"{self.name}: discovery is for --sink; leave it out of a source")
        self._topics = Devices(sender, "topic")
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._bytes = self._count = self._lost = self._kept = self._large = 0
        self._came = threading.Condition()
        self._link = Link(address, self._subscribe, self._take)
        self._link.open()

    @property
    def changes(self) -> int:
        """How often another topic began to be read."""
        return self._topics.changes

    def __iter__(self) -> Iterator[bytes | None]:
        """Each message; None while there is none. Never ends."""
        while True:
            with self._came:
                if not self._waiting:
                    self._came.wait(POLL_S)
                topic, message = self._waiting.popleft() if self._waiting else ("", b"")
                self._bytes -= len(message)
            if topic and self._topics.admit(topic):
                self._count += 1
                yield message
            else:
                yield None

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """Learn what came of the newest message; nobody is told."""
        self._topics.heard(rows, garbage)

    def report(self) -> dict[str, Any]:
        """Messages read, refused and lost, and how often the broker was."""
        return {
            "messages": self._count,
            "lost_messages": self._lost,
            "refused_messages": self._topics.refused,
            "kept_messages": self._kept,
            "large_messages": self._large,
            "lost_connections": self._link.lost,
            "remarks": [*self._link.remarks.told, *self._topics.remarks],
        }

    def close(self) -> None:
        """Leave the broker."""
        self._link.close()

    def _subscribe(self) -> None:
        self._link.subscribe(self._topic)

    def _take(self, topic: str, message: bytes, kept: bool) -> None:
        """Queue a message; the oldest are dropped where they come faster than they are read."""
        with self._came:
            self._kept += kept
            self._large += len(message) > MOST_MESSAGE
            if kept or len(message) > MOST_MESSAGE:
                return
            self._waiting.append((topic, message))
            self._bytes += len(message)
            while len(self._waiting) > MOST_WAITING or self._bytes > MOST_WAITING_BYTES:
                self._bytes -= len(self._waiting.popleft()[1])
                self._lost += 1
            self._came.notify()
