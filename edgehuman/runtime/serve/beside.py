"""What stands beside a run: page, webhook, figures, signs of life; nothing of it slows or ends the
run.

    with Beside(flags, about, notify) as beside:
        for record in beside.through(records): ...
        beside.end(summary)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from edgehuman.runtime.loop.dropped import Counts
from edgehuman.runtime.loop.play import Adding, BlockT, BlockT_co, Listener, Playable
from edgehuman.runtime.loop.results import LiveT
from edgehuman.runtime.loop.sinks import LAST_WRITES_S, Sink, SinkThread
from edgehuman.runtime.replay.folder import Recorder
from edgehuman.runtime.serve.access import token_of
from edgehuman.runtime.serve.address import parse_address
from edgehuman.runtime.serve.board import About, Board
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.serve.meter import Meter
from edgehuman.runtime.serve.metrics import MetricsFile
from edgehuman.runtime.serve.server import PageServer
from edgehuman.runtime.serve.systemd import Watchdog
from edgehuman.runtime.serve.webhook import Webhook

if TYPE_CHECKING:
    from edgehuman.runtime.serve.people.keeper import Managing

Item = TypeVar("Item")
MOST_KEPT = 64
"""Records that wait until they are written."""
SILENT_S = 5.0
"""So long nothing may come from a source that is up."""
_LAST_VIEWS_S = 1.0


class Keeping(Sink[Any], Protocol):
    """A sink that keeps what the loop takes."""

    @property
    def recorder(self) -> Recorder: ...


class Beside:
    """What stands beside one run.

    Args:
        flags: what was asked for.
        about: what does not change during the run.
        notify: called with the page's address, and with what went wrong.
        keeper: manages the run's gallery on the page; None: nothing can be changed there.

    Attributes:
        board: what the page shows; None: there is no page.
        meter: the figures.
        counts: whether anybody reads the figures.

    Raises:
        UsageError, DataError, MissingDependencyError: a wrong address, a taken port, no `[serve]`.
    """

    def __init__(
        self,
        flags: LiveFlags,
        about: About,
        notify: Callable[[str], object],
        keeper: Managing | None = None,
    ) -> None:
        flags.require_page()
        self._keeper = keeper
        self.meter = Meter(about.kind, about.source, about.model)
        self.board: Board | None = None
        self.counts = flags.serve is not None or flags.metrics is not None
        self._server: PageServer | None = None
        self._flags, self._about, self._notify = flags, about, notify
        self._webhook: Webhook[Any] | None = None
        self._watchdog = Watchdog()
        self._held = ExitStack()
        self._threads: Sequence[SinkThread[Any]] = ()
        self._own: list[SinkThread[Any]] = []
        self._keeping: SinkThread[Any] | None = None
        self._recorder: Recorder | None = None
        self._file = None
        if flags.metrics is not None:
            self._file = MetricsFile(flags.metrics, self.meter, notify)
        if flags.serve is not None:
            self._open_page(flags.serve)

    def _open_page(self, spec: str) -> None:
        flags, notify = self._flags, self._notify
        address = parse_address(spec, flags.serve_cert, flags.serve_key, flags.serve_name)
        token = token_of(flags.serve_token)
        self.board = Board(self._about)
        self._server = PageServer(self.board, self.meter, address, token, self._keeper, notify)
        # Of a service, what is printed is kept in a log that others may read.
        said = token if flags.serve_token is None else f"(that of {flags.serve_token})"
        notify(f"page: {self._server.url}?token={said}")
        if not address.is_loopback and address.cert is None:
            notify(
                "the page is sent unencrypted over the network; add --serve-cert and "
                "--serve-key, or reach it through SSH"
            )
        if self._keeper is not None:
            notify("whoever opens the page can enrol and forget people (--serve-gallery)")

    def __enter__(self) -> Beside:
        if self._server is not None:
            self._server.start()
            self._held.callback(self._close_page, self._server)
        if self._file is not None:
            self._file.start()
            self._held.callback(self._file.stop)
        return self

    def __exit__(self, *exception: object) -> None:
        self._watchdog.stopping()
        self.close_sinks()
        self._held.close()

    def start_sinks(self, sinks: Sequence[Sink[Any]]) -> None:
        """Give results to these sinks, of a loop that has none of its own; see `put`."""
        self._own = [SinkThread(sink, lossless=False) for sink in sinks]
        self.watch_sinks(self._own)

    def put(self, result: object) -> None:
        """Queue a result for those sinks."""
        for thread in self._own:
            thread.put(result)

    def close_sinks(self) -> list[str]:
        """Let those sinks write what is queued, for a while; what went wrong, in words."""
        broken = []
        threads, self._own = self._own, []
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            threads = [keeping, *threads]
            self._threads = [*self._threads, keeping]
        for thread in threads:
            done = self._close_kept(thread) if thread is keeping else thread.close(LAST_WRITES_S)
            if thread.error is not None:
                broken.append(f"{thread.sink.name}: {thread.error}")
            elif not done:
                said = f"still writing after {LAST_WRITES_S:g} s; the rest is lost"
                broken.append(f"{thread.sink.name}: {said}")
        return broken

    def _close_kept(self, thread: SinkThread[Any]) -> bool:
        """Let what is queued be kept, as long as something is: pictures take a while each. False if
        nothing was kept for `LAST_WRITES_S`.
        """
        kept, done = None, False
        while self._recorder is not None and not done and kept != self._recorder.kept:
            kept = self._recorder.kept
            done = thread.close(LAST_WRITES_S)
        return done

    def keep_by(self, keeper: Keeping, lossless: bool) -> None:
        """Keep what the loop takes.

        Args:
            keeper: a sink of (record, when the loop took it).
            lossless: the loop waits for it; else the oldest that waits is dropped, and counted.
        """
        self._recorder = keeper.recorder
        self._keeping = SinkThread(keeper, lossless, MOST_KEPT)

    def watch_sinks(self, threads: Sequence[SinkThread[Any]]) -> None:
        """Count what these sinks drop."""
        self._threads = threads

    def dropped_by_sinks(self) -> dict[str, int]:
        """Results that a sink was too slow for, or did not take, by its name."""
        counts = {thread.sink.name: thread.lost for thread in self._threads if thread.lost}
        if self._webhook is not None:
            counts["webhook"] = counts.get("webhook", 0) + self._webhook.failed
        return counts

    def webhook(self, to_row: Callable[[Any], Mapping[str, Any]]) -> list[Webhook[Any]]:
        """The sink of --webhook; none without it.

        Args:
            to_row: a result as JSON takes it.

        Raises:
            UsageError: no address of HTTP.
        """
        if self._flags.webhook is None:
            return []
        about = {"model": self._about.model, "source": self._about.source}
        self._webhook = Webhook(self._flags.webhook, about, to_row, self._notify)
        return [self._webhook]

    def through(self, records: Iterable[Item], keeps: bool = True) -> Iterator[Item]:
        """The records as the loop takes them; each turn is a sign of life for systemd.

        Args:
            keeps: they are kept here, if at all; False: by `Attended`.
        """
        self._watchdog.ready()
        for record in records:
            at_ns = time.monotonic_ns()
            self.turned()
            try:
                yield record
            finally:  # what the loop has looked at, and nothing else
                if keeps:
                    self.keep(record, at_ns)

    def keep(self, record: object, at_ns: int) -> None:
        """Keep a record, if they are to be kept.

        Args:
            at_ns: when the loop took it, by this machine's monotonic clock.
        """
        if self._keeping is not None:
            self._keeping.put((record, at_ns))

    def turned(self) -> None:
        """The loop lives; for the loop's thread alone."""
        if self._watchdog.is_due:
            self._watchdog.alive(self.meter.said())

    def end(self, summary: Mapping[str, Any]) -> None:
        """The run is over: the page says so."""
        if self.board is not None:
            self.board.end(summary)

    def report(self) -> dict[str, Any]:
        """What was asked for, in numbers, for the summary."""
        found: dict[str, Any] = {}
        if self._server is not None:
            viewers = self._server.page.viewers
            counts = {"skipped": viewers.skipped, "refused": viewers.refused}
            found["page"] = {**counts, "slow": viewers.slow}
        if self._webhook is not None:
            found["webhook"] = self._webhook.report()
        if self._recorder is not None:
            recorder, dropped = self._recorder, self.dropped_by_sinks().get("record", 0)
            counts = {"kept": recorder.kept - recorder.removed, "removed": recorder.removed}
            found["record"] = {**counts, "dropped": dropped, "bytes": recorder.size}
        return found

    def _close_page(self, server: PageServer) -> None:
        viewers = server.page.viewers
        if self.board is not None and self.board.ended is not None:
            until_s = time.monotonic() + _LAST_VIEWS_S
            while viewers.count and time.monotonic() < until_s:
                time.sleep(0.01)  # those who watch see how it ended
        server.stop()
        if server.error is not None:
            self._notify(f"the page ended early: {server.error!r}")


