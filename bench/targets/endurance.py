"""Hours of simulated sensor through the live stream: does resident memory grow, and how fast?

    python -m edgehuman.bench.targets.endurance zoo:activity --hours 10

Runs in a new process: memory that earlier work has freed would hide growth.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from tyro.conf import Positional

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.entry import main
from edgehuman.bench.latency import resident_mb
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.install import module_line
from edgehuman.outcome import Outcome, to_json

# After so much stream time, buffers are full and the allocator has settled.
_SETTLED_S = 300.0
_LOOK_EVERY_S = 600.0


@dataclass(frozen=True, slots=True)
class EnduranceConfig:
    """Hours of simulated sensor through the live stream."""

    model: Positional[str] = "zoo:activity"
    """zoo:NAME or the path of an artefact."""
    hours: float = 10.0
    """Hours of stream time."""

    def __post_init__(self) -> None:
        if not self.hours > 0:
            raise UsageError(f"--hours is {self.hours}; it must be over 0")


@dataclass(frozen=True, slots=True)
class Endurance:
    """Attributes:
    stream_s: stream time processed after settling.
    wall_s: time that it took, simulation included.
    growth_mb: largest resident memory seen, above that after settling.
    results: number of labels given.
    """

    stream_s: float
    wall_s: float
    growth_mb: float
    results: int


def endure(model: str, hours: float) -> Endurance:
    """Run in this process."""
    from edgehuman.export.catalogued import load
    from edgehuman.runtime.stream import stream

    base_mb, peak_mb, next_look_s, results = 0.0, 0.0, _SETTLED_S, 0
    start_s, t_s = 0.0, 0.0
    for result in stream(load(model), SIMULATED, seconds=_SETTLED_S + 3600 * hours):
        t_s = result.t_s
        if t_s >= next_look_s:
            now_mb = resident_mb()
            if not base_mb:
                base_mb, start_s = now_mb, time.perf_counter()
            peak_mb = max(peak_mb, now_mb)
            next_look_s += _LOOK_EVERY_S
        results += 1
    return Endurance(
        t_s - _SETTLED_S,
        time.perf_counter() - start_s,
        max(peak_mb, resident_mb()) - base_mb,
        results,
    )


def endure_elsewhere(model: str, hours: float) -> Endurance:
    """Run in a new process.

    Raises:
        FailedRun: the process failed; the message is the last line of its stderr.
    """
    words = module_line("edgehuman.bench.targets.endurance", model, "--hours", str(hours))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FailedRun((done.stderr.strip().splitlines() or ["the process died"])[-1])
    return Endurance(**json.loads(done.stdout.splitlines()[-1]))


def report(config: EnduranceConfig) -> Outcome:
    """Run in this process; print the result as one JSON object."""
    data = asdict(endure(config.model, config.hours))
    return Outcome(data, to_json(data))


if __name__ == "__main__":
    sys.exit(main(EnduranceConfig, report))
