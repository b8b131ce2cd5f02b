"""From lines of tracked joints to windows for a gait network: each track by itself, on its grid.

A track's frames are resampled to the network's rate by their stamps: a joint seen in both
neighbouring frames is interpolated linearly; one seen in only one of them is copied from the nearer
frame. A pause of over half a second, or a jump that no body makes, breaks a track: its window
starts anew, as after it the id may mean somebody else; nothing is invented to fill it. A track not
seen for two seconds has ended and is dropped; over 64 tracks at a time, the one not seen for
longest is dropped.

Axes: T frames, J joints.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.preprocess.skeleton.breaks import AS_IF, JUMPS, jumped
from edgehuman.preprocess.skeleton.screen import (
    MOST_OUTSIDE,
    joint_mistakes,
    outside,
    slow_mistake,
)
from edgehuman.preprocess.skeleton.steps import rate_remark, step_rate
from edgehuman.preprocess.skeleton.walk import MAX_GAP_S, ROUNDING, between
from edgehuman.records import Float32, SkeletonSequence
from edgehuman.runtime.loop.play import require_cut
from edgehuman.runtime.skeleton.lines import PoseBlock

TRACK_ENDS_S, WILD_S = 2.0, 10.0
MOST_TRACKS, MAX_NOTES = 64, 50
# At least this share of a window's joints must have been seen.
LEAST_SEEN = 0.3
_FRAMES_TO_TELL = 24
# Stamps this near to the window's grid, in frames, are the grid's own, rounded to hundredths of a
# second at worst; then the last frame may be this early.
_NEAR_GRID, _EARLY = 0.15, 0.25
# Seconds in which steps are counted: enough for two slow strides.
_STEPS_S = 4.0
UNSEEN, FROZEN = "joints not seen", "frozen"


@dataclass
class PoseReport:
    """Findings in a stream of skeletons: counts of lines, and remarks in words.

    Attributes:
        frames, used: lines received, and those kept.
        empty: lines dropped because no joint is visible.
        out_of_order, duplicate: lines dropped because their track already had a later, or the same,
            stamp.
        restarts: jumps back by more than two seconds, taken as a restarted clock.
        gaps, jumps: breaks of a track by a pause, and by a jump.
        frozen: windows whose joints never moved.
        outside: lines with a joint outside the image.
        tracks, ended, crowded: tracks seen, ended, and dropped for being too many.
        short: tracks that ended before their first window.
        notes: remarks for people, each made once.
    """

    frames: int = 0
    used: int = 0
    empty: int = 0
    out_of_order: int = 0
    duplicate: int = 0
    restarts: int = 0
    gaps: int = 0
    jumps: int = 0
    frozen: int = 0
    outside: int = 0
    tracks: int = 0
    ended: int = 0
    crowded: int = 0
    short: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a remark, once."""
        if len(self.notes) < MAX_NOTES and text not in self.notes:
            self.notes.append(text)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class PoseWindow:
    """A window of one track.

    Attributes:
        skeleton: the record (T, 18, 3); its `stamp_ns` is the source's clock at the last frame.
        track: id of the track.
        t_s: stream time of the last frame, seconds since the stream's first line.
        arrival_ns: this machine's clock when the line that completed the window arrived.
        waited_s: stream time from the window's last frame to that line.
        reason: why no answer should be given; empty if one can be.
        begins: whether it is the first since the track began or broke.
    """

    skeleton: SkeletonSequence
    track: str
    t_s: float
    arrival_ns: int
    waited_s: float = 0.0
    reason: str = ""
    begins: bool = False


