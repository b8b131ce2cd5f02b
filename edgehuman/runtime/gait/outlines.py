"""The people of one source of frames, named by a model of silhouettes.

The outline of each person on a track becomes a record of 64x64. A block of a track lasts a hop; a
window is its newest four blocks, of which a network that takes its frames as a set keeps the
running maxima: a frame passes it once (`silhouette.windows.Recent`). Windows are evidence of who
walks (`runtime.evidence`). A pause of over half a second starts a track anew, as it may mean
somebody else.

An outline that is cut off by the edge of the frame, is hidden in part by somebody else, is too
small, or is none, is not used, and counted.

Axes: H height, W width, N people.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehuman.errors import ArtefactError
from edgehuman.metrics.boxes.overlap import shares_within
from edgehuman.preprocess.skeleton.walk import MAX_GAP_S
from edgehuman.records import Bool, Float64, Uint8
from edgehuman.runtime.evidence import Evidence, rule_for
from edgehuman.runtime.gait.shown import OutlinesShown
from edgehuman.runtime.gallery import Gallery, require_same_model, threshold_for
from edgehuman.runtime.image.frames.results import FrameResult, Person
from edgehuman.runtime.loop.play import require_hop
from edgehuman.runtime.model import Model
from edgehuman.runtime.silhouette.answer import Identifier
from edgehuman.runtime.silhouette.source import mask_frame
from edgehuman.runtime.silhouette.windows import Recent, recent_of
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.states import NOT_WALKING, NOT_YET, too_little

BLOCKS, LEAST_FRAMES = 4, 12
"""Blocks of a window, and outlines without which it is none."""
CUT_OFF, HIDDEN, SMALL, NOBODY = "cut_off", "hidden", "small", "nobody"
"""Why an outline is not used."""
SAID = {
    CUT_OFF: "cut off by the edge of the frame",
    HIDDEN: "hidden by somebody else",
    SMALL: "under 32 pixels high",
    NOBODY: "without a person",
}
TRACK_ENDS_S, _EDGE, _LEAST_HEIGHT = 2.0, 2.0, 32
_MOST_HIDDEN = 0.3
# Of a window, a band of nothing around the outline: only a background fills the border.
_MARGIN = 2
_log = logging.getLogger("edgehuman.runtime")


@dataclass
class OutlineReport:
    """Findings in the outlines of a source.

    Attributes:
        outlines, used: of people on tracks, and those that the model saw.
        unused: the others, by reason.
        gaps: pauses that started a track anew.
        tracks, ended, short: tracks seen, ended, and of those without a window.
    """

    outlines: int = 0
    used: int = 0
    unused: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    tracks: int = 0
    ended: int = 0
    short: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        row = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {**row, "unused": Counter(self.unused)}


@dataclass(eq=False, slots=True)
class _Track:
    """One person.

    Attributes:
        recent: the newest blocks.
        evidence: of the windows.
        shown: what was seen of late.
        due_s: when the block ends.
        seen_s: the newest frame.
        windows: so far.
        fresh: whether anything came into this block.
        said: the newest label, its state, and why.
    """

    recent: Recent
    evidence: Evidence
    shown: OutlinesShown
    due_s: float
    seen_s: float
    windows: int = 0
    fresh: bool = False
    said: tuple[str, str, str] = ("", "", "")


class Outlines:
    """A `naming.Namer`.

    Args:
        model: maps a SilhouetteSequence to an embedding.
        source: the id that results carry.
        gallery: the known people; None gives only embeddings.
        hop_s: seconds between two windows of a track; None: the card's.
        threshold: a name is given at this score; None: the gallery's own, or the card's.
        notify: called once for each problem; logs a warning by default.
        on_the_spot: whether who walks on the spot gets a name, as on a treadmill, or before a
            camera that follows.

    Attributes:
        report: the findings so far.
        hop_s: seconds between two windows of a track.
        identifies: whether there is a gallery.
        distance: how the model's vectors are compared.
        lock: held while tracks change, and by whoever else looks at them.

    Raises:
        ArtefactError: a model of another record or task, or the gallery of another model.
        UsageError: an option out of its range.
    """

    def __init__(
        self,
        model: Model,
        source: str,
        gallery: Gallery | None = None,
        hop_s: float | None = None,
        threshold: float | None = None,
        notify: Callable[[str], object] = _log.warning,
        on_the_spot: bool = False,
    ) -> None:
        self._identifier = Identifier(model, gallery, threshold, notify)
        self._on_the_spot = on_the_spot
        self._source, self._notify, self._asked = source, notify, threshold
        self.hop_s = require_hop(model.card.decision.hop_s if hop_s is None else hop_s)
        self.identifies = gallery is not None
        self.report = OutlineReport()
        self._rule = rule_for(self.hop_s)
        self._least = max(self._identifier.least, LEAST_FRAMES)
        self._tracks: dict[str, _Track] = {}
        self._broken = False
        self._next: Gallery | None = None
        self.distance, self.lock = self._identifier.distance, threading.Lock()

    def use(self, gallery: Gallery) -> None:
        """Name people by this gallery from the next frame on; from any thread.

        Raises:
            ArtefactError: the gallery of another model.
        """
        require_same_model(gallery, self._identifier.model.card)
        gallery.prepare()
        with self.lock:
            self._next = gallery

    @property
    def shown(self) -> dict[str, OutlinesShown]:
        """What each track that is there has shown, for who holds the lock."""
        return {name: own.shown for name, own in self._tracks.items()}

    def push(self, result: FrameResult, arrival_ns: int) -> list[GaitResult]:
        """The results of the windows that a frame completes."""
        with self.lock:
            return self._push(result, arrival_ns)

    def _push(self, result: FrameResult, arrival_ns: int) -> list[GaitResult]:
        self._change_gallery()
        t_s = result.t_s or 0.0
        for name in [name for name, own in self._tracks.items() if not _is_on(own, t_s)]:
            self._end(name)
        hidden_N = hidden_shares(result.people)
        results = []
        for person, hidden in zip(result.people, hidden_N.tolist(), strict=True):
            if person.track and (found := self._take(person, hidden, result, arrival_ns)):
                results.append(found)
        return results

    def _change_gallery(self) -> None:
        if self._next is None:
            return
        own, (gallery, self._next) = self._identifier, (self._next, None)
        own.gallery, own.threshold = gallery, threshold_for(own.model.card, self._asked, gallery)
        for track in self._tracks.values():
            track.evidence.use(gallery, own.threshold)
            track.said = "", track.evidence.verdict.state, ""

    def begin_anew(self, name: str) -> None:
        """Forget whom the windows of a track looked like: it may be somebody else from now on."""
        with self.lock:
            if (track := self._tracks.get(name)) is not None:
                track.evidence = self._fresh()
                track.shown.forget()

    def close(self) -> None:
        """The stream is over: every track has ended."""
        for name in [*self._tracks]:
            self._end(name)

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window, and what to do about it."""
        report = self.report
        lost = ", ".join(f"{count} {SAID[why]}" for why, count in report.unused.most_common())
        if lost:
            return (
                f"{report.used} of {report.outlines} outlines of people can be used, too few for a "
                f"window of {self._least}: {lost}. Turn the camera so that it sees people whole"
            )
        return (
            f"{report.outlines} outlines of {report.tracks} tracks hold no window of {self._least} "
            "of one track; give a longer recording"
        )

    def _take(
        self, person: Person, hidden: float, result: FrameResult, arrival_ns: int
    ) -> GaitResult | None:
        """Take the outline of one person; the result of the window that it completes."""
        t_s, report = result.t_s or 0.0, self.report
        track = self._track(person.track, t_s)
        report.outlines += 1
        record_HW, why = outline_of(person, hidden, result.height, result.width)
        track.shown.take(t_s, record_HW, person.box_4)
        if record_HW is None:
            report.unused[why] += 1
        else:
            report.used += 1
            track.recent.add(record_HW)
            track.fresh = True
        if t_s < track.due_s:
            return None
        is_window = track.fresh and track.recent.used >= self._least
        found = self._window(person.track, track, t_s, arrival_ns) if is_window else None
        track.recent.turn()
        track.fresh = False
        # On the grid of hops since the track began, however late the frame is.
        track.due_s += self.hop_s * max(1.0, np.ceil((t_s - track.due_s + 1e-9) / self.hop_s))
        return found

    def _window(self, name: str, track: _Track, t_s: float, arrival_ns: int) -> GaitResult:
        reason, verdict, quality = "", track.evidence.verdict, None
        try:
            vector = track.recent.answer()
        except ArtefactError as error:
            reason = str(error)
            if not self._broken:
                self._notify(f"{self._source}: {error}")
            self._broken = True
        else:
            track.shown.add(vector)
            verdict = track.evidence.add(vector)
            quality = track.shown.quality(self._rule.joined)
        track.windows += 1
        # A broken output says nothing new.
        label, state, why = track.said if reason else (verdict.label, verdict.state, "")
        if state and quality is not None:
            idle = "" if self._on_the_spot else track.shown.idle()
            if why := idle or too_little(quality):
                label, state = "", NOT_WALKING if idle else NOT_YET
            if idle:
                reason = NOT_WALKING
                track.evidence = self._fresh()
                track.shown.forget()
        track.said = label, state, why
        return GaitResult(
            t_s=t_s,
            label=label,
            score=0.0 if reason else verdict.score,
            latency_ms=(time.monotonic_ns() - arrival_ns) / 1e6,
            raw_label="" if reason or verdict.identity is None else verdict.identity.nearest,
            stamp_ns=round(t_s * 1e9),
            source=self._source,
            reason=reason,
            track=name,
            vector_D=None if reason else verdict.vector,
            averaged=0 if reason else verdict.windows,
            identity=None if reason else verdict.identity,
            state=state,
            why=why,
            quality=quality,
        )

    def _track(self, name: str, t_s: float) -> _Track:
        """That of a name, begun anew after a pause."""
        track = self._tracks.get(name)
        if track is not None and t_s - track.seen_s > MAX_GAP_S:
            self.report.gaps += 1
        elif track is not None:
            track.seen_s = t_s
            return track
        else:
            self.report.tracks += 1
        evidence, recent = self._fresh(), recent_of(self._identifier.model, BLOCKS)
        shown, windows = OutlinesShown(BLOCKS, t_s), 0 if track is None else track.windows
        track = _Track(recent, evidence, shown, t_s + self.hop_s, t_s, windows)
        track.said = "", evidence.verdict.state, ""
        self._tracks[name] = track
        return track

    def _fresh(self) -> Evidence:
        own = self._identifier
        return Evidence(own.gallery, own.threshold, own.distance, self._rule)

    def _end(self, name: str) -> None:
        self.report.ended += 1
        self.report.short += not self._tracks.pop(name).windows


