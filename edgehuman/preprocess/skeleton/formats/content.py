"""JSON of a file or a pipe: one value, or a value per line."""

from __future__ import annotations

import codecs
import json
import re
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.files import decoded
from edgehuman.reading.parsers import json_of

_BEGINNING = 65_536
_CHUNK = 1 << 22


class DamagedError(DataError):
    """A file that was cut short or overwritten; others beside it remain usable."""


def encoding_of(content: bytes) -> str:
    """The encoding of JSON by its first bytes: UTF-8, UTF-16 or UTF-32, also without a mark."""
    found = json.detect_encoding(content[:4])
    return "utf-8-sig" if found == "utf-8" else found


def text_of(content: bytes) -> str:
    """Text without a byte-order mark and blanks before it; a character cut off at the end is left
    out. What is no Unicode is read as cp1252, as old programs on Windows write it.
    """
    encoding = encoding_of(content)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content)
    except UnicodeDecodeError:
        text = decoded(content)
    return text.lstrip("\ufeff \t\r\n")


def beginning(path: Path, size: int = _BEGINNING) -> str:
    """The first bytes of a file as text, without a byte-order mark; "" if it is no regular file or
    cannot be read.
    """
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return text_of(file.read(size))
    except OSError:
        return ""


def holds(path: Path, word: str) -> bool:
    """Whether a word occurs anywhere in a file, in UTF-8 or UTF-16."""
    wanted = [word.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if any(each in rest + chunk for each in wanted):
                return True
            rest = chunk[-2 * len(word) :]
    return False


def parse_objects(content: bytes, where: str) -> list[Any]:
    """The objects of JSON: the elements of its list, its one object, or one per line.

    Raises:
        DamagedError: not JSON.
    """
    text = text_of(content).rstrip()
    try:
        whole = json_of(text)
    except ValueError as error:
        return _by_line(text, where, str(error))
    objects = whole if isinstance(whole, list) else [whole]
    return [_unquoted(each) for each in objects]


def _unquoted(value: Any) -> Any:
    """The value of JSON that was written as a string, as of a list of `to_json()`."""
    if not (isinstance(value, str) and value.lstrip().startswith(("[", "{"))):
        return value
    try:
        return json_of(value)
    except ValueError:
        return value


def _by_line(text: str, where: str, whole_error: str) -> list[Any]:
    found = []
    lines = [line for line in re.split(r"\r?\n", text) if line.strip()]
    if not lines:
        raise DamagedError(f"{where}: not JSON ({whole_error}); copy or write it again")
    for number, line in enumerate(lines, start=1):
        try:
            found.append(json_of(line))
        except ValueError as error:
            if number == 1 or len(lines) == 1:
                raise DamagedError(
                    f"{where}: not JSON ({whole_error}); copy or write it again"
                ) from None
            raise DamagedError(
                f"{where}: line {number}: not JSON ({error}); write it again"
            ) from None
    return found
