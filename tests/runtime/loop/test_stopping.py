"""A signal ends a stream between two items; the second one is the usual Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from edgehuman.runtime.loop.stopping import StopSignals

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def usual_ctrl_c() -> Iterator[None]:
    """A shell starts its background jobs with Ctrl-C ignored, and they pass it on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_an_item_is_worked_on_ends_after_it(number: int) -> None:
    done = []
    with StopSignals() as signals:
        for item in signals.until_stopped(range(10)):
            if item == 3:
                interrupt(number)
            done.append(item)
    assert done == [0, 1, 2, 3]
    assert signals.requested


@pytest.mark.parametrize("number", SIGNALS)
def test_a_wait_for_the_next_item_is_cut_short(number: int) -> None:
    def items() -> Iterator[int]:
        yield 0
        interrupt(number)  # comes while the next item is waited for
        yield 1

    with StopSignals() as signals:
        assert list(signals.until_stopped(items())) == [0]
    assert signals.requested


def test_the_second_signal_is_the_usual_one() -> None:
    with StopSignals():
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_without_a_signal_the_items_end_and_the_handlers_are_as_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with StopSignals() as signals:
        assert [signal.getsignal(number) for number in SIGNALS] != before
        assert list(signals.until_stopped("abc")) == ["a", "b", "c"]
    assert not signals.requested
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_on_another_thread_it_lets_signals_be() -> None:
    before, found = signal.getsignal(signal.SIGINT), list[object]()

    def work() -> None:
        with StopSignals() as signals:
            found.append(signal.getsignal(signal.SIGINT))
            found.append(list(signals.until_stopped("ab")))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before, ["a", "b"]]
