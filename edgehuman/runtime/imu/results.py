"""The result for one window of a wearable, and the totals of its stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgehuman.records import ImuWindow
from edgehuman.runtime.loop.dropped import loss_lines
from edgehuman.runtime.loop.results import LiveResult, Tally, rounded

GAP, NO_WINDOW = "gap", "too short for a window"


@dataclass(frozen=True, slots=True)
class ImuResult(LiveResult):
    """The result for one window of a wearable.

    Attributes:
        true_label: the true activity, if the source gives it.
        prob_C: (C,): the network's calibrated probabilities, in the card's order of labels.
        window: the classified record.
    """

    true_label: str | None = None
    prob_C: tuple[float, ...] | None = None
    window: ImuWindow | None = None

    def more(self) -> dict[str, Any]:
        """The true label and the reason, if known."""
        truth = {} if self.true_label is None else {"true_label": self.true_label}
        return {**truth, **LiveResult.more(self)}


@dataclass(slots=True)
class Changes:
    """How often one of the labels changed; the same count as
    `metrics.stream.flicker_per_minute`.
    """

    num: int = 0
    last: str | None = None

    def add(self, label: str) -> None:
        """Count the next hop's label."""
        self.num += self.last is not None and label != self.last
        self.last = label


@dataclass(slots=True)
class ImuTally(Tally):
    """Totals of a wearable's stream, in constant memory; `labels` are hops per label.

    Attributes:
        classes: the true labels that are scored (others are transitions, or unknown to the model).
        smoothed, raw: changes of the smoothed label, and of the network's own.
        labelled, right, raw_right: hops with a true label, and those answered correctly.
        window_s: from the first to the last sample of a window: so much its answer covers.
        end_s, gap_s: stream time so far, and of it without rows (`heard`).
        worn: how the sensor is worn (`mounting.Worn.said`); None: not learnt.
        answered_s, refused_s: stream time in windows with an answer, and without, by reason.
    """

    classes: tuple[str, ...] = ()
    smoothed: Changes = field(default_factory=Changes)
    raw: Changes = field(default_factory=Changes)
    labelled: int = 0
    right: int = 0
    raw_right: int = 0
    window_s: float = 0.0
    end_s: float = 0.0
    gap_s: float = 0.0
    answered_s: float = 0.0
    refused_s: dict[str, float] = field(default_factory=dict)
    worn: dict[str, Any] | None = None

    def heard(self, end_s: float, gap_s: float) -> None:
        """The stream time so far, and how much of it had no rows."""
        self.end_s, self.gap_s = end_s, gap_s

    def add(self, result: ImuResult) -> None:
        """Count one answer."""
        self.count(result)
        covered_s = min(result.t_s - self.t_s, max(self.window_s, self.hop_s))
        if result.reason:
            self.refused_s[result.reason] = self.refused_s.get(result.reason, 0.0) + covered_s
        else:
            self.answered_s += covered_s
        self.t_s = result.t_s
        self.labels[result.label] += 1
        self.smoothed.add(result.label)
        self.raw.add(result.raw_label)
        if result.true_label in self.classes:
            self.labelled += 1
            self.right += result.label == result.true_label
            self.raw_right += result.raw_label == result.true_label

    def flicker_per_minute(self) -> float | None:
        """Changes of the smoothed label per minute so far."""
        return self._per_minute(self.smoothed)

    def summary(self) -> dict[str, Any]:
        """The stream in numbers; None for what was not measured."""
        return {
            **self.beginning(),
            "stream_s": round(self._stream_s(), 3),
            "flicker_per_minute": self._per_minute(self.smoothed),
            "flicker_per_minute_raw": self._per_minute(self.raw),
            "online_accuracy": rounded(self.right, self.labelled),
            "online_accuracy_raw": rounded(self.raw_right, self.labelled),
            "labelled_windows": self.labelled,
            "seconds_per_label": {
                label: round(count * self.hop_s, 2) for label, count in self.labels.most_common()
            },
            "worn": self.worn,
            "without_answer": dict(self.reasons),
            "answered_s": round(self.answered_s, 2),
            "without_answer_s": {why: round(s, 2) for why, s in self._without().items()},
        }

    def _stream_s(self) -> float:
        return max(self.t_s, self.end_s)

    def _without(self) -> dict[str, float]:
        """Stream time without an answer by reason; with `answered_s` it is all of the stream."""
        refused_s = dict(self.refused_s)
        rest_s = self._stream_s() - self.answered_s - sum(refused_s.values()) - self.gap_s
        without = {GAP: self.gap_s, **refused_s, NO_WINDOW: max(0.0, rest_s)}
        return {why: s for why, s in without.items() if s >= 0.005}

    def _per_minute(self, changes: Changes) -> float | None:
        return rounded(changes.num * 60.0, self.windows * self.hop_s)


def summary_text(summary: Mapping[str, Any]) -> str:
    """The summary as a few lines of text, with the losses, if known."""
    latency = summary["latency_ms"]
    lines = [
        f"{summary['windows']} windows over {summary['stream_s']:.1f} s of stream"
        f" (one every {summary['hop_s']:g} s)",
        "capture to label: p50 {} ms, p95 {} ms, max {} ms; of it {} s mean look-ahead".format(
            *(_said(latency[key]) for key in ("p50", "p95", "max")), _said(summary["delay_s_mean"])
        ),
        f"flicker: {_said(summary['flicker_per_minute'])} changes of label a minute"
        f" (network alone {_said(summary['flicker_per_minute_raw'])})",
    ]
    if summary["labelled_windows"]:
        lines.append(
            f"online accuracy: {summary['online_accuracy']:.3f} over "
            f"{summary['labelled_windows']} labelled windows"
            f" (network alone {summary['online_accuracy_raw']:.3f})"
        )
    per_label = ", ".join(f"{k} {v:g} s" for k, v in summary["seconds_per_label"].items())
    lines.append(f"labels: {per_label or 'none'}")
    if summary["worn"]:
        lines.append(f"worn: {said_worn(summary['worn'])}")
    lines += _without_lines(summary)
    return "\n".join([*lines, *loss_lines(summary)])


def said_worn(worn: Mapping[str, Any]) -> str:
    """How the sensor is worn, in words."""
    place = worn.get("placement")
    where = f"{place} ({worn['placement_prob']:.2f}), " if place else ""
    return f"{where}upright is {worn['off_deg']} degrees off its x axis"


def _without_lines(summary: Mapping[str, Any]) -> list[str]:
    """Time without an answer, if it is more than the last part of a window."""
    without, counts = summary["without_answer_s"], summary["without_answer"]
    if not counts and sum(without.values()) <= summary["hop_s"]:
        return []
    parts = [f"{s:.3g} s {why}" for why, s in without.items()]
    windows = ", ".join(f"{count} {why}" for why, count in counts.items())
    counted = f" (windows without an answer: {windows})" if windows else ""
    return [f"{sum(without.values()):.3g} s without an answer: {', '.join(parts)}{counted}"]


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"
