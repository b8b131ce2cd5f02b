"""What stands before every route of the page: who may not see it is refused, and every answer has
the headers that keep other pages out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgehuman.runtime.serve.access import Access, Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_HEADER_BYTES = 16_384
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


class Gate:
    """Lets in who may see the page, and adds the headers of every answer.

    Args:
        changes: path -> the most bytes of a change there; other paths take none.
    """

    def __init__(
        self, inner: ASGIApp, access: Access, changes: Mapping[str, int] | None = None
    ) -> None:
        self._inner, self._access, self._changes = inner, access, dict(changes or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _joined(scope.get("headers", ()))
        is_socket = scope["type"] == "websocket"
        query = scope.get("query_string", b"").decode("latin-1")
        method = scope.get("method", "GET")
        most_bytes = 0 if is_socket else self._changes.get(scope.get("path", ""), 0)
        refusal = self._access.refusal(method, query, headers, is_socket, most_bytes)
        # uvicorn bounds a head that comes in pieces, not one that comes at once.
        if sum(map(len, headers.values())) + len(query) > MOST_HEADER_BYTES:
            refusal = Refusal(431, "the head of the request is too long")
        scheme = "wss" if self._access.secure else "ws"
        policy = _POLICY.format(socket=f"{scheme}://{headers.get('host', '')}")

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                added = {**_HEADERS, "content-security-policy": policy}
                message["headers"] = [
                    *message.get("headers", ()),
                    *((name.encode(), value.encode("latin-1")) for name, value in added.items()),
                ]
            await send(message)

        if refusal is None:
            await self._inner(scope, receive, with_headers)
        else:
            policy = _POLICY.format(socket="")  # a refused name is not repeated
            await refuse(refusal, is_socket, with_headers)


async def refuse(refusal: Refusal, is_socket: bool, send: Send) -> None:
    """Answer a request, or one for a WebSocket, with its refusal."""
    kind = "websocket.http.response" if is_socket else "http.response"
    body = f"{refusal.why}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def _joined(pairs: Any) -> Mapping[str, str]:
    """Headers by name; several of one name joined, so that a second `Host` is no known one."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        joined[key] = f"{joined[key]},{text}" if key in joined else text
    return joined
