"""Lines over TCP, from a server that goes and comes back, and from clients that connect."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.lines.messages import Backoff, Messages
from edgehuman.runtime.lines.tcp import MOST_CONNECTIONS, ConnectedMessages, ListeningMessages
from edgehuman.runtime.loop.address import parse_address
from tests.runtime import listening


def taken(messages: Messages, count: int, within_s: float = 5.0) -> bytes:
    """The first messages, joined by line ends, however they come in parts."""
    found: list[bytes] = []
    until_s = time.monotonic() + within_s
    for message in messages:
        found += [] if message is None else message.split(b"\n")
        if len(found) >= count or time.monotonic() > until_s:
            return b"\n".join(found)
    raise AssertionError("it ended")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        yield listener


def client_of(server: socket.socket, first_s: float = 0.05) -> ConnectedMessages:
    port = server.getsockname()[1]
    return ConnectedMessages(parse_address(f"tcp://127.0.0.1:{port}"), Backoff(first_s, 0.2))


def test_lines_are_whole_however_they_are_cut(server: socket.socket) -> None:
    with contextlib.closing(client_of(server)) as messages:
        sensor, _ = server.accept()
        with sensor:
            for piece in (b"on", b"e\r", b"\ntwo\nth", b"ree", b"\nfour"):
                sensor.sendall(piece)
            assert taken(messages, 3) == b"one\ntwo\nthree"
        assert messages.changes == 1


@pytest.mark.slow
def test_a_server_that_goes_is_connected_to_again(server: socket.socket) -> None:
    with contextlib.closing(client_of(server)) as messages:
        for word in (b"first", b"second", b"third"):
            sensor, _ = server.accept()
            sensor.sendall(word + b"\nhalf a li")
            assert taken(messages, 1) == word
            sensor.close()
            assert next(iter(messages)) is None  # it notices
            until_s = time.monotonic() + 3
            for _ in messages:
                if messages._socket is not None or time.monotonic() > until_s:
                    break
        report = messages.report()
    assert (report["lost_connections"], messages.changes) == (3, 4)
    assert "connected again" in report["remarks"]
    assert any("is tried again, for ever" in remark for remark in report["remarks"])


@pytest.mark.slow
def test_whoever_takes_and_closes_is_not_hammered(server: socket.socket) -> None:
    with contextlib.closing(client_of(server, first_s=0.05)) as messages:
        server.accept()[0].close()
        lines = iter(messages)
        begin_s = time.monotonic()
        while time.monotonic() - begin_s < 0.6:
            next(lines)
            server.settimeout(0.01)
            with contextlib.suppress(TimeoutError):
                server.accept()[0].close()
        assert 2 <= messages.report()["lost_connections"] <= 7


def test_nobody_listens() -> None:
    port = listening.free_address()[1]
    with pytest.raises(DataError, match=rf"cannot connect to tcp://127.0.0.1:{port} .*listen"):
        open_source(f"tcp://127.0.0.1:{port}")


def test_a_line_without_an_end_is_left_out_and_the_next_is_read(server: socket.socket) -> None:
    with contextlib.closing(client_of(server)) as messages:
        sensor, _ = server.accept()
        with sensor:
            lines = iter(messages)
            for _ in range(9):
                sensor.sendall(b"x" * 60_000)
                next(lines)
            sensor.sendall(b"\ngood\n")
            assert taken(messages, 1) == b"good"
        assert messages.report()["long_lines"] >= 1


@pytest.fixture
def listener() -> Iterator[ListeningMessages]:
    with contextlib.closing(ListeningMessages(parse_address("tcp://:0?listen"))) as found:
        yield found


def connected(to: ListeningMessages) -> socket.socket:
    return socket.create_connection(to.address, 5)


def test_it_listens_on_this_machine_alone_unless_it_is_told(listener: ListeningMessages) -> None:
    assert listener.address[0] == "127.0.0.1"
    with contextlib.closing(ListeningMessages(parse_address("tcp://0.0.0.0:0?listen"))) as all_:
        assert all_.address[0] == "0.0.0.0"
    with pytest.raises(DataError, match=r"cannot listen on tcp://127.0.0.1"):
        ListeningMessages(parse_address(f"tcp://127.0.0.1:{listener.address[1]}?listen"))


@pytest.mark.slow
def test_one_sender_is_read_and_the_next_when_it_has_left(listener: ListeningMessages) -> None:
    with connected(listener) as first, connected(listener) as second:
        first.sendall(b"one\ntwo\n")
        assert taken(listener, 2) == b"one\ntwo"
        listener.heard(rows=True, garbage=False)
        second.sendall(b"refused\n")
        assert taken(listener, 1, within_s=0.25) == b""
        assert listener.report()["refused_messages"] == 1
        first.close()
        assert taken(listener, 1, within_s=0.25) == b""
        second.sendall(b"now\n")
        assert taken(listener, 1) == b"now"
    assert listener.changes == 2


def test_many_connections_are_closed_and_one_that_sends_is_kept(
    listener: ListeningMessages,
) -> None:
    with contextlib.ExitStack() as held:
        first = held.enter_context(connected(listener))
        first.sendall(b"one\n")
        assert taken(listener, 1) == b"one"
        idle = []
        for _ in range(3 * MOST_CONNECTIONS):
            idle.append(held.enter_context(connected(listener)))
            assert next(iter(listener)) is None
        report = listener.report()
        assert report["refused_connections"] == 2 * MOST_CONNECTIONS + 1
        assert idle[-1].recv(1) == b""
        first.sendall(b"two\n")
        assert taken(listener, 1) == b"two"


def test_a_source_of_it_is_left_at_once() -> None:
    source = open_source("tcp://:0?listen")
    listening.ended(lambda: listening.entered_and_left(source))
    with pytest.raises(UsageError, match="--sender is 'phone'; give an IP"):
        open_source("tcp://:0?listen", sender="phone")
    with pytest.raises(UsageError, match=r"--sender is for tcp://…\?listen"):
        open_source("tcp://127.0.0.1:1", sender="10.0.0.1")
