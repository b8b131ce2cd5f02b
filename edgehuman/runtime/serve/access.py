"""Who may see the page, decided for every request before anything else runs.

    access = Access(token, hosts=address.hosts(), port=8080)
    refusal = access.refusal("GET", "/", query, headers)

The address that the command prints holds a token; the page's first answer turns it into a cookie
(HttpOnly, SameSite=Strict). `Host` is compared with a list, so that no other name can be pointed
here (DNS rebinding); `Origin` must be the page's own. Programs such as Prometheus send the token as
`Authorization: Bearer`. Requests have no body, but for those that change something, where the run
takes changes: these come from the page itself (`Origin`, `Sec-Fetch-Site`), are short JSON, and
bear a word in a header that no other page can read or send.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from edgehuman.errors import UsageError
from edgehuman.files import write_whole

TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")
_COOKIE_TEXT, _CHANGE_TEXT = b"edgehuman page", b"edgehuman change"
METHODS = ("GET", "HEAD")
CHANGE = "POST"
WORD_HEADER = "x-edgehuman-change"
"""Another page cannot send it without being asked about first, which nobody here answers."""
_LENGTH = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Attributes:
    status: of HTTP.
    why: for who asked; no detail that helps to guess.
    """

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Access:
    """Attributes:
    token: what opens the page.
    hosts: names that are answered, in lower case, without a port.
    port: of the page; cookies of one host are shared by all its ports.
    any_address: any number of an address is answered as a host.
    secure: over TLS.
    """

    token: str
    hosts: frozenset[str]
    port: int
    any_address: bool = False
    secure: bool = False

    @property
    def cookie(self) -> str:
        """The name of the cookie."""
        return f"edgehuman-{self.port}"

    @property
    def ticket(self) -> str:
        """The value of the cookie, from which the token cannot be told."""
        return self._derived(_COOKIE_TEXT)

    @property
    def word(self) -> str:
        """What a change has to bear in `WORD_HEADER`; the page alone is told it."""
        return self._derived(_CHANGE_TEXT)

    def _derived(self, text: bytes) -> str:
        return hmac.new(self.token.encode(), text, hashlib.sha256).hexdigest()

    def set_cookie(self) -> str:
        """The header that gives the cookie."""
        secure = "; Secure" if self.secure else ""
        return f"{self.cookie}={self.ticket}; Path=/; HttpOnly; SameSite=Strict{secure}"

    def refusal(
        self,
        method: str,
        query: str,
        headers: Mapping[str, str],
        socket: bool = False,
        most_bytes: int = 0,
    ) -> Refusal | None:
        """Why a request is not answered; None if it is.

        Args:
            query: of the address, without its question mark.
            headers: by name in lower case; of several of one name the values joined by commas.
            socket: it asks for a WebSocket.
            most_bytes: of the body of a change, where the address takes changes; 0: it takes none.
        """
        host = headers.get("host", "")
        if not self._knows(host):
            return Refusal(421, "this name is not one of the page; --serve-name adds one")
        if method == CHANGE and most_bytes:
            return self._refusal_of_change(headers, host, most_bytes)
        if method not in METHODS:
            return Refusal(405, "only GET and HEAD are answered")
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return Refusal(413, "requests have no body here")
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin, host):
            return Refusal(403, "the request comes from another page")
        if socket and origin is None and not self._bears(headers):
            return Refusal(403, "a WebSocket says where it comes from")
        if self._bears(headers) or self._has_ticket(headers) or self.opens(query):
            return None
        return Refusal(401, "open the address that the command printed; it holds the token")

    def _refusal_of_change(
        self, headers: Mapping[str, str], host: str, most_bytes: int
    ) -> Refusal | None:
        """Why a change is not taken; the token in an address opens nothing here."""
        origin, bears = headers.get("origin"), self._bears(headers)
        if origin is None and not bears:
            return Refusal(403, "a change says where it comes from")
        if origin is not None and not self._is_own(origin, host):
            return Refusal(403, "the request comes from another page")
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Refusal(403, "the request comes from another page")
        if not (bears or self._has_ticket(headers)):
            return Refusal(401, "open the address that the command printed; it holds the token")
        if not _same(headers.get(WORD_HEADER, ""), self.word):
            return Refusal(403, f"a change bears the word of the page in {WORD_HEADER}")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return Refusal(415, "a change is application/json")
        length = headers.get("content-length", "")
        if "transfer-encoding" in headers or not _LENGTH.fullmatch(length):
            return Refusal(411, "a change states its length")
        if int(length) > most_bytes:
            return Refusal(413, f"a change has at most {most_bytes} bytes")
        return None

    def opens(self, query: str) -> bool:
        """Whether an address holds the token."""
        try:
            given = parse_qs(query, max_num_fields=8).get("token", [""])
        except ValueError:
            return False
        return len(given) == 1 and _same(given[0], self.token)

    def _bears(self, headers: Mapping[str, str]) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and _same(given.strip(), self.token)

    def _has_ticket(self, headers: Mapping[str, str]) -> bool:
        for part in headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self.cookie and _same(value, self.ticket):
                return True
        return False

    def _knows(self, host: str) -> bool:
        name = _host_name(host)
        if name is None:
            return False
        return name in self.hosts or (self.any_address and _is_address(name))

    def _is_own(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        schemes = ("https",) if self.secure else ("http", "https")  # a proxy may add TLS
        return parts.scheme in schemes and parts.netloc.lower() == host.lower()


def _host_name(host: str) -> str | None:
    """The name of a `Host` header without its port; None if it is none."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?", host)
    return None if found is None else found[1].strip("[]").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(given: str, wanted: str) -> bool:
    """Whether two secrets are one, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def token_of(path: Path | None) -> str:
    """A new token, or that of a file, which is made with mode 0600 if it is not there.

    Raises:
        UsageError: the file holds no token, or cannot be written.
    """
    if path is None:
        return secrets.token_urlsafe(TOKEN_BYTES)
    if not path.exists():
        token = secrets.token_urlsafe(TOKEN_BYTES)
        write_whole(path, f"{token}\n".encode(), UsageError, mode=0o600)
        return token
    try:
        with path.open("rb") as stream:
            text = stream.read(1024).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--serve-token {path}: cannot be read ({error})") from None
    if not _TOKEN.fullmatch(text):
        raise UsageError(
            f"--serve-token {path} holds no token: 32 to 128 letters, digits, - and _. Remove the "
            "file, and the next run makes one"
        )
    return text
