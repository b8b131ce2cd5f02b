"""The webhook: batches, three tries, and a loop that never waits."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.loop.sinks import SinkThread
from edgehuman.runtime.serve import webhook
from edgehuman.runtime.serve.webhook import AT_ONCE, AUTHORIZATION, Webhook


class Hooked(http.server.ThreadingHTTPServer):
    """A server that keeps what it is sent.

    Attributes:
        statuses: of its next answers; then 200.
        wait_s: before each answer.
    """

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.heads: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.wait_s = 0.0
        super().__init__(("127.0.0.1", 0), Hook)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/in?room=1"


class Hook(http.server.BaseHTTPRequestHandler):
    server: Hooked
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(self.server.wait_s)
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.server.heads.append({"path": self.path, **dict(self.headers.items())})
        if status == 200:
            self.server.bodies.append(json.loads(body))
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *given: Any) -> None:
        """Nothing is said."""


@pytest.fixture
def server() -> Iterator[Hooked]:
    with Hooked() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSE_S", 0.01)


def hook(url: str, said: list[str] | None = None) -> Webhook[dict[str, Any]]:
    said = [] if said is None else said
    return Webhook(url, {"model": "m"}, dict, said.append)


def test_results_come_in_batches_in_their_order(server: Hooked) -> None:
    sink = hook(server.url)
    sink.write([{"t_s": place} for place in range(AT_ONCE + 3)])
    sink.close()
    sizes = [len(body["results"]) for body in server.bodies]
    assert (sizes, sink.sent, sink.failed) == ([AT_ONCE, 3], AT_ONCE + 3, 0)
    assert [row["t_s"] for body in server.bodies for row in body["results"]] == list(range(67))
    assert server.bodies[0]["model"] == "m"
    assert (server.heads[0]["path"], server.heads[0]["Content-Type"]) == (
        *("/in?room=1", "application/json"),
    )


def test_what_fails_is_tried_again_and_what_is_refused_is_not(server: Hooked) -> None:
    said: list[str] = []
    sink = hook(server.url, said)
    server.statuses = [500, 429]
    sink.write([{}])
    assert (sink.sent, sink.failed, said) == (1, 0, [])
    server.statuses = [503, 503, 503, 404, 302]
    for _ in range(3):
        sink.write([{}, {}])
    assert (sink.sent, sink.failed, len(server.heads)) == (1, 6, 3 + 3 + 1 + 1)
    sink.write([{}])
    assert said == [
        "webhook: HTTP 503; results that fail 3 times are dropped and counted",
        "webhook: it works again",
    ]
    assert sink.report() == {"sent": 2, "failed": 6}
    sink.close()


def test_a_server_that_is_not_there_ends_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/"
    said: list[str] = []
    sink = hook(url, said)
    sink.write([{}, {}])
    assert (sink.failed, len(said)) == (2, 1)
    with socket.socket() as talker:  # speaks no HTTP
        talker.bind(("127.0.0.1", 0))
        talker.listen()

        def babble() -> None:
            for _ in range(webhook.TRIES):
                link = talker.accept()[0]
                link.sendall(b"\x00\xff what?\r\n\r\n")
                link.close()

        thread = threading.Thread(target=babble)
        thread.start()
        sink = hook(f"http://127.0.0.1:{talker.getsockname()[1]}/", said)
        sink.write([{}])
        thread.join()
    assert sink.failed == 1


def test_a_slow_server_costs_the_loop_nothing_and_every_result_is_counted(server: Hooked) -> None:
    server.wait_s = 0.2
    sink = hook(server.url)
    thread = SinkThread(sink, lossless=False, capacity=16)
    begin_s = time.monotonic()
    for place in range(2000):
        thread.put({"t_s": place})
    assert time.monotonic() - begin_s < 0.2
    assert thread.close(10)
    assert sink.sent + thread.dropped == 2000
    assert server.bodies[-1]["results"][-1]["t_s"] == 1999  # the newest are kept


def test_a_secret_is_in_the_environment_and_never_in_a_message(
    server: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(AUTHORIZATION, "Bearer secret")
    sink = hook(server.url)
    sink.write([{}])
    assert server.heads[0]["Authorization"] == "Bearer secret"
    sink.close()
    with pytest.raises(UsageError, match=AUTHORIZATION) as found:
        hook("https://me:secret@example.com/")
    assert "secret" not in str(found.value)


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "http://", "http://a b/", "http://a:99999/",
     "http://a/\r\nX: 1", "file:///etc/passwd", "http://é.example/"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--webhook"):
        hook(url)
