"""Masks of a walk in, an embedding and a name out.

A mask that shows nobody, is inverted, in colour or unreadable is counted and told, and the model
never sees it. Without a gallery there are only embeddings.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

import numpy as np

from edgehuman.catalogue import is_of
from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.retrieval import Distance
from edgehuman.preprocess.quality import Quality
from edgehuman.preprocess.silhouette.quality import evened, legs_of, quality_of
from edgehuman.records import Float32, Float64
from edgehuman.runtime.engine.part_files import whole_path
from edgehuman.runtime.gallery import Gallery, Identity, require_same_model, threshold_for
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.model import Model
from edgehuman.runtime.silhouette.results import WalkResult, distance_of
from edgehuman.runtime.silhouette.source import MaskFrame, MaskWalk
from edgehuman.runtime.silhouette.windows import memory_of
from edgehuman.runtime.states import NAMELESS, state_of, too_little

# Whose legs are looked at: twenty seconds of 25 frames.
_FRAMES_KEPT, _RATE_HZ = 500, 25.0
_log = logging.getLogger("edgehuman.runtime")


class Walker:
    """One walk through one model, frame by frame.

    Args:
        identifier: the model, and the people it knows.
        name: of the walk, in results.
    """

    def __init__(self, identifier: Identifier, name: str) -> None:
        self.name = name
        self.frames = 0
        self.dropped: Counter[str] = Counter()
        self._identifier = identifier
        self._memory = memory_of(identifier.model)
        self._told: set[str] = set()
        self._first = ""
        self._legs: list[tuple[float, float]] = []
        self._times: list[float] = []
        self._cut = 0

    @property
    def used(self) -> int:
        """Frames that the model saw, or will see."""
        return self._memory.used

    @property
    def is_due(self) -> bool:
        """Whether the newest frame brought something new to answer."""
        return self._memory.due and self.used >= self._identifier.least

    def push(self, frame: MaskFrame) -> bool:
        """Take one frame; whether it can be used. The first of each mistake is told."""
        self.frames += 1
        if frame.record_HW is None:
            self.dropped[frame.reason] += 1
            self._first = self._first or frame.why
            if frame.reason not in self._told:
                self._told.add(frame.reason)
                self._identifier.notify(f"{self.name}: {frame.why}")
            return False
        self._memory.add(frame.record_HW)
        self._cut += frame.is_cut
        if len(self._legs) < _FRAMES_KEPT:
            self._legs.append(legs_of(frame.record_HW))
            if frame.t_s is not None:
                self._times.append(frame.t_s)
        return True

    def quality(self, halves: bool = True) -> Quality:
        """How good the frames so far are to know somebody by; of a long walk, its beginning.

        Args:
            halves: whether to compare the two halves, which asks the model twice more.
        """
        pair = self._memory.halves() if halves else None
        whole = (self.used - self._cut) / max(self.frames, 1)
        rate_hz = self._identifier.model.card.input.rate_hz or _RATE_HZ
        legs_T2: Float64 = np.array(self._legs, np.float64).reshape(-1, 2)
        if self._times:
            legs_T2, rate_hz = evened(np.array(self._times), legs_T2)
        return quality_of(legs_T2, rate_hz, whole, None if pair is None else _alike(*pair))

    def embed(self) -> Float32:
        """The embedding (P, D), or (D,), of the frames so far.

        Raises:
            DataError: too few frames can be used.
            ArtefactError: it is not finite, or zero.
        """
        if reason := self._too_few():
            raise DataError(f"{self.name}: {reason}")
        return self._memory.answer()

    def result(self, begin_ns: int, whole: bool = False) -> WalkResult:
        """The answer for the frames so far, or why there is none.

        Args:
            begin_ns: `time.perf_counter_ns` of the first, or the newest, mask.
            whole: whether the walk is over: then its quality compares its halves, too.
        """
        counts = (self.name, self.frames, self.used, dict(self.dropped))
        reason = self._too_few()
        if reason:
            return WalkResult(*counts, latency_ms=_since_ms(begin_ns), reason=reason)
        try:
            vector = self._memory.answer()
        except ArtefactError as error:
            return WalkResult(*counts, latency_ms=_since_ms(begin_ns), reason=str(error))
        identity, quality = self._identifier.identify(vector), self.quality(whole)
        how, latency_ms = self._memory.how, _since_ms(begin_ns)
        if identity is None:
            nobody = "" if self._identifier.gallery is None else UNKNOWN
            return WalkResult(*counts, how, latency_ms, vector, nobody, quality=quality)
        distance = distance_of(identity.score, self._identifier.distance)
        named = (identity.person, identity.score, distance, identity)
        return WalkResult(*counts, how, latency_ms, vector, *named, quality=quality)

    def _too_few(self) -> str:
        """Why the frames so far are too few; empty if they are enough."""
        least = self._identifier.least
        if self.used >= least:
            return ""
        if not self.used and self._first:
            return f"none of {self.frames} frames can be used; the first: {self._first}"
        if not self.frames:
            return "it has no frames"
        return (
            f"{self.used} of {self.frames} frames can be used, but "
            f"{self._identifier.model.card.name} needs at least {least}; give a longer walk"
        )


class Identifier:
    """A model, and the people that a gallery knows.

    Args:
        model: maps a SilhouetteSequence to an embedding.
        gallery: the known people; None gives only embeddings.
        threshold: under this score the answer is "unknown"; None: the gallery's own, or the card's.
        notify: called once for each kind of mistake in a walk; logs a warning by default.

    Attributes:
        least: frames that the model needs.

    Raises:
        ArtefactError: a model of another record or task, or the gallery of another model.
        UsageError: a threshold outside -1 to 1.
    """

    def __init__(
        self,
        model: Model,
        gallery: Gallery | None = None,
        threshold: float | None = None,
        notify: Callable[[str], object] = _log.warning,
    ) -> None:
        require_silhouettes(model)
        if gallery is not None:
            require_same_model(gallery, model.card)
            gallery.prepare()  # not while the first walker waits
            if not len(gallery):
                notify("the gallery is empty: everybody is unknown")
        self.model, self.gallery, self.notify = model, gallery, notify
        self.threshold = threshold_for(model.card, threshold, gallery, notify)
        self.least = model.card.input.shape[0] or model.card.input.least
        self.distance = cast(Distance, model.card.output.distance)

    def answer(self, walk: MaskWalk) -> WalkResult:
        """The answer for a whole walk."""
        begin_ns = time.perf_counter_ns()
        walker = Walker(self, walk.name)
        try:
            self._read(walker, walk.frames())
        except DataError as error:
            return WalkResult(walk.name, walker.frames, 0, dict(walker.dropped), reason=str(error))
        result = walker.result(begin_ns, whole=True)
        return result if walk.idle is None else _judged(result, walk.idle)

    def embed(self, walk: MaskWalk) -> Walker:
        """A whole walk, read; `Walker.embed` gives its vector.

        Raises:
            DataError: the walk cannot be read.
        """
        walker = Walker(self, walk.name)
        self._read(walker, walk.frames())
        return walker

    def identify(self, vector: Float32) -> Identity | None:
        """The gallery's answer; None without people."""
        if self.gallery is None or not len(self.gallery):
            return None
        return self.gallery.identify(vector, self.threshold)

    def _read(self, walker: Walker, frames: Iterable[MaskFrame]) -> None:
        for frame in frames:
            walker.push(frame)


