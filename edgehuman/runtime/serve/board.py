"""What the page shows, between the loop that knows it and the thread that serves it.

    board.show(shot)          the newest picture of its source; the one before is forgotten
    board.add({"t": 3.2, ..}) one line of the timeline
    board.since(cursor)       what somebody has not seen yet

The loop only replaces a reference or appends a line; pictures are encoded when somebody asks for
them. Memory is bounded: one picture of each source, and the last lines.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

KEPT = 2000
"""Lines of the timeline; of an older one the page says nothing."""
Line = dict[str, Any]
_NOBODY = {"state": "unknown"}


class Shot(Protocol):
    """A picture with what was found in it.

    Attributes:
        number: rises from picture to picture, of all sources.
        stamp_ns: when the loop took it, this machine's wall clock.
        source: what it is of, of several sources; "" of one.
    """

    @property
    def number(self) -> int: ...
    @property
    def stamp_ns(self) -> int: ...
    @property
    def source(self) -> str: ...

    def jpeg(self, drawn: bool) -> bytes:
        """The picture; with what was found drawn into it, or without. Empty: there is none."""

    def row(self) -> Mapping[str, Any]:
        """What was found, as JSON takes it."""


@dataclass(frozen=True, slots=True)
class About:
    """What does not change during a run.

    Attributes:
        kind: "frames", "poses" or "samples".
        model: its name.
        source: its name, without a password (`meter.public_name`).
        labels: what a wearable's model tells apart.
        colours: label -> #rrggbb.
        identifies: whether persons are identified: only then are names shown, and the page says so.
    """

    kind: str
    model: str
    source: str
    labels: tuple[str, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    identifies: bool = False

    def row(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "kind": self.kind,
            "model": self.model,
            "source": self.source,
            "labels": list(self.labels),
            "colours": dict(self.colours),
            "identifies": self.identifies,
        }


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has seen: number of the newest picture, and lines so far."""

    shot: int = -1
    lines: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """What somebody has not seen yet.

    Attributes:
        shots: the newest picture of each source that has one, the oldest first.
        lines: of the timeline.
        missed: lines that are not kept any more.
        ended: the summary of a run that is over.
        cursor: for the next time.
    """

    shots: tuple[Shot, ...]
    lines: list[Line]
    missed: int
    ended: Mapping[str, Any] | None
    cursor: Cursor

    @property
    def is_new(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.shots) or bool(self.lines) or self.ended is not None


class Board:
    """What the page shows; for one loop and any number of viewers.

    Attributes:
        shown: pictures so far.
        ended: the summary, once the run is over.
    """

    def __init__(self, about: About) -> None:
        self.about = about
        self.shown = 0
        self.ended: Mapping[str, Any] | None = None
        self._shots: dict[str, Shot] = {}
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._num_lines = 0
        self._lock = threading.Lock()
        self._wake: Callable[[], object] | None = None

    def show(self, shot: Shot) -> None:
        """Replace the picture of its source."""
        with self._lock:
            self._shots[shot.source] = shot
        self.shown += 1
        self.nudge()

    def add(self, line: Line) -> None:
        """Append a line of the timeline."""
        self.extend([line])

    def extend(self, lines: Sequence[Line]) -> None:
        """Append lines of the timeline."""
        with self._lock:
            self._lines.extend(lines)
            self._num_lines += len(lines)
        self.nudge()

    def forget(self, name: str) -> None:
        """Say no more that it was this person; who watches is told which tracks it was."""
        with self._lock:
            tracks: dict[str, Any] = {}
            for line in self._lines:
                names = line.get("names", {})
                tracks |= {
                    track: dict(_NOBODY) for track, row in names.items() if row.get("name") == name
                }
                names |= {track: row for track, row in tracks.items() if track in names}
            self._shots.clear()
            t = self._lines[-1]["t"] if self._lines else 0.0
        if tracks:
            self.add({"t": t, "names": tracks})

    def end(self, summary: Mapping[str, Any]) -> None:
        """The run is over."""
        self.ended = summary
        self.nudge()

    def wake_by(self, wake: Callable[[], object] | None) -> None:
        """Call this once when there is something new; None: nobody waits."""
        self._wake = wake

    def since(self, cursor: Cursor) -> News:
        """What came after a cursor; of each source the newest picture only."""
        with self._lock:
            fresh = [shot for shot in self._shots.values() if shot.number > cursor.shot]
            count = min(self._num_lines - cursor.lines, len(self._lines))
            lines = list(islice(self._lines, len(self._lines) - count, None))
            missed = self._num_lines - cursor.lines - count
            num_lines = self._num_lines
        shots = tuple(sorted(fresh, key=lambda shot: shot.number))
        number = shots[-1].number if shots else cursor.shot
        return News(shots, lines, missed, self.ended, Cursor(number, num_lines))

    def nudge(self) -> None:
        """Call who waits, as if there were something new."""
        wake, self._wake = self._wake, None
        if wake is not None:
            wake()
