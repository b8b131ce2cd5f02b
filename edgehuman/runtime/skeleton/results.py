"""The result for one window of a tracked skeleton, and the totals of its stream.

Axes: D dimensions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgehuman.preprocess.quality import Quality
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Identity
from edgehuman.runtime.loop.dropped import loss_lines
from edgehuman.runtime.loop.results import LiveResult, Tally
from edgehuman.runtime.states import NOT_YET

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class GaitResult(LiveResult):
    """The result for one window of one track, or what happened to a camera.

    `label` is the name that the track has by now, "unknown", or empty while too little was seen and
    without a gallery; `raw_label` the nearest person's name; `score` that of the name, else of the
    nearest person.

    Attributes:
        track: id of the track.
        vector_D: float32 (D,), or (P, D) of parts: the mean over the track's newest windows; None
            without an answer.
        averaged: number of windows in that mean.
        identity: the gallery's answer; None without a gallery.
        state: "not yet" (too little was seen), "not walking" (its `reason`, too), "unknown" (enough
            was seen, and it is nobody of the gallery) or "known"; empty without a gallery.
        why: of the first two, in words; empty while windows do not agree yet.
        quality: of what the answer is made of; None: not measured.
        by: of two models: "both", "joints" or "outlines", whose vectors the answer is made of.
        scores, qualities: of two models, by "joints" and "outlines": what each that has a window
            says by itself of the person whose name this one bears, or else of the nearest (None:
            they are not enrolled there), and how good what it saw is.
        threshold: of two models: of the score, which depends on what it is made of.
        event: of no window: what happened to a camera, "lost", "frozen", "black" or "back", and
            `reason` says it in words; else empty.
    """

    track: str = ""
    vector_D: Float32 | None = None
    averaged: int = 0
    identity: Identity | None = None
    state: str = ""
    why: str = ""
    quality: Quality | None = None
    by: str = ""
    scores: Mapping[str, float | None] = field(default_factory=dict)
    qualities: Mapping[str, Quality | None] = field(default_factory=dict)
    threshold: float | None = None
    event: str = ""

    def row(self) -> dict[str, Any]:
        """The result as one JSON object; of a camera, what happened to it."""
        if self.event:
            times = {"t_s": round(self.t_s, 4)}
            return {"source": self.source, "event": self.event, **times, "said": self.reason}
        return LiveResult.row(self)

    def more(self) -> dict[str, Any]:
        """The state, the reason, the track, the vector, and the next people of the gallery."""
        row: dict[str, Any] = {"label": self.label or None}
        if self.state:
            row["state"] = self.state
        row |= {**LiveResult.more(self), "id": self.track, "windows_averaged": self.averaged}
        if self.why:
            row["why"] = self.why
        row["quality"] = None if self.quality is None else self.quality.as_row()
        if self.by:
            row["by"] = self.by
            row |= {name: self._said_by(name) for name in ("joints", "outlines")}
            row["threshold"] = None if self.threshold is None else round(self.threshold, 5)
        if self.vector_D is not None and self.vector_D.ndim == 1:  # those of parts are too long
            row["embedding"] = [round(float(value), 6) for value in self.vector_D]
        if self.identity is not None:
            row["others"] = [
                {"label": name, "score": round(score, 5)}
                for name, score in self.identity.others[:_SHOWN]
            ]
        return row

    def _said_by(self, model: str) -> dict[str, Any] | None:
        """What one of two models says by itself."""
        if model not in self.scores:
            return None
        score, quality = self.scores[model], self.qualities.get(model)
        return {
            "score": None if score is None else round(score, 5),
            "quality": None if quality is None else quality.score,
        }


@dataclass(slots=True)
class GaitTally(Tally):
    """Totals of a stream of tracks, in constant memory; `hop_s` is stream time between two windows
    of a track, `labels` are windows per name.

    Attributes:
        not_yet: windows after which too little was seen of their track to say anything.
        events: what happened to cameras; no windows.
    """

    not_yet: int = 0
    events: Counter[str] = field(default_factory=Counter)

    def add(self, result: GaitResult) -> None:
        """Count one answer, or what happened to a camera."""
        if result.event:
            self.events[result.event] += 1
            return
        self.count(result)
        self.t_s = max(self.t_s, result.t_s)
        if result.label and not result.reason:
            self.labels[result.label] += 1
        self.not_yet += result.state == NOT_YET and not result.reason

    def summary(self) -> dict[str, Any]:
        """The stream in numbers; None for what was not measured."""
        return {
            **self.beginning(),
            "windows_per_label": dict(self.labels.most_common()),
            "windows_not_yet": self.not_yet,
            "without_answer": dict(self.reasons),
            **({"events": dict(self.events)} if self.events else {}),
        }


def summary_text(summary: Mapping[str, Any]) -> str:
    """The summary as a few lines of text, including the losses."""
    latency, stream = summary["latency_ms"], summary["stream"]
    lines = [
        f"{summary['windows']} windows of {stream['tracks']} tracks over {summary['stream_s']:.1f} "
        f"s of stream (one every {summary['hop_s']:g} s of a track)",
    ]
    if summary["windows"]:
        lines.append(
            f"capture to label: p50 {latency['p50']:g} ms, p95 {latency['p95']:g} ms, "
            f"max {latency['max']:g} ms"
        )
    per_label = ", ".join(f"{name} {count}" for name, count in summary["windows_per_label"].items())
    if per_label:
        lines.append(f"windows per name: {per_label}")
    if summary.get("windows_not_yet"):
        lines.append(f"windows after which it was too early to say: {summary['windows_not_yet']}")
    if summary.get("events"):
        events = ", ".join(f"{count} {name}" for name, count in summary["events"].items())
        lines.append(f"of cameras: {events}")
    if summary["without_answer"]:
        counts = ", ".join(f"{count} {why}" for why, count in summary["without_answer"].items())
        lines.append(f"windows without an answer: {counts}")
    if stream["short"]:
        lines.append(f"tracks that ended before their first window: {stream['short']}")
    return "\n".join([*lines, *loss_lines(summary)])
