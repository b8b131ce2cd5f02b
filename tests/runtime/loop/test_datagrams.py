"""Lines that come as UDP datagrams, whoever reads them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.loop.datagrams import Datagrams
from tests.runtime.listening import is_free


@pytest.fixture
def datagrams() -> Iterator[Datagrams]:
    found = Datagrams("udp://127.0.0.1:0")
    yield found
    found.close()


def send(address: tuple[str, int], *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, address)


def test_a_datagram_is_its_lines_and_an_empty_one_has_none(datagrams: Datagrams) -> None:
    send(datagrams.address, b"one", b"two\nthree\r\n", b"", b"\xff")
    lines = iter(datagrams)
    assert [next(lines) for _ in range(4)] == [["one"], ["two", "three"], [], ["\ufffd"]]
    assert datagrams.count == 4


def test_while_nothing_comes_there_is_none(datagrams: Datagrams) -> None:
    lines = iter(datagrams)
    assert next(lines) is None
    send(datagrams.address, b"late")
    assert next(line for line in lines if line is not None) == ["late"]
    assert datagrams.count == 1


def test_the_port_is_told_and_given_back(datagrams: Datagrams) -> None:
    assert datagrams.name == "udp://127.0.0.1:0"
    assert datagrams.address[1] > 0
    assert not is_free(datagrams.address)
    datagrams.close()
    assert is_free(datagrams.address)


def test_without_a_host_it_listens_on_all() -> None:
    datagrams = Datagrams("udp://:0")
    assert datagrams.address[0] == "0.0.0.0"
    datagrams.close()


def test_a_port_that_is_taken_is_named(datagrams: Datagrams) -> None:
    spec = f"udp://127.0.0.1:{datagrams.address[1]}"
    with pytest.raises(DataError, match=f"cannot listen on {spec} .*free the port or give another"):
        Datagrams(spec)


@pytest.mark.parametrize("spec", ["udp://", "udp://:", "udp://h:65536", "udp://h:-1", "udp://h:²"])
def test_a_port_has_to_be_a_number_of_a_port(spec: str) -> None:
    with pytest.raises(UsageError, match="names no port from 0 to 65535; write udp://:5555 or"):
        Datagrams(spec)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_what_the_kernel_drops_is_counted(datagrams: Datagrams) -> None:
    datagrams._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    send(datagrams.address, *[b"x" * 1000] * 500)
    lines = iter(datagrams)
    assert datagrams.lost == 0
    kept = sum(1 for _ in iter(lambda: next(lines), None))
    assert 0 < kept < 500
    send(datagrams.address, b"told with the next")
    assert next(lines) == ["told with the next"]
    assert datagrams.lost == 500 - kept
    assert datagrams.count == kept + 1


def test_where_the_kernel_does_not_tell_nothing_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgehuman.runtime.loop.datagrams._OVERFLOWS", None)
    found = Datagrams("udp://127.0.0.1:0")
    send(found.address, b"one")
    assert next(iter(found)) == ["one"]
    assert found.lost == 0
    found.close()
