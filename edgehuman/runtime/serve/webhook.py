"""A sink that sends results to an HTTP server, as JSON.

    POST URL   {"model": "zoo:activity", "source": "udp://:5555", "results": [{...}, ...]}

Results wait in the sink's bounded queue (`loop.sinks`): a slow or missing server costs the loop
nothing, the oldest are dropped, and every drop is counted. What fails is tried three times. The
value of EDGEHUMAN_WEBHOOK_AUTHORIZATION, if set, is sent as `Authorization`.
"""

from __future__ import annotations

import http.client
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from edgehuman.errors import UsageError
from edgehuman.install import VERSION
from edgehuman.outcome import to_json

AUTHORIZATION = "EDGEHUMAN_WEBHOOK_AUTHORIZATION"
AT_ONCE = 64
"""Results of one request."""
TRIES = 3
TIMEOUT_S = 5.0
PAUSE_S = 0.5
"""Before the second try; twice as long before the third."""
_AGAIN = (408, 425, 429)
ItemT = TypeVar("ItemT")
ItemT_contra = TypeVar("ItemT_contra", contravariant=True)


class Webhook(Generic[ItemT_contra]):
    """A `loop.sinks.Sink`.

    Args:
        url: http:// or https://.
        about: model and source, for every request.
        to_row: a result as JSON takes it.
        notify: called when it begins to fail, and when it works again.

    Attributes:
        sent, failed: results that the server took, and that it did not.

    Raises:
        UsageError: no such address.
    """

    name = "webhook"
    may_skip = True

    def __init__(
        self,
        url: str,
        about: Mapping[str, str],
        to_row: Callable[[ItemT_contra], Mapping[str, Any]],
        notify: Callable[[str], object],
    ) -> None:
        self._host, self._port, self._target, self._secure = _parts(url)
        self.sent = self.failed = 0
        self._about, self._to_row, self._notify = dict(about), to_row, notify
        self._link: http.client.HTTPConnection | None = None
        self._is_failing = False
        self._head = {"Content-Type": "application/json", "User-Agent": f"edgehuman/{VERSION}"}
        if authorization := os.environ.get(AUTHORIZATION):
            self._head["Authorization"] = authorization

    def write(self, results: Sequence[ItemT_contra]) -> None:
        for begin in range(0, len(results), AT_ONCE):
            part = results[begin : begin + AT_ONCE]
            rows = [self._to_row(result) for result in part]
            self._deliver(to_json({**self._about, "results": rows}).encode(), len(part))

    def close(self) -> None:
        self._hang_up()

    def report(self) -> dict[str, int]:
        """How many results were sent, and how many failed."""
        return {"sent": self.sent, "failed": self.failed}

    def _deliver(self, body: bytes, count: int) -> None:
        why = ""
        for left in reversed(range(TRIES)):
            try:
                status = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                why = str(error) or type(error).__name__
            else:
                if 200 <= status < 300:
                    self.sent += count
                    self._tell(False, "")
                    return
                why = f"HTTP {status}"
                if status < 500 and status not in _AGAIN:
                    break
            if left:
                pause_s = PAUSE_S * 2.0 ** (TRIES - 1 - left)
                time.sleep(pause_s * random.uniform(0.8, 1.2))
        self.failed += count
        self._tell(True, why)

    def _post(self, body: bytes) -> int:
        if self._link is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._link = kind(self._host, self._port, timeout=TIMEOUT_S)
        self._link.request("POST", self._target, body, self._head)
        answer = self._link.getresponse()
        status = answer.status
        if len(answer.read(4096)) == 4096 or answer.will_close:  # nothing of it is used
            self._hang_up()
        return status

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _tell(self, is_failing: bool, why: str) -> None:
        if is_failing and not self._is_failing:
            self._notify(f"webhook: {why}; results that fail {TRIES} times are dropped and counted")
        if self._is_failing and not is_failing:
            self._notify("webhook: it works again")
        self._is_failing = is_failing


def _parts(url: str) -> tuple[str, int | None, str, bool]:
    """Host, port, path with query, and whether it is encrypted.

    Raises:
        UsageError: no address of HTTP, or one with a password in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong() from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise _wrong()
    if " " in url or not url.isascii():
        raise _wrong()
    if parts.username is not None:
        raise UsageError(
            f"--webhook holds a user name; leave it out, and set {AUTHORIZATION}, as other "
            "programs see the words of a command"
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname, port, target, parts.scheme == "https"


def _wrong() -> UsageError:
    # The address may hold a secret: it is not repeated.
    return UsageError("--webhook is no address of HTTP; give e.g. https://hooks.example/edgehuman")
