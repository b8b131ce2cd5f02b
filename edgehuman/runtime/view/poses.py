"""Tracked skeletons on the live page: joints without a picture, and who is on each track.

    view = PoseView(beside, identifies=True)
    results = view.shown(listener).push(block)

Axes: T lines, J joints.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float32
from edgehuman.runtime.loop.dropped import Counts
from edgehuman.runtime.loop.play import RESTART_S, Adding, Listener
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import About
from edgehuman.runtime.serve.meter import public_name
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.states import NOT_WALKING, NOT_YET
from edgehuman.runtime.view.identity import named

HERE_S = 0.6
"""So long somebody is shown after their last line."""
_LINE_S = 0.2
_ROOM = 0.06
_LEAST_PX = 64.0
Row = Mapping[str, Any]


def about_poses(model: str, source: str, identifies: bool) -> About:
    """What the page says of a run on tracked skeletons."""
    return About("poses", model, public_name(source), identifies=identifies)


@dataclass(slots=True)
class _Person:
    """The newest of one track."""

    stamp_s: float
    joint_J3: Float32
    said: Row


class PoseView:
    """Shows lines and results on the page, and counts the results; for the loop's thread.

    Args:
        beside: whose board and meter.
        identifies: whether there is a gallery.
        knows: whether somebody may be named still; else they were forgotten meanwhile.
    """

    def __init__(
        self,
        beside: Beside,
        identifies: bool,
        knows: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self._beside, self._identifies, self._knows = beside, identifies, knows
        self._people: dict[str, _Person] = {}
        self._first_s = self._newest_s = -math.inf
        self._told_s = -math.inf
        self._size = (0.0, 0.0)
        self._latency_ms = 0.0

    def take(self, block: PoseBlock, results: Sequence[GaitResult]) -> None:
        """Show a block and what it completed."""
        meter, board = self._beside.meter, self._beside.board
        for result in results:
            if result.reason:
                meter.unanswered(result.reason)
            else:
                meter.answered(result.latency_ms / 1e3, result.latency_ms / 1e3)
        if board is None or not len(block):
            return
        self._hear(block)
        names = self._say(results)
        meter.seen("", len(self._people), len(self._people))
        t_s = round(self._newest_s - self._first_s, 3)
        if names or not 0 <= t_s - self._told_s < _LINE_S:
            line = {"t": t_s, "people": len(self._people), "tracks": list(self._people)}
            board.add({**line, **({"names": names} if names else {})})
            self._told_s = t_s
        people = tuple((track, each.joint_J3, each.said) for track, each in self._people.items())
        board.show(
            PoseShot(board.shown + 1, time.time_ns(), t_s, self._size, people, self._latency_ms)
        )

    def shown(self, listener: Listener[PoseBlock, GaitResult]) -> Shown:
        """A listener whose blocks and results are shown."""
        return Shown(listener, self)

    def _hear(self, block: PoseBlock) -> None:
        stamps = block.stamp_s_T.tolist()
        if stamps[-1] < self._newest_s - RESTART_S or self._first_s == -math.inf:
            self._people.clear()
            self._first_s = self._newest_s = stamps[0]
            self._told_s = -math.inf
        for i, track in enumerate(block.track_T):
            joint_J3 = block.joint_TJ3[i]
            earlier = self._people.pop(track, None)
            said = {"state": NOT_YET} if earlier is None else earlier.said
            self._people[track] = _Person(stamps[i], joint_J3, said)
            self._newest_s = max(self._newest_s, stamps[i])
            self._measure(int(block.width_T[i]), int(block.height_T[i]), joint_J3)
        from_s = self._newest_s - HERE_S
        self._people = {k: each for k, each in self._people.items() if each.stamp_s >= from_s}

    def _measure(self, width: int, height: int, joint_J3: Float32) -> None:
        """The size of the picture; where none is stated, of what was seen so far."""
        if width and height:
            self._size = (float(width), float(height))
            return
        seen_K2 = joint_J3[joint_J3[:, 2] > 0, :2]
        if len(seen_K2):
            most = seen_K2.max(axis=0) * (1 + _ROOM)
            across, down = max(self._size[0], _LEAST_PX), max(self._size[1], _LEAST_PX)
            self._size = (max(across, float(most[0])), max(down, float(most[1])))

    def _say(self, results: Sequence[GaitResult]) -> dict[str, Row]:
        """What results say of those who are there; what is new of it, by track."""
        fresh: dict[str, Row] = {}
        for result in results:
            self._latency_ms = result.latency_ms
            person = self._people.get(result.track)
            if person is None or not self._identifies:
                continue
            if result.reason and result.state != NOT_WALKING:
                continue
            said = named({"label": result.label, "score": result.score, **result.more()})
            if said.get("name") != person.said.get("name") or said["state"] != person.said["state"]:
                fresh[result.track] = said
            person.said = said
        for track, person in self._people.items():
            name = person.said.get("name")
            if name is not None and not self._knows(name):
                person.said = fresh[track] = {"state": NOT_YET}
        return fresh


class Shown:
    """A listener that is shown; see `PoseView.shown`."""

    def __init__(self, listener: Listener[PoseBlock, GaitResult], view: PoseView) -> None:
        self._listener, self._view = listener, view

    @property
    def tally(self) -> Adding:
        """The totals so far."""
        return self._listener.tally

    @property
    def report(self) -> Counts:
        """What was found in the stream so far."""
        return self._listener.report

    def push(self, block: PoseBlock) -> Sequence[GaitResult]:
        """The results that a block completes."""
        results = self._listener.push(block)
        self._view.take(block, results)
        return results

    def close(self) -> Sequence[GaitResult]:
        """The results that only the end completes."""
        return self._listener.close()

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why the stream held no window."""
        return self._listener.no_window(source)


class PoseShot:
    """A `serve.board.Shot` of skeletons, which has no picture.

    Args:
        t_s: stream time.
        size: width and height, pixels.
        people: track, joints (18, 3) and what is said of each.
    """

    source = ""

    def __init__(
        self,
        number: int,
        stamp_ns: int,
        t_s: float,
        size: tuple[float, float],
        people: Sequence[tuple[str, Float32, Row]],
        latency_ms: float,
    ) -> None:
        self.number, self.stamp_ns = number, stamp_ns
        self._t_s, self._size, self._people = t_s, size, people
        self._latency_ms = latency_ms

    def jpeg(self, drawn: bool) -> bytes:
        """There is no picture."""
        return b""

    def row(self) -> Mapping[str, Any]:
        """The people, in pixels."""
        width, height = (math.ceil(each) for each in self._size)
        return {
            "number": self.number,
            "frame": str(self.number),
            "t_s": self._t_s,
            "width": width,
            "height": height,
            "latency_ms": round(self._latency_ms, 2),
            "reason": "",
            "people": [_row(*each) for each in self._people],
        }


def _row(track: str, joint_J3: Float32, said: Row) -> dict[str, Any]:
    seen_K3 = joint_J3[joint_J3[:, 2] > 0]
    low, high = seen_K3[:, :2].min(axis=0), seen_K3[:, :2].max(axis=0)
    room = _ROOM * float(high[1] - low[1])
    corners = [low[0] - room, low[1] - room, high[0] + room, high[1] + room]
    return {
        "box": [round(float(value), 1) for value in corners],
        "score": round(float(seen_K3[:, 2].mean()), 3),
        "track": track,
        "joints": {
            name: [round(float(x), 1), round(float(y), 1), round(float(seen), 2)]
            for name, (x, y, seen) in zip(OPENPOSE_18, joint_J3, strict=True)
        },
        **said,
    }
