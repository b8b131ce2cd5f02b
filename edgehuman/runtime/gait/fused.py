"""The people of one source of frames, named by two models at once: of joints and of outlines.

Each model has windows, evidence and a quality of its own (`bodies`, `outlines`), of the same people
on the same tracks. What both say of a track by now is compared with both galleries
(`gallery.fusion`), and a name is given and kept as for one model (`evidence.Decision`). A result
comes with every window of outlines; with a window of joints only where outlines gave none of late,
else it waits for theirs, at most one hop. A model that has nothing to say in a window, or has seen
too little, leaves the answer to the other.

Where one model's track breaks, the other's begins anew too, as it may be somebody else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgehuman.runtime.evidence import Decision, Rule, rule_for
from edgehuman.runtime.gait.bodies import Bodies
from edgehuman.runtime.gait.outlines import TRACK_ENDS_S, Outlines
from edgehuman.runtime.gallery.fusion import BY_JOINTS, BY_OUTLINES, Compared, Pair
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.states import NOT_WALKING, NOT_YET, too_little

# A window of the other model this many hops ago still belongs to the newest.
_RECENT_HOPS = 1.5
_JOINTS, _OUTLINES = 0, 1


@dataclass(slots=True)
class _Track:
    """One person.

    Attributes:
        decision: whose name they bear.
        seen_s: the newest frame.
        waiting: a window of joints that waits for one of outlines.
        outlined_s: when outlines gave the newest window.
        windows: with a vector, of joints and of outlines, since the track began or broke.
        answers: results so far.
        said: the newest label, its state, and why.
    """

    decision: Decision
    seen_s: float
    waiting: GaitResult | None = None
    outlined_s: float = float("-inf")
    windows: list[int] = field(default_factory=lambda: [0, 0])
    answers: int = 0
    said: tuple[str, str, str] = ("", NOT_YET, "")


@dataclass
class FusedReport:
    """Findings of a source: those of outlines, and under `joints` those of joints.

    Attributes:
        bodies, outlines: whose findings they are.
        short: tracks that ended without a window of either.
    """

    bodies: Bodies
    outlines: Outlines
    short: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        own = {**self.outlines.report.as_dict(), "short": self.short}
        return {**own, "joints": self.bodies.report.as_dict()}


class Fused:
    """A `naming.Namer`.

    Args:
        bodies, outlines: the two models, each with its own gallery.
        pair: both galleries together.

    Attributes:
        report: the findings so far.
        hop_s: seconds between two windows of a track.
        identifies: always, as there are galleries.
    """

    identifies = True

    def __init__(self, bodies: Bodies, outlines: Outlines, pair: Pair) -> None:
        self._models = bodies, outlines
        self._pair = pair
        self._next: Pair | None = None
        self.hop_s = outlines.hop_s
        self._rule: Rule = rule_for(self.hop_s)
        self.report = FusedReport(bodies, outlines)
        self._tracks: dict[str, _Track] = {}

    def push(self, result: FrameResult, arrival_ns: int) -> Sequence[GaitResult]:
        """The results of the windows that a frame completes."""
        self._change_galleries()
        t_s = result.t_s or 0.0
        for name in [name for name, own in self._tracks.items() if not _is_on(own, t_s)]:
            self._end(name)
        for person in result.people:
            if person.track:
                fresh = _Track(Decision(self._rule), t_s)
                self._tracks.setdefault(person.track, fresh).seen_s = t_s
        of_joints, of_outlines = (each.push(result, arrival_ns) for each in self._models)
        results = []
        for window in of_joints:
            track = self._taken(window, _JOINTS)
            if window.t_s - track.outlined_s <= _RECENT_HOPS * self.hop_s:
                track.waiting = window
            else:
                results.append(self._answer(track, window, None))
        for window in of_outlines:
            track = self._taken(window, _OUTLINES)
            waited, track.waiting, track.outlined_s = track.waiting, None, window.t_s
            is_recent = waited and window.t_s - waited.t_s <= _RECENT_HOPS * self.hop_s
            results.append(self._answer(track, waited if is_recent else None, window))
        return results

    @property
    def models(self) -> tuple[Bodies, Outlines]:
        """What each model finds."""
        return self._models

    def use(self, pair: Pair) -> None:
        """Name people by these galleries from the next frame on; from any thread."""
        self._next = pair

    def _change_galleries(self) -> None:
        if self._next is None:
            return
        self._pair, self._next = self._next, None
        for track in self._tracks.values():
            if track.decision.name and track.decision.name not in self._pair.place:
                self._begin_anew(track)
                track.said = "", NOT_YET, ""

    def close(self) -> None:
        """The stream is over: every track has ended."""
        for model in self._models:
            model.close()
        for name in [*self._tracks]:
            self._end(name)

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window."""
        joints, outlines = (each.no_window(source) for each in self._models)
        return f"{outlines}; of joints: {joints}"

    def _taken(self, window: GaitResult, model: int) -> _Track:
        """The track of a window, begun anew where that model's track broke."""
        track = self._tracks[window.track]
        if window.vector_D is None:
            return track
        if window.averaged == 1 and track.windows[model]:
            self._models[1 - model].begin_anew(window.track)
            self._begin_anew(track)
        track.windows[model] += 1
        return track

    def _begin_anew(self, track: _Track) -> None:
        track.decision, track.waiting, track.windows = Decision(self._rule), None, [0, 0]

    def _answer(
        self, track: _Track, joints: GaitResult | None, outlines: GaitResult | None
    ) -> GaitResult:
        """What is known of a track by a window of each model, or of one."""
        track.answers += 1
        windows = joints, outlines
        newest = outlines or joints
        assert newest is not None
        if idle := [one for one in windows if one is not None and one.reason == NOT_WALKING]:
            for model in self._models:
                model.begin_anew(newest.track)
            self._begin_anew(track)
            track.said = "", NOT_WALKING, idle[0].why
            return self._result(newest, windows, None, track, 0.0, NOT_WALKING)
        usable = [one if one is not None and not _unusable(one) else None for one in windows]
        if not any(usable):
            seen = [one for one in windows if one is not None and one.vector_D is not None]
            if seen:
                track.said = "", NOT_YET, _unusable(seen[-1])
            return self._result(newest, windows, None, track, 0.0, "" if seen else newest.reason)
        vectors = [None if one is None else one.vector_D for one in usable]
        found = self._pair.compare(vectors[_JOINTS], vectors[_OUTLINES])
        if found is None:
            score = track.decision.take(None, 1.0)
        else:
            of_name = found.of(track.decision.name) != (None, None)
            score = track.decision.take(found.identity, found.threshold, of_name)
        track.said = track.decision.label, track.decision.state, ""
        return self._result(newest, (usable[0], usable[1]), found, track, score, "")

    def _result(
        self,
        newest: GaitResult,
        windows: tuple[GaitResult | None, GaitResult | None],
        found: Compared | None,
        track: _Track,
        score: float,
        reason: str,
    ) -> GaitResult:
        label, state, why = track.said
        there = [one for one in windows if one is not None and one.quality is not None]
        best = max(there, key=_score_of, default=newest)
        each = dict(zip((BY_JOINTS, BY_OUTLINES), windows, strict=True))
        scores: dict[str, float | None] = {}
        if found is not None:
            own = found.of(track.decision.name or found.identity.nearest)
            by_model = zip(each, own, strict=True)
            scores = {by: score for by, score in by_model if each[by] is not None}
        return dataclasses.replace(
            newest,
            label=label,
            score=score,
            raw_label="" if found is None else found.identity.nearest,
            reason=reason,
            vector_D=None,
            averaged=max((one.averaged for one in there), default=0),
            identity=None if found is None else found.identity,
            state=state,
            why=why,
            quality=best.quality,
            by="" if found is None else found.by,
            scores=scores,
            qualities={by: one.quality for by, one in each.items() if one and by in scores},
            threshold=None if found is None else found.threshold,
        )

    def _end(self, name: str) -> None:
        self.report.short += not self._tracks.pop(name).answers


def _is_on(track: _Track, t_s: float) -> bool:
    return 0 <= t_s - track.seen_s <= TRACK_ENDS_S


def _unusable(window: GaitResult) -> str:
    """Why a window says nothing of who walks; empty if it does."""
    if window.vector_D is None:
        return window.reason or "no answer"
    return "" if window.quality is None else too_little(window.quality)


def _score_of(window: GaitResult) -> int:
    return 0 if window.quality is None else window.quality.score
