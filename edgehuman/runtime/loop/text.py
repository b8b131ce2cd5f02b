"""Lines of text from a file, a pipe or standard input, for any parser of lines."""

from __future__ import annotations

import codecs
import os
import re
import select
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from edgehuman.errors import DataError
from edgehuman.files import decoded, unix_ends
from edgehuman.runtime.loop.datagrams import POLL_S

CHUNK = 65_536
_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ARRAY = re.compile(rb'(?:\xef\xbb\xbf)?\s*\[\s*([\[{\]]|null\b|"\s*[\[{])')
MAX_LINE = 1 << 18  # Sensor Logger pushes some seconds of all sensors in one


def next_chunk(descriptor: int) -> bytes | None:
    """The next bytes of an open file or pipe; empty while nothing arrives, None at the end."""
    readable, _, _ = select.select([descriptor], [], [], POLL_S)
    return (os.read(descriptor, CHUNK) or None) if readable else b""


def is_array(beginning: bytes) -> bool:
    """Whether text begins as a JSON list of objects or lists."""
    return _ARRAY.match(beginning) is not None


def read_lines(
    descriptor: int, name: str, wanted: str, first: bytes = b""
) -> Iterator[tuple[list[str], bool]]:
    """The lines of an open file or pipe as they arrive (empty while nothing does), and whether this
    is the end: then at most one line, the unterminated last one.

    Args:
        wanted: what the text should be, for the message.
        first: bytes that were read before.

    Raises:
        DataError: a line of over 256 KB; or it begins as gzip, UTF-16 or a JSON array.
    """
    begun = False
    rest, half = b"", b""  # an unfinished line; a CR that may belong to a CR LF
    while True:
        chunk, first = first or next_chunk(descriptor), b""
        if chunk is None:
            break
        if not chunk:
            yield [], False
            continue
        if not begun:
            begun = True
            _require_lines(chunk, name, wanted)
        chunk = half + chunk
        half = chunk[-1:] if chunk.endswith(b"\r") else b""
        chunk = unix_ends(chunk[: len(chunk) - len(half)])
        whole, end, chunk = chunk.rpartition(b"\n")
        whole, rest = (rest + whole, chunk) if end else (b"", rest + chunk)
        if len(rest) > MAX_LINE:
            said = (
                "is one long line of JSON" if rest.lstrip()[:1] in (b"{", b"[") else "is not text"
            )
            raise DataError(
                f"{name} {said}: one of its lines is over {MAX_LINE} bytes; give {wanted}"
            )
        if end:
            yield _decoded_lines(whole), False
    yield ([decoded(rest)] if rest.strip() else []), True


def _require_lines(beginning: bytes, name: str, wanted: str) -> None:
    """Raises DataError for what is no lines of UTF-8 and is easily made such: what arrives piece by
    piece cannot be read whole first.
    """
    forms = (
        (beginning.startswith(_GZIP), "is gzip: unpack it first, e.g. with `gzip -dc`"),
        (beginning.startswith(_UTF16), "is UTF-16: convert it first, e.g. with `iconv -t UTF-8`"),
        (
            is_array(beginning),
            "is a JSON array: write a line per object first, e.g. with `jq -c '.[]'`",
        ),
    )
    for found, said in forms:
        if found:
            raise DataError(f"{name} {said}; wanted is {wanted}")


def open_file(path: Path, suffixes: str, others: str = "") -> int:
    """The descriptor of a file, or of a named pipe.

    Args:
        suffixes: valid suffixes, for the messages.
        others: what may be given instead of a file, for the message of a missing file.

    Raises:
        DataError: no such file, a folder, or no permission to read it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the path of a {suffixes}{others}") from None
    except OSError as error:
        raise DataError(f"cannot open {path} ({error.strerror}); check its permissions") from None
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError(f"{path} is a folder; give one {suffixes} file in it")
    return descriptor


def standard_input(wanted: str) -> int:
    """The descriptor of standard input.

    Raises:
        DataError: it is closed.
    """
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        raise DataError(f"standard input is closed; pipe {wanted} into it") from None


def _decoded_lines(text: bytes) -> list[str]:
    """The lines of a text; those that are not UTF-8 are told one by one."""
    try:
        return text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return [decoded(line) for line in text.split(b"\n")]