class Accompanied:
    """A source whose blocks pass what stands beside the run, on their way to the loop."""

    def __init__(self, source: Playable[BlockT_co], beside: Beside) -> None:
        self.name, self.live = source.name, source.live
        self._source, self._beside = source, beside

    def __enter__(self) -> Accompanied:
        self._source.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._source.__exit__(*exception)

    def __iter__(self) -> Iterator[Any]:
        meter, heard_s = self._beside.meter, time.monotonic()
        for block in self._beside.through(self._source, keeps=False):
            if len(block):
                heard_s = time.monotonic()
            meter.up = time.monotonic() - heard_s < SILENT_S
            yield block

    def report(self) -> dict[str, Any]:
        """What the source reports."""
        return self._source.report()


class Attended(Generic[BlockT, LiveT]):
    """A listener whose blocks are kept as it hears them: the last one may have been cut."""

    def __init__(self, listener: Listener[BlockT, LiveT], beside: Beside) -> None:
        self._listener, self._beside = listener, beside

    @property
    def tally(self) -> Adding:
        """The totals so far."""
        return self._listener.tally

    @property
    def report(self) -> Counts:
        """What was found in the stream so far."""
        return self._listener.report

    def push(self, block: BlockT) -> Sequence[LiveT]:
        """The results that a block completes."""
        at_ns = time.monotonic_ns()
        try:
            return self._listener.push(block)
        finally:
            self._beside.keep(block, at_ns)

    def close(self) -> Sequence[LiveT]:
        """The results that only the end completes."""
        return self._listener.close()

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why the stream held no window."""
        return self._listener.no_window(source)
