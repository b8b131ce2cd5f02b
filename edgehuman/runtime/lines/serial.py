"""Lines from a serial port: a microcontroller with a sensor, by USB or a radio.

    serial:/dev/ttyUSB0?baud=115200     serial:COM3     serial:/dev/rfcomm0

The port is opened again when the device was pulled out and put back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from edgehuman.errors import DataError, UsageError, safe_name
from edgehuman.install import not_installed
from edgehuman.runtime.lines.messages import Backoff, Remarks
from edgehuman.runtime.loop.address import Address
from edgehuman.runtime.loop.datagrams import POLL_S
from edgehuman.runtime.loop.text import CHUNK, LineCutter

if TYPE_CHECKING:
    from serial import Serial

USUAL_BAUD, MOST_BAUD = 115_200, 12_000_000
_WANTED = "lines of text"


class SerialMessages:
    """A serial port: a `lines.messages.Messages`.

    A first line of numbers alone is left out, as it may have begun before the port was opened.

    Args:
        address: of serial:.
        backoff: when to try again.

    Raises:
        UsageError: no such baud rate.
        DataError: the port cannot be opened.
        MissingDependencyError: pyserial is not installed.
    """

    address = ("", 0)

    def __init__(self, address: Address, backoff: Backoff | None = None) -> None:
        self.name = address.shown
        self.changes = 0
        self._device, self._baud = address.path, _baud(address)
        self._backoff = backoff or Backoff()
        self._remarks = Remarks()
        self._lost = self._dropped = self._partial = 0
        self._port: Serial | None = None
        try:
            self._open()
        except (OSError, ValueError) as error:
            raise DataError(
                f"cannot open {self.name} ({_reason(error)}); check its name and that you may read "
                "it (on Linux: be in the group dialout), and that no other program has it"
            ) from None

    def __iter__(self) -> Iterator[bytes | None]:
        """The whole lines of what arrives; None while nothing does. Never ends."""
        while True:
            if self._port is None and not self._again():
                time.sleep(POLL_S)
                yield None
                continue
            assert self._port is not None
            try:
                chunk = self._port.read(max(1, min(CHUNK, self._port.in_waiting)))
            except (OSError, TypeError) as error:  # TypeError: pyserial, of a port just closed
                self._lose(_reason(error))
                yield None
                continue
            if chunk:
                self._backoff.worked()
            yield self._whole(chunk) if chunk else None

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """There is one sender, and it is told nothing."""

    def report(self) -> dict[str, Any]:
        """How often the device was lost, lines that were too long, and first lines left out."""
        return {
            "lost_connections": self._lost,
            "long_lines": self._dropped,
            "partial_lines": self._partial,
            "remarks": self._remarks.told,
        }

    def close(self) -> None:
        """Close the port."""
        if self._port is not None:
            self._port.close()

    def _open(self) -> None:
        try:
            from serial import Serial
        except ImportError:
            raise not_installed("serial", "a serial port") from None
        alone = {"exclusive": True} if os.name == "posix" else {}
        self._port = Serial(self._device, self._baud, timeout=POLL_S, **alone)
        self._cutter = LineCutter(self.name, _WANTED, self._drop, joined=True)
        self._fresh = True
        self.changes += 1

    def _whole(self, chunk: bytes) -> bytes | None:
        whole = self._cutter.push(chunk)
        if whole is None or not self._fresh:
            return whole
        self._fresh = False
        first, _, rest = whole.partition(b"\n")
        if any(byte in b"{[" or (chr(byte).isalpha() and byte not in b"eE") for byte in first):
            return whole  # a header, or an object
        self._partial += 1
        return rest or None

    def _again(self) -> bool:
        """Open it again if it is time to; whether it is open."""
        if not self._backoff.is_due:
            return False
        try:
            self._open()
        except (OSError, ValueError):
            self._backoff.failed()
            return False
        self._remarks.add("the device is back")
        return True

    def _lose(self, why: str) -> None:
        assert self._port is not None
        self._port.close()
        self._port = None
        self._lost += 1
        self._backoff.failed()
        self._remarks.add(f"the device is gone ({why}); it is tried again, for ever")

    def _drop(self, reason: str) -> None:
        self._dropped += 1
        self._remarks.add(f"{reason}; such lines are dropped and counted")


def _reason(error: BaseException) -> str:
    return safe_name(str(getattr(error, "strerror", None) or error))


def _baud(address: Address) -> int:
    """Raises UsageError for a baud rate that is no number a port could have."""
    text = address.options.get("baud", str(USUAL_BAUD))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_BAUD))
    if not (is_number and 0 < int(text) <= MOST_BAUD):
        raise UsageError(
            f"{address.shown}: baud is {safe_name(text)!r}; give a whole number up to "
            f"{MOST_BAUD:,}, usually 9600 or 115200"
        )
    return int(text)