class PoseWindows:
    """Blocks in, windows out.

    Args:
        frames: of a window.
        hop_s: seconds from one window of a track to its next, rounded to frames.
        rate_hz: frames per second of a window.
        source: the id that the windows carry.
        zero_s: the stamp at which the time of windows is 0; None: that of the first line.

    Attributes:
        report: the findings so far.
        ended: tracks that ended with the last block, so that callers can free their state.

    Raises:
        UsageError: a window or a hop of no frames.
        ArtefactError: a window or a rate that no model has.
    """

    def __init__(
        self,
        frames: int,
        hop_s: float,
        rate_hz: float,
        source: str = "",
        zero_s: float | None = None,
    ) -> None:
        require_cut(frames, rate_hz)
        self.hop = round(hop_s * rate_hz)
        if frames < 1 or self.hop < 1:
            raise UsageError(
                f"a window of {frames} frames every {hop_s} s is a hop of {self.hop} frames at "
                f"{rate_hz:g} Hz; window and hop must be at least 1 frame"
            )
        self.frames, self.rate_hz, self.source = frames, rate_hz, source
        self.report = PoseReport()
        self.ended: list[str] = []
        self._tracks: dict[str, _Track] = {}
        self._first_s = zero_s
        self._newest_s = -np.inf
        self._before_s = -np.inf  # the newest stamp before the last long step
        self._right = True
        self._joints = np.zeros(2, np.int64)  # seen in images of a known size; outside of them

    def push(self, block: PoseBlock) -> list[PoseWindow]:
        """The windows that this block completes, oldest first."""
        self.ended = []
        windows: list[PoseWindow] = []
        for index, name in enumerate(block.track_T):
            windows += self._push_line(block, index, name)
        return windows

    def close(self) -> None:
        """The stream is over: every track has ended."""
        self.ended = []
        for name in list(self._tracks):
            self._end(name)

    def _push_line(self, block: PoseBlock, index: int, name: str) -> list[PoseWindow]:
        stamp_s, joint_J3 = float(block.stamp_s_T[index]), block.joint_TJ3[index]
        self.report.frames += 1
        self._first_s = stamp_s if self._first_s is None else self._first_s
        if stamp_s < self._newest_s - TRACK_ENDS_S:
            self._restart(stamp_s)
        if stamp_s > self._newest_s:
            if stamp_s - self._newest_s > WILD_S:
                self._before_s = self._newest_s
            self._newest_s = stamp_s
            self._end_old()
        if not (joint_J3[:, 2] > 0).any():
            self.report.empty += 1
            return []
        self._look(joint_J3, int(block.width_T[index]), int(block.height_T[index]))
        track = self._track(name)
        if stamp_s <= track.newest_s:
            same = stamp_s == track.newest_s
            self.report.duplicate += same
            self.report.out_of_order += not same
            return []
        self.report.used += 1
        jumps = self.report.jumps
        ready = track.push(stamp_s, joint_J3, self.report)
        if self.report.jumps > jumps:
            self.report.note(
                f"track {name}: {JUMPS}, {AS_IF}; what came before is not used with what follows"
            )
        arrival_ns = int(block.arrival_ns_T[index])
        return [self._window(name, ended, stamp_s, arrival_ns) for ended in ready]

    def _window(self, name: str, ended: _Ended, stamp_s: float, arrival_ns: int) -> PoseWindow:
        reason, (end_s, skeleton_TJ3, begins) = "", ended
        if (skeleton_TJ3[..., 2] > 0).mean() < LEAST_SEEN:
            reason = UNSEEN
        elif len(skeleton_TJ3) > 1 and not np.ptp(skeleton_TJ3[..., :2], axis=0).any():
            reason = FROZEN
            self.report.frozen += 1
            self.report.note(
                f"the joints of track {name} do not move; its frozen windows are not used"
            )
        elif self._right and self._tracks[name].windows == 1:
            self._screen(name, skeleton_TJ3)
        assert self._first_s is not None
        return PoseWindow(
            SkeletonSequence(skeleton_TJ3, round(end_s * 1e9), f"{self.source}#{name}"),
            name,
            end_s - self._first_s,
            arrival_ns,
            max(stamp_s - end_s, 0.0),
            reason,
            begins,
        )

    def _screen(self, name: str, skeleton_TJ3: Float32) -> None:
        """Warn once per stream of joints in another order or unit: their vectors mean nothing."""
        found = joint_mistakes(skeleton_TJ3)
        self._right = not found
        for mistake in found:
            self.report.note(f"track {name}: {mistake}")

    def _track(self, name: str) -> _Track:
        if name not in self._tracks:
            if len(self._tracks) >= MOST_TRACKS:
                oldest = min(self._tracks, key=lambda known: self._tracks[known].newest_s)
                self.report.crowded += 1
                self.report.note(f"over {MOST_TRACKS} tracks at a time; the oldest are dropped")
                self._end(oldest)
            self.report.tracks += 1
            self._tracks[name] = _Track(self.frames, self.hop, self.rate_hz)
        return self._tracks[name]

    def _end_old(self) -> None:
        limit_s = self._newest_s - TRACK_ENDS_S
        for name in [name for name, track in self._tracks.items() if track.newest_s < limit_s]:
            self._end(name)

    def _end(self, name: str) -> None:
        track = self._tracks.pop(name)
        self.report.ended += 1
        self.report.short += not track.windows
        self.ended.append(name)

    def _restart(self, stamp_s: float) -> None:
        """Go on with a clock that stepped back; after a wild stamp, as if it had not been."""
        self.report.restarts += 1
        wild = 0 <= stamp_s - self._before_s < WILD_S
        newest_s = self._before_s if wild else self._newest_s
        assert self._first_s is not None
        passed_s = newest_s - self._first_s
        self._first_s = self._first_s if wild else stamp_s - passed_s
        self._before_s = -np.inf
        for name in list(self._tracks):
            self._end(name)
        self._newest_s = stamp_s

    def _look(self, joint_J3: Float32, width: int, height: int) -> None:
        """Count joints outside the image, and warn of many: a wrong size, or other units."""
        if not (width and height):
            return
        beyond = outside(joint_J3[joint_J3[:, 2] > 0, :2], width, height)
        self.report.outside += bool(beyond.any())
        self._joints += (beyond.size, beyond.sum())
        seen, away = self._joints.tolist()
        if seen >= _FRAMES_TO_TELL * len(joint_J3) and away > MOST_OUTSIDE * seen:
            self.report.note(
                f"over {MOST_OUTSIDE:.0%} of joints are outside the image of {width}x{height}; "
                "give x, y, width and height in pixels of the same image"
            )


