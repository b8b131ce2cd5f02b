"""What the stream says of one window, in full, and what it adds up to when it ends."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgehuman.records import ImuWindow, Result
from edgehuman.runtime.loop.dropped import loss_lines

_BINS_PER_DECADE = 232  # bins 1 % wide
_LEAST_MS = 1e-3
_DECADES = 9


@dataclass(frozen=True, slots=True)
class LiveResult(Result):
    """A Result with what the views need besides.

    Attributes:
        delay_s: stream time that the smoothing looked ahead; it is part of `latency_ms`.
        reason: why there is no answer ("frozen", …); empty where there is one.
        true_label: what the source says the wearer did, where it knows.
        prob_C: (C,): the network's calibrated probabilities, in the card's order of labels.
        window: the record that was judged.
    """

    delay_s: float = 0.0
    reason: str = ""
    true_label: str | None = None
    prob_C: tuple[float, ...] | None = None
    window: ImuWindow | None = None

    def more(self) -> dict[str, Any]:
        """What a kind of result has to say besides, for JSON."""
        return {}


def to_row(result: LiveResult) -> dict[str, Any]:
    """A result as one JSON object; `true_label` and `reason` only where there is one."""
    row: dict[str, Any] = {
        "t_s": round(result.t_s, 4),
        "label": result.label,
        "score": round(result.score, 5),
        "latency_ms": round(result.latency_ms, 3),
        "raw_label": result.raw_label,
        "delay_s": round(result.delay_s, 4),
        "source": result.source,
    }
    if result.true_label is not None:
        row["true_label"] = result.true_label
    if result.reason:
        row["reason"] = result.reason
    return {**row, **result.more()}


class LatencyHistogram:
    """Percentiles of any number of latencies in constant memory: bins 1 % wide from 1 µs to 1000
    s.
    """

    def __init__(self) -> None:
        self._counts = [0] * (_BINS_PER_DECADE * _DECADES)
        self._num = 0
        self.max_ms = 0.0

    def add(self, latency_ms: float) -> None:
        """Count one latency."""
        place = int(math.log10(max(latency_ms, _LEAST_MS) / _LEAST_MS) * _BINS_PER_DECADE)
        self._counts[min(place, len(self._counts) - 1)] += 1
        self._num += 1
        self.max_ms = max(self.max_ms, latency_ms)

    def percentile_ms(self, percent: float) -> float:
        """The latency that so many percent stay under, to 1 %; nan where nothing was counted."""
        wanted = self._num * percent / 100.0
        seen = 0
        for place, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                middle_ms = _LEAST_MS * math.pow(10.0, (place + 0.5) / _BINS_PER_DECADE)
                return min(middle_ms, self.max_ms)
        return float("nan")


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
class Tally:
    """What a stream adds up to, in constant memory.

    Attributes:
        hop_s: stream time between windows.
        classes: the labels that a true label counts for (others are transitions, or not known
            here).
        windows, reasons: answers given, and how many had none, by reason.
        latency: capture-to-label latencies, what the smoothing waited for included.
        labels: hops per label.
        labelled, right, raw_right: hops with a true label, and those answered right.
    """

    hop_s: float
    classes: tuple[str, ...]
    windows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    labels: Counter[str] = field(default_factory=Counter)
    smoothed: Changes = field(default_factory=Changes)
    raw: Changes = field(default_factory=Changes)
    labelled: int = 0
    right: int = 0
    raw_right: int = 0
    t_s: float = 0.0
    total_delay_s: float = 0.0

    def add(self, result: LiveResult) -> None:
        """Count one answer."""
        self.windows += 1
        self.t_s = result.t_s
        self.labels[result.label] += 1
        self.smoothed.add(result.label)
        self.raw.add(result.raw_label)
        self.latency.add(result.latency_ms)
        self.total_delay_s += result.delay_s
        if result.reason:
            self.reasons[result.reason] += 1
        if result.true_label in self.classes:
            self.labelled += 1
            self.right += result.label == result.true_label
            self.raw_right += result.raw_label == result.true_label

    def _per_minute(self, changes: Changes) -> float | None:
        return _rounded(changes.num * 60.0, self.windows * self.hop_s)

    def flicker_per_minute(self) -> float | None:
        """Changes of the smoothed label per minute so far."""
        return self._per_minute(self.smoothed)

    def summary(self) -> dict[str, Any]:
        """The stream in numbers; None where nothing was there to measure."""
        latency = {
            "p50": _three_digits(self.latency.percentile_ms(50)),
            "p95": _three_digits(self.latency.percentile_ms(95)),
            "max": _three_digits(self.latency.max_ms if self.windows else math.nan),
        }
        return {
            "windows": self.windows,
            "stream_s": round(self.t_s, 3),
            "hop_s": self.hop_s,
            "latency_ms": latency,
            "delay_s_mean": _rounded(self.total_delay_s, self.windows),
            "flicker_per_minute": self._per_minute(self.smoothed),
            "flicker_per_minute_raw": self._per_minute(self.raw),
            "online_accuracy": _rounded(self.right, self.labelled),
            "online_accuracy_raw": _rounded(self.raw_right, self.labelled),
            "labelled_windows": self.labelled,
            "seconds_per_label": {
                label: round(count * self.hop_s, 2) for label, count in self.labels.most_common()
            },
            "without_answer": dict(self.reasons),
        }


def summary_text(summary: Mapping[str, Any]) -> str:
    """The summary as a few lines for people, what was lost included where it is told."""
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
    if summary["without_answer"]:
        counts = ", ".join(f"{count} {why}" for why, count in summary["without_answer"].items())
        lines.append(f"windows without an answer: {counts}")
    return "\n".join([*lines, *loss_lines(summary)])


def _rounded(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _three_digits(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.3g}")


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"
