"""Copies over servers that break off, are busy or answer something else."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import pytest

from edgehuman.data.shards import fetch
from edgehuman.data.shards.fetch import Absent, Unreachable, download, pause_s
from edgehuman.errors import DataError
from tests.data.shards.unsteady import Server, serving

CONTENT = bytes(range(256)) * 20_000


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses asked for; none is made."""
    asked: list[float] = []
    monkeypatch.setattr(fetch, "sleep", asked.append)
    return asked


@pytest.fixture
def server(waits: list[float]) -> Iterator[Server]:
    with serving(Server({"/a.tar": CONTENT})) as running:
        yield running


def copied(server: Server, most: int = 1 << 30, path: str = "/a.tar") -> bytes:
    file = io.BytesIO()
    digest = download(server.url + path, file, most)
    assert digest == hashlib.sha256(file.getvalue()).hexdigest()
    return file.getvalue()


def test_a_busy_server_is_asked_again_after_a_while(server: Server, waits: list[float]) -> None:
    server.codes = [503, 503]
    assert copied(server) == CONTENT
    assert server.asked == ["/a.tar"] * 3
    assert 0.5 <= waits[0] <= 1
    assert 1 <= waits[1] <= 2


def test_a_copy_that_broke_off_goes_on_where_it_stopped(server: Server) -> None:
    server.breaks = [3_000_000, 4_500_000]
    assert copied(server) == CONTENT
    assert server.asked == ["/a.tar", "/a.tar bytes=3000000-", "/a.tar bytes=4500000-"]


@pytest.mark.parametrize("changes", [{"ranges": False}, {"tag": 'W/"weak"'}, {"tag": ""}])
def test_a_server_that_promises_no_same_object_is_asked_for_the_whole(
    server: Server, changes: dict[str, object]
) -> None:
    for name, value in changes.items():
        setattr(server, name, value)
    server.breaks = [3_000_000]
    assert copied(server) == CONTENT


def test_an_object_that_changed_in_between_is_copied_anew(server: Server) -> None:
    answer, other = server.answer, CONTENT[::-1]

    def changing(handler: object) -> None:
        answer(handler)  # type: ignore[arg-type]
        server.files["/a.tar"], server.tag = other, '"two"'

    server.answer = changing  # type: ignore[method-assign]
    server.breaks = [3_000_000]
    assert copied(server) == other


def test_a_server_that_breaks_off_for_ever_is_given_up(server: Server, waits: list[float]) -> None:
    server.breaks = [1000] * 100
    with pytest.raises(Unreachable, match=r"broke off after 1,000 of .* bytes, 6 times"):
        copied(server)
    assert len(waits) == 5
    assert sum(waits) < 40


def test_nobody_at_the_address_is_said(waits: list[float]) -> None:
    with pytest.raises(Unreachable, match=r"Cannot fetch http://127\.0\.0\.1:9/a: cannot be"):
        download("http://127.0.0.1:9/a", io.BytesIO(), 100)


@pytest.mark.parametrize("code", [403, 404, 410])
def test_what_is_not_there_is_not_asked_for_again(server: Server, code: int) -> None:
    server.codes = [code]
    with pytest.raises(Absent, match=f"the server answers {code}"):
        copied(server)
    assert len(server.asked) == 1


def test_a_refusal_is_an_error_at_once(server: Server, waits: list[float]) -> None:
    server.codes = [401]
    with pytest.raises(DataError, match="the server answers 401 Unauthorized; check the address"):
        copied(server)
    assert waits == []


def test_a_web_page_is_no_shard(server: Server) -> None:
    server.kind = "text/html; charset=utf-8"
    with pytest.raises(DataError, match=r"answered a web page \(text/html\), no shard"):
        copied(server)


def test_more_than_is_allowed_is_refused(server: Server) -> None:
    with pytest.raises(DataError, match=r"has 5,120,000 bytes or more; at most 1,000 are taken"):
        copied(server, most=1000)


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,x"])
def test_a_server_leads_to_web_addresses_alone(server: Server, where: str) -> None:
    def leading(handler: object) -> None:
        handler.send_response(302)  # type: ignore[attr-defined]
        handler.send_header("Location", where)  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]

    server.answer = leading  # type: ignore[method-assign]
    with pytest.raises(DataError, match="Cannot fetch"):
        copied(server)


def test_pauses_grow_from_one_to_thirty_seconds_and_differ() -> None:
    for attempt, longest in enumerate([1, 2, 4, 8, 16, 30, 30]):
        waits = [pause_s(attempt) for _ in range(50)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert pause_s(0, asked_s=20.0) == 20.0
    assert pause_s(0, asked_s=1e9) == 30.0


def test_a_part_that_nobody_asked_for_is_no_whole(server: Server) -> None:
    server.part = 2_000_000
    assert copied(server) == CONTENT
    assert server.asked == ["/a.tar", "/a.tar bytes=2000000-", "/a.tar bytes=4000000-"]
    with pytest.raises(DataError, match="has 5,120,000 bytes or more; at most 3,000,000"):
        copied(server, most=3_000_000)


def test_a_server_that_goes_on_with_another_object_is_asked_for_the_whole(server: Server) -> None:
    server.if_range, server.breaks = False, [3_000_000]
    answer, other = server.answer, CONTENT[::-1]

    def changing(handler: Any) -> None:
        if server.asked:
            server.files["/a.tar"], server.tag = other, '"two"'
        answer(handler)

    server.answer = changing  # type: ignore[method-assign]
    assert copied(server) == other


def test_a_server_that_gets_no_further_is_given_up(server: Server) -> None:
    server.ranges, server.breaks = False, [2_000_000, 4_500_000] * 40
    with pytest.raises(Unreachable, match="6 times"):
        copied(server)
    assert len(server.asked) < 12