_Ended = tuple[float, Float32, bool]
"""A window: time of its last frame, joints (T, 18, 3), whether it is the first since a break."""


class _Track:
    """One person: the newest frame, the newest window on the grid, and frames until the next."""

    def __init__(self, frames: int, hop: int, rate_hz: float) -> None:
        self.newest_s = -np.inf
        self.windows = 0
        self._hop, self._rate_hz = hop, rate_hz
        self._grid: deque[Float32] = deque(maxlen=frames)
        self._missing = frames
        self._start_s = 0.0
        self._step = 0
        self._off = 0.0  # largest distance of a stamp from the grid, frames
        self._begins = True
        self._last_J3: Float32 | None = None
        self._told = deque[float](maxlen=_FRAMES_TO_TELL)
        self._early: list[Float32] | None = []  # the first frames on the grid, to count steps

    def push(self, stamp_s: float, joint_J3: Float32, report: PoseReport) -> list[_Ended]:
        """The windows that a frame completes."""
        last_s, last_J3 = self.newest_s, self._last_J3
        self.newest_s, self._last_J3 = stamp_s, joint_J3
        if last_J3 is None or self._breaks(last_J3, joint_J3, stamp_s - last_s, report):
            self._begin(stamp_s)
            return self._append(stamp_s, joint_J3, report)
        self._look(stamp_s - last_s, report)
        ready: list[_Ended] = []
        slack_s = self._slack(stamp_s) / self._rate_hz
        while (at_s := self._start_s + self._step / self._rate_hz) <= stamp_s + slack_s:
            share = min((at_s - last_s) / (stamp_s - last_s), 1.0)
            ready += self._append(at_s, between(last_J3, joint_J3, share), report)
        return ready

    def _breaks(
        self, last_J3: Float32, joint_J3: Float32, step_s: float, report: PoseReport
    ) -> bool:
        """Whether the id may mean somebody else from this frame on."""
        is_gap = step_s > MAX_GAP_S
        is_jump = not is_gap and jumped(last_J3, joint_J3, step_s)
        report.gaps += is_gap
        report.jumps += is_jump
        return is_gap or is_jump

    def _slack(self, stamp_s: float) -> float:
        """How early a frame may be for its place on the grid, frames: rounded stamps may be."""
        frames = (stamp_s - self._start_s) * self._rate_hz
        self._off = max(self._off, abs(frames - round(frames)))
        return _EARLY if self._off < _NEAR_GRID else ROUNDING

    def _begin(self, stamp_s: float) -> None:
        self._start_s, self._step, self._off = stamp_s, 0, 0.0
        self._missing = self._grid.maxlen or 1
        self._grid.clear()
        self._begins = True
        if self._early:
            self._early.clear()

    def _append(self, at_s: float, joint_J3: Float32, report: PoseReport) -> list[_Ended]:
        self._grid.append(joint_J3)
        self._count_steps(joint_J3, report)
        self._step += 1
        self._missing -= 1
        if self._missing:
            return []
        self._missing = self._hop
        self.windows += 1
        begins, self._begins = self._begins, False
        return [(at_s, np.stack(self._grid), begins)]

    def _count_steps(self, joint_J3: Float32, report: PoseReport) -> None:
        """Warn once of stamps by which the person would walk much too fast or too slowly."""
        if self._early is None:
            return
        self._early.append(joint_J3)
        if len(self._early) < _STEPS_S * self._rate_hz:
            return
        steps_hz = step_rate(np.stack(self._early), self._rate_hz)
        self._early = None
        remark = rate_remark(steps_hz, round(1.0 / float(np.median(self._told)), 1))
        if remark is not None:
            report.note(remark)

    def _look(self, step_s: float, report: PoseReport) -> None:
        """Warn of a rate that is too low to resolve a step."""
        self._told.append(step_s)
        slow = slow_mistake(np.array(self._told)) if len(self._told) == _FRAMES_TO_TELL else None
        if slow is not None:
            report.note(slow)
