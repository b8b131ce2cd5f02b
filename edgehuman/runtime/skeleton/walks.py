"""Every track of a source as one walk: the mean of its windows' vectors, as stored in a gallery."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait.vectors import least_agreement, mean_vector
from edgehuman.preprocess.skeleton.breaks import jumped
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.records import Float32
from edgehuman.runtime.loop.datagrams import SCHEME
from edgehuman.runtime.loop.play import first_seconds, require_seconds, require_something, say
from edgehuman.runtime.loop.stopping import StopSignals
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.lines import PoseBlock, joined
from edgehuman.runtime.skeleton.source import open_poses

_SIMULATED_S = 10.0
_FRAMES_KEPT = 240
_WINDOWS_KEPT = 600


@dataclass(frozen=True, slots=True)
class Walks:
    """The walks of a source, by track.

    Attributes:
        vectors: (D,) of each track with a window, the mean over its windows.
        windows: number of windows in each mean.
        report: findings in the stream (`stream`), and counts of what was read and dropped
            (`source`).
        beginnings: the first lines of each track, to check for mistakes.
        repeated: share of each track's lines that have the stamp of the line before and other
            joints, 0..1.
        apart: share whose body is in another place, too.
        jump_s: stamps in seconds at which each track jumps (`breaks.jumped`).
        agreement: least similarity of an earlier and a later part of each track's windows, -1..1
            (`least_agreement`).
    """

    vectors: dict[str, Float32]
    windows: dict[str, int]
    report: dict[str, Any]
    beginnings: dict[str, PoseBlock]
    repeated: dict[str, float]
    apart: dict[str, float]
    jump_s: dict[str, tuple[float, ...]]
    agreement: dict[str, float]


def walks_of(
    model: Model,
    source: str,
    seconds: float | None = None,
    seed: int = 0,
    declared: Declared = UNDECLARED,
    split: bool = False,
) -> Walks:
    """The vector of every track of a source that holds a window.

    Args:
        split: whether each part of a track that broke is a walk of its own, since another person
            may bear the id after a break: parts of track 7 are 7, 7#2, 7#3.

    Ctrl-C and SIGTERM end listening to a port or a pipe; what arrived until then is used.

    Raises:
        DataError: no window, nothing arrived, or the source cannot be read.
        UsageError: unknown source, seconds not above 0, or missing for a source that never ends.
    """
    require_seconds(seconds)
    if source.startswith(SCHEME) and seconds is None:
        raise UsageError(f"{source} never ends; give --seconds, the time to listen")
    if source == SIMULATED and seconds is None:
        seconds = _SIMULATED_S
    opened = open_poses(source, seed=seed, declared=declared)
    sums: dict[str, Float32] = {}
    windows: dict[str, list[Float32]] = defaultdict(list)
    counts: dict[str, int] = {}
    seen: dict[str, _Seen] = {}
    stop = StopSignals()
    # Part of a file is not what the user asked for; a port or a pipe has no end to wait for.
    listens = opened.live or source == "-"
    signals: AbstractContextManager[object] = stop if listens else nullcontext()
    with signals, opened:
        listener = Identifier(model, opened.name, notify=say)
        heard = stop.until_stopped(opened) if listens else iter(opened)
        blocks = _keeping(seen, first_seconds(heard, seconds, opened.live))
        for track, vector_D in _window_vectors(listener, blocks, split):
            sums[track] = sums.get(track, np.zeros_like(vector_D)) + vector_D
            counts[track] = counts.get(track, 0) + 1
            if counts[track] <= _WINDOWS_KEPT:
                windows[track].append(vector_D)
    report = {"stream": listener.report.as_dict(), "source": opened.report()}
    if stop.requested:
        say(f"{opened.name}: stopped; what arrived until then is used")
    if not sums:
        require_something(opened, seconds, stop.requested)
        raise _no_window(listener, opened.report())
    vectors = {
        track: mean_vector(total_D[None] / np.float32(counts[track]), listener.distance)
        for track, total_D in sums.items()
    }
    known = {track: own for track, own in seen.items() if track in vectors}
    beginnings = {track: joined(own.frames) for track, own in known.items()}
    repeated = {track: own.repeats / own.lines for track, own in known.items()}
    apart = {track: own.apart / own.lines for track, own in known.items()}
    jump_s = {track: tuple(own.jump_s) for track, own in known.items()}
    agreement = {track: least_agreement(np.stack(windows[track])) for track in vectors}
    return Walks(vectors, counts, report, beginnings, repeated, apart, jump_s, agreement)


def _no_window(listener: Identifier, source: dict[str, Any]) -> DataError:
    """Say what was found in a source without a window, and describe why it has none."""
    for remark in listener.report.notes:
        say(f"{listener.source}: {remark}")
    return DataError(f"{listener.source}: {listener.no_window(source)}")


@dataclass(slots=True)
class _Seen:
    """The first lines of one track, how many lines repeat a stamp, and where it jumps."""

    frames: list[PoseBlock] = field(default_factory=list)
    lines: int = 0
    repeats: int = 0
    apart: int = 0
    stamp_s: float = math.nan
    joint_J3: Float32 | None = None
    jump_s: list[float] = field(default_factory=list)

    def take(self, stamp_s: float, joint_J3: Float32) -> None:
        """Compare a line with the one before."""
        self.lines += 1
        last_J3 = self.joint_J3
        if last_J3 is not None and stamp_s == self.stamp_s:
            self.repeats += not np.array_equal(last_J3, joint_J3)
            self.apart += jumped(last_J3, joint_J3, 0.0)
        if not joint_J3[:, 2].any():
            return
        step_s = stamp_s - self.stamp_s
        if last_J3 is not None and step_s > 0.0 and jumped(last_J3, joint_J3, step_s):
            self.jump_s.append(stamp_s)
        self.stamp_s, self.joint_J3 = stamp_s, joint_J3


def _keeping(seen: dict[str, _Seen], blocks: Iterable[PoseBlock]) -> Iterator[PoseBlock]:
    """The blocks as they come; `seen` collects the lines of each track."""
    for block in blocks:
        rows = zip(block.track_T, block.stamp_s_T.tolist(), strict=True)
        for i, (track, stamp_s) in enumerate(rows):
            own = seen.setdefault(track, _Seen())
            own.take(stamp_s, block.joint_TJ3[i])
            if len(own.frames) < _FRAMES_KEPT:
                own.frames.append(block.part(i, i + 1))
        yield block


def _window_vectors(
    listener: Identifier, blocks: Iterable[PoseBlock], split: bool
) -> Iterator[tuple[str, Float32]]:
    """Walk and vector of every window, all weighted equally in the walk's mean."""
    parts: dict[str, int] = defaultdict(int)
    for block in blocks:
        for window, vector_D in listener.embed(block):
            track = window.track
            parts[track] += window.begins
            if vector_D is not None:
                is_later = split and parts[track] > 1
                name = f"{track}#{parts[track]}" if is_later else track
                yield name, mean_vector(vector_D[None], listener.distance)
