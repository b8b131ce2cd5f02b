"""The page on a thread of its own, by uvicorn; the loop never waits for it.

with PageServer(page, address, access) as server:
    server.url
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgehuman.install import not_installed
from edgehuman.runtime.serve.access import Access
from edgehuman.runtime.serve.address import Address, listen, tls_of
from edgehuman.runtime.serve.app import Page
from edgehuman.runtime.serve.board import Board
from edgehuman.runtime.serve.gate import MOST_HEADER_BYTES
from edgehuman.runtime.serve.meter import Meter
from edgehuman.runtime.serve.viewer import PATIENCE_S

if TYPE_CHECKING:
    import uvicorn

    from edgehuman.runtime.serve.people.keeper import Managing

MOST_CONNECTIONS = 64
MOST_MESSAGE_BYTES = 1024
"""Of a viewer: an acknowledgement is 20 bytes."""
IDLE_S = 10.0
"""So long a connection may take to ask for something."""
_START_S, _STOP_S = 10.0, 5.0


class PageServer:
    """Listens at once; answers between `start` and `stop`.

    Args:
        board, meter: what is shown.
        address: where it listens.
        token: what opens the page.
        keeper, notify: of `Page`.

    Raises:
        MissingDependencyError: `[serve]` is not installed.
        UsageError: a wrong certificate.
        DataError: the port is taken.
    """

    def __init__(
        self,
        board: Board,
        meter: Meter,
        address: Address,
        token: str,
        keeper: Managing | None = None,
        notify: Callable[[str], object] = lambda said: None,
    ) -> None:
        require_installed()
        context = tls_of(address)
        self._listener = listen(address)
        self.port = int(self._listener.getsockname()[1])
        self.url = address.url(self.port)
        secure = context is not None
        access = Access(token, address.hosts(), self.port, address.any_address, secure)
        self.page = Page(board, meter, access, keeper, notify)
        self._server = _server(self.page, context)
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection; a viewer that takes nothing is not waited for."""
        self._server.should_exit = True
        self.page.leave()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
        self._listener.close()
        self.page.close()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        except BaseException as error:  # the run goes on without the page, and says so at its end
            self.error = error


def require_installed() -> None:
    """Raises MissingDependencyError without what the page is served by."""
    for module in ("starlette", "uvicorn", "wsproto"):
        try:
            __import__(module)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != module:
                raise
            raise not_installed(module, "--serve") from None


def _server(page: Page, context: Any) -> uvicorn.Server:
    import uvicorn

    http, socket = _bounded_protocols(page)
    config = uvicorn.Config(
        page.application(),
        loop="asyncio",
        http=http,
        ws=socket,
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # pictures are packed already
        lifespan="off",
        log_config=None,
        access_log=False,  # addresses hold the token
        log_level="critical",
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        timeout_graceful_shutdown=1,
    )
    config.load()
    config.ssl = context
    return uvicorn.Server(config)


def _bounded_protocols(page: Page) -> tuple[type[asyncio.Protocol], type[asyncio.Protocol]]:
    """uvicorn's HTTP and WebSocket, with bounds on the connections, on how long one may ask for
    nothing, and on how long one may take nothing: each holds a file of this process, and the loop
    needs some too.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

    def leave(transport: asyncio.Transport) -> None:
        page.viewers.slow += 1
        transport.abort()

    class BoundedHttp(H11Protocol):
        _was_idle = False
        _stuck: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > MOST_CONNECTIONS:
                transport.abort()
                return
            self.loop.call_later(IDLE_S, self._look)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stuck = self.loop.call_later(PATIENCE_S, leave, self.transport)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._stuck is not None:
                self._stuck.cancel()

        def _look(self) -> None:
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return
            is_idle = self.cycle is None or self.cycle.response_complete
            if is_idle and self._was_idle:
                self.transport.abort()
                return
            self._was_idle = is_idle
            self.loop.call_later(IDLE_S, self._look)

    class BoundedSocket(WSProtocol):
        _stuck: asyncio.TimerHandle | None = None

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stuck = self.loop.call_later(PATIENCE_S, leave, self.transport)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._stuck is not None:
                self._stuck.cancel()

    return BoundedHttp, BoundedSocket
