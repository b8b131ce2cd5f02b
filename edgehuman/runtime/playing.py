"""One stream played to its end into sinks, however it ends: the loop that `run` and `demo`
share.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.losses import Counts, FirstLosses
from edgehuman.runtime.results import LiveResult
from edgehuman.runtime.sinks import Sink, SinkThread
from edgehuman.runtime.stopping import StopSignals

_LAST_WRITES_S = 5.0  # how long a live stream waits for a slow sink at its end


class Block(Protocol):
    """A few records as they came, whatever they are records of."""

    @property
    def stamp_s_T(self) -> NDArray[np.float64]: ...
    def __len__(self) -> int: ...
    def head(self: BlockT, keep: int) -> BlockT:
        """The first `keep` of them."""


BlockT = TypeVar("BlockT", bound=Block)
BlockT_co = TypeVar("BlockT_co", bound=Block, covariant=True)
BlockT_contra = TypeVar("BlockT_contra", bound=Block, contravariant=True)
ResultT_co = TypeVar("ResultT_co", bound=LiveResult, covariant=True)


class Playable(Protocol[BlockT_co]):
    """A source of any kind of blocks; `runtime.sources.Source` is one."""

    name: str
    live: bool

    def __enter__(self) -> object: ...
    def __exit__(self, *exception: object) -> None: ...
    def __iter__(self) -> Iterator[BlockT_co]: ...
    def report(self) -> dict[str, Any]: ...


class Adding(Protocol):
    """What the results of a stream add up to."""

    @property
    def windows(self) -> int: ...
    def summary(self) -> dict[str, Any]: ...


class Listener(Protocol[BlockT_contra, ResultT_co]):
    """Takes blocks, gives results; has no threads and no clock of its own."""

    @property
    def tally(self) -> Adding: ...
    @property
    def report(self) -> Counts:
        """What was found in the stream so far."""

    def push(self, block: BlockT_contra) -> Sequence[ResultT_co]: ...
    def close(self) -> Sequence[ResultT_co]: ...
    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why the stream held no window, from what the source reports."""


@dataclass(frozen=True, slots=True)
class Played:
    """Attributes:
    summary: what the stream added up to (`Tally.summary`), with `sinks`, `source` and `stopped`.
    broken: what ended a sink early, in words.
    """

    summary: dict[str, Any]
    broken: tuple[str, ...]


def say(message: str) -> None:
    """One line of progress or trouble on standard error."""
    print(f"edgehuman: {message}", file=sys.stderr, flush=True)


def play(
    recogniser: Listener[BlockT, LiveResult],
    source: Playable[BlockT],
    sinks: Sequence[Sink],
    seconds: float | None = None,
    notify: Callable[[str], object] = say,
) -> Played:
    """Recognise the source until it ends, a signal comes, `seconds` have passed, or nobody reads
    any more.

    What was recognised before an error in the source still reaches the sinks.

    Raises:
        DataError: the source is wrong, or ended before its first window.
        BrokenPipeError: the reader of standard output is gone.
    """
    threads = [SinkThread(sink, not (source.live or sink.may_skip)) for sink in sinks]
    losses = FirstLosses(source.name, notify)
    stop = StopSignals()
    try:
        with stop, source:
            blocks = first_seconds(stop.until_stopped(source), seconds)
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
    if recogniser.tally.windows == 0 and not stop.requested:
        raise DataError(f"{source.name}: {recogniser.no_window(source.report())}")
    report = {
        **account(recogniser, source),
        "sinks": {thread.sink.name: {"dropped": thread.dropped} for thread in threads},
        "stopped": stop.requested,
    }
    return Played(report, broken)


def account(recogniser: Listener[BlockT, LiveResult], source: Playable[BlockT]) -> dict[str, Any]:
    """What the stream adds up to so far: the tally with `stream` (what was found in its rows) and
    `source` (what was read and dropped).
    """
    return {
        **recogniser.tally.summary(),
        "stream": recogniser.report.as_dict(),
        "source": source.report(),
    }


def require_seconds(seconds: float | None) -> None:
    """Raises UsageError for a length of stream time that is not above 0."""
    if seconds is not None and seconds <= 0:
        raise UsageError(f"seconds is {seconds}; give more than 0, or leave it out")


def first_seconds(blocks: Iterable[BlockT], seconds: float | None) -> Iterator[BlockT]:
    """The blocks until so much stream time has passed, the last one cut; None: all of them."""
    begin_s: float | None = None
    for block in blocks:
        if seconds is None or not len(block):
            yield block
            continue
        begin_s = float(block.stamp_s_T[0]) if begin_s is None else begin_s
        late_T = block.stamp_s_T >= begin_s + seconds
        if not late_T.any():
            yield block
            continue
        if keep := int(late_T.argmax()):
            yield block.head(keep)
        return


def _close(
    threads: Sequence[SinkThread], live: bool, notify: Callable[[str], object]
) -> Iterator[str]:
    """Let the sinks write what waits; what went wrong in words."""
    for thread in threads:
        done = thread.close(_LAST_WRITES_S if live else None)
        if isinstance(thread.error, BrokenPipeError):
            raise thread.error
        if thread.error is not None:
            yield f"{thread.sink.name}: {thread.error}"
        elif not done:
            yield f"{thread.sink.name}: still writing after {_LAST_WRITES_S:g} s; the rest is lost"
        elif thread.dropped:
            notify(f"{thread.sink.name} was too slow: {thread.dropped} results dropped")
