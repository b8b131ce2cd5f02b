"""One stream played to its end into sinks, however it ends: the loop that `run` and `demo`
share.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from edgehuman.errors import ArtefactError, DataError, UsageError, printable
from edgehuman.records import Float64
from edgehuman.runtime.loop.dropped import Counts, FirstLosses
from edgehuman.runtime.loop.results import LiveResult, LiveT
from edgehuman.runtime.loop.sinks import LAST_WRITES_S, Sink, SinkThread
from edgehuman.runtime.loop.stopping import StopSignals

RESTART_S = 2.0  # a clock that steps back by more starts anew
MAX_HOP_S = 3600.0
# No model looks at more: a card that states it would ask for its memory.
MAX_WINDOW, MAX_RATE_HZ = 65_536, 5000.0
_LATE_S = 0.5  # a real-time stream ends by its stamps, not by the clock


class Block(Protocol):
    """A few records as they came, of any kind."""

    @property
    def stamp_s_T(self) -> Float64: ...
    def __len__(self) -> int: ...
    def head(self: BlockT, keep: int) -> BlockT:
        """The first `keep` of them."""


BlockT = TypeVar("BlockT", bound=Block)
BlockT_co = TypeVar("BlockT_co", bound=Block, covariant=True)
BlockT_contra = TypeVar("BlockT_contra", bound=Block, contravariant=True)
LiveT_co = TypeVar("LiveT_co", bound=LiveResult, covariant=True)


@runtime_checkable
class Playable(Protocol[BlockT_co]):
    """A source of any kind of blocks; `loop.source.Source` is one.

    Attributes:
        name: the id that results carry.
        live: True if records arrive at their own pace and the oldest are dropped when late.
    """

    name: str
    live: bool

    def __enter__(self) -> object: ...
    def __exit__(self, *exception: object) -> None: ...
    def __iter__(self) -> Iterator[BlockT_co]: ...
    def report(self) -> dict[str, Any]: ...


@runtime_checkable
class Closable(Protocol):
    """A source that holds a file or a port before it is entered."""

    def close(self) -> None:
        """Release it, if the source was never entered."""


class Adding(Protocol):
    """Totals over the results of a stream."""

    @property
    def windows(self) -> int: ...
    def summary(self) -> dict[str, Any]: ...


class Listener(Protocol[BlockT_contra, LiveT_co]):
    """Maps blocks to results; has no threads and no clock."""

    @property
    def tally(self) -> Adding: ...
    @property
    def report(self) -> Counts:
        """What was found in the stream so far."""

    def push(self, block: BlockT_contra) -> Sequence[LiveT_co]: ...
    def close(self) -> Sequence[LiveT_co]: ...
    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why the stream held no window, from what the source reports."""


@dataclass(frozen=True, slots=True)
class Played:
    """Attributes:
    summary: the totals (`Tally.summary`), with `sinks`, `source` and `stopped`.
    broken: what ended a sink early, in words.
    """

    summary: dict[str, Any]
    broken: tuple[str, ...]


def say(message: str) -> None:
    """Print one line of progress or trouble on standard error."""
    print(f"edgehuman: {printable(message)}", file=sys.stderr, flush=True)


def play(
    recogniser: Listener[BlockT, LiveT],
    source: Playable[BlockT],
    sinks: Sequence[Sink[LiveT]],
    seconds: float | None = None,
    notify: Callable[[str], object] = say,
    started: Callable[[Sequence[SinkThread[LiveT]]], object] = lambda threads: None,
    may_be_empty: bool = False,
) -> Played:
    """Recognise the source until it ends, a signal comes, `seconds` have passed (`first_seconds`),
    or the reader of standard output is gone.

    What was recognised before an error in the source still reaches the sinks.

    Args:
        started: called with the threads of the sinks, whose drops somebody may want to count.
        may_be_empty: no window is no error, if anything came: before a camera there may be nobody.

    Raises:
        DataError: the source is wrong, ended before its first window, or gave nothing.
        BrokenPipeError: the reader of standard output is gone.
    """
    stop = StopSignals()
    threads = [
        SinkThread(sink, not (source.live or sink.may_skip), stopped=lambda: stop.requested)
        for sink in sinks
    ]
    started(threads)
    losses = FirstLosses(source.name, notify)
    try:
        with stop, source:
            blocks = first_seconds(stop.until_stopped(source), seconds, source.live)
            for block in blocks:
                for result in recogniser.push(block):
                    for thread in threads:
                        thread.put(result)
                losses.look(recogniser.report, source.report())
                if any(isinstance(thread.error, BrokenPipeError) for thread in threads):
                    break
            for result in recogniser.close():
                for thread in threads:
                    thread.put(result)
            losses.look(recogniser.report, source.report())
    finally:
        broken = tuple(_close(threads, source.live, notify))
    refused = others_refused(source.report())
    is_wrong = not (may_be_empty and source.report().get("frames"))
    if recogniser.tally.windows == 0 and is_wrong and (refused or not stop.requested):
        require_something(source, seconds)
        raise DataError(f"{source.name}: {recogniser.no_window(source.report())}{refused}")
    report = {
        **account(recogniser, source),
        "sinks": {thread.sink.name: {"dropped": thread.lost} for thread in threads},
        "stopped": stop.requested,
    }
    return Played(report, broken)


