"""What the page answers, as an ASGI application.

    /              the page; with ?token= also the cookie
    /page.css /page.js /people.js
    /live          WebSocket: JSON of what is new, then the newest picture
    /stream.mjpg   the newest pictures with what was found drawn in, for other programs; of several
                   sources ?source=NAME, or the first
    /metrics       Prometheus' text
    /people        with --serve-gallery: the people of the gallery, and changes of it

An update on the WebSocket is one text, and a binary message after it for each of its shots that
says `"picture": true`: the picture's number and stamp (8 bytes each, big endian, the stamp in
nanoseconds since 1970), then JPEG. The next update is sent when the viewer has acknowledged the
last (`{"ack": number}`): a slow viewer gets fewer pictures and never old ones.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import struct
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from edgehuman.outcome import to_json
from edgehuman.runtime.serve.access import CHANGE, Access, Refusal
from edgehuman.runtime.serve.board import Board, Cursor, News, Shot
from edgehuman.runtime.serve.gate import Gate, refuse
from edgehuman.runtime.serve.meter import CONTENT_TYPE, Meter
from edgehuman.runtime.serve.viewer import Viewer, Viewers

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send
    from starlette.websockets import WebSocket

    from edgehuman.runtime.serve.people.keeper import Managing

BETWEEN_S = 1.0 / 30
"""Between two updates of one viewer."""
SILENT_S = 1.0
"""So long after the last update a viewer gets the figures anyway."""
HEAD = struct.Struct(">Qq")
"""Number of a picture, and its stamp."""
_BOUNDARY = b"edgehumanframe"
_BUSY, _GONE = 1013, 1001
_MOST_FILE = 1 << 20


class Page:
    """The routes of the page.

    Args:
        board: what is shown.
        meter: the figures.
        access: who may see it.
        keeper: manages the gallery of the run; None: nothing can be changed.
        notify: called with what went wrong in a way that nobody foresaw.

    Attributes:
        viewers: who watches.
        is_leaving: nobody is served any more.
    """

    def __init__(
        self,
        board: Board,
        meter: Meter,
        access: Access,
        keeper: Managing | None = None,
        notify: Callable[[str], object] = lambda said: None,
    ) -> None:
        self.viewers = Viewers()
        self._keeper, self._notify = keeper, notify
        self._board, self._meter, self._access = board, meter, access
        self._waiting: set[asyncio.Event] = set()
        self.is_leaving = False
        # Pictures are encoded one after the other, beside the loop that sends them.
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="page pictures")

    @property
    def word(self) -> str:
        """What a change has to bear."""
        return self._access.word

    @property
    def has_pictures(self) -> bool:
        """Whether the run looks at pictures."""
        return self._board.about.kind == "frames"

    def application(self) -> ASGIApp:
        """The ASGI application, behind its gate."""
        from starlette.applications import Starlette
        from starlette.routing import Route, WebSocketRoute

        routes = [
            Route("/", self._page),
            Route("/page.css", self._file("page.css", "text/css")),
            Route("/page.js", self._file("page.js", "text/javascript")),
            Route("/people.js", self._file("people.js", "text/javascript")),
            Route("/metrics", self._metrics),
            Route("/stream.mjpg", _Stream(self)),
            WebSocketRoute("/live", self._live),
        ]
        changes = {}
        if self._keeper is not None:  # what it needs is loaded with it
            from edgehuman.runtime.serve.people.asked import MOST_BYTES
            from edgehuman.runtime.serve.people.changes import PATH, People

            people = People(self._keeper, self.word, self._board.forget, self._notify)
            routes.append(Route(PATH, people.answer, methods=["GET", CHANGE]))
            changes[PATH] = MOST_BYTES
        return Gate(Starlette(routes=routes), self._access, changes)

    def leave(self) -> None:
        """Serve nobody any more; from any thread."""
        self.is_leaving = True
        self._board.nudge()

    def close(self) -> None:
        """Encode no more."""
        self._encoder.shutdown(wait=False, cancel_futures=True)

    async def _page(self, request: Request) -> Response:
        from starlette.responses import Response

        given = {}
        if self._access.opens(request.url.query):
            given["set-cookie"] = self._access.set_cookie()
        return Response(_text("page.html"), headers=given, media_type="text/html")

    def _file(self, name: str, kind: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            from starlette.responses import Response

            return Response(_text(name), media_type=kind)

        return answer

    async def _metrics(self, request: Request) -> Response:
        from starlette.responses import Response

        return Response(self._meter.text(), headers={"content-type": CONTENT_TYPE})

    async def _live(self, socket: WebSocket) -> None:
        from starlette.websockets import WebSocketDisconnect

        await socket.accept()
        with self.viewers.place() as has_place:
            if not has_place:
                await socket.close(_BUSY, "all places are taken")
                return
            viewer = Viewer(socket, self._wake_all)
            reading = asyncio.create_task(viewer.listen())
            try:
                await self._send_all(viewer)
            except asyncio.TimeoutError:
                self.viewers.slow += not viewer.gone
                await viewer.close(_GONE, "the viewer takes nothing")
            except WebSocketDisconnect:
                pass  # it has left
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await reading

    async def _send_all(self, viewer: Viewer) -> None:
        """Updates until the run or the viewer ends.

        Raises:
            WebSocketDisconnect: the viewer is gone.
            asyncio.TimeoutError: it acknowledges nothing.
        """
        cursor, number = Cursor(), 0
        about = {"about": {**self._board.about.row(), "manages": self._keeper is not None}}
        while True:
            begin_s = time.monotonic()
            news = await self.news(cursor, at_once=number == 0)
            if viewer.gone or self.is_leaving:
                return
            self.count_skipped(cursor, news)
            cursor, number = news.cursor, number + 1
            pictures = [await self.jpeg(shot, drawn=False) for shot in news.shots]
            row = {"update": number, **about, **self._row(news, pictures)}
            about = {}
            viewer.expects = number
            await viewer.send(to_json(row))
            for shot, picture in zip(news.shots, pictures, strict=True):
                if picture:
                    await viewer.send(HEAD.pack(shot.number, shot.stamp_ns) + picture)
            if not await viewer.acknowledged():
                return
            if news.ended is not None:
                await viewer.close(_GONE, "the run has ended")
                return
            await asyncio.sleep(max(0.0, begin_s + BETWEEN_S - time.monotonic()))

    def _row(self, news: News, pictures: Sequence[bytes]) -> dict[str, Any]:
        row: dict[str, Any] = {"figures": self._meter.figures(), "shots": []}
        row["figures"]["viewers"] = self.viewers.count
        for shot, picture in zip(news.shots, pictures, strict=True):
            shown_ms = round(max((time.time_ns() - shot.stamp_ns) / 1e6, 0.0), 1)
            more = {"source": shot.source, "picture": bool(picture), "shown_ms": shown_ms}
            row["shots"].append({**shot.row(), **more})
        if news.lines:
            row["lines"] = news.lines
        if news.missed:
            row["missed"] = news.missed
        if news.ended is not None:
            row["ended"] = news.ended
        return row

    def count_skipped(self, cursor: Cursor, news: News) -> None:
        """Count the pictures that a viewer did not get."""
        if cursor.shot >= 0:
            came = news.cursor.shot - cursor.shot
            self.viewers.skipped += max(came - len(news.shots), 0)

    async def jpeg(self, shot: Shot, drawn: bool) -> bytes:
        """The picture, encoded beside the loop that sends."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._encoder, shot.jpeg, drawn)

    async def news(self, cursor: Cursor, at_once: bool = False) -> News:
        """What is new; after a second of nothing, or at once, that nothing is."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._wake_all)

        self._waiting.add(changed)
        try:
            self._board.wake_by(wake)
            news = self._board.since(cursor)
            if not (news.is_new or at_once or self.is_leaving):
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changed.wait(), SILENT_S)
                news = self._board.since(cursor)
        finally:
            self._waiting.discard(changed)
        return news

    def _wake_all(self) -> None:
        for changed in self._waiting:
            changed.set()


class _Stream:
    """The newest picture, again and again; while one is being sent, newer ones are dropped."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        source = query.get("source", [""])[0] or None
        if not self._page.has_pictures:
            await refuse(Refusal(404, "this run has no pictures"), False, send)
            return
        with self._page.viewers.place() as has_place:
            if not has_place:
                await refuse(Refusal(503, "all places are taken"), False, send)
                return
            kind = b"multipart/x-mixed-replace; boundary=" + _BOUNDARY
            start = {"type": "http.response.start", "status": 200}
            await send({**start, "headers": [(b"content-type", kind), (b"connection", b"close")]})
            if scope["method"] != "HEAD":
                sending = asyncio.create_task(self._send_all(send, source))
                leaving = asyncio.create_task(_left(receive))
                done, left = await asyncio.wait({sending, leaving}, return_when="FIRST_COMPLETED")
                for task in left:
                    task.cancel()
                await asyncio.gather(*done, *left, return_exceptions=True)
            await send({"type": "http.response.body", "body": b""})

    async def _send_all(self, send: Send, source: str | None) -> None:
        cursor = Cursor()
        while True:
            news = await self._page.news(cursor)
            if self._page.is_leaving:
                return
            self._page.count_skipped(cursor, news)
            for shot in news.shots:
                source = shot.source if source is None else source
                if shot.source != source:
                    continue
                picture = await self._page.jpeg(shot, drawn=True)
                if picture:
                    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    part = b"--" + _BOUNDARY + b"\r\n" + head.encode() + picture + b"\r\n"
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            if news.ended is not None:
                return
            cursor = news.cursor
            await asyncio.sleep(BETWEEN_S)


async def _left(receive: Receive) -> None:
    """Until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _text(name: str) -> str:
    with importlib.resources.files(__package__).joinpath(name).open("rb") as file:
        return file.read(_MOST_FILE).decode("utf-8")
