"""Sensor Logger's HTTP push: a small server that takes what the app posts, and answers it.

    sensorlogger://:8000                this machine alone
    sensorlogger://0.0.0.0:8000         every phone that reaches this machine
    sensorlogger://0.0.0.0:8000/a7f3    the same, for whoever knows the path; else it is /data

In the app: Settings, Data Streaming, HTTP Push, the URL http://ADDRESS:8000/data. 200 is the
answer to what was taken. 499 with text is what the app shows to its wearer: a sensor that is
switched off, a rate that is too low; the message is taken all the same. A request is one
connection, has five seconds, a body of at most 1 MB, and eight are served at a time. A web page
cannot post: a request with an `Origin` is refused. Nothing of a path is looked for on the disk.
"""

from __future__ import annotations

import contextlib
import http.server
import io
import queue
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from edgehuman.errors import DataError
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.lines.messages import MOST_MESSAGE, Remarks
from edgehuman.runtime.loop.address import LOOPBACK, Address
from edgehuman.runtime.loop.datagrams import POLL_S

REQUEST_S = 5.0
MOST_AT_ONCE, MOST_WAITING = 8, 16
USUAL_PATH = "data"
TOLD = 499  # the app shows the text of this answer
_BUSY = b"HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n"
_MOST_SHOWN = 300


class PushedMessages:
    """What is posted: a `lines.messages.Messages`.

    Args:
        address: of sensorlogger://; without a host: this machine alone.
        request_s: seconds that a request may take.

    Raises:
        DataError: the address is taken or not available.
    """

    def __init__(self, address: Address, request_s: float = REQUEST_S) -> None:
        self.name = address.shown
        self.changes = 1
        self.path = f"/{address.path or USUAL_PATH}"
        self.request_s = request_s
        self.counts = dict.fromkeys(("refused", "slow", "busy", "lost", "taken"), 0)
        self.remarks = Remarks()
        self._lock = threading.Lock()
        self._trouble = ""
        self._waiting: queue.Queue[bytes] = queue.Queue(MOST_WAITING)
        try:
            self._server = _Server((address.host or LOOPBACK, address.port), self)
        except OSError as error:
            raise DataError(
                f"cannot listen on {self.name} ({error.strerror or error}); free the port or give "
                "another one"
            ) from None
        self.address: tuple[str, int] = self._server.server_address[:2]  # type: ignore[assignment]
        serve = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True)
        serve.name = f"server {self.name}"
        serve.start()

    def __iter__(self) -> Iterator[bytes | None]:
        """Each body; None while there is none. Never ends."""
        while True:
            try:
                yield self._waiting.get(timeout=POLL_S)
            except queue.Empty:
                yield None

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """Learn what came of the newest message: the next answer tells the app."""
        self._trouble = trouble[:_MOST_SHOWN]

    def report(self) -> dict[str, Any]:
        """Requests taken, refused, too slow or too many, and messages that came too fast."""
        counts = self.counts
        return {
            "messages": counts["taken"],
            "lost_messages": counts["lost"],
            "refused_requests": counts["refused"],
            "slow_requests": counts["slow"],
            "busy_requests": counts["busy"],
            "remarks": self.remarks.told,
        }

    def close(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes) -> tuple[int, str]:
        """Queue a body; the status and the text of its answer."""
        try:
            record = json_of(body, most=64 * MOST_MESSAGE)
        except ValueError as error:
            return self.refuse(400, f"not JSON ({getattr(error, 'msg', error)})")
        if not isinstance(record, dict):
            return self.refuse(400, "no JSON object: Sensor Logger's pushes are taken here")
        try:
            self._waiting.put_nowait(body)
        except queue.Full:
            self.count("lost")
            return 503, "messages come faster than they are read"
        self.count("taken")
        return (TOLD, self._trouble) if self._trouble else (200, "taken")

    def refuse(self, status: int, why: str) -> tuple[int, str]:
        """Count a request that is not taken."""
        self.count("refused")
        self.remarks.add(f"a request is refused: {why}"[:_MOST_SHOWN])
        return status, why

    def count(self, what: str) -> None:
        """Count one more, from any of the threads that serve."""
        with self._lock:
            self.counts[what] += 1


class _Server(socketserver.ThreadingTCPServer):
    """Serves a few at a time; further ones are told that it is busy."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def __init__(self, place: tuple[str, int], owner: PushedMessages) -> None:
        self.owner = owner
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(place, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        self.owner.count("busy")
        request.setblocking(False)
        with contextlib.suppress(OSError):
            request.send(_BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # whoever left early is no bug
            super().handle_error(request, client_address)


class _Timely(io.RawIOBase):
    """Reads a socket until an instant; however slowly the bytes come, it is over then."""

    def __init__(self, connection: socket.socket, until_s: float) -> None:
        self._connection, self._until_s = connection, until_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the request took too long")
        self._connection.settimeout(left_s)
        return self._connection.recv_into(buffer)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "edgehuman", ""

    def setup(self) -> None:
        super().setup()
        timely = _Timely(self.connection, time.monotonic() + self.server.owner.request_s)
        self.rfile = io.BufferedReader(timely)

    def do_POST(self) -> None:
        owner = self.server.owner
        refused = self._refusal()
        if refused is not None:
            self._answer(*owner.refuse(*refused))
            return
        size = int(self.headers["Content-Length"])
        try:
            body = self.rfile.read(size)
        except TimeoutError:
            owner.count("slow")
            self._answer(408, f"the request took over {owner.request_s:g} s")
            return
        if len(body) < size:  # it left in the middle
            owner.refuse(400, "a body that is cut short")
            return
        self._answer(*owner.take(body))

    def do_GET(self) -> None:
        self._answer(405, "Sensor Logger posts here; there is nothing to get")

    def _refusal(self) -> tuple[int, str] | None:
        """Status and words, if the body of a request is not even read."""
        path, length = self.path.partition("?")[0], self.headers.get("Content-Length", "")
        if path != self.server.owner.path:
            return 404, "no such path; the app's URL ends in the path that was given here"
        if self.headers.get("Origin") is not None:
            return 403, "a web page may not post here"
        if not (length.isascii() and length.isdigit()):
            return 411, "a request without the length of its body"
        if len(length) > len(str(MOST_MESSAGE)) or int(length) > MOST_MESSAGE:
            return 413, f"a body of over {MOST_MESSAGE >> 20} MB; let the app push more often"
        return None

    def _answer(self, status: int, text: str) -> None:
        self.connection.settimeout(self.server.owner.request_s)
        content = text.encode("utf-8", errors="replace")
        self.send_response(status, "Told" if status == TOLD else None)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request that is known here, in text."""
        self.server.owner.count("refused")
        self._answer(code, "no such request is taken here")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what was refused is counted."""
