"""Lines of text from a file, a pipe or standard input, for any parser of lines."""

from __future__ import annotations

import codecs
import os
import re
import select
import stat
import sys
from collections.abc import Callable, Iterator
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
    return (os.read(descriptor, CHUNK) or None) if _is_readable(descriptor) else b""


def _is_readable(descriptor: int) -> bool:
    """Whether there is something to read, or an end; waits a little for it. `select` takes no
    descriptor over 1023, and is asked only where there is no `poll` (Windows).
    """
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], POLL_S)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(POLL_S * 1e3))


def is_array(beginning: bytes) -> bool:
    """Whether text begins as a JSON list of objects or lists."""
    return _ARRAY.match(beginning) is not None


def is_stream(descriptor: int) -> bool:
    """Whether it is a pipe, a terminal, a socket or a serial port, and no file."""
    return not stat.S_ISREG(os.fstat(descriptor).st_mode)


def read_lines(
    descriptor: int,
    name: str,
    wanted: str,
    first: bytes = b"",
    drop: Callable[[str], object] | None = None,
) -> Iterator[tuple[list[str], bool]]:
    """The lines of an open file or pipe as they arrive (empty while nothing does), and whether this
    is the end: then at most one line, the unterminated last one.

    Args:
        wanted: what the text should be, for the message.
        first: bytes that were read before.
        drop: of a stream that goes on: called with what is said of a line of over 256 KB, once its
            beginning is known to be lines; such a line is left out.

    Raises:
        DataError: a line of over 256 KB; or it begins as gzip, UTF-16 or a JSON array.
    """
    lines = LineCutter(name, wanted, drop)
    while True:
        chunk, first = first or next_chunk(descriptor), b""
        if chunk is None:
            break
        if not chunk:
            yield [], False
            continue
        whole = lines.push(chunk)
        if whole is not None:
            yield _decoded_lines(whole), False
    rest = lines.rest()
    yield ([decoded(rest)] if rest.strip() else []), True


class LineCutter:
    """Cuts chunks of bytes at line ends; each byte is looked at a bounded number of times, however
    small the chunks are.

    Args:
        name, wanted, drop: as of `read_lines`.
        joined: it begins somewhere in a stream that goes on: nothing in it is an error.
    """

    def __init__(
        self,
        name: str,
        wanted: str,
        drop: Callable[[str], object] | None,
        joined: bool = False,
    ) -> None:
        self._name, self._wanted, self._drop = name, wanted, drop
        self._begun = joined
        self._passed = joined  # whether a line has ended
        self._skips = False  # inside a line that is left out
        self._rest = bytearray()  # an unfinished line
        self._half = b""  # a CR that may belong to a CR LF

    def push(self, chunk: bytes) -> bytes | None:
        """The lines that a chunk ends, without the last line end; None if it ends none.

        Raises:
            DataError: as `read_lines`.
        """
        if not self._begun:
            self._begun = True
            _require_lines(chunk, self._name, self._wanted)
        chunk = self._half + chunk
        self._half = chunk[-1:] if chunk.endswith(b"\r") else b""
        chunk = unix_ends(chunk[: len(chunk) - len(self._half)])
        if self._skips:
            _, end, chunk = chunk.partition(b"\n")
            self._skips = not end
        whole, end, chunk = chunk.rpartition(b"\n")
        ended = bytes(self._rest) + whole if end else None
        if end:
            self._passed = True
            self._rest.clear()
        if not self._skips:
            self._rest += chunk
        if len(self._rest) > MAX_LINE:
            self._refuse()
        return ended

    def rest(self) -> bytes:
        """The last line, which has no end."""
        return bytes(self._rest)

    def _refuse(self) -> None:
        """Leave out a line that is too long, or raise DataError."""
        is_json = bytes(self._rest.lstrip()[:1]) in (b"{", b"[")
        said = "is one long line of JSON" if is_json else "is not text"
        if self._drop is None or not self._passed:
            raise DataError(
                f"{self._name} {said}: one of its lines is over {MAX_LINE} bytes; give "
                f"{self._wanted}"
            )
        self._drop(f"a line of over {MAX_LINE} bytes: {bytes(self._rest[:40])!r}")
        self._skips = True
        self._rest.clear()


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
