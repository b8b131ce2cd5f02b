"""A feed on a thread of its own: what is lost, what waits, and when it is given out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.records import Float64
from edgehuman.runtime.loop.play import Playable
from edgehuman.runtime.loop.source import BlockQueue, Pace, Source


@dataclass(frozen=True)
class Numbers:
    """Records that are nothing but their stamps."""

    stamp_s_T: Float64
    arrival_ns: int = 0

    def __len__(self) -> int:
        return int(self.stamp_s_T.size)

    def head(self, keep: int) -> Numbers:
        return self.part(0, keep)

    def part(self, begin: int, end: int) -> Numbers:
        return replace(self, stamp_s_T=self.stamp_s_T[begin:end])

    def arrived(self, arrival_ns: int) -> Numbers:
        return replace(self, arrival_ns=arrival_ns)


def numbers(*stamps: float) -> Numbers:
    return Numbers(np.array(stamps, np.float64))


def joined(blocks: Sequence[Numbers]) -> Numbers:
    arrival_ns = blocks[0].arrival_ns if blocks else 0
    return Numbers(np.concatenate([np.empty(0), *(b.stamp_s_T for b in blocks)]), arrival_ns)


class Counting:
    """Blocks of some sizes, counted on, and then an error where one is asked for."""

    def __init__(self, *sizes: int, error: Exception | None = None, step_s: float = 1.0) -> None:
        self.name = "counting"
        self.closed = 0
        self._sizes, self._error, self._step_s = sizes, error, step_s

    def __iter__(self) -> Iterator[Numbers]:
        begin = 0
        for size in self._sizes:
            yield Numbers(np.arange(begin, begin + size, dtype=np.float64) * self._step_s)
            begin += size
        if self._error is not None:
            raise self._error

    def report(self) -> dict[str, Any]:
        return {"rows": sum(self._sizes)}

    def close(self) -> None:
        self.closed += 1


def queue(capacity: int = 1000, lossless: bool = True) -> BlockQueue[Numbers]:
    return BlockQueue(joined, capacity, lossless)


def taken(blocks: BlockQueue[Numbers]) -> list[list[float]]:
    blocks.close()
    found = []
    while (block := blocks.take()) is not None:
        found.append(block.stamp_s_T.tolist())
    return found


# ---- the queue ----


def test_the_oldest_block_makes_room_and_its_records_are_counted() -> None:
    live = queue(5, lossless=False)
    for stamps in ((0, 1), (2, 3), (4, 5), (6,)):
        assert live.put(numbers(*stamps), 7)
    assert (live.dropped, live.waiting) == (2, 5)
    assert taken(live) == [[2, 3, 4, 5, 6]]  # of a live queue all that waits


def test_one_block_larger_than_the_queue_stays() -> None:
    live = queue(2, lossless=False)
    live.put(numbers(0), 7)
    live.put(numbers(1, 2, 3), 7)
    assert live.dropped == 1
    assert taken(live) == [[1, 2, 3]]


def test_a_lossless_queue_makes_the_reader_wait_and_gives_block_by_block() -> None:
    waiting, seen = queue(2), []

    def read() -> None:
        for k in range(50):
            waiting.put(numbers(k), 7)
        waiting.close()

    thread = threading.Thread(target=read)
    thread.start()
    while (block := waiting.take()) is not None:
        seen.append(block.stamp_s_T.tolist())
    thread.join()
    assert seen == [[k] for k in range(50)]
    assert waiting.dropped == 0


def test_a_record_arrives_when_it_is_read_live_and_when_it_is_taken_else() -> None:
    for lossless in (False, True):
        blocks = queue(lossless=lossless)
        blocks.put(numbers(0), 7)
        block = blocks.take()
        assert block is not None
        assert (block.arrival_ns == 7) is not lossless


def test_many_records_at_once_come_in_parts() -> None:
    blocks = queue()
    blocks.put(numbers(*range(600)), 7)
    assert [len(part) for part in taken(blocks)] == [256, 256, 88]


def test_a_reader_that_waits_is_freed_by_closing() -> None:
    blocks, went_on = queue(1), []
    blocks.put(numbers(0), 7)
    thread = threading.Thread(target=lambda: went_on.append(blocks.put(numbers(1), 7)))
    thread.start()
    blocks.close()
    thread.join(timeout=5)
    assert went_on == [False]


@pytest.mark.slow
def test_nothing_yet_is_an_empty_block_and_its_kind_is_known() -> None:
    blocks = queue()
    block = blocks.take()
    assert block is not None
    assert len(block) == 0
    assert blocks.kind is Numbers


# ---- the source ----


def test_a_source_gives_all_and_closes_its_feed_once() -> None:
    feed = Counting(3, 0, 4)
    source = Source(feed, queue())
    assert isinstance(source, Playable)
    assert (source.name, source.live, source.entered) == ("counting", False, False)
    with source:
        stamps = [stamp for block in source for stamp in block.stamp_s_T.tolist()]
    assert stamps == list(range(7))
    assert source.report() == {"source": "counting", "rows": 7, "dropped": 0}
    assert feed.closed == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DataError("the cable"), "the cable"),
        (OSError(5, "Input/output error"), r"counting: reading failed \(Input/output error\)"),
    ],
)
def test_what_ends_the_reader_is_raised_after_its_last_record(error: Exception, said: str) -> None:
    with Source(Counting(2, error=error), queue()) as source:
        blocks = iter(source)
        assert len(next(blocks)) == 2
        with pytest.raises(DataError, match=said):
            next(blocks)


def test_a_source_is_read_once() -> None:
    source = Source(Counting(1), queue())
    with pytest.raises(UsageError, match="counting is not open; iterate inside `with source:`"):
        next(iter(source))
    with source:
        assert len(list(source)) == 1
    with pytest.raises(UsageError, match="'counting' was read or closed already"), source:
        pass


def test_what_was_never_entered_is_given_back_and_stays_shut() -> None:
    feed = Counting(1)
    source = Source(feed, queue())
    source.close()
    assert feed.closed == 1
    with pytest.raises(UsageError, match="read or closed already"), source:
        pass


def test_leaving_early_leaves_no_thread_behind() -> None:
    with Source(Counting(*[1] * 500), queue(3)) as source:
        next(iter(source))
    assert not [each for each in threading.enumerate() if each.name == "source counting"]


def test_a_paced_source_gives_groups_of_a_fiftieth_of_a_second() -> None:
    with Source(Counting(10, step_s=0.005), queue(), paced=True) as source:
        sizes = [len(block) for block in source if len(block)]
    assert sizes == [4, 4, 2]


# ---- the pace ----


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands until it is set."""
    found = SimpleNamespace(now_s=100.0)
    monkeypatch.setattr(
        "edgehuman.runtime.loop.source.time", SimpleNamespace(monotonic=lambda: found.now_s)
    )
    return found


def test_a_stamp_is_due_as_long_after_the_first_as_it_was_recorded(clock: SimpleNamespace) -> None:
    pace = Pace()
    assert pace.wait_s(5.0) == 0.0
    assert pace.wait_s(5.5) == pytest.approx(0.5)
    clock.now_s += 2.0
    assert pace.wait_s(6.0) == 0.0  # late, and not waited for
    assert pace.wait_s(8.0) == pytest.approx(1.0)


def test_a_long_pause_and_a_new_clock_are_skipped(clock: SimpleNamespace) -> None:
    pace = Pace()
    assert pace.wait_s(0.0) == 0.0
    assert pace.wait_s(36_000.0) == 0.0
    assert pace.wait_s(36_000.5) == pytest.approx(0.5)
    assert pace.wait_s(0.0) == 0.0
    assert pace.wait_s(float("nan")) == 0.0
