"""Files that are not lines of UTF-8 as they are: UTF-16, gzip, and JSON that is one document.

A spreadsheet saves "Unicode text" as UTF-16; loggers compress what they upload; web pages and apps
save an array of objects, an object around one, or an object of columns. All become lines of UTF-8,
read at once.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.limits.sizes import FREE_TEXT, MOST_RATIO, MOST_TEXT, read_bounded, require_few_lines
from edgehuman.outcome import to_json
from edgehuman.preprocess.imu.text.events import is_event
from edgehuman.reading.parsers import foreign, json_of

GZIP = ".gz"
MOST_BYTES = MOST_TEXT
_GZIP_MAGIC = b"\x1f\x8b"
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ROWS_WITHIN = re.compile(rb"\[\s*\{")
_COLUMN = re.compile(rb"\[[^\[\]{}]{200}")
_WANTED = "give CSV with a header, JSON lines, or one JSON array of an object per row"


def stem_of(path: Path) -> str:
    """A file's name without its suffix: "anna" of anna.csv and of anna.csv.gz."""
    return Path(path.stem).stem if path.suffix.lower() == GZIP else path.stem


def is_document(beginning: bytes) -> bool:
    """Whether a file that begins so must be read whole before it is lines of UTF-8."""
    if beginning.startswith((_GZIP_MAGIC, *_BOMS)):
        return True
    text = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"["):
        return text[1:].lstrip()[:1] in (b"{", b"[", b"")
    if not text.startswith(b"{"):
        return False
    first, _, others = text.partition(b"\n")
    if first.rstrip() == b"{" or first.rstrip().endswith(b"["):
        return True
    return not others.strip() and bool(_ROWS_WITHIN.search(first) or _COLUMN.search(first))


def lines_of(content: bytes, name: str) -> bytes:
    """The content of a file as lines of UTF-8; what is no document is returned as it is.

    Args:
        name: for the messages.

    Raises:
        DataError: damaged gzip, one that holds over 1 GB or another gzip, damaged UTF-16, or JSON
            without rows.
    """
    if content.startswith(_GZIP_MAGIC):
        content = _unpacked(content, name)
        if content.startswith(_GZIP_MAGIC):
            raise DataError(f"{name} is gzip within gzip; unpack it once")
        return lines_of(content, name)
    if content.startswith(_BOMS):
        try:
            return lines_of(content.decode("utf-16").encode(), name)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{name} is damaged UTF-16 ({error.reason}); save it as UTF-8"
            ) from None
    return _json_lines(content, name) if is_document(content[: 1 << 16]) else content


def _unpacked(content: bytes, name: str) -> bytes:
    parts: list[bytes] = []
    left = most = min(MOST_BYTES, max(FREE_TEXT, MOST_RATIO * len(content)))
    packed = len(content)
    while content:  # more parts may follow, as `cat a.gz b.gz` makes them
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            with foreign():
                parts.append(unpacker.decompress(content, left + 1))
        except ValueError as error:
            raise DataError(f"{name} is damaged ({error}); copy it again") from None
        left -= len(parts[-1])
        if left < 0:
            raise DataError(
                f"{name} holds over {most >> 20:,} MB, packed into {packed:,} bytes; unpack and "
                "split it"
            )
        if not unpacker.eof:
            raise DataError(f"{name} is cut short; copy it again, or unpack what there is")
        content = unpacker.unused_data.lstrip(b"\0")  # tapes and some writers fill up with zeros
    return b"".join(parts)


def _json_lines(content: bytes, name: str) -> bytes:
    try:
        document = json_of(content.removeprefix(codecs.BOM_UTF8))
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            return content  # JSON lines, the first of which is long
        said = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise DataError(
            f"{name} begins as a JSON document but is none ({said}); {_WANTED}"
        ) from None
    rows = _rows(document)
    if rows is None:
        held = "an array of arrays" if isinstance(document, list) else "an object"
        raise DataError(f"{name} is {held} in JSON, without an object per row; {_WANTED}")
    return "\n".join(to_json(row) for row in rows).encode() + b"\n"


def _rows(document: Any) -> list[dict[str, Any]] | None:
    """The objects of an array, or of the only array of objects in an object, or an object's columns
    as objects; else None.
    """
    if isinstance(document, list):
        found = [row for row in document if isinstance(row, dict)]
        return found if found and len(found) == len(document) else None
    arrays = [
        rows for value in document.values() if isinstance(value, list) and (rows := _rows(value))
    ]
    if "payload" in document or ("values" in document and not arrays):
        return [document]  # one event of an app, over several lines
    return arrays[0] if len(arrays) == 1 else _of_columns(document)


def _of_columns(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of an object whose arrays of one length are the columns; else None."""
    columns = {name: values for name, values in document.items() if isinstance(values, list)}
    if len({len(values) for values in columns.values()}) != 1:
        return None
    if any(isinstance(value, (dict, list)) for values in columns.values() for value in values):
        return None
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """An object whose columns lie in others, as one: `{"acc": {"x": 1}}` as `{"acc_x": 1}`, an
    array of three as its x, y and z. What is in `payload`, `data` or `values` keeps its own name.
    """
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, list) and len(value) == len("xyz"):
            value = dict(zip("xyz", value, strict=True))
        if not isinstance(value, dict):
            found[key] = value
            continue
        within = flat(value)
        is_wrapper = key.lower() in ("payload", "data", "values")
        found |= within if is_wrapper else {f"{key}_{name}": v for name, v in within.items()}
    return found


def unwrapped(record: dict[str, Any]) -> dict[str, Any]:
    """A row or an app's event without the envelope around it, and a row without objects in it."""
    if not any(isinstance(value, (dict, list)) for value in record.values()):
        return record
    payload = record.get("payload")
    if isinstance(payload, dict):
        record = {**record, **payload}
        del record["payload"]
    values = record.get("values")
    is_row = isinstance(values, dict) and not {"x", "y", "z"} <= values.keys()
    return flat(record) if is_row or not is_event(record) else record


def read_text(path: Path) -> bytes:
    """A file's content as lines of UTF-8.

    Raises:
        DataError: not readable, or as `lines_of`.
    """
    try:
        content = lines_of(read_bounded(path, MOST_TEXT, DataError, "recording"), str(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); fix its permissions") from None
    require_few_lines(content, str(path), DataError)
    return content
