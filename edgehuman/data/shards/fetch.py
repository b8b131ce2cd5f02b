"""Copy what an address answers, over servers that break off or are busy.

A copy that breaks is gone on with where it stopped (Range, if the server says that it is still the
same object: ETag or Last-Modified), after 1, 2, 4 ... 30 s, less up to half by chance, so that many
processes do not come back at once. What a server refuses for good (404, 403, a web page) is an
error at once.
"""

from __future__ import annotations

import hashlib
import http.client
import random
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from time import sleep
from typing import IO, Any

from edgehuman.data.shards.address import shown
from edgehuman.errors import DataError
from edgehuman.progress import progress_bar, tell

ATTEMPTS = 6
_LONGEST_S, _PATIENCE_S = 30.0, 30.0
_BLOCK = 1 << 20
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_ABSENT = frozenset({403, 404, 410})
_FROM = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


class Absent(DataError):
    """The server has nothing at this address, or gives it to nobody."""


class Unreachable(DataError):
    """The server does not answer, or broke off too often."""


class _Broken(Exception):
    """A try that may be repeated, with why and how long the server asks to wait."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass
class _Copy:
    """What is copied so far."""

    file: IO[bytes]
    most: int
    count: int = 0
    tag: str = ""
    digest: Any = field(default_factory=hashlib.sha256)

    def restart(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.count, self.tag, self.digest = 0, "", hashlib.sha256()

    def take(self, block: bytes) -> None:
        self.count += len(block)
        self.file.write(block)
        self.digest.update(block)


def pause_s(attempt: int, asked_s: float = 0.0) -> float:
    """How long to wait before try `attempt` + 1: 1 to 30 s, less up to half by chance; or what the
    server asked for, up to 30 s.
    """
    longest = min(_LONGEST_S, 2.0 ** min(attempt, 10))
    return max(longest * (1 - random.random() / 2), min(asked_s, _LONGEST_S))


def download(
    url: str, file: IO[bytes], most: int, wait: Callable[[float], object] | None = None
) -> str:
    """Copy what a web address answers into an empty file; return its SHA-256.

    Args:
        most: the most bytes that it may have.
        wait: waits before another try; by default `time.sleep`.

    Raises:
        Absent: 403, 404 or 410.
        Unreachable: broken too often.
        DataError: refused for another reason, a web page, or over `most`.
        OSError: the file cannot be written.
    """
    copy, attempt, furthest = _Copy(file, most), 0, 0
    with progress_bar(desc=f"fetching {shown(url)}", unit="B", unit_scale=True, delay=2) as bar:
        while True:
            try:
                _go_on(url, copy, bar)
                return str(copy.digest.hexdigest())
            except _Broken as broken:
                # A try that got further than any counts as the first again.
                attempt = 0 if copy.count >= furthest + _BLOCK else attempt + 1
                furthest = max(furthest, copy.count)
                if attempt >= ATTEMPTS:
                    raise Unreachable(
                        f"Cannot fetch {shown(url)}: {broken}, {ATTEMPTS} times; check the "
                        "address, or try later"
                    ) from None
                wait_s = pause_s(max(attempt - 1, 0), broken.wait_s)
                tell(f"{shown(url)}: {broken}; again in {wait_s:.0f} s")
                (wait or sleep)(wait_s)


def _opener() -> urllib.request.OpenerDirector:
    """An opener of http and https alone, also where a server sends it elsewhere."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _go_on(url: str, copy: _Copy, bar: Any) -> None:
    headers = {"User-Agent": "edgehuman", "Accept-Encoding": "identity"}
    if copy.count and copy.tag:
        headers |= {"Range": f"bytes={copy.count}-", "If-Range": copy.tag}
    request = urllib.request.Request(url, headers=headers)
    try:
        with _opener().open(request, timeout=_PATIENCE_S) as answer:
            whole = _begin(answer, url, copy)
            while block := _read(answer):
                if copy.count + len(block) > copy.most:
                    raise _too_large(url, copy.count + len(block), copy.most)
                copy.take(block)
                bar.update(len(block))
            if whole is not None and copy.count < whole:
                raise _Broken(f"broke off after {copy.count:,} of {whole:,} bytes")
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(url, error, copy) from None
    except (urllib.error.URLError, http.client.HTTPException) as error:
        raise _Broken(f"cannot be reached ({getattr(error, 'reason', error)})") from None
    except (TimeoutError, ConnectionError) as error:
        raise _Broken(f"the connection broke ({error})") from None


def _read(answer: Any) -> bytes:
    try:
        return bytes(answer.read(_BLOCK))
    except http.client.IncompleteRead as error:
        return bytes(error.partial)  # the rest is asked for again
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _Broken(f"broke off ({error})") from None


def _begin(answer: Any, url: str, copy: _Copy) -> int | None:
    """Look at an answer's headers; return how many bytes the whole has, if it says so."""
    kind = answer.headers.get_content_type()
    if kind in ("text/html", "application/xhtml+xml"):
        raise DataError(
            f"{shown(url)}: the server answered a web page ({kind}), no shard; is the address that "
            "of the file itself, and open without a login?"
        )
    begins = 0
    found = (
        _FROM.fullmatch(answer.headers.get("Content-Range", "")) if answer.status == 206 else None
    )
    tag = _tag(answer)
    # A server that does not know If-Range sends on of another object.
    is_same = not copy.count or tag in ("", copy.tag)
    if found and int(found[1]) == copy.count and is_same:
        begins = copy.count
    elif answer.status == 206:
        copy.restart()
        raise _Broken("answered another part than was asked for")
    else:
        copy.restart()
    copy.tag = tag or copy.tag
    length = answer.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdecimal() and len(length) < 19):
        return None
    whole = begins + int(length)
    if found and found[2] != "*":  # a part may be all that a server sends at once
        whole = max(whole, int(found[2]))
    if whole > copy.most:
        raise _too_large(url, whole, copy.most)
    return whole


def _tag(answer: Any) -> str:
    """What says that an object is the same; a weak tag does not promise the same bytes."""
    tag = str(answer.headers.get("ETag", ""))
    if tag and not tag.startswith("W/"):
        return tag
    return str(answer.headers.get("Last-Modified", ""))


def _too_large(url: str, size: int, most: int) -> DataError:
    return DataError(
        f"{shown(url)}: has {size:,} bytes or more; at most {most:,} are taken. A larger cache "
        "(--cache-gb, or EDGEHUMAN_CACHE_GB) takes larger shards"
    )


def _refusal(url: str, error: urllib.error.HTTPError, copy: _Copy) -> Exception:
    said = f"the server answers {error.code} {error.reason}"
    if error.code == 416:  # the part asked for is not there: another object
        copy.restart()
        return _Broken(said)
    if error.code in _AGAIN:
        asked = error.headers.get("Retry-After", "") if error.headers else ""
        return _Broken(said, float(asked) if asked.isascii() and asked.isdecimal() else 0.0)
    kind = Absent if error.code in _ABSENT else DataError
    return kind(f"Cannot fetch {shown(url)}: {said}; check the address")
