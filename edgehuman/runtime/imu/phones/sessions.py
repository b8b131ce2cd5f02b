"""Sensor Logger's messages in the order that the app numbered them, each once, of one phone.

    {"messageId": 7, "sessionId": "…", "deviceId": "…", "payload": [...]}

Over HTTP and MQTT they may come late and twice. A message whose predecessor is missing waits for it
two seconds at most, behind it seven more; then it is left out and counted. What is none of Sensor
Logger's passes as it is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from edgehuman.preprocess.imu.format import Phone
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.lines.devices import Devices
from edgehuman.runtime.lines.messages import MOST_MESSAGE, Messages

PATIENCE_S, MOST_HELD = 2.0, 8
_PAST = 8  # recordings that are over
_UNSAID = (
    "Sensor Logger's JSON comes without --phone: its signs are read as Android's, and an iPhone's "
    "are opposite; give --phone ios, android or standard"
)


@dataclass(frozen=True, slots=True)
class Logged:
    """One message of the app.

    Attributes:
        device, session: who sent it, and which recording it is of.
        number: of the message in its recording.
        text: all of it, in one line.
    """

    device: str
    session: str
    number: int
    text: bytes


def logged_of(message: bytes) -> Logged | None:
    """The message of Sensor Logger that some text is; None if it is something else.

    Raises:
        ValueError: it begins as one, and is no JSON.
    """
    if b'"payload"' not in message or b'"messageId"' not in message:
        return None
    record = json_of(message, most=64 * MOST_MESSAGE)
    if not isinstance(record, dict) or not isinstance(record.get("payload"), list):
        return None
    number = record.get("messageId")
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    device, session = (str(record.get(key, ""))[:200] for key in ("deviceId", "sessionId"))
    # A line end can only stand between the parts of JSON.
    text = message.replace(b"\r", b" ").replace(b"\n", b" ")
    return Logged(device, session, number, text)


class Order:
    """Puts the messages of one recording after another in order.

    Attributes:
        repeated: messages that came again, or after others were given up for them.
        missing: messages that never came.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.repeated = self.missing = 0
        self._clock = clock
        self._session: str | None = None
        self._past: deque[str] = deque(maxlen=_PAST)
        self._next = 0
        self._held: dict[int, bytes] = {}
        self._since_s = 0.0

    def push(self, message: Logged) -> list[bytes]:
        """The messages that this one makes ready."""
        ready: list[bytes] = []
        if message.session != self._session:
            if message.session in self._past:
                self.repeated += 1
                return []
            ready = self._rest()
            if self._session is not None:
                self._past.append(self._session)
            # Whoever comes into the middle of a recording does not wait for its beginning.
            self._session = message.session
            self._next = 0 if message.number < MOST_HELD else message.number
        if message.number < self._next or message.number in self._held:
            self.repeated += 1
            return ready
        if not self._held:
            self._since_s = self._clock()
        self._held[message.number] = message.text
        return [*ready, *self._in_order(), *self.due()]

    def due(self) -> list[bytes]:
        """Messages that have waited long enough for one that is missing."""
        ready: list[bytes] = []
        late = bool(self._held) and self._clock() - self._since_s >= PATIENCE_S
        while self._held and (late or len(self._held) >= MOST_HELD):
            first = min(self._held)
            self.missing += first - self._next
            self._next, late = first, False
            ready += self._in_order()
        return ready

    def _in_order(self) -> list[bytes]:
        ready = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next))
            self._next += 1
        if ready:
            self._since_s = self._clock()
        return ready

    def _rest(self) -> list[bytes]:
        """What is left of a recording that is over."""
        return [self._held.pop(number) for number in sorted(self._held)]


class LoggedMessages:
    """Messages among which those of Sensor Logger are in order: a `lines.messages.Messages`.

    Args:
        messages: where they come from.
        phone: as declared; None: it is remarked where it matters.
        sender: the device to read; None: the first.
        clock: seconds of this machine.
    """

    def __init__(
        self,
        messages: Messages,
        phone: Phone | None = None,
        sender: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = messages.name
        self._messages = messages
        self._devices = Devices(sender, "device", clock)
        self._order = Order(clock)
        self._clock = clock
        self._unsaid = phone is None
        self._changes = 0  # of devices, that the order knows of
        self._remarks: list[str] = []

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._messages.address

    @property
    def changes(self) -> int:
        """How often another sender began to be read."""
        return self._messages.changes + self._devices.changes

    def __iter__(self) -> Iterator[bytes | None]:
        """The messages, in order; None while there is none."""
        for message in self._messages:
            ready = self._order.due() if message is None else self._pushed(message)
            if ready:
                yield from ready
            else:
                yield None

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """Learn what came of the newest message, and pass it on."""
        self._devices.heard(rows, garbage)
        self._messages.heard(rows, garbage, trouble)

    def report(self) -> dict[str, Any]:
        """The counts of the messages, with those that were repeated or missing."""
        told = self._messages.report()
        refused = told.get("refused_messages", 0) + self._devices.refused
        return {
            **told,
            "refused_messages": refused,
            "repeated_messages": self._order.repeated,
            "missing_messages": self._order.missing,
            "remarks": [*told["remarks"], *self._remarks, *self._devices.remarks],
        }

    def close(self) -> None:
        """Close what the messages come from."""
        self._messages.close()

    def _pushed(self, message: bytes) -> list[bytes]:
        try:
            logged = logged_of(message)
        except ValueError:  # told by who reads it as a row
            logged = None
        if logged is None:
            return [message]
        if self._unsaid and _UNSAID not in self._remarks:
            self._remarks.append(_UNSAID)
        if not self._devices.admit(logged.device):
            return []
        if self._devices.changes != self._changes:
            self._changes = self._devices.changes
            before, self._order = self._order, Order(self._clock)
            self._order.repeated, self._order.missing = before.repeated, before.missing
        return self._order.push(logged)
