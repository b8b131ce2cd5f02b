"""What systemd hears, on a socket as it gives one."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import About
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.serve.systemd import Watchdog

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is of Linux")


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "notify"))
        found.settimeout(5)
        yield found


def test_without_systemd_nothing_is_sent() -> None:
    for given in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}):
        watchdog = Watchdog(given)
        watchdog.ready()
        watchdog.alive()
        watchdog.stopping()
        assert (watchdog.is_wanted, watchdog.is_due) == (False, False)


def test_the_loop_alone_says_that_it_lives(
    heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", heard.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "40")  # so every turn is due
    with Beside(LiveFlags(), About("frames", "m", "s"), print) as beside:
        turns = beside.through(iter("ab"))
        assert next(turns) == "a"
        assert heard.recv(100) == b"READY=1"
        assert heard.recv(200) == b"WATCHDOG=1\nSTATUS=0 answers, 0 without one"
        heard.setblocking(False)
        with pytest.raises(BlockingIOError):  # a loop that hangs says nothing
            heard.recv(100)
        assert next(turns) == "b"
        assert heard.recv(100).startswith(b"WATCHDOG=1")
        assert list(turns) == []
    assert heard.recv(100) == b"STOPPING=1"


def test_signs_of_life_are_few(heard: socket.socket) -> None:
    name = heard.getsockname()
    watchdog = Watchdog({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000"})
    for _ in range(1000):
        watchdog.alive()
    assert heard.recv(100) == b"WATCHDOG=1"
    watchdog.stopping()
    assert heard.recv(100) == b"STOPPING=1"
    other = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "4", "WATCHDOG_PID": str(os.getpid() + 1)}
    watchdog = Watchdog(other)
    watchdog.alive()
    assert not watchdog.is_due  # the time is another process's
    watchdog.stopping()


def test_an_abstract_socket_and_one_that_is_gone() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
        abstract.bind("\0edgehuman-test")
        abstract.settimeout(5)
        watchdog = Watchdog({"NOTIFY_SOCKET": "@edgehuman-test"})
        watchdog.ready()
        assert abstract.recv(100) == b"READY=1"
        watchdog.stopping()
    gone = Watchdog({"NOTIFY_SOCKET": "/nowhere/notify"})
    gone.ready()
    gone.alive()
    assert gone.is_due
    gone.stopping()
