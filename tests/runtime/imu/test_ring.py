"""The bounded buffer between two threads."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.imu.ring import SampleBlock, SampleRing


def put(ring: SampleRing, first: int, count: int, arrival_ns: int = 7) -> bool:
    stamp_s_T = np.arange(first, first + count, dtype=np.float64)
    imu_TC = np.repeat(stamp_s_T[:, None], 6, axis=1).astype(np.float32)
    return ring.put(SampleBlock(stamp_s_T, imu_TC, np.zeros(count, np.int64)), arrival_ns)


def stamps(block: SampleBlock | None) -> list[float]:
    assert block is not None
    assert block.imu_TC[:, 5].tolist() == block.stamp_s_T.tolist()
    return [float(stamp_s) for stamp_s in block.stamp_s_T]


def test_samples_come_out_in_order_across_the_edge() -> None:
    ring = SampleRing(5, lossless=False)
    put(ring, 0, 3)
    assert stamps(ring.take(2)) == [0, 1]
    put(ring, 3, 4)
    assert stamps(ring.take(10)) == [2, 3, 4, 5, 6]
    assert ring.dropped == 0


@pytest.mark.parametrize(
    ("counts", "kept", "dropped"),
    [((4, 4), [3, 4, 5, 6, 7], 3), ((12,), [7, 8, 9, 10, 11], 7)],
)
def test_the_newest_win_and_the_others_are_counted(
    counts: tuple[int, ...], kept: list[float], dropped: int
) -> None:
    ring, first = SampleRing(5, lossless=False), 0
    for count in counts:
        put(ring, first, count)
        first += count
    assert stamps(ring.take(10)) == kept
    assert ring.dropped == dropped


def test_a_live_sample_keeps_its_arrival() -> None:
    ring = SampleRing(5, lossless=False)
    put(ring, 0, 2, arrival_ns=11)
    put(ring, 2, 1, arrival_ns=12)
    block = ring.take(5)
    assert block is not None
    assert block.arrival_ns_T.tolist() == [11, 11, 12]


def test_a_lossless_sample_arrives_when_it_is_taken() -> None:
    ring = SampleRing(5, lossless=True)
    put(ring, 0, 2, arrival_ns=11)
    before_ns = time.monotonic_ns()
    block = ring.take(5)
    assert block is not None
    assert (block.arrival_ns_T >= before_ns).all()


def test_a_lossless_ring_makes_the_reader_wait() -> None:
    ring, seen = SampleRing(8, lossless=True), []

    def read() -> None:
        put(ring, 0, 100)
        ring.close()

    thread = threading.Thread(target=read)
    thread.start()
    while (block := ring.take(3)) is not None:
        seen += stamps(block)
    thread.join()
    assert seen == list(range(100))
    assert ring.dropped == 0


def test_a_reader_that_waits_is_freed_by_closing() -> None:
    ring, went_on = SampleRing(2, lossless=True), []
    thread = threading.Thread(target=lambda: went_on.append(put(ring, 0, 5)))
    thread.start()
    ring.close()
    thread.join(timeout=2)
    assert went_on == [False]


def test_labels_travel_along() -> None:
    ring = SampleRing(4, lossless=False)
    put(ring, 0, 1)
    block = ring.take(4)
    assert block is not None
    assert block.label_T is None
    label_T = np.array([0, -1], np.int16)
    arrays = np.array([0.0, 1.0]), np.zeros((2, 6), np.float32), np.zeros(2, np.int64)
    ring.put(SampleBlock(*arrays, label_T, ("walking",)), 0)
    put(ring, 2, 0)  # nothing came, and the names stay
    block = ring.take(4)
    assert block is not None
    assert block.label_T is not None
    assert (block.label_T.tolist(), block.labels) == ([0, -1], ("walking",))


def test_nothing_yet_is_an_empty_block_and_the_end_is_none() -> None:
    ring = SampleRing(4, lossless=False)
    assert stamps(ring.take(4, timeout_s=0.01)) == []
    put(ring, 0, 1)
    ring.close()
    assert stamps(ring.take(4)) == [0]
    assert ring.take(4) is None


def test_what_ended_the_reader_is_raised_after_its_last_sample() -> None:
    ring = SampleRing(4, lossless=False)
    put(ring, 0, 1)
    ring.close(DataError("the cable"))
    assert stamps(ring.take(4)) == [0]
    with pytest.raises(DataError, match="the cable"):
        ring.take(4)


def test_no_capacity_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        SampleRing(0, lossless=True)
