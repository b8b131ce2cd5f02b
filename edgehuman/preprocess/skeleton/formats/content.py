"""JSON of a file or a pipe: one value, or a value per line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.files import decoded

_BEGINNING = 65_536
_CHUNK = 1 << 22


class DamagedError(DataError):
    """A file that was cut short or overwritten; others beside it remain usable."""


def beginning(path: Path, size: int = _BEGINNING) -> str:
    """The first bytes of a file as text, without a byte-order mark; "" if it is no regular file or
    cannot be read.
    """
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(size).decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    except OSError:
        return ""


def holds(path: Path, word: str) -> bool:
    """Whether a word occurs anywhere in a file."""
    wanted, rest = word.encode(), b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if wanted in rest + chunk:
                return True
            rest = chunk[-len(wanted) :]
    return False


def parse_objects(content: bytes, where: str) -> list[Any]:
    """The objects of JSON: the elements of its list, its one object, or one per line.

    Raises:
        DamagedError: not JSON.
    """
    text = decoded(content).lstrip("\ufeff").strip()
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        return _by_line(text, where, str(error))
    objects = whole if isinstance(whole, list) else [whole]
    return [_unquoted(each) for each in objects]


def _unquoted(value: Any) -> Any:
    """The value of JSON that was written as a string, as of a list of `to_json()`."""
    if not (isinstance(value, str) and value.lstrip().startswith(("[", "{"))):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _by_line(text: str, where: str, whole_error: str) -> list[Any]:
    found = []
    lines = [line for line in re.split(r"\r?\n", text) if line.strip()]
    if not lines:
        raise DamagedError(f"{where}: not JSON ({whole_error}); copy or write it again")
    for number, line in enumerate(lines, start=1):
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            if number == 1 or len(lines) == 1:
                raise DamagedError(
                    f"{where}: not JSON ({whole_error}); copy or write it again"
                ) from None
            raise DamagedError(
                f"{where}: line {number}: not JSON ({error}); write it again"
            ) from None
    return found
