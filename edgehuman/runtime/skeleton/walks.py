"""Every track of a source as one walk: the mean of its windows' vectors, as stored in a gallery."""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait.vectors import halves_alike, least_agreement, mean_vector
from edgehuman.preprocess.quality import Quality
from edgehuman.preprocess.skeleton.breaks import jumped
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.motion.quality import quality_of
from edgehuman.preprocess.skeleton.motion.walking import not_walking
from edgehuman.preprocess.skeleton.motion.way import walks_backwards
from edgehuman.preprocess.skeleton.steps import rate_remark, step_rate
from edgehuman.records import Float32
from edgehuman.runtime.loop.datagrams import SCHEME
from edgehuman.runtime.loop.play import (
    Playable,
    first_seconds,
    others_refused,
    require_seconds,
    require_something,
    say,
)
from edgehuman.runtime.loop.stopping import StopSignals
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import Heard, Identifier
from edgehuman.runtime.skeleton.lines import PoseBlock, joined, rate_of
from edgehuman.runtime.skeleton.shown import overlap_of
from edgehuman.runtime.skeleton.source import open_poses
from edgehuman.runtime.skeleton.windows import MOST_TRACKS, PoseWindow, PoseWindows

_SIMULATED_S = 10.0
# Ids that change with each line would else be kept for ever.
MOST_IDS, _JUMPS_KEPT = 4096, 1000
_FRAMES_KEPT = 240
_WINDOWS_KEPT = 600
# Whether and how well somebody walks is judged by so much.
_LOOKED_AT_S = 20.0
# Of a track of a live stream: the newest half minute or so.
_NEWEST_KEPT = 48


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
        quality: of each walk; of a long one, of its first 20 seconds.
        idle: what somebody does who does not walk, in words; empty for who does.
        backwards: whether somebody walks backwards.
    """

    vectors: dict[str, Float32]
    windows: dict[str, int]
    report: dict[str, Any]
    beginnings: dict[str, PoseBlock]
    repeated: dict[str, float]
    apart: dict[str, float]
    jump_s: dict[str, tuple[float, ...]]
    agreement: dict[str, float]
    quality: dict[str, Quality]
    idle: dict[str, str]
    backwards: dict[str, bool]


def walks_of(
    model: Model,
    source: str,
    seconds: float | None = None,
    seed: int = 0,
    declared: Declared = UNDECLARED,
    split: bool = False,
    sender: str | None = None,
    poses: Playable[PoseBlock] | None = None,
) -> Walks:
    """The vector of every track of a source that holds a window.

    Ctrl-C and SIGTERM end listening to a port or a pipe; what arrived until then is used.

    Args:
        split: whether each part of a track that broke is a walk of its own, since another person
            may bear the id after a break: parts of track 7 are 7, 7#2, 7#3.
        sender: of a UDP port, whose datagrams are read; None: those of the first that sends.
        poses: of the source, opened already; None: by its name.

    Raises:
        DataError: no window, nothing arrived, or the source cannot be read.
        UsageError: unknown source, seconds not above 0, or missing for a source that never ends.
    """
    require_seconds(seconds)
    if source.startswith(SCHEME) and seconds is None:
        raise UsageError(f"{source} never ends; give --seconds, the time to listen")
    if source == SIMULATED and seconds is None:
        seconds = _SIMULATED_S
    if poses is None:
        poses = open_poses(source, seed=seed, declared=declared, sender=sender)
    opened = poses
    windows: dict[tuple[str, int], _Windows] = {}
    seen: dict[str, _Seen] = {}
    stop = StopSignals()
    # Part of a file is not what the user asked for; a port or a pipe has no end to wait for.
    listens = opened.live or source == "-"
    signals: AbstractContextManager[object] = stop if listens else nullcontext()
    with signals, opened:
        listener = Identifier(model, opened.name, notify=say)
        heard = stop.until_stopped(opened) if listens else iter(opened)
        blocks = _keeping(
            seen, first_seconds(heard, seconds, opened.live), MOST_IDS if listens else math.inf
        )
        for walk, window, vector_D in _window_vectors(listener, blocks, split):
            windows.setdefault(walk, _Windows(listener.windows)).take(window, vector_D)
    if listens and len(seen) >= MOST_IDS:
        say(f"{opened.name}: {MOST_IDS:,} ids of tracks; the lines of further ids are not used")
    if stop.requested:
        say(f"{opened.name}: stopped; what arrived until then is used")
    if not windows:
        require_something(opened, seconds, stop.requested)
        remarks = [*listener.report.notes, *_wrong_rates(seen)]
        for remark in dict.fromkeys(remarks):
            say(f"{opened.name}: {remark}")
        refused = others_refused(opened.report())
        raise DataError(f"{opened.name}: {listener.no_window(opened.report())}{refused}")
    report = {"stream": listener.report.as_dict(), "source": opened.report()}
    return _walks(windows, seen, report, listener.distance)


@dataclass(slots=True)
class _Windows:
    """The windows of one walk: all in the sum, the vectors and the frames of the first kept."""

    cut: PoseWindows
    total_D: Float32 | None = None
    count: int = 0
    there: float = 0.0
    first: list[Float32] = field(default_factory=list)
    frames: list[Float32] = field(default_factory=list)

    def take(self, window: PoseWindow, vector_D: Float32) -> None:
        """Add one window."""
        self.total_D = vector_D if self.total_D is None else self.total_D + vector_D
        self.count += 1
        self.there += window.there
        if self.count <= _WINDOWS_KEPT:
            self.first.append(vector_D)
        if len(self.frames) < _LOOKED_AT_S * self.cut.rate_hz:
            new = self.cut.hop if self.frames else self.cut.frames
            self.frames.extend(window.skeleton.skeleton_TJ3[-new:])

    def quality(self) -> Quality:
        """How good the walk is to know somebody by."""
        alike = halves_alike(np.stack(self.first), overlap_of(self.cut.frames, self.cut.hop))
        there = self.there / self.count
        return quality_of(np.stack(self.frames), self.cut.rate_hz, alike, there)

    def idle(self) -> str:
        """What somebody does who does not walk."""
        return not_walking(np.stack(self.frames), self.cut.rate_hz)

    def backwards(self) -> bool:
        """Whether somebody walks backwards."""
        return walks_backwards(np.stack(self.frames), self.cut.rate_hz)

    def mean(self, distance: str) -> Float32:
        """The mean of all windows, (D,)."""
        assert self.total_D is not None
        return mean_vector(self.total_D[None] / np.float32(self.count), distance)


def _walks(
    windows: dict[tuple[str, int], _Windows],
    seen: dict[str, _Seen],
    report: dict[str, Any],
    distance: str,
) -> Walks:
    """What is known of every walk, by name."""
    found: dict[str, _Windows] = {}
    for (track, part), own in windows.items():
        name = track if part == 1 else f"{track}#{part}"
        while part > 1 and (name in seen or name in found):
            name += "#"  # a track has this very id
        found[name] = own
    known = {track: own for track, own in seen.items() if track in found}
    return Walks(
        vectors={name: own.mean(distance) for name, own in found.items()},
        windows={name: own.count for name, own in found.items()},
        report=report,
        beginnings={track: joined(own.frames) for track, own in known.items()},
        repeated={track: own.repeats / own.lines for track, own in known.items()},
        apart={track: own.apart / own.lines for track, own in known.items()},
        jump_s={track: tuple(own.jump_s) for track, own in known.items()},
        agreement={name: least_agreement(np.stack(own.first)) for name, own in found.items()},
        quality={name: own.quality() for name, own in found.items()},
        idle={name: own.idle() for name, own in found.items()},
        backwards={name: own.backwards() for name, own in found.items()},
    )


def _wrong_rates(seen: dict[str, _Seen]) -> list[str]:
    """Remarks on stamps by which people would walk much too fast or too slowly."""
    return [remark for own in seen.values() for remark in rate_remarks(joined(own.frames))]


def rate_remarks(block: PoseBlock) -> list[str]:
    """A remark on the stamps of one track, if they are likely wrong by the steps that it takes."""
    rate_hz = rate_of(block)
    remark = rate_remark(step_rate(block.joint_TJ3, rate_hz), round(rate_hz, 1))
    return [] if remark is None else [remark]


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
            self.jump_s = [*self.jump_s, stamp_s][:_JUMPS_KEPT]
        self.stamp_s, self.joint_J3 = stamp_s, joint_J3


def _keeping(
    seen: dict[str, _Seen], blocks: Iterable[PoseBlock], most: float
) -> Iterator[PoseBlock]:
    """The blocks as they come; `seen` collects the lines of each track, of so many at most."""
    for block in blocks:
        rows = zip(block.track_T, block.stamp_s_T.tolist(), strict=True)
        for i, (track, stamp_s) in enumerate(rows):
            if track not in seen and len(seen) >= most:
                continue
            own = seen.setdefault(track, _Seen())
            own.take(stamp_s, block.joint_TJ3[i])
            if len(own.frames) < _FRAMES_KEPT:
                own.frames.append(block.part(i, i + 1))
        yield block if len(seen) < most else _known(block, seen)


def _known(block: PoseBlock, seen: dict[str, _Seen]) -> PoseBlock:
    """The lines of the tracks that are kept."""
    rows = [i for i, track in enumerate(block.track_T) if track in seen]
    return block if len(rows) == len(block) else joined([block.part(i, i + 1) for i in rows])


def _window_vectors(
    listener: Identifier, blocks: Iterable[PoseBlock], split: bool
) -> Iterator[tuple[tuple[str, int], PoseWindow, Float32]]:
    """Walk (track and part, from 1), window and vector of every window, which all weigh the
    same.
    """
    parts: dict[str, int] = defaultdict(int)
    for block in blocks:
        for window, vector_D in listener.embed(block):
            parts[window.track] += window.begins
            if vector_D is not None:
                part = parts[window.track] if split else 1
                yield (window.track, part), window, mean_vector(vector_D[None], listener.distance)


@dataclass(slots=True)
class _Newest:
    """The newest lines and windows of one track since it began or broke."""

    began_s: float
    lines: deque[PoseBlock] = field(default_factory=lambda: deque(maxlen=_FRAMES_KEPT))
    windows: deque[tuple[PoseWindow, Float32]] = field(
        default_factory=lambda: deque(maxlen=_NEWEST_KEPT)
    )

    def begin(self, from_s: float) -> None:
        """Forget what came before."""
        kept = [line for line in self.lines if line.stamp_s_T[0] >= from_s]
        self.lines.clear()
        self.lines.extend(kept)
        self.windows.clear()
        self.began_s = float(kept[0].stamp_s_T[0]) if kept else from_s


class Newest:
    """The newest part of the walk on every track of a live stream, in bounded memory.

    A track that breaks begins anew, as its id may mean somebody else from then on. For one thread
    that hears, and any that asks.

    Args:
        distance: how the network's vectors are compared.
        cut: cuts the windows.
    """

    def __init__(self, distance: str, cut: PoseWindows) -> None:
        self._distance, self._cut = distance, cut
        self._window_s = cut.frames / cut.rate_hz
        self._tracks: dict[str, _Newest] = {}
        self._lock = threading.Lock()

    def hear(self, block: PoseBlock, heard: Heard, ended: Sequence[str]) -> None:
        """Take what `Identifier.heard` is called with."""
        with self._lock:
            for i, track in enumerate(block.track_T):
                stamp_s = float(block.stamp_s_T[i])
                own = self._tracks.pop(track, None) or _Newest(stamp_s)
                own.lines.append(block.part(i, i + 1))
                self._tracks[track] = own  # the newest last
            for window, vector_D in heard:
                own = self._tracks.setdefault(window.track, _Newest(0.0))
                if window.begins:
                    own.begin(window.skeleton.stamp_ns / 1e9 - self._window_s)
                if vector_D is not None:
                    own.windows.append((window, mean_vector(vector_D[None], self._distance)))
            for track in {*ended} - {*block.track_T}:
                self._tracks.pop(track, None)
            while len(self._tracks) > MOST_TRACKS:
                del self._tracks[next(iter(self._tracks))]

    def windows(self) -> dict[str, int]:
        """Windows of each track that is there, the oldest track first."""
        with self._lock:
            tracks = sorted(self._tracks.items(), key=lambda each: (each[1].began_s, each[0]))
            return {track: len(own.windows) for track, own in tracks}

    def walk(self, track: str) -> tuple[Walks, float] | None:
        """The newest part of a track's walk, and when it began by the source's clock; None: it has
        left, or has no window yet.
        """
        with self._lock:
            own = self._tracks.get(track)
            if own is None or not own.windows:
                return None
            lines, newest, began_s = tuple(own.lines), tuple(own.windows), own.began_s
        windows, seen = _Windows(self._cut), dict[str, _Seen]()
        for window, vector_D in newest:
            windows.take(window, vector_D)
        deque(_keeping(seen, [joined(lines)], math.inf), maxlen=0)
        return _walks({(track, 1): windows}, seen, {}, self._distance), began_s
