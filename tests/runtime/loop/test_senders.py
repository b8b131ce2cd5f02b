"""One of several senders is read, the others are named."""

from __future__ import annotations

import tracemalloc

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.loop.senders import AWAY_S, SETTLED, Senders, parse_sender

A, B, ELSEWHERE = ("10.0.0.1", 5000), ("10.0.0.1", 6000), ("10.0.0.2", 5000)


class Clock:
    """A clock that stands until it is set."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def read(senders: Senders, *given: tuple[str, int]) -> list[int]:
    """The places of the datagrams that are read; all of them can be."""
    places = []
    for n, sender in enumerate(given):
        for datagram in senders.admit(str(n).encode(), sender):
            senders.heard(rows=True, garbage=False)
            places.append(int(datagram))
    return places


@pytest.mark.parametrize("other", [B, ELSEWHERE])
def test_the_first_is_read_and_the_other_named(other: tuple[str, int]) -> None:
    senders = Senders()
    assert read(senders, A, other, A, other, A, other, other) == [0, 2, 4]
    assert senders.refused == 4
    (remark,) = senders.remarks
    assert f"another sender, {other[0]}:{other[1]}, is not read, only 10.0.0.1:5000" in remark
    assert f"--sender {other[0]}:{other[1]} reads it" in remark


@pytest.mark.parametrize(
    ("chosen", "places"),
    [("10.0.0.2", [1, 3]), ("10.0.0.1:6000", [2, 5]), ("10.0.0.1", [0, 4])],
)
def test_a_sender_can_be_chosen(chosen: str, places: list[int]) -> None:
    senders = Senders(chosen)
    assert read(senders, A, ELSEWHERE, B, ELSEWHERE, A, B) == places
    assert all("--sender" in remark for remark in senders.remarks)


def test_an_app_that_starts_again_is_read_after_a_silence() -> None:
    clock = Clock()
    senders = Senders(clock=clock)
    assert read(senders, *[A] * SETTLED, B) == list(range(SETTLED))
    clock.now_s = 5.1
    assert read(senders, ELSEWHERE) == []
    assert read(senders, B, A, B) == [0, 2]
    assert "10.0.0.1:5000 is silent; 10.0.0.1:6000 is read from here" in senders.remarks


def test_one_that_sent_a_little_keeps_nobody_out() -> None:
    clock = Clock()
    senders = Senders(clock=clock)
    assert read(senders, ELSEWHERE, A) == [0]
    assert any("another sender, 10.0.0.1:5000, is not read" in said for said in senders.remarks)
    clock.now_s = 5.1
    assert read(senders, A, ELSEWHERE, A) == [0, 2]
    assert senders.changes == 2
    assert "10.0.0.2:5000 is silent; 10.0.0.1:5000 is read from here" in senders.remarks
    assert not any("10.0.0.1:5000, is not read" in said for said in senders.remarks)
    assert any("10.0.0.2:5000, is not read" in said for said in senders.remarks)


def test_another_address_waits_longer_and_never_comes_between() -> None:
    clock = Clock()
    senders = Senders(clock=clock)
    assert len(read(senders, *[A] * SETTLED)) == SETTLED
    clock.now_s = AWAY_S - 0.1
    assert read(senders, ELSEWHERE, A, ELSEWHERE) == [1]
    for _ in range(100):  # it still sends, if seldom
        clock.now_s += AWAY_S - 0.1
        assert read(senders, ELSEWHERE, A, ELSEWHERE) == [1]
    clock.now_s += AWAY_S + 0.1
    assert read(senders, ELSEWHERE, A, ELSEWHERE) == [0, 2]
    assert senders.changes == 2


def test_an_app_that_starts_again_and_again_is_told_a_few_times() -> None:
    clock = Clock()
    senders = Senders(clock=clock)
    for n in range(20):
        clock.now_s += 6.0
        assert len(read(senders, ("10.0.0.1", 5000 + n), ("10.0.0.1", 5000 + n))) == 2
    assert len(senders.remarks) == 3


def test_a_new_port_for_each_datagram_is_one_sender() -> None:
    ports = [("10.0.0.1", 5000 + n) for n in range(20)]
    senders = Senders()
    assert read(senders, *ports) == list(range(20))
    assert read(senders, ELSEWHERE) == []
    assert senders.refused == 1


def test_no_more_than_a_few_are_told() -> None:
    senders = Senders()
    others = [(f"10.0.1.{n}", 5000) for n in range(50)]
    assert read(senders, A, *others) == [0]
    assert (senders.refused, len(senders.remarks)) == (50, 3)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.168.1.7", ("192.168.1.7", None)),
        ("192.168.1.7:50", ("192.168.1.7", 50)),
        ("::1", ("::1", None)),
        ("[::1]:50", ("::1", 50)),
    ],
)
def test_an_address_with_or_without_a_port(text: str, found: tuple[str, int | None]) -> None:
    assert parse_sender(text) == found


@pytest.mark.parametrize("text", ["", "phone", "1.2.3", "1.2.3.4:x", "1.2.3.4:", "1.2.3.4:999999"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="give an IP address, with or without a port"):
        parse_sender(text)


def heard(senders: Senders, sender: tuple[str, int], rows: bool, garbage: bool) -> bool:
    """Whether a datagram was read, which held rows, or garbage."""
    admitted = senders.admit(b"x", sender)
    if admitted:
        senders.heard(rows, garbage)
    return bool(admitted)


@pytest.mark.parametrize("other", [B, ELSEWHERE])
def test_garbage_first_keeps_nobody_out(other: tuple[str, int]) -> None:
    senders = Senders()
    assert heard(senders, other, rows=False, garbage=True)
    assert heard(senders, A, rows=True, garbage=False)
    assert senders.changes == 2
    assert heard(senders, A, rows=False, garbage=True)  # a broken one of a known sender
    assert heard(senders, A, rows=True, garbage=False)
    assert not heard(senders, ELSEWHERE, rows=True, garbage=False)
    assert senders.changes == 2


def test_a_header_alone_holds_the_place_for_five_seconds() -> None:
    clock = Clock()
    senders = Senders(clock=clock)
    assert heard(senders, ELSEWHERE, rows=False, garbage=False)
    assert not heard(senders, A, rows=True, garbage=False)
    clock.now_s = 5.1
    assert heard(senders, A, rows=True, garbage=False)
    assert senders.changes == 2
    assert not heard(senders, ELSEWHERE, rows=True, garbage=False)


def test_a_flood_of_made_up_addresses_keeps_nothing() -> None:
    senders = Senders()
    tracemalloc.start()
    for n in range(20_000):
        heard(senders, (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n % 60_000), False, True)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 50_000
    assert heard(senders, A, rows=True, garbage=False)
    assert len(senders.remarks) <= 6


def test_several_that_begin_together_are_not_taken_for_one() -> None:
    """Three ports in turn look like one that roams, until one of them comes again."""
    third = ("10.0.0.1", 7000)
    senders = Senders()
    assert read(senders, A, B, third) == [0, 1, 2]
    changes = senders.changes
    assert read(senders, A, B, third, A, B, third) == [2, 5]
    assert senders.changes == changes + 1
