"""The result for one window of a tracked skeleton, and the totals of its stream.

Axes: D dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgehuman.records import Float32
from edgehuman.runtime.gallery import Identity
from edgehuman.runtime.loop.dropped import loss_lines
from edgehuman.runtime.loop.results import LiveResult, Tally

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class GaitResult(LiveResult):
    """The result for one window of one track.

    `label` is the name, "unknown" under the threshold, and empty without a gallery; `raw_label` the
    nearest person's name; `score` theirs.

    Attributes:
        track: id of the track.
        vector_D: float32 (D,): the mean over the track's newest windows; None without an answer.
        averaged: number of windows in that mean.
        identity: the gallery's answer; None without a gallery.
    """

    track: str = ""
    vector_D: Float32 | None = None
    averaged: int = 0
    identity: Identity | None = None

    def more(self) -> dict[str, Any]:
        """The reason, the track, the vector, and the next people of the gallery."""
        row = {**LiveResult.more(self), "id": self.track, "windows_averaged": self.averaged}
        if self.vector_D is not None:
            row["embedding"] = [round(float(value), 6) for value in self.vector_D]
        if self.identity is not None:
            row["others"] = [
                {"label": name, "score": round(score, 5)}
                for name, score in self.identity.others[:_SHOWN]
            ]
        return row


@dataclass(slots=True)
class GaitTally(Tally):
    """Totals of a stream of tracks, in constant memory; `hop_s` is stream time between two windows
    of a track, `labels` are windows per name.
    """

    def add(self, result: GaitResult) -> None:
        """Count one answer."""
        self.count(result)
        self.t_s = max(self.t_s, result.t_s)
        if result.label and not result.reason:
            self.labels[result.label] += 1

    def summary(self) -> dict[str, Any]:
        """The stream in numbers; None for what was not measured."""
        return {
            **self.beginning(),
            "windows_per_label": dict(self.labels.most_common()),
            "without_answer": dict(self.reasons),
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
    if summary["without_answer"]:
        counts = ", ".join(f"{count} {why}" for why, count in summary["without_answer"].items())
        lines.append(f"windows without an answer: {counts}")
    if stream["short"]:
        lines.append(f"tracks that ended before their first window: {stream['short']}")
    return "\n".join([*lines, *loss_lines(summary)])
