"""What the page answers to those who may see it, and to those who may not."""

from __future__ import annotations

import pytest

from tests.runtime.serve.viewing import TOKEN, Running

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def test_the_page_is_answered_with_headers_that_let_nothing_in(page: Running) -> None:
    for path in ("/", "/page.js", "/page.css", "/metrics"):
        answer = page.ask(path)
        assert answer.status == 200, path
        assert SAFE.items() <= answer.headers.items()
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in answer.headers
    text = page.ask("/").body.decode()
    assert TOKEN not in text
    assert "set-cookie" not in page.ask("/").headers
    assert not any(word in text for word in ("style=", "onclick", "http://", "https://"))
    assert page.ask("/page.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/", "/page.js", "/metrics", "/stream.mjpg", "/nothing", "//"])
def test_nothing_is_told_without_the_token(page: Running, path: str) -> None:
    answer = page.ask(path, cookie="-")
    assert (answer.status, "edgehuman_" in answer.body.decode()) == (401, False)
    assert SAFE.items() <= answer.headers.items()
    assert page.ask(f"{path}?token={TOKEN[:-1]}", cookie="-").status == 401


def test_a_program_bears_the_token(page: Running) -> None:
    answer = page.ask("/metrics", cookie="-", authorization=f"Bearer {TOKEN}")
    assert (answer.status, b"edgehuman_build_info" in answer.body) == (200, True)


def test_another_name_and_another_page_are_refused(page: Running) -> None:
    answer = page.ask(host="evil.example")
    assert answer.status == 421
    assert "evil" not in str(answer)
    assert page.ask(origin="http://evil.example").status == 403
    assert page.ask(f"/?token={TOKEN}", origin="null").status == 403


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/page.js/../x",
     "/page.html", "/app.py", "/.", "/page.js%00", "//etc/passwd", "/etc/passwd", "/..\\x"],
)  # fmt: skip
def test_no_path_leads_to_a_file(page: Running, path: str) -> None:
    answer = page.ask(path)
    assert (answer.status, b"root:" in answer.body) == (404, False), answer


def test_bodies_methods_and_long_heads_are_refused(page: Running) -> None:
    assert page.ask(method="POST", body=b"x" * 10, content_length="10").status == 405
    assert page.ask(body=b"x" * 10, content_length="10").status == 413
    assert page.ask(body=b"5\r\nhello\r\n0\r\n\r\n", transfer_encoding="chunked").status == 413
    assert page.ask(content_length="99999999999").status == 413
    assert page.ask(x_long="x" * 40_000).status in (400, 431)
    assert page.ask("/?" + "x" * 40_000).status in (400, 431)
    assert page.ask("/" + "x" * 40_000).status in (400, 404)
    assert page.ask(method="HEAD").body == b""
    with page.connected() as link:
        link.sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        assert link.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"origin": "-"}, {"origin": "null"}]
)
def test_a_socket_from_elsewhere_is_refused(page: Running, headers: dict[str, str]) -> None:
    with page.socket(**headers) as viewer:
        assert viewer.refused == 403


def test_a_socket_without_the_cookie_or_of_another_host_is_refused(page: Running) -> None:
    with page.socket(cookie="-") as viewer:
        assert viewer.refused == 401
    with page.socket(host="evil.example", origin="http://evil.example") as viewer:
        assert viewer.refused == 421
