"""Windows of tracked skeletons in, vectors and names out: the gait stream without threads or a
clock of its own.

A track's windows are evidence of who walks (`runtime.evidence`): their mean is compared, a name is
given when windows agree and kept while they do not speak against it; a break of the track starts it
anew. Nobody who does not walk, or of whom too little was seen, gets a name (`shown`). Without a
gallery there are only vectors and their quality.

Axes: N windows, D dimensions.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from edgehuman.catalogue import is_of
from edgehuman.errors import ArtefactError
from edgehuman.preprocess.skeleton.breaks import AS_IF, JUMPS
from edgehuman.records import Float32
from edgehuman.runtime.evidence import Evidence, rule_for
from edgehuman.runtime.gallery import Gallery, require_same_model, threshold_for
from edgehuman.runtime.loop.dropped import cause_of_loss
from edgehuman.runtime.loop.play import require_hop
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally
from edgehuman.runtime.skeleton.shown import Shown
from edgehuman.runtime.skeleton.windows import PoseReport, PoseWindow, PoseWindows
from edgehuman.runtime.states import NOT_WALKING, NOT_YET, too_little

BROKEN_OUTPUT = "output not finite"
Heard: TypeAlias = Sequence[tuple[PoseWindow, Float32 | None]]
_log = logging.getLogger("edgehuman.runtime")


@dataclass(slots=True)
class _Track:
    """One track since it began or broke.

    Attributes:
        evidence: of who walks.
        shown: how well, and whether.
        said: the newest label, state, and why: what holds where a window gives no answer.
    """

    evidence: Evidence
    shown: Shown
    said: tuple[str, str, str]


class Identifier:
    """One stream of tracks through one model.

    Args:
        model: maps a SkeletonSequence to a vector.
        source: the id that results carry.
        gallery: the known people; None gives only vectors.
        hop_s: stream time between two windows of a track; None: the card's.
        threshold: a name is given at this score; None: the gallery's own, or the card's.
        notify: called once for each problem; logs a warning by default.
        zero_s: the stamp at which the time of results is 0; None: that of the first line.

    Attributes:
        windows: cuts the windows.
        tally: the totals so far.
        heard: called with each block, the windows and vectors that it completes, and the tracks
            that ended.
        rule: when a name is given and taken away.
        on_the_spot: whether who walks on the spot gets a name, as on a treadmill; of tracks that
            begin from now on.

    Raises:
        ArtefactError: a model of another task, or the gallery of another model.
        UsageError: an option outside its range.
    """

    def __init__(
        self,
        model: Model,
        source: str = "",
        gallery: Gallery | None = None,
        hop_s: float | None = None,
        threshold: float | None = None,
        notify: Callable[[str], object] = _log.warning,
        zero_s: float | None = None,
    ) -> None:
        require_gait(model)
        card = model.card
        self.gallery = gallery
        if gallery is not None:
            require_same_model(gallery, card)
            gallery.prepare()  # not while the first walker waits
        self.threshold = threshold_for(card, threshold, gallery, notify)
        self._card, self._asked = card, threshold
        self._next: Gallery | None = None
        self.heard: Callable[[PoseBlock, Heard, Sequence[str]], object] = lambda *heard: None
        self.source, self.distance = source, str(card.output.distance)
        wanted_s = require_hop(card.decision.hop_s if hop_s is None else hop_s)
        rate_hz = card.input.rate_hz
        self.windows = PoseWindows(card.input.shape[0], wanted_s, rate_hz, source, zero_s)
        self.tally = GaitTally(self.windows.hop / rate_hz)
        self.rule = rule_for(self.tally.hop_s)
        self._run = model.logits
        self._tracks: dict[str, _Track] = {}
        self.on_the_spot = False
        self._notify, self._told = notify, 0

    @property
    def report(self) -> PoseReport:
        """The findings in the stream so far."""
        return self.windows.report

    def push(self, block: PoseBlock) -> list[GaitResult]:
        """The results that this block completes, oldest first."""
        self._change_gallery()
        heard = self.embed(block)
        results = [self._result(window, vector_D) for window, vector_D in heard]
        self.heard(block, heard, self.windows.ended)
        self._forget_ended()
        for result in results:
            self.tally.add(result)
        for remark in self.report.notes[self._told :]:
            self._notify(f"{self.source}: {remark}")
            self._told += 1
        return results

    def use(self, gallery: Gallery) -> None:
        """Name people by this gallery from the next block on; from any thread.

        Raises:
            ArtefactError: the gallery of another model.
        """
        require_same_model(gallery, self._card)
        gallery.prepare()
        self._next = gallery

    def _change_gallery(self) -> None:
        if self._next is not None:
            self.gallery, self._next = self._next, None
            self.threshold = threshold_for(self._card, self._asked, self.gallery)
            for track in self._tracks.values():
                track.evidence.use(self.gallery, self.threshold)
                label = track.said[0]
                if label not in ("", UNKNOWN) and label not in self.gallery.person_G:
                    track.said = "", NOT_YET, ""

    def embed(self, block: PoseBlock) -> list[tuple[PoseWindow, Float32 | None]]:
        """The windows that this block completes, each with the network's vector (D,), or None if no
        answer should be given.
        """
        windows = self.windows.push(block) if len(block) else []
        found: list[Float32 | None] = [None] * len(windows)
        usable = [i for i, window in enumerate(windows) if not window.reason]
        if usable:
            batch = np.stack([windows[i].skeleton.skeleton_TJ3 for i in usable])
            for i, vector_D in zip(usable, self._run(batch), strict=True):
                found[i] = vector_D.reshape(-1)
        return list(zip(windows, found, strict=True))

    def begin_anew(self, track: str) -> None:
        """Forget whom the windows of a track looked like: it may be somebody else from now on."""
        if track in self._tracks:
            self._tracks[track].evidence = self._fresh()

    def close(self) -> list[GaitResult]:
        """The stream is over; no window waits for more."""
        self.windows.close()
        self._forget_ended()
        return []

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window, and what to do about it."""
        report, needed = self.report, self.windows.frames
        lost, cause = cause_of_loss(report, source)
        if 2 * (report.restarts + report.out_of_order) > report.frames:
            why = ": the lines are not in the order of time; sort them by t"
        elif report.gaps + report.tracks >= report.used > 1:
            why = (
                ": every line of a track comes over half a second after the one before; t is in "
                "seconds: divide frame numbers by the frame rate, milliseconds by 1000"
            )
        elif report.jumps > report.gaps:
            why = f": {report.jumps} times {JUMPS}, {AS_IF}"
        elif report.gaps:
            why = f": {report.gaps} pauses of over half a second break them up; t is in seconds"
        elif lost > report.used:
            why = f": {cause}"
        else:
            why = f"; the longest of {report.tracks} tracks is too short: give a longer recording"
        return (
            f"{report.frames} frames, {report.used} of them used, hold no window of "
            f"{needed / self.windows.rate_hz:g} s of one track{why}"
        )

    def _forget_ended(self) -> None:
        for name in self.windows.ended:
            self._tracks.pop(name, None)

    def _result(self, window: PoseWindow, vector_D: Float32 | None) -> GaitResult:
        reason = window.reason
        if vector_D is not None and not (np.isfinite(vector_D).all() and vector_D.any()):
            vector_D, reason = None, BROKEN_OUTPUT
            self.report.note("the model's output is not finite, or zero; export the model again")
        if window.begins or window.track not in self._tracks:
            self._tracks[window.track] = self._begun()
        track = self._tracks[window.track]
        has_answer = vector_D is not None
        verdict, quality = track.evidence.verdict, None
        if vector_D is not None:
            track.shown.take(window, vector_D)
            verdict, quality = track.evidence.add(vector_D), track.shown.quality()
            track.said = verdict.label, verdict.state, ""
            idle = track.shown.idle() if verdict.state else ""
            if verdict.state and (why := idle or too_little(quality)):
                track.said = "", NOT_WALKING if idle else NOT_YET, why
            if idle:
                reason, has_answer = NOT_WALKING, False
                track.evidence = self._fresh()
        label, state, why = track.said
        return GaitResult(
            t_s=window.t_s,
            label=label,
            score=verdict.score if has_answer else 0.0,
            latency_ms=(time.monotonic_ns() - window.arrival_ns) / 1e6 + window.waited_s * 1e3,
            raw_label=verdict.identity.nearest if has_answer and verdict.identity else "",
            stamp_ns=window.skeleton.stamp_ns,
            source=self.source,
            delay_s=window.waited_s,
            reason=reason,
            track=window.track,
            vector_D=verdict.vector if has_answer else None,
            averaged=verdict.windows if has_answer else 0,
            identity=verdict.identity if has_answer else None,
            state=state,
            why=why,
            quality=quality,
        )

    def _begun(self) -> _Track:
        """A track of which nothing is known."""
        cut, evidence = self.windows, self._fresh()
        shown = Shown(cut.frames, cut.hop, cut.rate_hz, self.on_the_spot)
        return _Track(evidence, shown, ("", evidence.verdict.state, ""))

    def _fresh(self) -> Evidence:
        return Evidence(self.gallery, self.threshold, self.distance, self.rule)


def require_gait(model: Model) -> None:
    """Raises ArtefactError for a model that does not map a SkeletonSequence to a vector."""
    card = model.card
    if not is_of(card.input.record, "skeleton") or card.output.kind != "embedding":
        raise ArtefactError(
            f"{model.name} is for {card.task!r}: {card.input.record} to {card.output.kind}; gait "
            "needs SkeletonSequence to embedding. Give a gait model, e.g. zoo:gait-skeleton"
        )
