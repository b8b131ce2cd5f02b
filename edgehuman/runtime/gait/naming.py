"""Names for the people of frames: a namer for each source, and what it says of each track.

A namer knows one kind of model (`bodies` of skeletons, `outlines` of silhouettes); this is what a
run and a stream have in common: a namer of its own for each source, whose clocks differ; what
happens to cameras; and the newest word on each track, which is drawn and shown.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from edgehuman.runtime.gait.walkers import Seen, Walkers
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.loop.dropped import Counts
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally
from edgehuman.runtime.states import KNOWN, NOT_YET
from edgehuman.runtime.view.frames import NAME, STATE

SCORE, QUALITY, BY = "identity", "quality", "by"
"""The keys of a person's answer that say how sure a name is, how good what was seen is to know
somebody by, and what each of two models says by itself."""
Shown = Callable[[TakenFrame, FrameResult], object]


class Namer(Protocol):
    """What names the people of one source.

    Attributes:
        hop_s: seconds between two windows of a track.
        identifies: whether it knows anybody to be named.
        report: the findings so far.
    """

    hop_s: float
    identifies: bool

    @property
    def report(self) -> Counts: ...

    def push(self, result: FrameResult, arrival_ns: int) -> Sequence[GaitResult]:
        """The results of the windows that a frame completes.

        Args:
            arrival_ns: when the frame left its source, by this machine's monotonic clock.
        """

    def close(self) -> None:
        """The stream is over."""

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window."""


class Naming:
    """A `loop.play.Listener` of walkers.

    Args:
        walkers: whose people are named.
        namer_of: makes the namer of a source, by its name.

    Attributes:
        tally: the totals so far.
        identifies: whether there is anybody to be named.
        counted: called with each frame and its people.
        shown: the same, and those who are known have a name.
        knows: whether somebody may be named still; else they were forgotten meanwhile.

    Raises:
        UsageError, ArtefactError: as of `namer_of`.
    """

    def __init__(self, walkers: Walkers, namer_of: Callable[[str], Namer]) -> None:
        self._walkers, self._namer_of = walkers, namer_of
        names = walkers.sources.names if len(walkers.sources.names) > 1 else [walkers.name]
        # Of all sources now: wrong words are told of at once.
        self._namers = {name: namer_of(name) for name in names}
        self._newest: dict[str, GaitResult] = {}
        first = self._namers[names[0]]
        self.tally, self.identifies = GaitTally(first.hop_s), first.identifies
        self.counted: list[Shown] = []
        self.shown: list[Shown] = []
        self.knows: Callable[[str], bool] = lambda name: True

    @property
    def report(self) -> Counts:
        """What was found so far, of all sources."""
        reports = [each.report for each in self._namers.values()]
        return reports[0] if len(reports) == 1 else _Sum(reports)

    def push(self, seen: Seen) -> list[GaitResult]:
        """The results that a frame completes, oldest first; of a camera, what happened to it."""
        taken, result = seen.taken, seen.result
        if taken.event:
            results = [_event(result, self._walkers.name)]
        else:
            results = [*self._of(taken.source).push(result, taken.grabbed_ns)]
            self._newest.update((each.track, each) for each in results)
        for each in results:
            self.tally.add(each)
        for count in self.counted:
            count(taken, result)
        if self.shown:
            people = tuple(self._named(person) for person in result.people)
            for show in self.shown:
                show(taken, dataclasses.replace(result, people=people))
        for track in seen.ended:
            self._newest.pop(track, None)
        return results

    def close(self) -> list[GaitResult]:
        """The stream is over; no window waits for more."""
        for namer in self._namers.values():
            namer.close()
        return []

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window, and what to do about it."""
        if nobody := self._walkers.nobody():
            return nobody
        said = (each.no_window(source) for each in self._namers.values())
        return "; ".join(dict.fromkeys(said))

    def _of(self, source: str) -> Namer:
        name = source or self._walkers.name
        if name not in self._namers:  # of a recording of several sources
            self._namers[name] = self._namer_of(name)
        return self._namers[name]

    def _named(self, person: Person) -> Person:
        """Somebody with what is known of who it is."""
        if not self.identifies or not person.track:
            return person
        newest = self._newest.get(person.track)
        if newest is None or (newest.state == KNOWN and not self.knows(newest.label)):
            return dataclasses.replace(person, answer={**person.answer, STATE: NOT_YET})
        answer = {**person.answer, STATE: newest.state}
        if newest.state == KNOWN:
            answer |= {NAME: newest.label, SCORE: round(newest.score, 4)}
        if newest.quality is not None:
            answer[QUALITY] = newest.quality.score
        if newest.scores:
            each = newest.scores.items()
            answer[BY] = {by: round(score, 4) for by, score in each if score is not None}
        return dataclasses.replace(person, answer=answer)


class _Sum:
    """The counts of several sources together."""

    def __init__(self, reports: Sequence[Counts]) -> None:
        self._reports = reports

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for report in self._reports:
            found = _added(found, report.as_dict())
        return found


def _added(counts: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The sums of counts, also of those below a name."""
    found = dict(counts)
    for name, value in more.items():
        if isinstance(value, dict) and not isinstance(value, Counter):
            found[name] = _added(found.get(name, {}), value)
        else:
            found[name] = found[name] + value if name in found else value
    return found


def _event(result: FrameResult, name: str) -> GaitResult:
    """What happened to a camera."""
    t_s = result.t_s or 0.0
    return GaitResult(
        t_s=t_s,
        label="",
        score=0.0,
        latency_ms=0.0,
        raw_label="",
        stamp_ns=round(t_s * 1e9),
        source=result.source or name,
        reason=result.reason,
        event=result.event,
    )