def others_refused(source: Mapping[str, Any]) -> str:
    """That datagrams of other senders were refused, in words to go on with; "" if none were."""
    one = "datagrams" if "datagrams" in source else "messages"
    count = source.get(f"refused_{one}", 0)
    others = f"{count:,} {one} of other senders were not read; --sender chooses whose are"
    return f"; {others}" if count else ""


def account(recogniser: Listener[BlockT, LiveT], source: Playable[BlockT]) -> dict[str, Any]:
    """The totals so far: the tally with `stream` (findings in its rows) and `source` (counts of
    what was read and dropped).
    """
    return {
        **recogniser.tally.summary(),
        "stream": recogniser.report.as_dict(),
        "source": source.report(),
    }


def require_seconds(seconds: float | None) -> None:
    """Raises UsageError for a length of stream time that is not a finite number above 0."""
    if seconds is not None and not 0 < seconds < math.inf:
        raise UsageError(f"seconds is {seconds}; give a finite number above 0, or leave it out")


def require_hop(hop_s: float) -> float:
    """The stream time between two windows.

    Raises:
        UsageError: not above 0, or more than an hour.
    """
    if not 0 < hop_s <= MAX_HOP_S:
        raise UsageError(
            f"hop_s is {hop_s}; give a finite number of seconds above 0, at most {MAX_HOP_S:g}"
        )
    return hop_s


def require_cut(window: int, rate_hz: float) -> None:
    """Raises ArtefactError for a window or a rate of a card that is no model's, before memory is
    asked for.
    """
    if not (window <= MAX_WINDOW and rate_hz <= MAX_RATE_HZ):  # NaN is neither
        raise ArtefactError(
            f"the model's card states windows of {window:,} samples at {rate_hz:g} a second; at "
            f"most {MAX_WINDOW:,} and {MAX_RATE_HZ:,.0f} are read. Export the model again"
        )


def require_something(
    source: Playable[BlockT], seconds: float | None, stopped: bool = False
) -> None:
    """Raises DataError if nothing arrived, not even unreadable data, before the time was over or a
    signal came.
    """
    report = source.report()
    if any(report.get(key) for key in ("datagrams", "messages", "rows", "bad_rows", "bad_poses")):
        return
    if stopped:
        raise DataError(f"{source.name}: stopped before anything arrived; nothing was done")
    if source.live and seconds is not None:
        raise DataError(
            f"{source.name}: nothing arrived in {seconds:g} s; check that something sends "
            "lines there, or give more seconds"
        )


def first_seconds(
    blocks: Iterable[BlockT], seconds: float | None, live: bool = False
) -> Iterator[BlockT]:
    """The blocks of the first `seconds` of stream time, the last one cut; None: all of them.

    For a live source `seconds` also counts wall-clock time from the start and from the first
    record, so a silent source ends.

    Args:
        blocks: a live source also yields empty ones, while nothing arrives.
        seconds: above 0.
        live: wall-clock time counts too.
    """
    if seconds is None:
        yield from blocks
        return
    silent_until_s = time.monotonic() + seconds if live else math.inf
    until_s, end_s, newest_s = math.inf, math.inf, math.nan
    for block in blocks:
        if len(block):
            if end_s == math.inf:
                end_s = float(block.stamp_s_T[0]) + seconds
                until_s = time.monotonic() + seconds + _LATE_S if live else math.inf
            back_s_T = _steps_back(block.stamp_s_T, newest_s)
            late_T = block.stamp_s_T >= end_s - back_s_T
            end_s, newest_s = end_s - float(back_s_T[-1]), float(block.stamp_s_T[-1])
            if late_T.any():
                if keep := int(late_T.argmax()):
                    yield block.head(keep)
                return
        yield block
        if time.monotonic() >= (until_s if len(block) else min(until_s, silent_until_s)):
            return


def _steps_back(stamp_s_T: Float64, before_s: float) -> Float64:
    """By how much the clock has stepped back since `before_s`, at each record (T,)."""
    step_s_T = np.diff(stamp_s_T, prepend=before_s)
    with np.errstate(invalid="ignore"):
        return np.cumsum(np.where(step_s_T < -RESTART_S, -step_s_T, 0.0))


def _close(
    threads: Sequence[SinkThread[LiveT]], live: bool, notify: Callable[[str], object]
) -> Iterator[str]:
    """Let the sinks write what is queued; yields what went wrong, in words."""
    for thread in threads:
        done = thread.close(LAST_WRITES_S if live or thread.sink.may_skip else None)
        if isinstance(thread.error, BrokenPipeError):
            raise thread.error
        if thread.error is not None:
            yield f"{thread.sink.name}: {thread.error}"
        elif not done:
            yield f"{thread.sink.name}: still writing after {LAST_WRITES_S:g} s; the rest is lost"
        elif thread.lost:
            notify(f"{thread.sink.name} was too slow: {thread.lost} results dropped")
