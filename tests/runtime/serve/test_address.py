"""`--serve [HOST:]PORT`: what is taken, and by which names the page may be asked for."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.serve.address import Address, listen, parse_address, tls_of


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("8080", "127.0.0.1", 8080), ("0.0.0.0:80", "0.0.0.0", 80), ("[::1]:0", "::1", 0),
     ("camera.local:443", "camera.local", 443), (" 8080 ", "127.0.0.1", 8080)],
)  # fmt: skip
def test_a_port_is_of_this_machine_alone(text: str, host: str, port: int) -> None:
    address = parse_address(text, None, None, ())
    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize(
    "text", ["", "x", ":8080", "1:2:3", "::1:80", "70000", "-1", "8_0", "a b:80", "http://x:80"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_address(text, None, None, ())


def test_the_names_are_those_of_the_loopback_or_of_the_host() -> None:
    assert parse_address("1", None, None, ("Cam.local",)).hosts() == {
        *("127.0.0.1", "localhost", "::1", "cam.local")
    }
    everywhere = parse_address("0.0.0.0:1", None, None, ())
    assert (everywhere.any_address, everywhere.is_loopback) == (True, False)
    assert "localhost" not in everywhere.hosts()
    assert everywhere.url(80) == "http://127.0.0.1:80/"
    assert Address("::1", 0).url(80) == "http://[::1]:80/"
    with pytest.raises(UsageError, match="no name"):
        parse_address("1", None, None, ("a/b",))


def test_a_taken_port_is_said() -> None:
    first = listen(Address("127.0.0.1", 0))
    try:
        with pytest.raises(DataError, match="cannot listen"):
            listen(Address("127.0.0.1", first.getsockname()[1]))
    finally:
        first.close()
    with pytest.raises(DataError, match="cannot listen"):
        listen(Address("203.0.113.9", 0))
    with pytest.raises(DataError, match="cannot listen"):
        listen(Address("no-such-host.invalid", 0))


def test_a_slow_reader_holds_little_in_the_kernel() -> None:
    with listen(Address("127.0.0.1", 0)) as listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 1 << 20


def test_tls_needs_both_files_and_right_ones(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with pytest.raises(UsageError, match="--serve-cert needs --serve-key"):
        parse_address("1", wrong, None, ())
    assert tls_of(Address("127.0.0.1", 0)) is None
    for path in (wrong, tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match="no PEM certificate"):
            tls_of(Address("127.0.0.1", 0, (), path, path))
