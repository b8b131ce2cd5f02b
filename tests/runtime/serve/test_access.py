"""Who is let in: the token, the cookie, the host, the origin, the body."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.serve.access import Access, token_of

TOKEN = "t" * 43
ACCESS = Access(TOKEN, frozenset({"127.0.0.1", "localhost", "::1", "camera.local"}), 8080)
HOST: dict[str, Any] = {"host": "127.0.0.1:8080"}
IN: dict[str, Any] = {**HOST, "cookie": f"edgehuman-8080={ACCESS.ticket}"}


def status(
    access: Access = ACCESS,
    method: str = "GET",
    query: str = "",
    socket: bool = False,
    **headers: Any,
) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = access.refusal(method, query, named, socket)
    return 200 if refusal is None else refusal.status


def test_the_token_opens_in_three_ways_and_nothing_else_does() -> None:
    assert status(**HOST) == 401
    assert status(query=f"token={TOKEN}", **HOST) == 200
    assert status(**IN) == 200
    assert status(authorization=f"Bearer {TOKEN}", **HOST) == 200
    for query in ("token=", f"token={TOKEN}x", f"token={TOKEN}&token={TOKEN}", "token=%ff", "a=b"):
        assert status(query=query, **HOST) == 401, query
    assert status(query="&".join(["a=b"] * 9), **HOST) == 401
    assert status(authorization=f"Basic {TOKEN}", **HOST) == 401
    for cookie in (
        f"edgehuman-8080={TOKEN}",
        f"edgehuman-9={ACCESS.ticket}",
        "edgehuman-8080=",
        ";",
    ):
        assert status(cookie=cookie, **HOST) == 401, cookie


def test_the_cookie_is_not_the_token_and_stays_with_this_site() -> None:
    header = ACCESS.set_cookie()
    assert TOKEN not in header
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(header.split("; "))
    assert "Secure" not in header
    assert "Secure" in Access(TOKEN, frozenset(), 443, secure=True).set_cookie().split("; ")


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "127.0.0.1,evil",
     "localhost:", "localhost:99999999", "[::1", "10.0.0.5", "local host", "http://localhost"],
)  # fmt: skip
def test_a_name_that_somebody_points_here_is_refused(host: str) -> None:
    assert status(**{**IN, "host": host}) == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "[::1]:8080", "camera.local"])
def test_its_own_names_are_answered(host: str) -> None:
    assert status(**{**IN, "host": host}) == 200


def test_on_every_interface_a_number_is_answered_and_a_foreign_name_is_not() -> None:
    access = Access(TOKEN, frozenset({"0.0.0.0"}), 8080, any_address=True)
    cookie = f"edgehuman-8080={access.ticket}"
    assert status(access, host="192.168.1.7:8080", cookie=cookie) == 200
    assert status(access, host="rebind.example:8080", cookie=cookie) == 421


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "http://127.0.0.1:9000", "http://127.0.0.1", "https://[",
     "file://127.0.0.1:8080", "http://127.0.0.1:8080.evil.example", "127.0.0.1:8080"],
)  # fmt: skip
def test_another_page_is_refused_even_with_the_cookie_and_with_the_token(origin: str) -> None:
    assert status(origin=origin, socket=True, **IN) == 403
    assert status(origin=origin, query=f"token={TOKEN}", **HOST) == 403


def test_a_socket_says_where_it_comes_from_or_bears_the_token() -> None:
    assert status(socket=True, **IN) == 403
    assert status(socket=True, origin="http://127.0.0.1:8080", **IN) == 200
    assert status(socket=True, origin="http://127.0.0.1:8080", **HOST) == 401
    assert status(socket=True, authorization=f"Bearer {TOKEN}", **HOST) == 200
    over_tls = Access(TOKEN, ACCESS.hosts, 8080, secure=True)
    assert status(over_tls, socket=True, origin="http://127.0.0.1:8080", **IN) == 403


def test_there_is_only_reading_and_no_body() -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert status(method=method, **IN) == 405
    assert status(content_length="0", **IN) == 200
    assert status(content_length="1", **IN) == 413
    assert status(transfer_encoding="chunked", **IN) == 413


CHANGE: dict[str, Any] = {
    **IN,
    "origin": "http://127.0.0.1:8080",
    "content-type": "application/json",
    "content-length": "10",
    "x-edgehuman-change": ACCESS.word,
}


def changed(most_bytes: int = 100, **headers: Any) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    wanted = {name: value for name, value in {**CHANGE, **named}.items() if value is not None}
    refusal = ACCESS.refusal("POST", "", wanted, most_bytes=most_bytes)
    return 200 if refusal is None else refusal.status


def test_a_change_comes_from_the_page_itself_and_is_short() -> None:
    assert changed() == 200
    assert changed(0) == 405
    assert changed(content_length="100") == 200
    assert changed(content_type="application/json; charset=utf-8") == 200
    assert changed(sec_fetch_site="same-origin") == 200
    assert changed(origin=None) == 403
    assert changed(origin=None, authorization=f"Bearer {TOKEN}") == 200
    assert changed(cookie=None) == 401
    assert changed(x_edgehuman_change=None) == 403
    assert changed(x_edgehuman_change=ACCESS.ticket) == 403
    assert changed(sec_fetch_site="cross-site") == 403
    assert changed(content_type="text/plain") == 415
    assert changed(content_length="101") == 413
    assert changed(content_length="+10") == 411
    assert changed(transfer_encoding="chunked") == 411
    assert len({ACCESS.word, ACCESS.ticket, TOKEN}) == 3


def test_a_token_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "token"
    path.parent.mkdir()
    made = token_of(path)
    assert (token_of(path), len(made) >= 43) == (made, True)
    assert path.stat().st_mode & 0o077 == 0
    assert token_of(None) != token_of(None)
    for wrong in (b"", b"short\n", b"\xff" * 40, b"with space" * 5, b"a" * 2000):
        path.write_bytes(wrong)
        with pytest.raises(UsageError, match="--serve-token"):
            token_of(path)
