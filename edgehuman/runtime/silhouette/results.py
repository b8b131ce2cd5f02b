"""The result for one walk of silhouettes, and the totals of a source.

Axes: P parts, D dimensions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgehuman.metrics.retrieval import Distance
from edgehuman.preprocess.quality import Quality
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Identity
from edgehuman.runtime.loop.results import LatencyHistogram
from edgehuman.runtime.states import NAMELESS, NOT_WALKING

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class WalkResult:
    """The answer for one walk, or in a live stream for a walk so far.

    Attributes:
        walk: its name in the source.
        frames: masks so far; used: those that the model saw.
        dropped: the others, by reason: empty, grey, inverted, colour, unreadable.
        how: what the embedding is made of, e.g. "running maximum".
        latency_ms: from the first mask of a walk, or the newest of a stream, to the answer.
        embedding_PD: float32 (P, D), or (D,); None without an answer.
        label: the name; "unknown" under the threshold, empty without a gallery.
        score: of the nearest person; 1 is the same walk.
        distance: to them: 1 - score for the cosine; nan without a gallery.
        identity: the gallery's answer; None without a gallery.
        reason: why there is no answer; empty if there is one.
        quality: of the frames that it is made of; None without an answer.
        state: of frames: "not yet", "not walking", "unknown" or "known"; empty of masks.
        why: of the first two: the reason.
    """

    walk: str
    frames: int
    used: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    how: str = ""
    latency_ms: float = 0.0
    embedding_PD: Float32 | None = None
    label: str = ""
    score: float = 0.0
    distance: float = math.nan
    identity: Identity | None = None
    reason: str = ""
    quality: Quality | None = None
    state: str = ""
    why: str = ""


def distance_of(score: float, distance: Distance) -> float:
    """The distance of a score: the inverse of `metrics.retrieval.similarity`."""
    return 1 / max(score, 1e-12) - 1 if distance == "euclidean" else 1 - score


def to_row(result: WalkResult) -> dict[str, Any]:
    """A result as one JSON object; with "error" if there is no answer."""
    row: dict[str, Any] = {"walk": result.walk, "frames": result.frames, "used": result.used}
    if result.dropped:
        row["dropped"] = dict(result.dropped)
    if result.reason:
        return {**row, "error": result.reason}
    row |= {"how": result.how, "latency_ms": round(result.latency_ms, 3)}
    if result.quality is not None:
        row["quality"] = result.quality.as_row()
    if result.state:
        row["state"] = result.state
    if result.state == NOT_WALKING:
        return row | {"label": None, "score": 0.0, "nearest": None, "others": [], "why": result.why}
    if result.identity is not None:
        row |= {
            "label": None if result.state in NAMELESS else result.label,
            "score": round(result.score, 5),
            "distance": round(result.distance, 5),
            "nearest": result.identity.nearest,
            "others": [
                {"label": name, "score": round(score, 5)}
                for name, score in result.identity.others[:_SHOWN]
            ],
        }
    return row | ({"why": result.why} if result.why else {})


@dataclass(slots=True)
class WalkTally:
    """Totals over the walks so far.

    Attributes:
        walks, unanswered: number of walks, and of those without an answer.
        frames, used: masks, and those that the model saw.
        dropped: the others, by reason; labels: walks by name.
        latency: of a walk, or of a frame of a stream.
    """

    walks: int = 0
    unanswered: int = 0
    frames: int = 0
    used: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)

    def add(self, result: WalkResult) -> None:
        """Count a finished walk."""
        self.walks += 1
        self.frames += result.frames
        self.used += result.used
        self.dropped.update(result.dropped)
        self.unanswered += bool(result.reason)
        if not result.reason:
            self.latency.add(result.latency_ms)
        if result.label:
            self.labels[result.label] += 1

    def summary(self) -> dict[str, Any]:
        """The walks in numbers; None for what was not measured."""
        return {
            "walks": self.walks,
            "unanswered": self.unanswered,
            "frames": self.frames,
            "used": self.used,
            "dropped": dict(self.dropped),
            "walks_per_label": dict(self.labels.most_common()),
            "latency_ms": {
                "p50": _milliseconds(self.latency.percentile_ms(50)),
                "p95": _milliseconds(self.latency.percentile_ms(95)),
                "max": round(self.latency.max_ms, 3),
            },
        }


def _milliseconds(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def in_words(row: Mapping[str, Any]) -> str:
    """A walk's row as a line of text."""
    seen = f"{row['used']} of {row['frames']} frames"
    if "dropped" in row:
        seen += f" ({', '.join(f'{count} {why}' for why, count in row['dropped'].items())})"
    if "error" in row:
        return f"{row['walk']:<24} {seen}: no answer: {row['error']}"
    said = f"{row['walk']:<24} {seen}, {row['how']}, {row['latency_ms']:.1f} ms"
    if "label" not in row:
        return said
    if row["label"] is None:
        return f"{said}: {row['state']}: {row['why']}"
    nearest = "" if row["label"] == row["nearest"] else f" (nearest: {row['nearest']})"
    score = f"score {row['score']:.3f}, distance {row['distance']:.3f}"
    return f"{said}: {row['label']}{nearest}, {score}"


def summary_text(summary: Mapping[str, Any]) -> str:
    """The summary as a few lines of text, including the losses."""
    latency = summary["latency_ms"]
    lines = [
        f"{summary['walks']} walks, {summary['unanswered']} of them without an answer; "
        f"{summary['used']} of {summary['frames']} frames used"
    ]
    if latency["p50"] is not None:
        lines.append(f"a walk: p50 {latency['p50']:g} ms, p95 {latency['p95']:g} ms")
    for key, name in (("walks_per_label", "walks per name"), ("dropped", "frames not used")):
        if summary[key]:
            counts = ", ".join(f"{label} {count}" for label, count in summary[key].items())
            lines.append(f"{name}: {counts}")
    return "\n".join(lines)
