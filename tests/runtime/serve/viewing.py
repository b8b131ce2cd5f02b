"""A page that runs in the test, and clients of it: plain HTTP, and a WebSocket."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    RejectConnection,
    Request,
    TextMessage,
)

from edgehuman.runtime.serve.address import Address
from edgehuman.runtime.serve.board import About, Board
from edgehuman.runtime.serve.meter import Meter
from edgehuman.runtime.serve.people.keeper import Keeper
from edgehuman.runtime.serve.server import PageServer

TOKEN = "0123456789abcdef0123456789abcdef0123456789a"
LIMIT_S = 20.0


@dataclass
class Picture:
    """A shot whose JPEG is its number."""

    number: int
    stamp_ns: int = 0
    size: int = 0
    source: str = ""

    def jpeg(self, drawn: bool) -> bytes:
        return struct.pack(">Q?", self.number, drawn) + b"x" * self.size

    def row(self) -> Mapping[str, Any]:
        return {"number": self.number, "people": []}


@dataclass
class Viewed:
    """A page that answers.

    Attributes:
        port: where.
        headers: of every request: the host, and the cookie that opens it.
    """

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def open(self, token: str) -> None:
        """Take the cookie for the token."""
        self.headers = {"host": f"127.0.0.1:{self.port}"}
        opened = self.ask(f"/?token={token}")
        self.headers["cookie"] = opened.headers["set-cookie"].partition(";")[0]

    def ask(
        self, path: str = "/", method: str = "GET", body: bytes = b"", **headers: str
    ) -> Answer:
        """One request with the cookie; `host=` and others replace its headers."""
        named = {
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in named.items() if v != "-")]
        with self.connected() as link:
            link.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)
            return answer_of(link)

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), LIMIT_S)

    def socket(self, **headers: str) -> Socket:
        """A WebSocket with the cookie."""
        return Socket(self, headers)


@dataclass
class Running(Viewed):
    """A page of the test itself."""

    board: Board = field(kw_only=True)
    server: PageServer = field(kw_only=True)
    meter: Meter = field(kw_only=True)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def answer_of(link: socket.socket) -> Answer:
    """What a server sent before it closed the connection."""
    content = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := link.recv(1 << 16):
            content += piece
    head, _, body = content.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return Answer(int(first.split()[1]) if first else 0, headers, body)


class Socket:
    """A viewer's WebSocket.

    Attributes:
        refused: the status, where it was not opened.
        closed: the code, once it is closed.
        pictures: of the last update.
    """

    def __init__(self, page: Viewed, headers: Mapping[str, str]) -> None:
        self.refused = self.closed = 0
        self.pictures: list[bytes] = []
        self._link = page.connected()
        self._events: Iterator[Any] = iter(())
        self.wire = WSConnection(ConnectionType.CLIENT)
        host = f"127.0.0.1:{page.port}"
        named = {"origin": f"http://{host}", "cookie": page.headers["cookie"], **headers}
        extra = [(k.encode(), v.encode()) for k, v in named.items() if k != "host" and v != "-"]
        request = Request(host=named.get("host", host), target="/live", extra_headers=extra)
        self._link.sendall(self.wire.send(request))
        opened = self.next()
        if isinstance(opened, RejectConnection):
            self.refused = opened.status_code
        else:
            assert isinstance(opened, AcceptConnection), opened

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *exception: object) -> None:
        self._link.close()

    def next(self) -> Any:
        """The next event; None once the connection is gone."""
        while True:
            for event in self._events:
                return event
            try:
                piece = self._link.recv(1 << 16)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return None
            self.wire.receive_data(piece)
            self._events = self.wire.events()

    def update(self) -> tuple[dict[str, Any], bytes]:
        """The next update with its last picture (all are in `pictures`); empty once it is
        closed.
        """
        text = self._message()
        if text is None:
            return {}, b""
        row: dict[str, Any] = json.loads(text)
        messages = [self._message() for shot in row["shots"] if shot["picture"]]
        self.pictures = [each for each in messages if isinstance(each, bytes)]
        return row, self.pictures[-1] if self.pictures else b""

    def acknowledge(self, row: Mapping[str, Any]) -> None:
        self.say(json.dumps({"ack": row["update"]}))

    def say(self, text: str | bytes) -> None:
        event = TextMessage(data=text) if isinstance(text, str) else BytesMessage(data=text)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._link.sendall(self.wire.send(event))

    def _message(self) -> str | bytes | None:
        held: Any = None
        while True:
            event = self.next()
            if event is None or isinstance(event, CloseConnection):
                self.closed = 0 if event is None else event.code
                return None
            if isinstance(event, (TextMessage, BytesMessage)):
                held = event.data if held is None else held + event.data
                if event.message_finished:
                    return held if isinstance(held, str) else bytes(held)


@contextlib.contextmanager
def running(
    kind: str = "frames",
    source: str = "door.mp4",
    keeper: Keeper | None = None,
    notify: Callable[[str], object] = lambda said: None,
    **flags: bool,
) -> Iterator[Running]:
    """A page on a free port."""
    labels = ("sitting", "walking_upstairs") if kind == "samples" else ()
    about = About(kind, "zoo:x", source, labels, dict.fromkeys(labels, "#0072b2"), **flags)
    board, meter = Board(about), Meter(kind, "door.mp4", "zoo:x")
    server = PageServer(board, meter, Address("127.0.0.1", 0), TOKEN, keeper, notify)
    server.start()
    page = Running(server.port, board=board, server=server, meter=meter)
    try:
        page.open(TOKEN)
        yield page
    finally:
        server.stop()
        assert server.error is None, server.error


def viewed(said: list[str], limit_s: float = LIMIT_S) -> Viewed:
    """The page of a run that says its address, once it is said."""
    until_s = time.monotonic() + limit_s
    while time.monotonic() < until_s:
        for line in said:
            if found := re.search(r"page: http://127\.0\.0\.1:(\d+)/\?token=(\S+)", line):
                page = Viewed(int(found[1]))
                page.open(found[2])
                return page
        time.sleep(0.01)
    raise AssertionError(said)


def until_alone(page: Running) -> None:
    """Until nobody watches: places are given back when the server notices."""
    until_s = time.monotonic() + 10
    while page.server.page.viewers.count and time.monotonic() < until_s:
        time.sleep(0.01)
    assert page.server.page.viewers.count == 0
