"""The result of one window, and the totals of a stream: what all records share.

What is specific to a record is in `runtime/<record>/results.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeVar

from edgehuman.records import Result

UNKNOWN = "unknown"  # the label if the score is under the threshold
_BINS_PER_DECADE = 232  # bins 1 % wide
_LEAST_MS = 1e-3
_DECADES = 9


@dataclass(frozen=True, slots=True)
class LiveResult(Result):
    """A Result with what every stream adds.

    Attributes:
        delay_s: stream time that the answer waited for data after its window; part of
            `latency_ms`.
        reason: why there is no answer ("frozen", …); empty if there is one.
    """

    delay_s: float = 0.0
    reason: str = ""

    def row(self) -> dict[str, Any]:
        """The result as one JSON object."""
        return {
            "t_s": round(self.t_s, 4),
            "label": self.label,
            "score": round(self.score, 5),
            "latency_ms": round(self.latency_ms, 3),
            "raw_label": self.raw_label,
            "delay_s": round(self.delay_s, 4),
            "source": self.source,
            **self.more(),
        }

    def more(self) -> dict[str, Any]:
        """The last keys of a result in JSON: the reason, if there is one."""
        return {"reason": self.reason} if self.reason else {}


LiveT = TypeVar("LiveT", bound=LiveResult)


def to_row(result: LiveResult) -> dict[str, Any]:
    """A result as one JSON object."""
    return result.row()


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
        """The latency at a percentile, within 1 %; nan if nothing was counted."""
        wanted = self._num * percent / 100.0
        seen = 0
        for place, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                middle_ms = _LEAST_MS * math.pow(10.0, (place + 0.5) / _BINS_PER_DECADE)
                return min(middle_ms, self.max_ms)
        return float("nan")


@dataclass(slots=True)
class Tally:
    """Totals of any stream, in constant memory.

    Attributes:
        hop_s: stream time between windows.
        windows, reasons: windows so far, and those without an answer, by reason.
        latency: capture-to-label latencies, including the look-ahead.
        labels: windows per label.
        t_s: stream time so far.
        total_delay_s: sum of the answers' delays in stream time.
    """

    hop_s: float
    windows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    labels: Counter[str] = field(default_factory=Counter)
    t_s: float = 0.0
    total_delay_s: float = 0.0

    def count(self, result: LiveResult) -> None:
        """Count one answer, except its label and time, which each record counts in its own way."""
        self.windows += 1
        self.latency.add(result.latency_ms)
        self.total_delay_s += result.delay_s
        if result.reason:
            self.reasons[result.reason] += 1

    def beginning(self) -> dict[str, Any]:
        """The first keys of every summary; None for what was not measured."""
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
            "delay_s_mean": rounded(self.total_delay_s, self.windows),
        }


def rounded(part: float, whole: float) -> float | None:
    """A share to four decimal places; None if `whole` is 0."""
    return round(part / whole, 4) if whole else None


def _three_digits(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.3g}")
