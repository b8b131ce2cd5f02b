"""One stream played to its end into sinks, however it ends: the loop that `run` and `demo`
share.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from edgehuman.errors import DataError
from edgehuman.runtime.losses import FirstLosses, cause_of_loss
from edgehuman.runtime.recogniser import Recogniser
from edgehuman.runtime.ring import SampleBlock
from edgehuman.runtime.sinks import Sink, SinkThread
from edgehuman.runtime.sources import Source
from edgehuman.runtime.stopping import StopSignals

_LAST_WRITES_S = 5.0  # how long a live stream waits for a slow sink at its end


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
    recogniser: Recogniser,
    source: Source,
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
                losses.look(recogniser.windows.report, source.report())
                if any(isinstance(thread.error, BrokenPipeError) for thread in threads):
                    break
            for result in recogniser.close():
                for thread in threads:
                    thread.put(result)
            losses.look(recogniser.windows.report, source.report())
    finally:
        broken = tuple(_close(threads, source.live, notify))
    if recogniser.tally.windows == 0 and not stop.requested:
        raise DataError(_too_short(recogniser, source))
    report = {
        **account(recogniser, source),
        "sinks": {thread.sink.name: {"dropped": thread.dropped} for thread in threads},
        "stopped": stop.requested,
    }
    return Played(report, broken)


def account(recogniser: Recogniser, source: Source) -> dict[str, Any]:
    """What the stream adds up to so far: `Tally.summary` with `stream` (what was found in its rows:
    `ImuReport`) and `source` (what was read and dropped).
    """
    return {
        **recogniser.tally.summary(),
        "stream": recogniser.windows.report.as_dict(),
        "source": source.report(),
    }


def first_seconds(blocks: Iterable[SampleBlock], seconds: float | None) -> Iterator[SampleBlock]:
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
            yield _head(block, keep)
        return


def _head(block: SampleBlock, keep: int) -> SampleBlock:
    """The first `keep` samples."""
    label_T = None if block.label_T is None else block.label_T[:keep]
    return dataclasses.replace(
        block,
        stamp_s_T=block.stamp_s_T[:keep],
        imu_TC=block.imu_TC[:keep],
        arrival_ns_T=block.arrival_ns_T[:keep],
        label_T=label_T,
    )


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


def _too_short(recogniser: Recogniser, source: Source) -> str:
    """Why there was no window, with the largest loss where it is to blame."""
    report = recogniser.windows.report
    needed_s = recogniser.window / recogniser.rate_hz
    needed_rows = needed_s * (report.rate_hz or recogniser.rate_hz)
    lost, cause = cause_of_loss(report, source.report())
    if report.used >= needed_rows:
        breaks = report.gaps + report.restarts
        why = f": {breaks} gaps break them up; give a recording without pauses"
    elif lost and report.used + lost >= needed_rows:
        why = f": {cause}"
    else:
        why = "; give a longer recording"
    return (
        f"{source.name}: {report.rows} rows, {report.used} of them used, hold no window of "
        f"{needed_s:g} s without a gap{why}"
    )
