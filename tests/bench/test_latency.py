"""The stopwatch: every call counted, blocks interleaved, warm-ups left out; and the footprint."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.contestants import Contestant, Entry, Records
from edgehuman.bench.latency import (
    CALLS_PER_BLOCK,
    Blocks,
    Footprint,
    Timing,
    cut_batches,
    footprint,
    measure,
    resident_mb,
    sustain,
    time_calls,
)
from edgehuman.errors import UsageError
from edgehuman.records import Float32

MakeModel = Callable[..., Path]


class Clock:
    """A clock that only a contestant's own work moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self.now_ns)
        monkeypatch.setattr(time, "perf_counter", lambda: self.now_ns / 1e9)

    def contestant(self, name: str, cost_ms: Callable[[int], float], log: list[str]) -> Contestant:
        count = 0

        def call(imu_NTC: Float32) -> Float32:
            nonlocal count
            self.now_ns += round(cost_ms(count) * 1e6)
            log.append(f"{name}{int(imu_NTC[0, 0, 0])}")
            count += 1
            return imu_NTC

        entry = Entry(name, name, "onnxruntime", "imuvit_512x5", 3)
        return Contestant(entry, call, "toy", 0.0)


def windows(count: int) -> Float32:
    imu = np.zeros((count, 128, 6), np.float32)
    imu[:, 0, 0] = np.arange(count)
    return imu


def test_another_clock_counts_in_place_of_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, log, ticks = Clock(monkeypatch), list[str](), iter(range(0, 1000, 3))
    contestant = wall.contestant("a", lambda count: 50.0, log)
    [timing] = measure([contestant], windows(1), rounds=1, clock=lambda: 10**6 * next(ticks))
    assert timing.latency_ms_R.tolist() == [3.0] * CALLS_PER_BLOCK


def test_every_call_after_the_warm_up_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, log = Clock(monkeypatch), list[str]()
    # 100 ms for the first call of each block, 7 ms once, 1 ms otherwise.
    per_block = CALLS_PER_BLOCK + 1
    slow = clock.contestant(
        "a", lambda i: 100.0 if i % per_block == 0 else 7.0 if i == 5 else 1.0, log
    )
    [timing] = measure([slow], windows(4), rounds=3)
    assert len(timing.latency_ms_R) == 3 * CALLS_PER_BLOCK
    assert sorted(timing.latency_ms_R.tolist())[-2:] == [1.0, 7.0]
    assert timing.p50_ms == 1.0


def test_contestants_take_turns_on_the_same_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, log = Clock(monkeypatch), list[str]()
    contestants = [clock.contestant(name, lambda i: 1.0, log) for name in "ab"]
    measure(contestants, windows(64), rounds=8)
    blocks = [log[i : i + CALLS_PER_BLOCK + 1] for i in range(0, len(log), CALLS_PER_BLOCK + 1)]
    names = ["".join(dict.fromkeys(call[0] for call in block)) for block in blocks]
    assert sorted(names) == ["a"] * 8 + ["b"] * 8
    assert all({names[i], names[i + 1]} == {"a", "b"} for i in range(0, 16, 2))
    assert len({tuple(names[i : i + 2]) for i in range(0, 16, 2)}) == 2  # the order is drawn
    for first, second in zip(blocks[::2], blocks[1::2], strict=True):
        assert [call[1:] for call in first] == [call[1:] for call in second]


def test_percentiles_and_throughput_by_hand() -> None:
    timing = Timing(np.array([1.0] * 99 + [101.0]), batch=2)
    found = timing.percentiles()
    assert found["p50"].value == found["p95"].value == 1.0
    assert found["p99"].value == pytest.approx(2.0)  # 1 % of the way from 1 to 101
    assert timing.records_per_s == pytest.approx(200 / 0.2)


def test_batches_are_whole_and_contiguous() -> None:
    batches = cut_batches(windows(7)[:, ::2], 3)
    assert [batch.shape for batch in batches] == [(3, 64, 6)] * 2
    assert all(batch.flags.c_contiguous for batch in batches)


@pytest.mark.parametrize(("batch", "count"), [(0, 4), (5, 4), (1, 0)])
def test_a_batch_that_cannot_be_cut_is_refused(batch: int, count: int) -> None:
    with pytest.raises(UsageError, match=f"batch is {batch}, but there are {count} records"):
        cut_batches(windows(count), batch)


def test_no_round_is_refused() -> None:
    with pytest.raises(UsageError, match="rounds is 0"):
        measure([], windows(2), rounds=0)


def test_heat_shows_in_the_last_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, log = Clock(monkeypatch), list[str]()
    throttled = clock.contestant("a", lambda i: 1.0 if i < 500 else 2.0, log)
    long = sustain(throttled, windows(20), seconds=1.0)
    assert long.p50_first_ms == 1.0
    assert long.p50_last_ms == 2.0
    assert long.seconds == pytest.approx(1.0, abs=0.05)
    assert long.joules_per_record is None


def test_the_wall_clock_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    nap = Clock(monkeypatch).contestant("a", lambda i: 20.0, [])
    assert time_calls(nap.call, [windows(1)]).tolist() == [20.0]


def test_resident_memory_sees_what_is_allocated() -> None:
    before_mb = resident_mb()
    with mmap.mmap(-1, 100_000_000) as held:  # np.ones may get what the heap has still
        held[::4096] = b"1" * len(range(0, len(held), 4096))
        assert 90 < resident_mb() - before_mb < 130


def test_the_footprint_is_that_of_a_process_of_its_own(make_model: MakeModel) -> None:
    found = footprint(Entry("toy", str(make_model()), "onnxruntime", "imuvit_512x5", 3))
    assert isinstance(found, Footprint)
    assert 5 < found.growth_mb < 300
    assert found.first_result_s > 0


def test_a_footprint_that_fails_says_why() -> None:
    found = footprint(Entry("toy", "nowhere.onnx", "onnxruntime", "imuvit_512x5", 3))
    assert isinstance(found, str)
    assert "no such file" in found


def test_the_time_in_which_others_computed_is_told() -> None:
    blocks = Blocks()

    def sleeping(records: Records) -> Float32:
        time.sleep(0.005)
        return np.zeros(1, np.float32)

    blocks.add(sleeping, [np.zeros((1, 2), np.float32)] * 3)
    timing = blocks.timing(batch=4)
    assert timing.batch == 4
    assert len(timing.latency_ms_R) == 2  # the first is a warm-up
    assert timing.waited is not None
    assert timing.waited > 0.5
