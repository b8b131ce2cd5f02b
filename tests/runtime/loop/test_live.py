"""Results as they come, of whatever record; what a stream holds is opened late and given back."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgehuman.records import Float64
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.loop.live import LiveStream, close_unread, live


class Block:
    """One record, that is nothing but its stamp."""

    def __init__(self, stamp_s: float) -> None:
        self.stamp_s_T: Float64 = np.array([stamp_s])

    def __len__(self) -> int:
        return 1

    def head(self, keep: int) -> Block:
        return self


class Played:
    """A source of a block a second, and what was done to it."""

    name, live = "played", False

    def __init__(self, count: int) -> None:
        self.count, self.done = count, list[str]()

    def __enter__(self) -> Played:
        self.done.append("entered")
        return self

    def __exit__(self, *exception: object) -> None:
        self.done.append("left")

    def __iter__(self) -> Iterator[Block]:
        return map(Block, range(self.count))

    def report(self) -> dict[str, Any]:
        return {"rows": self.count}

    def close(self) -> None:
        self.done.append("closed unread")


class Echo:
    """A listener that answers every block but the last one when the next has come."""

    report = SimpleNamespace(as_dict=lambda: {"gaps": 0})

    def __init__(self) -> None:
        self.held: list[ImuResult] = []
        self.tally: Any = SimpleNamespace(windows=0, summary=self.summary)

    def summary(self) -> dict[str, Any]:
        return {"windows": self.tally.windows}

    def push(self, block: Block) -> Sequence[ImuResult]:
        self.tally.windows += 1
        t_s = float(block.stamp_s_T[0])
        ready, self.held = self.held, [ImuResult(t_s, "on", 1.0, 0.0, "on", 0, "played")]
        return ready

    def close(self) -> Sequence[ImuResult]:
        return self.held

    def no_window(self, source: object) -> str:
        return "there was none"


def test_all_results_come_and_the_source_is_left() -> None:
    source = Played(3)
    results = live(Echo(), source)
    assert source.done == []
    assert [result.t_s for result in results] == [0, 1, 2]
    assert source.done == ["entered", "left"]
    assert results.report() == {"windows": 3, "stream": {"gaps": 0}, "source": {"rows": 3}}


def test_so_many_seconds_of_the_stream_are_enough() -> None:
    assert [result.t_s for result in live(Echo(), Played(100), seconds=2.5)] == [0, 1, 2]


def test_a_stream_that_is_left_early_leaves_its_source() -> None:
    source = Played(9)
    results = live(Echo(), source)
    next(results)
    results.close()
    results.close()
    assert source.done == ["entered", "left"]
    assert list(results) == []


def test_a_stream_that_was_never_read_gives_its_source_back() -> None:
    source = Played(9)
    results = live(Echo(), source)
    results.close()
    assert source.done == ["closed unread"]
    assert list(results) == []


def test_what_holds_nothing_needs_no_closing() -> None:
    close_unread(object())
    source = Played(1)
    close_unread(source)
    assert source.done == ["closed unread"]


def test_an_error_of_the_results_reaches_whoever_reads() -> None:
    def words() -> Generator[str, None, None]:
        yield "one"
        raise OSError("the cable")

    results = LiveStream(words(), dict)
    assert next(results) == "one"
    with pytest.raises(OSError, match="the cable"):
        next(results)
