"""What a stream lost on its way, in words: a line of the summary, and a remark at the first of each
kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Counts(Protocol):
    """What was found in a stream, by the keys of the losses below."""

    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Loss:
    """One counter of the summary.

    Attributes:
        key: its name in the report.
        one, many: what it counts, for 1 and for more.
        first: what is remarked when the first comes; empty: it is remarked elsewhere.
        advice: what to do where it left no window.
    """

    key: str
    one: str
    many: str
    first: str = ""
    advice: str = ""


_OF_STREAM = (
    Loss(
        "not_finite",
        "row not finite",
        "rows not finite",
        "a row is not finite (NaN, an infinity, or beyond any sensor)",
        "mend what writes NaN",
    ),
    Loss(
        "out_of_order",
        "row out of order",
        "rows out of order",
        "a row came out of order, after one with a later stamp",
        "sort the rows by time",
    ),
    Loss(
        "duplicate",
        "row with a repeated stamp",
        "rows with a repeated stamp",
        "a row repeats a stamp that was there already",
        "give every row a time of its own",
    ),
    Loss(
        "empty",
        "frame without a joint",
        "frames without a joint",
        "a frame shows no joint at all",
        "give frames in which somebody is seen",
    ),
)
_OF_SOURCE = (
    Loss(
        "garbage_datagrams",
        "datagram unreadable",
        "datagrams unreadable",
        "a datagram cannot be read",
        "send a JSON object or a row t,ax,ay,az,gx,gy,gz per datagram",
    ),
    Loss(
        "bad_rows",
        "line unreadable",
        "lines unreadable",
        "a line cannot be read",
        "write numbers into the columns t,ax,ay,az,gx,gy,gz",
    ),
    Loss(
        "bad_poses",
        "line unreadable",
        "lines unreadable",
        "a line cannot be read",
        'write {"t": seconds, "id": track, "joints": [18 of [x, y, confidence]]} on each line',
    ),
    Loss("truncated", "truncated line", "truncated lines", "the last line is cut short"),
    Loss(
        "dropped",
        "sample overtaken by newer ones",
        "samples overtaken by newer ones",
        "samples come faster than they are recognised, and the newest win",
    ),
)
# Nothing is dropped for these; saturated and frozen sensors are remarked where they are found.
_FOUND = (
    Loss("gaps", "gap", "gaps", "a gap: windows start again after it"),
    Loss(
        "restarts",
        "restart of the clock",
        "restarts of the clock",
        "the clock of the rows jumped back: windows start again after it",
    ),
    Loss("saturated", "row at a sensor's limit", "rows at a sensor's limit"),
    Loss("frozen", "row of a frozen sensor", "rows of a frozen sensor"),
)


def loss_lines(summary: Mapping[str, Any]) -> list[str]:
    """The summary's lines on losses; empty if nothing was lost.

    Args:
        summary: with `stream` (`ImuReport.as_dict`), `source` (`Source.report`) and `sinks`, each
            where there is one.
    """
    stream, source = summary.get("stream", {}), summary.get("source", {})
    dropped = [*_counted(_OF_STREAM, stream), *_counted(_of_source(source), source)]
    for name, sink in summary.get("sinks", {}).items():
        if sink["dropped"]:
            dropped.append(f"{sink['dropped']} results too many for {name}")
    headed = (("dropped", dropped), ("found", _counted(_FOUND, stream)))
    parts = [f"{head}: {', '.join(said)}" for head, said in headed if said]
    lines = ["; ".join(parts)] if parts else []
    if source.get("first_bad"):
        lines.append(f"first unreadable: {'; '.join(source['first_bad'])}")
    return lines


def cause_of_loss(report: Counts, source: Mapping[str, Any]) -> tuple[int, str]:
    """The largest count of rows lost, and that in words with the advice; (0, "") where none was."""
    counts = [(_count(report.as_dict(), loss), loss) for loss in _OF_STREAM]
    counts += [(_count(source, loss), loss) for loss in _of_source(source) if loss.advice]
    count, loss = max(counts, key=lambda pair: pair[0])
    return (count, f"{_said(count, loss)}; {loss.advice}") if count else (0, "")


class FirstLosses:
    """Remarks at the first loss of each kind, as it happens.

    Args:
        name: of the source, for the remarks.
        notify: told of each remark.
    """

    def __init__(self, name: str, notify: Callable[[str], object]) -> None:
        self._name = name
        self._notify = notify
        self._of_stream = [loss for loss in (*_OF_STREAM, *_FOUND) if loss.first]
        self._of_source = list(_OF_SOURCE)

    def look(self, report: Counts, source: Mapping[str, Any]) -> None:
        """Remark on what is counted now and was not before."""
        counts = report.as_dict()
        for loss in [loss for loss in self._of_stream if counts.get(loss.key)]:
            self._of_stream.remove(loss)
            kept = "" if loss in _FOUND else "; such rows are dropped and counted"
            self._notify(f"{self._name}: {loss.first}{kept}")
        for loss in [loss for loss in self._of_source if source.get(loss.key)]:
            self._of_source.remove(loss)
            if loss in _of_source(source):
                self._notify(f"{self._name}: {self._first_of_source(loss, source)}")

    @staticmethod
    def _first_of_source(loss: Loss, source: Mapping[str, Any]) -> str:
        if loss.key in ("garbage_datagrams", "bad_rows", "bad_poses") and source.get("first_bad"):
            return f"{loss.first} ({source['first_bad'][0]}); such are dropped and counted"
        return f"{loss.first}; what is lost is counted"


def _of_source(source: Mapping[str, Any]) -> tuple[Loss, ...]:
    """The counters that say each loss once: of datagrams or of lines, not of both; of poses by the
    line, as a datagram may hold everybody in a frame.
    """
    by_datagram = "garbage_datagrams" in source and "bad_poses" not in source
    twice = "bad_rows" if by_datagram else "garbage_datagrams"
    return tuple(loss for loss in _OF_SOURCE if loss.key != twice)


def _counted(losses: tuple[Loss, ...], report: Mapping[str, Any]) -> list[str]:
    return [_said(count, loss) for loss in losses if (count := _count(report, loss))]


def _count(report: Mapping[str, Any], loss: Loss) -> int:
    return int(report.get(loss.key, 0))


def _said(count: int, loss: Loss) -> str:
    return f"{count} {loss.one if count == 1 else loss.many}"
