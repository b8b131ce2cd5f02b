"""Read a whole file of no more than a given size.

    content = read_bounded(path, MOST_TEXT, DataError)

A file may be sparse, a device or growing; so it is bounded by what it will take, before that is
taken.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from edgehuman.errors import EdgehumanError

MOST_TEXT = 1 << 30
"""Of a recording, a table or JSON that is read at once, bytes."""
MOST_ANNOTATIONS = 12 << 30
"""Of the labels that a dataset is published with, and of what they make, bytes; COCO-WholeBody's
take 5 GB."""
MOST_NOTE = 1 << 24
"""Of a file beside another: a card, labels, an index of parts, bytes."""
MOST_RECIPE = 1 << 20
"""Of a recipe or contract, bytes; they have a few thousand."""
MOST_PICTURE = 1 << 28
"""Of an encoded picture, bytes; photos have some megabytes, TIFF and PNG up to a hundred."""
MOST_MODEL = 1 << 31
"""Of a graph, a plan or our own weights, bytes; a protobuf holds no more."""
MOST_LINE = 1 << 24
"""Of one line of a text that is read line by line, characters; a pose has some thousand."""
FREE_BYTES, FREE_TEXT, MOST_RATIO = 1 << 28, 1 << 24, 200
"""Up to here any packed content is taken; beyond, what was packed tighter than recordings ever are
is not. Labels and masks pack tightly; of text a byte makes up to ten of memory, and packs 10 to 30
times."""
MOST_LINES = 25_000_000
"""Of a text that is split into lines: 70 hours at 100 rows a second."""

_MOST_KEY_PARTS = 64
_PIECE = 1 << 20
_QUOTED = re.compile(rb"\"[^\"\n]*\"|'[^'\n]*'")
_DOT, _BETWEEN = re.compile(rb"\s*\.\s*"), re.compile(rb"[,=\[\]{}\s]+")


def read_bounded(path: Path, most: int, error: type[EdgehumanError], what: str = "file") -> bytes:
    """Read a file of at most so many bytes.

    Args:
        error: the class to raise.
        what: what the file is, for the message.

    Raises:
        EdgehumanError: `error`: it is larger.
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        about = os.fstat(stream.fileno())
        size = about.st_size if stat.S_ISREG(about.st_mode) else 0
        # Python makes room for as many bytes as it is asked for, so it is asked for what is there.
        content = stream.read(size + 1) if size <= most else b""
        if len(content) > size or not stat.S_ISREG(about.st_mode):  # it grows, or is a pipe
            content = _on(content, stream, most)
    if size > most or len(content) > most:
        shown = f"has {size:,} bytes" if size > most else f"goes on after {most:,} bytes"
        raise error(
            f"{path}: {shown}; {_a(what)} may have {most:,}. Give another file, or split it"
        )
    return content


def require_size(path: Path, most: int, error: type[EdgehumanError], what: str = "file") -> None:
    """Check a file before a parser of others reads it piece by piece.

    Raises:
        EdgehumanError: `error`: it is larger, or a device or pipe, which has no end.
        OSError: it cannot be read.
    """
    about = os.stat(path)
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(about.st_mode):
        raise error(f"{path}: is no regular file; copy what it gives into one")
    if about.st_size > most:
        raise error(
            f"{path}: has {about.st_size:,} bytes; {_a(what)} may have {most:,}. Give another "
            "file, or split it"
        )


def read_regular(path: Path, most: int, error: type[EdgehumanError], what: str = "file") -> bytes:
    """As `read_bounded`, of a regular file alone: a model is never a pipe, which may never answer,
    or a device.
    """
    if not path.is_dir():  # which cannot be read: an OSError, as of every reader
        require_size(path, most, error, what)
    return read_bounded(path, most, error, what)


def lines_within(
    stream: TextIO, where: str, error: type[EdgehumanError], most: int = MOST_LINE
) -> Iterator[str]:
    """The lines of an opened text, each of at most so many characters.

    Raises:
        EdgehumanError: `error`: a line is longer.
        OSError, UnicodeDecodeError: it cannot be read.
    """
    number = 0
    while line := stream.readline(most + 1):
        number += 1
        if len(line) > most:
            raise error(f"{where}: line {number} has over {most:,} characters; split it")
        yield line


def _a(what: str) -> str:
    return f"{'an' if what[0] in 'aeio' else 'a'} {what}"


def _on(content: bytes, stream: BinaryIO, most: int) -> bytes:
    parts, length = [content], len(content)
    while length <= most and (part := stream.read(_PIECE)):
        parts.append(part)
        length += len(part)
    return b"".join(parts)


def require_few_lines(
    content: bytes, where: str, error: type[EdgehumanError], most: int = MOST_LINES
) -> None:
    """Raise `error` for a text of more lines than a recording has."""
    if len(content) > most and content.count(b"\n") + content.count(b"\r") > most:
        raise error(f"{where}: has over {most:,} lines; split it into several files")


def require_plain_toml(content: bytes, where: str, error: type[EdgehumanError]) -> None:
    """Raise `error` for keys of many parts (a.b.c ...), whose reading takes its square."""
    if content.count(b".") < _MOST_KEY_PARTS:
        return
    for line in _QUOTED.sub(b"", content).splitlines():
        tokens = _BETWEEN.split(_DOT.sub(b".", line)) if line.count(b".") >= _MOST_KEY_PARTS else ()
        if any(token.count(b".") >= _MOST_KEY_PARTS for token in tokens):
            raise error(f"{where}: a key has over {_MOST_KEY_PARTS} parts; write it as a table")
