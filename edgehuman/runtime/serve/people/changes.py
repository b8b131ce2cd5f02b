"""`/people`, the only address of the page that takes changes: who may change what, how often, and
how much at a time.

    GET /people?name=PART      who is in the gallery, who may be enrolled now, and the word that a
                               change has to bear
    POST /people               one change, as JSON (`asked`)

`access` has looked at the request before: its cookie, its origin, its word and its size. A change
may wait for another program that uses the gallery, so it has a thread of its own; the run waits for
none. A thread that is left when the run ends changes all that it was to change, or nothing.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from edgehuman.errors import DataError, EdgehumanError, printable
from edgehuman.outcome import to_json
from edgehuman.runtime.names import one_name
from edgehuman.runtime.serve.people.asked import MOST_BYTES, Forget, asked_of
from edgehuman.runtime.serve.people.keeper import Managing

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/people"
BURST, EVERY_S = 10, 3.0
"""So many changes at once, and then one in so many seconds."""
MOST_WAITING = 4
"""Threads that read or change the gallery."""
BODY_S = 5.0
"""So long a body may take."""
_MOST_NAME = 200
_FAILED = (
    "this failed in a way that nobody foresaw; look whether it was done before you try it again"
)
Done = TypeVar("Done")


class Rate:
    """So many at once, and then one in so many seconds."""

    def __init__(self, burst: int = BURST, every_s: float = EVERY_S) -> None:
        self._left, self._burst, self._every_s = float(burst), float(burst), every_s
        self._at_s = time.monotonic()

    def take(self) -> bool:
        """Whether one more is allowed now."""
        now_s = time.monotonic()
        self._left = min(self._burst, self._left + (now_s - self._at_s) / self._every_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class People:
    """Answers `/people`.

    Args:
        keeper: manages the gallery.
        word: what a change has to bear, for the page.
        forgotten: called with the name of somebody who was forgotten.
        notify: called with what went wrong in a way that nobody foresaw.
    """

    def __init__(
        self,
        keeper: Managing,
        word: str,
        forgotten: Callable[[str], object],
        notify: Callable[[str], object],
    ) -> None:
        self._keeper, self._word, self._notify = keeper, word, notify
        self._forgotten = forgotten
        self._rate = Rate()
        self._waiting = 0

    async def answer(self, request: Request) -> Response:
        """Answer a request that may be answered."""
        if self._waiting >= MOST_WAITING:
            return _said(503, error="other changes are under way; try again in a moment")
        self._waiting += 1
        try:
            if request.method == "POST":
                return await self._change(request)
            return await self._list(request)
        except EdgehumanError as error:
            return _said(422, error=printable(str(error)))
        except Exception as error:  # the page says so, and the run goes on
            self._notify(f"the page's gallery: {error!r}")
            return _said(500, error=_FAILED)
        finally:
            self._waiting -= 1

    async def _list(self, request: Request) -> Response:
        part = request.query_params.get("name", "")[:_MOST_NAME]
        found = await aside(lambda: self._keeper.listing(part))
        for name in self._keeper.gone():
            self._forgotten(name)
        return _said(200, **found, word=self._word)

    async def _change(self, request: Request) -> Response:
        if not self._rate.take():
            error = f"too many changes; at most one in {EVERY_S:g} s"
            return _said(429, {"retry-after": f"{EVERY_S:.0f}"}, error=error)
        try:
            body = await asyncio.wait_for(_body(request), BODY_S)
            asked = asked_of(body)
        except asyncio.TimeoutError:
            return _said(408, error=f"the request took over {BODY_S:g} s")
        except DataError as error:
            return _said(400, error=printable(str(error)))
        done = await aside(lambda: self._keeper.change(asked))
        if isinstance(asked, Forget):
            self._forgotten(one_name(asked.name))
        return _said(200, **done)


async def _body(request: Request) -> bytes:
    """A body of bounded size, whatever its head says.

    Raises:
        DataError: it is too long, or was cut.
    """
    from starlette.requests import ClientDisconnect

    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise DataError(f"the request has over {MOST_BYTES} bytes")
    except ClientDisconnect:
        raise DataError("the request was cut") from None
    return body


async def aside(work: Callable[[], Done]) -> Done:
    """What some work gives, done on a thread of its own, which ends with the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Done] = loop.create_future()

    def settle(result: Done | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, wrong = None, None
        try:
            result = work()
        except Exception as error:
            wrong = error
        with suppress(RuntimeError):  # the page has ended meanwhile
            loop.call_soon_threadsafe(settle, result, wrong)

    threading.Thread(target=run, name="page people", daemon=True).start()
    return await done


def _said(status: int, headers: dict[str, str] | None = None, **row: Any) -> Response:
    from starlette.responses import Response

    return Response(to_json(row), status, headers, media_type="application/json")
