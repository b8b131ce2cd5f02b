"""The thread of the page: bounds on connections, viewers that take nothing, TLS, and the loop that
waits for none of them.
"""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from edgehuman.errors import MissingDependencyError
from edgehuman.runtime.serve import server, viewer
from edgehuman.runtime.serve.address import Address
from edgehuman.runtime.serve.board import About, Board
from edgehuman.runtime.serve.meter import Meter
from tests.runtime.serve.viewing import TOKEN, Picture, answer_of, running, until_alone


def test_connections_beyond_the_bound_are_closed_and_the_others_live() -> None:
    with running() as page, contextlib.ExitStack() as stack:
        links = [stack.enter_context(page.connected()) for _ in range(server.MOST_CONNECTIONS)]
        time.sleep(0.2)
        late = stack.enter_context(page.connected())
        with contextlib.suppress(ConnectionResetError):
            assert late.recv(1) == b""
        request = f"GET / HTTP/1.1\r\nhost: {page.headers['host']}\r\nconnection: close\r\n\r\n"
        links[0].sendall(request.encode())
        assert answer_of(links[0]).status == 401


def test_by_another_address_of_this_machine_nothing_is_reached() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only chooses a way
        except OSError:
            pytest.skip("this machine has no other address")
        outside = probe.getsockname()[0]
    if outside.startswith("127."):
        pytest.skip("this machine has no other address")
    with running() as page, pytest.raises(OSError):
        socket.create_connection((outside, page.port), 3)


@pytest.mark.slow
def test_who_asks_for_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_S", 0.2)
    with running() as page:
        silent, slow = page.connected(), page.connected()
        slow.sendall(b"GET / HTTP/1.1\r\nhost: ")
        begin_s = time.monotonic()
        for link in (silent, slow):
            with contextlib.suppress(ConnectionResetError):
                assert link.recv(1) == b""
            link.close()
        assert time.monotonic() - begin_s < 5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["socket", "stream"])
def test_a_viewer_that_takes_nothing_is_left_and_never_waited_for(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE_S", 0.5)
    monkeypatch.setattr(viewer, "PATIENCE_S", 0.5)
    with running() as page, page.connected() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lines = [f"host: {page.headers['host']}", f"cookie: {page.headers['cookie']}"]
        if kind == "socket":
            lines += [f"origin: http://{page.headers['host']}", "upgrade: websocket"]
            lines += ["connection: upgrade", "sec-websocket-version: 13"]
            lines += ["sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="]
        path = {"socket": "/live", "stream": "/stream.mjpg"}[kind]
        link.sendall("\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode())
        viewers = page.server.page.viewers
        longest_s, number = 0.0, 0
        until_s = time.monotonic() + 15
        while not viewers.slow and time.monotonic() < until_s:
            number += 1
            begin_s = time.monotonic()
            page.board.show(Picture(number, size=1 << 20))
            longest_s = max(longest_s, time.monotonic() - begin_s)
            time.sleep(0.01)
        assert viewers.slow >= 1
        while viewers.count and time.monotonic() < until_s:
            time.sleep(0.01)
        assert viewers.count == 0
        assert longest_s < 0.1, "the loop waited for the page"


def test_it_ends_while_somebody_watches_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with running() as page:
        watching = page.socket()
        assert watching.update()[0]
        begin_s = time.monotonic()
    assert time.monotonic() - begin_s < 4
    watching.__exit__()
    until_s = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < until_s:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc")
def test_viewers_who_come_and_go_leave_nothing() -> None:
    def files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with running() as page:
        page.board.show(Picture(1))
        before = 0
        for number in range(60):
            with page.socket() as watching:
                assert watching.update()[0]
            page.ask("/stream.mjpg", method="HEAD")
            with page.connected() as link:
                link.sendall(b"GET /page.js HTTP/1.1\r\nhost: x")
            if number == 9:
                until_alone(page)
                before = files()
        until_alone(page)
        until_s = time.monotonic() + 5
        while files() > before + 2 and time.monotonic() < until_s:
            time.sleep(0.01)
        assert files() <= before + 2


def test_over_tls_the_cookie_is_for_tls_alone(tmp_path: Path) -> None:
    cert, key = own_certificate(tmp_path)
    board, meter = Board(About("frames", "x", "y")), Meter("frames", "x", "y")
    page = server.PageServer(board, meter, Address("127.0.0.1", 0, (), cert, key), TOKEN)
    page.start()
    try:
        assert page.url == f"https://127.0.0.1:{page.port}/"
        context = ssl.create_default_context(cafile=str(cert))
        with (
            socket.create_connection(("127.0.0.1", page.port), 10) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as link,
        ):
            head = f"host: localhost:{page.port}\r\nconnection: close\r\n\r\n"
            link.sendall(f"GET /?token={TOKEN} HTTP/1.1\r\n{head}".encode())
            answer = answer_of(link)
        assert answer.status == 200
        assert "Secure" in answer.headers["set-cookie"]
        assert f"wss://localhost:{page.port}" in answer.headers["content-security-policy"]
    finally:
        page.stop()


def test_without_its_packages_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "wsproto", None)
    with pytest.raises(MissingDependencyError, match=r"--serve needs wsproto.*`serve` brings it"):
        server.require_installed()


def own_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate of localhost, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    cert, key = folder / "cert.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    cert.write_bytes(made.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(pem, form, serialization.NoEncryption()))
    return cert, key
