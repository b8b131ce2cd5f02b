"""Who watches the page, and the WebSocket of each: an update out for every acknowledgement in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from edgehuman.reading.parsers import json_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.websockets import WebSocket

MOST_VIEWERS = 8
PATIENCE_S = 10.0
"""So long a viewer may take nothing; then its connection is closed."""
_MALFORMED, _ABUSED = 1003, 1008


class Viewers:
    """Who watches now; at most eight at a time, as each costs pictures.

    Attributes:
        refused: how many came when all places were taken.
        slow: how many were left because they took nothing.
        skipped: pictures that were replaced by newer ones before a viewer took them.
    """

    def __init__(self, most: int = MOST_VIEWERS) -> None:
        self.count = self.refused = self.slow = self.skipped = 0
        self._most = most

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place for the block; False if there is none."""
        if self.count >= self._most:
            self.refused += 1
            yield False
            return
        self.count += 1
        try:
            yield True
        finally:
            self.count -= 1


class Viewer:
    """One WebSocket: a message out for every acknowledgement in.

    Attributes:
        expects: the update that is to be acknowledged; 0: none.
        gone: it has left, or sent what it should not.
    """

    def __init__(self, socket: WebSocket, tell: Callable[[], object]) -> None:
        self.expects = 0
        self.gone = False
        self._socket, self._tell = socket, tell
        self._acked = asyncio.Event()

    async def send(self, message: str | bytes) -> None:
        """Send a text or a binary message.

        Raises:
            WebSocketDisconnect: the viewer is gone.
        """
        if isinstance(message, str):
            await self._socket.send_text(message)
        else:
            await self._socket.send_bytes(message)

    async def acknowledged(self) -> bool:
        """Wait for the acknowledgement; False if the viewer has left.

        Raises:
            asyncio.TimeoutError: it does not come.
        """
        await asyncio.wait_for(self._acked.wait(), PATIENCE_S)
        self._acked.clear()
        return not self.gone

    async def close(self, code: int, why: str) -> None:
        """Close the connection with a code of RFC 6455."""
        with suppress(Exception):  # it may be gone, or its buffer full
            await asyncio.wait_for(self._socket.close(code, why), 1.0)

    async def listen(self) -> None:
        """Take acknowledgements; whatever else comes ends the connection."""
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                number = acknowledgement(message.get("text"))
                if number is None:
                    await self.close(_MALFORMED, 'send {"ack": number}')
                    return
                if number != self.expects:  # so nobody can make it work by sending more
                    await self.close(_ABUSED, "this update was not sent, or acknowledged before")
                    return
                self.expects = 0
                self._acked.set()
        finally:
            self.gone = True
            self._acked.set()
            self._tell()


def acknowledgement(text: str | None) -> int | None:
    """The number of `{"ack": number}`; None for anything else."""
    try:
        message = json_of(text or "")
    except ValueError:
        return None
    if not isinstance(message, dict) or message.keys() != {"ack"}:
        return None
    number = message["ack"]
    return number if type(number) is int and number > 0 else None
