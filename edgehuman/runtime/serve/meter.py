"""Counts of a run as Prometheus reads them, and as the page shows them.

    meter = Meter("door.mp4", "zoo:person-detector")
    meter.answered(latency_s=0.031, age_s=0.040)
    meter.text()

Labels have few values (source, stage, reason, sink): never a person or a track. Sources lose what
may be a password. Format: Prometheus' text format 0.0.4 (HELP, TYPE, name{label="value"} number).
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

from edgehuman.errors import safe_name
from edgehuman.install import VERSION

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MOST_REASONS = 32
OTHER = "other"
_RECENT = 512


class Histogram:
    """Seconds in fixed buckets; one thread adds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds


class Meter:
    """Counts of one run. The loop adds; any thread reads.

    Args:
        kind: "frames" or "samples", which names the counter of answers.
        source: its name.
        model: its name.

    Attributes:
        up: whether the source gives anything.
    """

    def __init__(self, kind: str, source: str, model: str) -> None:
        self._kind = kind
        self._source = public_name(source)
        self._model = model
        self.up = True
        self._seen: dict[str, tuple[int, int]] = {}
        self._answers = 0
        self._unanswered: Counter[str] = Counter()
        self._stages: dict[str, Histogram] = {"answer": Histogram()}
        self._age = Histogram()
        self._recent_s: deque[float] = deque(maxlen=_RECENT)
        self._ages_s: deque[float] = deque(maxlen=_RECENT)
        self._stamps_s: deque[float] = deque(maxlen=_RECENT)
        self._dropped: Callable[[], Mapping[str, int]] = dict
        self._sinks: Callable[[], Mapping[str, int]] = dict

    def ask(
        self, dropped: Callable[[], Mapping[str, int]], sinks: Callable[[], Mapping[str, int]]
    ) -> None:
        """Who knows what the source and the sinks dropped, by reason and by name."""
        self._dropped, self._sinks = dropped, sinks

    def answered(
        self, latency_s: float, age_s: float, stages_s: Mapping[str, float] | None = None
    ) -> None:
        """Count one answer.

        Args:
            latency_s: from the record in memory to its answer.
            age_s: from its capture, where that is known, to now.
            stages_s: parts of the latency by name.
        """
        self._answers += 1
        self._stages["answer"].add(latency_s)
        for stage, seconds in (stages_s or {}).items():
            self._stages.setdefault(stage, Histogram()).add(seconds)
        self._age.add(age_s)
        self._recent_s.append(latency_s)
        self._ages_s.append(age_s)
        self._stamps_s.append(time.monotonic())

    def seen(self, source: str, people: int, tracks: int) -> None:
        """How many there are in the newest frame of a source."""
        self._seen[source] = people, tracks

    @property
    def people(self) -> int:
        """In the newest frame of every source."""
        return sum(people for people, _ in tuple(self._seen.values()))

    @property
    def tracks(self) -> int:
        """In the newest frame of every source."""
        return sum(tracks for _, tracks in tuple(self._seen.values()))

    def unanswered(self, reason: str) -> None:
        """Count a record without an answer; reasons beyond 32 are one."""
        known = reason in self._unanswered or len(self._unanswered) < MOST_REASONS
        self._answers += 1
        self._unanswered[reason if known else OTHER] += 1

    def figures(self) -> dict[str, Any]:
        """The run as the page shows it; latencies of the last 512 answers, in milliseconds."""
        recent, ages = sorted(self._recent_s.copy()), sorted(self._ages_s.copy())
        stamps = tuple(self._stamps_s)
        span_s = stamps[-1] - stamps[0] if len(stamps) > 1 else 0.0
        return {
            "answers": self._answers,
            "unanswered": sum(self._unanswered.values()),
            "per_s": round((len(stamps) - 1) / span_s, 2) if span_s > 0 else None,
            "p50_ms": _percentile_ms(recent, 50),
            "p99_ms": _percentile_ms(recent, 99),
            "age_ms": _percentile_ms(ages, 50),
            "dropped": sum(self._dropped().values()),
            "sinks": dict(self._sinks()),
            "people": self.people,
            "up": self.up,
        }

    def said(self) -> str:
        """The run in a few words, for systemd."""
        up = "" if self.up else "; the source is silent"
        return f"{self._answers} answers, {sum(self._unanswered.values())} without one{up}"

    def text(self) -> str:
        """All counts in Prometheus' text format."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        source = {"source": self._source}
        answers = "frames" if self._kind == "frames" else "windows"
        yield from _family(
            "edgehuman_build_info",
            "gauge",
            "Version and model of this run.",
            [({"version": VERSION, "model": self._model}, 1)],
        )
        yield from _family(
            f"edgehuman_{answers}_total",
            "counter",
            f"{answers.capitalize()} that were looked at.",
            [(source, self._answers)],
        )
        lost = [(source | {"reason": why}, n) for why, n in self._unanswered.items()]
        yield from _family(
            f"edgehuman_{answers}_unanswered_total", "counter", "Those without an answer.", lost
        )
        dropped = [(source | {"reason": why}, n) for why, n in self._dropped().items()]
        what = "frames" if self._kind == "frames" else "rows"
        yield from _family(
            f"edgehuman_{what}_dropped_total",
            "counter",
            f"{what.capitalize()} of the source that were never looked at.",
            dropped,
        )
        yield from _family(
            "edgehuman_sink_dropped_total",
            "counter",
            "Results that a sink was too slow for, or did not take.",
            [({"sink": name}, n) for name, n in self._sinks().items()],
        )
        yield from _histograms(
            "edgehuman_stage_seconds",
            "Time of a stage.",
            [({"stage": stage}, each) for stage, each in tuple(self._stages.items())],
        )
        yield from _histograms(
            "edgehuman_frame_age_seconds", "From capture to answer.", [({}, self._age)]
        )
        if self._kind == "frames":
            now = "In the newest frame of every source."
            yield from _family("edgehuman_tracks", "gauge", now, [({}, self.tracks)])
            yield from _family("edgehuman_people", "gauge", now, [({}, self.people)])
        yield from _family(
            "edgehuman_source_up", "gauge", "1: it gives data.", [(source, int(self.up))]
        )


def public_name(source: str) -> str:
    """The name of a source without what may be a password: user, query and fragment of an
    address.
    """
    if "://" not in source:
        return safe_name(source)
    try:
        parts = urlsplit(source)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return safe_name(source.partition("://")[0]) + "://"
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return safe_name(f"{parts.scheme}://{host}{port}{parts.path}")


def _family(
    name: str, kind: str, what: str, rows: Sequence[tuple[Mapping[str, str], float]]
) -> Iterator[str]:
    if not rows:
        return
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} {kind}"
    for labels, value in rows:
        yield (
            f"{name}{_labels(labels)} {value:g}"
            if value % 1
            else f"{name}{_labels(labels)} {int(value)}"
        )


def _histograms(
    name: str, what: str, rows: Sequence[tuple[Mapping[str, str], Histogram]]
) -> Iterator[str]:
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} histogram"
    for labels, histogram in rows:
        counts = tuple(accumulate(tuple(histogram.counts)))
        bounds = (*(f"{bound:g}" for bound in BUCKETS_S), "+Inf")
        for bound, count in zip(bounds, counts, strict=True):
            yield f"{name}_bucket{_labels({**labels, 'le': bound})} {count}"
        yield f"{name}_sum{_labels(labels)} {histogram.sum_s:.6f}"
        yield f"{name}_count{_labels(labels)} {counts[-1]}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{said}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _percentile_ms(ordered_s: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile of ordered values."""
    if not ordered_s:
        return None
    rank = max(0, -(-len(ordered_s) * int(percent) // 100) - 1)
    return round(ordered_s[rank] * 1e3, 2)
