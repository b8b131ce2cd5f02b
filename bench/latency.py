"""Latency of several contestants in one run, interleaved, so that system noise affects all equally.

Each round runs the contestants in a new order, all on the same records. The first call of a block
is an uncounted warm-up: it refills the caches that the previous contestant emptied. All other calls
are counted, outliers included. Axes: N records, R calls.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from edgehuman.bench.contestants import Call, Contestant, Entry, Records
from edgehuman.bench.energy import Meter, Stretch
from edgehuman.errors import UsageError
from edgehuman.install import module_line
from edgehuman.metrics.bootstrap import Interval, interval, percentile
from edgehuman.records import Float64

PERCENTILES = (50, 95, 99)
CALLS_PER_BLOCK = 20
ENERGY_STRETCH_S = 2.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Latency of one batch.

    Attributes:
        latency_ms_R: every counted call, in order.
        batch: records per call.
        waited: share of the time in which this process did not compute, because other programs did
            or a GPU; None: not measured.
    """

    latency_ms_R: Float64
    batch: int
    waited: float | None = None

    def percentiles(self) -> dict[str, Interval]:
        """p50, p95 and p99 with their 95 % bootstrap intervals, ms."""
        return {f"p{q}": interval(self.latency_ms_R, percentile(q)) for q in PERCENTILES}

    @property
    def p50_ms(self) -> float:
        """The median."""
        return float(np.median(self.latency_ms_R))

    @property
    def records_per_s(self) -> float:
        """Windows per second, back to back."""
        return float(self.batch * len(self.latency_ms_R) / (self.latency_ms_R.sum() / 1e3))


@dataclass(frozen=True, slots=True)
class Sustained:
    """A contestant that runs back to back for minutes.

    Attributes:
        seconds: how long.
        records_per_s: over all of it.
        p50_first_ms, p50_last_ms: of the first and the last tenth of the time; a difference shows
            thermal throttling.
        p99_ms: over all of it.
        joules_per_record: None if the machine does not report energy.
    """

    seconds: float
    records_per_s: float
    p50_first_ms: float
    p50_last_ms: float
    p99_ms: float
    joules_per_record: float | None


def measure(
    contestants: Sequence[Contestant],
    record_N: Records,
    rounds: int = 20,
    batch: int = 1,
    seed: int = 0,
    clock: Callable[[], int] | None = None,
) -> list[Timing]:
    """Latency of each contestant on the same records, `rounds` times 20 counted calls.

    Args:
        contestants: opened, hence already run once.
        record_N: at least `batch` records.
        rounds: blocks per contestant.
        batch: records per call.
        seed: of the order inside a round.
        clock: ns; None: wall-clock time. `time.process_time_ns` for contestants on one thread, so
            that other work on the machine does not affect them.

    Raises:
        UsageError: fewer records than one batch, or no round.
    """
    batches = cut_batches(record_N, batch)
    if rounds < 1:
        raise UsageError(f"rounds is {rounds}; it must be at least 1")
    rng = np.random.default_rng(seed)
    taken = [Blocks() for _ in contestants]
    for number in range(rounds):
        block = [
            batches[(number * CALLS_PER_BLOCK + i) % len(batches)]
            for i in range(CALLS_PER_BLOCK + 1)
        ]
        for index in rng.permutation(len(contestants)):
            taken[index].add(contestants[index].call, block, clock)
    return [blocks.timing(batch) for blocks in taken]


@dataclass(slots=True)
class Blocks:
    """What one contestant took, block by block, and how much of it this process computed."""

    latency_ms: list[Float64] = field(default_factory=list)
    wall_ns: int = 0
    computed_ns: int = 0

    def add(
        self, call: Call, batches: Sequence[Records], clock: Callable[[], int] | None = None
    ) -> None:
        """Time a block; its first call is an uncounted warm-up."""
        wall_ns, computed_ns = time.perf_counter_ns(), time.process_time_ns()
        self.latency_ms.append(time_calls(call, batches, clock)[1:])
        self.computed_ns += time.process_time_ns() - computed_ns
        self.wall_ns += time.perf_counter_ns() - wall_ns

    def timing(self, batch: int) -> Timing:
        """All blocks as one."""
        waited = max(0.0, 1.0 - self.computed_ns / self.wall_ns) if self.wall_ns else None
        return Timing(np.concatenate(self.latency_ms), batch, waited)


