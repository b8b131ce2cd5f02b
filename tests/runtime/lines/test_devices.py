"""One device is read of those that share a place."""

from __future__ import annotations

import pytest

from edgehuman.runtime.lines.devices import Devices


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_is_read_and_the_others_are_named(clock: Clock) -> None:
    devices = Devices(clock=clock)
    seen = []
    for n in range(60):
        clock.now_s = n / 10
        seen.append(devices.admit("left" if n % 2 == 0 else f"right {n % 10}"))
        devices.heard(rows=True, garbage=False)
    assert seen == [True, False] * 30
    assert (devices.refused, devices.changes) == (30, 1)
    assert len(devices.remarks) == 3
    assert devices.remarks[0] == (
        "another device, right 1, is not read, only left; --sender right 1 reads it instead; for "
        "both, run twice"
    )


def test_a_silent_one_gives_way_after_half_a_minute(clock: Clock) -> None:
    devices = Devices(clock=clock)
    assert devices.admit("a")
    devices.heard(True, False)
    clock.now_s = 29
    assert not devices.admit("b")
    clock.now_s = 31
    assert devices.admit("b")
    assert devices.changes == 2
    assert "a is silent; b is read from here" in devices.remarks


def test_garbage_gives_way_at_once(clock: Clock) -> None:
    devices = Devices(clock=clock)
    assert devices.admit("noise")
    devices.heard(rows=False, garbage=True)
    assert devices.admit("sensor")
    devices.heard(rows=True, garbage=False)
    devices.heard(rows=False, garbage=True)  # one bad message of somebody known
    assert not devices.admit("noise")


def test_the_chosen_one_alone_is_read(clock: Clock) -> None:
    devices = Devices("b", "topic", clock)
    assert [devices.admit(name) for name in "abab"] == [False, True, False, True]
    assert "only the one of --sender" in devices.remarks[0]


def test_ever_new_names_keep_no_memory_and_no_control_characters(clock: Clock) -> None:
    devices = Devices(clock=clock)
    for n in range(5000):
        devices.admit(f"\x1b]0;{n}" + "x" * 10_000)
    assert len(devices.remarks) <= 6
    assert all(words.isprintable() and len(words) < 300 for words in devices.remarks)
    assert devices.refused == 4999
