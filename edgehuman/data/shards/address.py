"""Where shards are: paths, addresses (http, https, s3), commands, and patterns with braces.

    s3://BUCKET/KEY     an object of a store that speaks S3, at AWS_ENDPOINT_URL (or Amazon's own);
                        a public one, as nothing is signed here: of a private one give the presigned
                        https address

A command ("pipe:") is taken as it was typed only: config files refuse it, and braces make none.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re

from edgehuman.errors import DataError, UsageError

COMMAND = "pipe:"
REMOTE = ("http://", "https://", "s3://", COMMAND)
MOST_SHARDS = 100_000
_MOST_LETTERS, _MOST_DEPTH = 4096, 10
_STEP = {"{": 1, "}": -1}
_RANGE = re.compile(r"\{(-?\d{1,18}|\w)\.\.(-?\d{1,18}|\w)(?:\.\.-?\d+)?\}")
# What an address may hold (RFC 3986), without the quote: older openers give it to a shell.
_LETTERS = r"[\w.~:/?#\[\]@!$&()*+,;=%-]+"
_ADDRESS = re.compile(rf"(https?|s3)://{_LETTERS}", re.ASCII)
_OBJECT = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^?#]+)")
_SIGNED = re.compile(r"[?&](X-Amz-Signature|Signature|sig)=", re.IGNORECASE)


def addresses_of(said: str) -> list[str]:
    """The paths, addresses or the command that a text stands for, with its braces expanded.

    Raises:
        DataError: too many, braces that are no pattern or that make a command.
    """
    urls = _expanded(said) if "{" in said else [said]
    hidden = [url for url in urls if url.startswith(COMMAND)]
    if hidden and not said.startswith(COMMAND):
        raise DataError(
            f"{said}: its braces make the command {hidden[0]!r}; a command begins with pipe: and "
            "is typed on the command line"
        )
    return urls


def _expanded(said: str) -> list[str]:
    """The addresses that braces stand for, as many as there may be.

    Raises:
        DataError: too many, or braces that are no pattern.
    """
    # Slow to import, and not needed for a single file.
    from webdataset.shardlists import expand_urls

    why = f"{said[:200]}: is no pattern of shards"
    depth = max(itertools.accumulate(_STEP.get(letter, 0) for letter in said))
    if len(said) > _MOST_LETTERS or depth > _MOST_DEPTH:
        raise DataError(f"{why}; write it with fewer braces, such as s-{{000..099}}.tar")
    if _most_of(said) > MOST_SHARDS:
        raise DataError(f"{why}: it stands for over {MOST_SHARDS:,} files; give their folder")
    try:
        return expand_urls(said)  # type: ignore[no-any-return]
    except (ValueError, AssertionError) as error:  # an assertion: a variable that is not set
        raise DataError(f"{why} ({error}); write it such as s-{{000..099}}.tar") from None


def _most_of(said: str) -> int:
    """At least the number of addresses that braces stand for, without making them."""
    most, open_braces = 1, [1]
    for letter in said:
        if letter == "{":
            open_braces.append(1)
        elif letter == ",":
            open_braces[-1] += 1
        elif letter == "}" and len(open_braces) > 1:
            most *= open_braces.pop()
    for first, last in _RANGE.findall(said):
        if first.lstrip("-").isdigit() and last.lstrip("-").isdigit():
            most *= abs(int(last) - int(first)) + 1
        else:
            most *= abs(ord(last[-1]) - ord(first[0])) + 1
    return most


def is_remote(url: str) -> bool:
    """Whether a shard has to be copied here before it is read."""
    return url.startswith(REMOTE)


def web_address(url: str) -> str:
    """The http address of a shard.

    Raises:
        DataError: no address, or no bucket and key.
        UsageError: the endpoint in the environment is no address.
    """
    if _ADDRESS.fullmatch(url) is None:
        raise DataError(
            f"{url[:200]!r}: no address; one has no spaces, quotes or letters beyond ASCII. Write "
            "them with %, such as %20 for a space"
        )
    if not url.startswith("s3://"):
        return url
    found = _OBJECT.fullmatch(url)
    if found is None:
        raise DataError(f"{url[:200]!r}: no object of a store; write s3://BUCKET/KEY")
    return f"{_endpoint()}/{found[1]}/{found[2]}"


def _endpoint() -> str:
    for variable in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if said := os.environ.get(variable, ""):
            if not re.fullmatch(rf"https?://{_LETTERS}", said, re.ASCII) or "?" in said:
                raise UsageError(
                    f"{variable} is {said[:80]!r} in the environment; it must be the https address "
                    "of a store, such as https://minio.example.org:9000"
                )
            return said.rstrip("/")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if not re.fullmatch(r"[a-z0-9-]{4,30}", region):
        raise UsageError(f"AWS_REGION is {region[:80]!r}; it must be such as eu-central-1")
    return f"https://s3.{region}.amazonaws.com"


def is_signed(url: str) -> bool:
    """Whether an address holds a signature, which is a secret and of this object alone."""
    return _SIGNED.search(url) is not None


def shown(url: str) -> str:
    """An address as messages name it: without a signature, or a password."""
    plain = url.partition("?")[0] if is_signed(url) else url
    return re.sub(r"://[^/@]*@", "://", plain)[:300]


def key_of(url: str) -> str:
    """The name of a shard in the cache; a new signature of the same object is the same shard."""
    plain = url.partition("?")[0] if is_signed(url) else url
    tail = url.rpartition("/")[2] if url.startswith(COMMAND) else plain.partition("?")[0]
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in tail.rpartition("/")[2])
    name = name[-60:].removesuffix(".tar")
    return f"{hashlib.sha256(plain.encode()).hexdigest()[:16]}-{name}.tar"