def require_silhouettes(model: Model) -> None:
    """Raises ArtefactError for a model that does not map a SilhouetteSequence to an embedding."""
    card = model.card
    path = model.engine.describe().get("path")
    whole = None if path is None else whole_path(Path(str(path)))
    if whole is not None and whole.is_file():
        raise ArtefactError(f"{model.name} is a part of a model; give {whole}, which uses it")
    if not is_of(card.input.record, "silhouette") or card.output.kind != "embedding":
        raise ArtefactError(
            f"{model.name} is for {card.task!r}: {card.input.record} to {card.output.kind}; give a "
            "model of silhouettes, e.g. one of `edgehuman export gaitset`"
        )


def _judged(result: WalkResult, idle: str) -> WalkResult:
    """The answer for somebody in frames: nobody is named who does not walk, or of whom too little
    was seen, as in a run.
    """
    if not result.label or result.quality is None:
        return result
    state = state_of(result.quality, idle, result.label)
    if state not in NAMELESS:
        return dataclasses.replace(result, state=state)
    why = idle or too_little(result.quality)
    return dataclasses.replace(result, state=state, label="", why=why)


def _alike(first: Float32, last: Float32) -> float:
    """Cosine of two embeddings, mean over parts."""
    scale = np.linalg.norm(first, axis=-1) * np.linalg.norm(last, axis=-1)
    return float(((first * last).sum(axis=-1) / np.maximum(scale, 1e-12)).mean())


def _since_ms(begin_ns: int) -> float:
    return (time.perf_counter_ns() - begin_ns) / 1e6
