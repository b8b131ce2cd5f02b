"""What a stream lost, in words: a line of the summary, and a message at the first loss of each
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
        first: the message at the first one; empty: another place reports it.
        advice: what to do if no window is left because of it.
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
        "fix the program that writes NaN",
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
        "a row repeats the stamp of an earlier row",
        "give every row a time of its own",
    ),
    Loss(
        "refused",
        "row that no wearable gives",
        "rows that no wearable gives",
        "",
        "fix the rate, the units or the program that sends them",
    ),
    Loss(
        "empty",
        "frame without a joint",
        "frames without a joint",
        "a frame has no visible joint",
        "give frames with at least one visible joint",
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
        "garbage_messages",
        "message unreadable",
        "messages unreadable",
        "a message cannot be read",
        "publish a JSON object or a row t,ax,ay,az,gx,gy,gz per message",
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
    Loss(
        "impossible_rows",
        "row faster than any wearable",
        "rows faster than any wearable",
        "",
        "fix the clock of the stamps, or give their unit with --stamp-unit",
    ),
    Loss(
        "lost_datagrams",
        "datagram dropped by the kernel",
        "datagrams dropped by the kernel",
        "datagrams come faster than they are read, and the kernel drops them",
    ),
    Loss(
        "lost_messages",
        "message that came too fast",
        "messages that came too fast",
        "messages come faster than they are read, and the oldest are dropped",
    ),
    Loss("missing_messages", "message that never came", "messages that never came"),
    Loss("repeated_messages", "message that came again", "messages that came again"),
    Loss("truncated", "truncated line", "truncated lines", "the last line is cut short"),
    Loss(
        "dropped",
        "sample replaced by newer ones",
        "samples replaced by newer ones",
        "samples arrive faster than they are recognised; the oldest are dropped",
    ),
)
_WHOLE = ("garbage_datagrams", "garbage_messages")
_TOLD = (*_WHOLE, "bad_rows", "bad_poses")
# Named by remarks of the source as they happen.
_OF_OTHERS = (
    Loss("refused_datagrams", "datagram of another sender", "datagrams of other senders"),
    Loss("refused_messages", "message of another sender", "messages of other senders"),
    Loss("refused_requests", "request refused", "requests refused"),
    Loss("lost_connections", "connection lost", "connections lost"),
)
# Nothing is dropped for these; saturated and frozen sensors are reported where they are detected.
_FOUND = (
    Loss("gaps", "gap", "gaps", "a gap: windows restart after it"),
    Loss(
        "restarts",
        "restart of the clock",
        "restarts of the clock",
        "the clock of the rows jumped back: windows restart after it",
    ),
    Loss("saturated", "row at a sensor's limit", "rows at a sensor's limit"),
    Loss("frozen", "row of a frozen sensor", "rows of a frozen sensor"),
)


def loss_lines(summary: Mapping[str, Any]) -> list[str]:
    """The summary's lines on losses; empty if nothing was lost.

    Args:
        summary: may hold `stream` (`ImuReport.as_dict`), `source` (`Source.report`) and `sinks`.
    """
    stream, source = summary.get("stream", {}), summary.get("source", {})
    dropped = [*_counted(_OF_STREAM, stream), *_counted(_of_source(source), source)]
    dropped += _counted(_OF_OTHERS, source)
    for name, sink in summary.get("sinks", {}).items():
        if sink["dropped"]:
            dropped.append(f"{sink['dropped']} results that {name} was too slow for")
    headed = (("dropped", dropped), ("found", _counted(_FOUND, stream)))
    parts = [f"{head}: {', '.join(said)}" for head, said in headed if said]
    lines = ["; ".join(parts)] if parts else []
    if source.get("first_bad"):
        lines.append(f"first unreadable: {'; '.join(source['first_bad'])}")
    return lines


def cause_of_loss(report: Counts, source: Mapping[str, Any]) -> tuple[int, str]:
    """The largest count of lost rows, and the same in words with advice; (0, "") if none."""
    counts = [(_count(report.as_dict(), loss), loss) for loss in _OF_STREAM]
    counts += [(_count(source, loss), loss) for loss in _of_source(source) if loss.advice]
    count, loss = max(counts, key=lambda pair: pair[0])
    return (count, f"{_said(count, loss)}; {loss.advice}") if count else (0, "")


class FirstLosses:
    """Reports the first loss of each kind, and each remark of the source, as it happens.

    Args:
        name: of the source, for the messages.
        notify: called with each message.
    """

    def __init__(self, name: str, notify: Callable[[str], object]) -> None:
        self._name = name
        self._notify = notify
        self._of_stream = [loss for loss in (*_OF_STREAM, *_FOUND) if loss.first]
        self._of_source = [loss for loss in _OF_SOURCE if loss.first]
        self._remarks: set[str] = set()

    def look(self, report: Counts, source: Mapping[str, Any]) -> None:
        """Report the kinds of loss that were not counted before."""
        counts = report.as_dict()
        for loss in [loss for loss in self._of_stream if counts.get(loss.key)]:
            self._of_stream.remove(loss)
            kept = "" if loss in _FOUND else "; such rows are dropped and counted"
            self._notify(f"{self._name}: {loss.first}{kept}")
        for remark in source.get("remarks", ()):
            if remark not in self._remarks:
                self._remarks.add(remark)
                self._notify(f"{self._name}: {remark}")
        for loss in [loss for loss in self._of_source if source.get(loss.key)]:
            self._of_source.remove(loss)
            if loss in _of_source(source):
                self._notify(f"{self._name}: {self._first_of_source(loss, source)}")

    @staticmethod
    def _first_of_source(loss: Loss, source: Mapping[str, Any]) -> str:
        if loss.key in _TOLD and source.get("first_bad"):
            return (
                f"{loss.first} ({source['first_bad'][0]}); unreadable ones are dropped and counted"
            )
        return f"{loss.first}; losses are counted"


def _of_source(source: Mapping[str, Any]) -> tuple[Loss, ...]:
    """The counters without double counting: messages or lines, not both; lines for poses, as one
    datagram may hold everybody in a frame.
    """
    by_message = any(key in source for key in _WHOLE) and "bad_poses" not in source
    twice = ("bad_rows",) if by_message else _WHOLE
    return tuple(loss for loss in _OF_SOURCE if loss.key not in twice)


def _counted(losses: tuple[Loss, ...], report: Mapping[str, Any]) -> list[str]:
    return [_said(count, loss) for loss in losses if (count := _count(report, loss))]


def _count(report: Mapping[str, Any], loss: Loss) -> int:
    return int(report.get(loss.key, 0))


def _said(count: int, loss: Loss) -> str:
    return f"{count} {loss.one if count == 1 else loss.many}"