def cut_batches(record_N: Records, batch: int) -> list[Records]:
    """Whole batches (batch, ...), one after the other; the rest is left out."""
    if batch < 1 or len(record_N) < batch:
        raise UsageError(
            f"batch is {batch}, but there are {len(record_N)} records; give 1 to {len(record_N)}"
        )
    count = len(record_N) // batch
    return [np.ascontiguousarray(record_N[i * batch : (i + 1) * batch]) for i in range(count)]


def time_calls(
    call: Call, batches: Sequence[Records], clock: Callable[[], int] | None = None
) -> Float64:
    """Milliseconds of each call, in order, by the wall clock or another one of ns."""
    now_ns = clock or time.perf_counter_ns
    latency_ms_R = np.empty(len(batches))
    for index, one in enumerate(batches):
        start_ns = now_ns()
        call(one)
        latency_ms_R[index] = (now_ns() - start_ns) / 1e6
    return latency_ms_R


def sustain(
    contestant: Contestant,
    record_N: Records,
    seconds: float,
    batch: int = 1,
    meter: Meter | None = None,
) -> Sustained:
    """Run one contestant back to back for `seconds`."""
    batches = cut_batches(record_N, batch)
    stretch = Stretch(meter) if meter is not None else None
    if stretch is not None:
        stretch.__enter__()
    latency_ms_R = np.concatenate(list(_until(contestant.call, batches, seconds)))
    if stretch is not None:
        stretch.__exit__(None, None, None)
    stamp_s_R = np.cumsum(latency_ms_R) / 1e3
    first, last = stamp_s_R <= stamp_s_R[-1] / 10, stamp_s_R >= stamp_s_R[-1] * 0.9
    first[0] = last[-1] = True
    records = batch * len(latency_ms_R)
    return Sustained(
        seconds=float(stamp_s_R[-1]),
        records_per_s=float(records / stamp_s_R[-1]),
        p50_first_ms=float(np.median(latency_ms_R[first])),
        p50_last_ms=float(np.median(latency_ms_R[last])),
        p99_ms=float(np.percentile(latency_ms_R, 99)),
        joules_per_record=None if stretch is None else stretch.joules / records,
    )


def _until(call: Call, batches: Sequence[Records], seconds: float) -> Iterator[Float64]:
    end_s = time.perf_counter() + seconds
    while True:
        yield time_calls(call, batches[:CALLS_PER_BLOCK])
        if time.perf_counter() >= end_s:
            return


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory and start-up time of a contestant in its own process.

    Attributes:
        growth_mb: growth of resident memory, MB of 1e6 bytes: libraries, weights and workspace
            after 20 records.
        first_result_s: from the start of the process to the first result: Python, imports, engine.
    """

    growth_mb: float
    first_result_s: float


def footprint(entry: Entry, timeout_s: float = 300.0) -> Footprint | str:
    """Measure in a new process, because within one process only the first contestant pays for
    shared imports. Returns the reason as text if it could not be measured.
    """
    started_s = str(time.monotonic())  # one clock for all processes of a machine
    words = module_line("edgehuman.bench.latency", json.dumps(asdict(entry)), started_s)
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return f"no result within {timeout_s:.0f} s"
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["the process died"])[-1]
    return Footprint(**json.loads(done.stdout.splitlines()[-1]))


def peak_mb() -> float:
    """Largest resident memory of this process so far, MB of 1e6 bytes (Linux).

    Not getrusage: its peak survives exec, so a child would start with its parent's.
    """
    with open("/proc/self/status", encoding="ascii") as stream:
        line = next(line for line in stream if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def resident_mb() -> float:
    """Resident memory of this process now, MB of 1e6 bytes (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _print_footprint(entry: Entry, started_s: float) -> None:
    """The body of the new process of `footprint`; `started_s` is when it was launched."""
    from edgehuman.bench.contestants import open_contestant

    before_mb = resident_mb()
    sample = entry.noise(1)
    contestant = open_contestant(entry, sample)
    first_s = time.monotonic() - started_s
    for _ in range(20):
        contestant.call(sample)
    print(json.dumps(asdict(Footprint(resident_mb() - before_mb, first_s))))


if __name__ == "__main__":
    _print_footprint(Entry(**json.loads(sys.argv[1])), float(sys.argv[2]))
