"""What stands beside a run: the page and its figures; nothing of it slows or ends the run.

with Beside(flags, about, notify) as beside:
    for record in beside.through(records): ...
    beside.end(summary)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from edgehuman.runtime.serve.access import token_of
from edgehuman.runtime.serve.address import parse_address
from edgehuman.runtime.serve.board import About, Board
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.runtime.serve.meter import Meter
from edgehuman.runtime.serve.server import PageServer

Item = TypeVar("Item")
_LAST_VIEWS_S = 1.0


class Beside:
    """The page of one run.

    Args:
        flags: what was asked for.
        about: what does not change during the run.
        notify: called with the page's address, and with what went wrong.

    Attributes:
        board: what the page shows; None: there is no page.
        meter: the figures.

    Raises:
        UsageError, DataError, MissingDependencyError: a wrong address, a taken port, no `[serve]`.
    """

    def __init__(self, flags: LiveFlags, about: About, notify: Callable[[str], object]) -> None:
        flags.require_page()
        self.meter = Meter(about.kind, about.source, about.model)
        self.board: Board | None = None
        self._server: PageServer | None = None
        self._notify = notify
        if flags.serve is not None:
            names = (flags.serve_cert, flags.serve_key, flags.serve_name)
            address = parse_address(flags.serve, *names)
            token = token_of(flags.serve_token)
            self.board = Board(about)
            self._server = PageServer(self.board, self.meter, address, token)
            notify(f"page: {self._server.url}?token={token}")
            if not address.is_loopback and address.cert is None:
                notify(
                    "the page is sent unencrypted over the network; add --serve-cert and "
                    "--serve-key, or reach it through SSH"
                )

    def __enter__(self) -> Beside:
        if self._server is not None:
            self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        server = self._server
        if server is None:
            return
        viewers = server.page.viewers
        if self.board is not None and self.board.ended is not None:
            until_s = time.monotonic() + _LAST_VIEWS_S
            while viewers.count and time.monotonic() < until_s:
                time.sleep(0.01)  # those who watch see how it ended
        server.stop()
        if server.error is not None:
            self._notify(f"the page ended early: {server.error!r}")

    def through(self, records: Iterable[Item]) -> Iterator[Item]:
        """The records as the loop takes them."""
        yield from records

    def end(self, summary: Mapping[str, Any]) -> None:
        """The run is over: the page says so."""
        if self.board is not None:
            self.board.end(summary)

    def report(self) -> dict[str, Any]:
        """Who watched, for the summary; empty without a page."""
        if self._server is None:
            return {}
        viewers = self._server.page.viewers
        counts = {"skipped": viewers.skipped, "refused": viewers.refused, "slow": viewers.slow}
        return {"page": counts}