def _is_on(track: _Track, t_s: float) -> bool:
    """Whether a track goes on: it was seen lately, and not after now, by an earlier clock."""
    return 0 <= t_s - track.seen_s <= TRACK_ENDS_S


def hidden_shares(people: Sequence[Person]) -> Float64:
    """How much of each person's box lies in that of another one (N,)."""
    if len(people) < 2:
        return np.zeros(len(people))
    box_N4 = np.stack([person.box_4 for person in people])
    share_NN = shares_within(box_N4, box_N4)
    np.fill_diagonal(share_NN, 0)
    return np.asarray(share_NN.max(axis=1))


def outline_of(person: Person, hidden: float, height: int, width: int) -> tuple[Uint8 | None, str]:
    """The record (64, 64) of a person's outline; None, and why it is not used.

    Args:
        hidden: how much of the person's box lies in that of another one.
        height, width: of the frame.
    """
    x0, y0, x1, y1 = (float(value) for value in person.box_4)
    if min(x0, y0) < _EDGE or x1 > width - _EDGE or y1 > height - _EDGE:
        return None, CUT_OFF
    if hidden > _MOST_HIDDEN:
        return None, HIDDEN
    if y1 - y0 < _LEAST_HEIGHT:
        return None, SMALL
    if person.mask_HW is None:
        return None, NOBODY
    frame = mask_frame(np.pad(_largest(person.mask_HW), _MARGIN), person.track)
    return (None, NOBODY) if frame.record_HW is None else (frame.record_HW, "")


def _largest(mask_HW: Bool) -> Uint8:
    """The largest piece of a mask, as 0 and 255: what else moves or stands near is another's."""
    import cv2

    piece_HW = mask_HW.astype(np.uint8)
    count, label_HW, stat_B5, _ = cv2.connectedComponentsWithStats(piece_HW, connectivity=8)
    if count > 2:
        largest = 1 + int(stat_B5[1:, cv2.CC_STAT_AREA].argmax())
        piece_HW = (label_HW == largest).astype(np.uint8)
    return piece_HW * np.uint8(255)
