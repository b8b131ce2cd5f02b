"""Hours of a simulated sensor through the live stream, or of a simulated scene through the loop on
frames: do memory, threads or open files grow?

    python -m edgehuman.bench.targets.endurance zoo:activity --hours 24
    python -m edgehuman.bench.targets.endurance zoo:person-detector-int8 --hours 24

Runs in a new process: memory that earlier work has freed would hide growth. Of frames, the network
runs on one in `REAL_EVERY`; between these the people are given, as they walk in and out of a loop
of pictures, so that what a day holds in tracks passes in minutes. The clock of both is simulated.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np
from tyro.conf import Positional

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.entry import main
from edgehuman.bench.latency import resident_mb
from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.install import module_line
from edgehuman.outcome import Outcome, to_json
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson, PersonFinder
from edgehuman.runtime.model import Model

# After so much stream time, buffers are full and the allocator has settled.
_SETTLED_S = 300.0
_LOOK_EVERY_S = 600.0
# A thread that has been joined is still counted by the system for a moment.
_ENDING_S = 0.5
FPS = 2.0
REAL_EVERY = 100
"""Of the frames of a day, the network looks at one in so many."""
HEIGHT, WIDTH = 480, 640
_PICTURES, _EVERY_S, _CROSSING_S = 16, 3.0, 12.0


@dataclass(frozen=True, slots=True)
class EnduranceConfig:
    """Hours of a simulated sensor or scene through the live stream."""

    model: Positional[str] = "zoo:activity"
    """zoo:NAME or the path of an artefact: of a wearable's windows, or a detector."""
    hours: float = 10.0
    """Hours of stream time."""

    def __post_init__(self) -> None:
        if not self.hours > 0:
            raise UsageError(f"--hours is {self.hours}; it must be over 0")


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds.

    Attributes:
        memory_mb: resident.
        threads: of the system.
        descriptors: open files, sockets and pipes.
    """

    memory_mb: float
    threads: int
    descriptors: int


@dataclass(frozen=True, slots=True)
class Endurance:
    """Attributes:
    stream_s: stream time processed after settling.
    wall_s: time that it took, simulation included.
    growth_mb: largest resident memory seen, above that after settling.
    threads, descriptors: the most seen, above those after settling.
    results: number of answers given.
    tracks: people who were followed, each counted once.
    """

    stream_s: float
    wall_s: float
    growth_mb: float
    threads: int
    descriptors: int
    results: int
    tracks: int = 0


class Growth:
    """Looks at what this process holds, every ten minutes of stream time."""

    def __init__(self) -> None:
        self._first: Held | None = None
        self._most = Held(0.0, 0, 0)
        self._next_s, self._begin_s = _SETTLED_S, time.perf_counter()

    def at(self, t_s: float) -> None:
        """The stream is so far."""
        if t_s < self._next_s:
            return
        now = _held_since(self._first)
        if self._first is None:
            self._first, self._begin_s = now, time.perf_counter()
        self._most = _most(self._most, now)
        self._next_s += _LOOK_EVERY_S

    def end(self, t_s: float, results: int, tracks: int = 0) -> Endurance:
        """The stream has ended."""
        first = self._first or held()
        most = _most(self._most, _held_since(first))
        return Endurance(
            t_s - _SETTLED_S,
            time.perf_counter() - self._begin_s,
            most.memory_mb - first.memory_mb,
            most.threads - first.threads,
            most.descriptors - first.descriptors,
            results,
            tracks,
        )


def held() -> Held:
    """What this process holds now (Linux)."""
    count = len(os.listdir("/proc/self/fd")) - 1  # one is of this listing
    return Held(resident_mb(), len(os.listdir("/proc/self/task")), count)


def _held_since(first: Held | None) -> Held:
    """What is held, once threads that are ending have ended."""
    now, until_s = held(), time.perf_counter() + _ENDING_S
    while first and now.threads > first.threads and time.perf_counter() < until_s:
        time.sleep(0.01)
        now = held()
    return now


def _most(one: Held, other: Held) -> Held:
    return Held(
        max(one.memory_mb, other.memory_mb),
        max(one.threads, other.threads),
        max(one.descriptors, other.descriptors),
    )


def endure(model: str, hours: float) -> Endurance:
    """Run in this process.

    Raises:
        UsageError: a model of neither windows nor frames.
    """
    from edgehuman.export.catalogued import load

    loaded = load(model)
    if loaded.card.output.kind == "boxes":
        return _of_frames(loaded, hours)
    from edgehuman.runtime.stream import stream

    growth, results, t_s = Growth(), 0, 0.0
    for result in stream(loaded, SIMULATED, seconds=_SETTLED_S + 3600 * hours):
        t_s, results = result.t_s, results + 1
        growth.at(t_s)
    return growth.end(t_s, results)


class Walkers:
    """People who cross a scene, one every three seconds, from either side: a `PersonFinder` whose
    network looks at one frame in `REAL_EVERY`.

    Attributes:
        t_s: the scene's time.
    """

    name = "walkers"

    def __init__(self, finder: PersonFinder, seed: int = 0) -> None:
        self.t_s, self._finder, self._looked = 0.0, finder, 0
        self._rng = np.random.default_rng(seed)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """Who is in the scene, with the errors of a detector: boxes off by some pixels, one in
        twenty missed.
        """
        self._looked += 1
        if self._looked % REAL_EVERY == 0:
            self._finder.find(frame_HWC)
        newest = math.floor(self.t_s / _EVERY_S)
        oldest = max(0, math.ceil((self.t_s - _CROSSING_S) / _EVERY_S))
        return [self._person(k) for k in range(oldest, newest + 1) if self._rng.random() > 0.05]

    def _person(self, k: int) -> FoundPerson:
        share = (self.t_s - k * _EVERY_S) / _CROSSING_S
        x = WIDTH * (share if k % 2 else 1 - share)
        top, tall = 60.0 + 40 * (k % 5), 200.0
        box_4 = np.array([x - 30, top, x + 30, top + tall]) + self._rng.normal(0, 2, 4)
        return FoundPerson(box_4.astype(np.float32), float(self._rng.uniform(0.6, 0.95)))


def _of_frames(model: Model, hours: float) -> Endurance:
    """A loop of pictures through what `run` does with a frame: people, tracks, a line of JSON."""
    from edgehuman.runtime.image.frames.answer import Detector, Watching, answer_frame
    from edgehuman.runtime.image.frames.follow import Followers
    from edgehuman.runtime.image.frames.results import FrameTally, to_row
    from edgehuman.runtime.image.frames.taken import TakenFrame

    walkers = Walkers(Detector(model))
    watching = Watching(walkers)
    followers, tally, growth = Followers(watching.score), FrameTally(), Growth()
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (_PICTURES, HEIGHT, WIDTH, 3), np.uint8)
    count, tracks, newest = round((_SETTLED_S + 3600 * hours) * FPS), 0, 0
    t_s = 0.0
    for index in range(count):
        walkers.t_s = t_s = index / FPS
        taken = TakenFrame(
            str(index),
            index,
            t_s,
            pictures[index % _PICTURES],
            HEIGHT,
            WIDTH,
            source="scene",
            grabbed_ns=time.monotonic_ns(),
        )
        result = answer_frame(watching, taken, followers.of(taken))
        tally.add(result)
        to_json(to_row(result))
        for person in result.people:
            if person.track and int(person.track) > newest:  # ids rise, and are never given twice
                newest, tracks = int(person.track), tracks + 1
        growth.at(t_s)
    return growth.end(t_s, count, tracks)


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
