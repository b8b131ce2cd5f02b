"""Files that are not lines of UTF-8 as they are: UTF-16, gzip, and JSON that is one document.

A spreadsheet saves "Unicode text" as UTF-16; loggers compress what they upload; web pages and apps
save an array of objects, or an object around one. All become lines of UTF-8, read at once.
"""

from __future__ import annotations

import codecs
import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.outcome import to_json
from edgehuman.preprocess.imu.text.events import is_event

GZIP = ".gz"
MOST_BYTES = 1 << 30
_GZIP_MAGIC = b"\x1f\x8b"
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WANTED = "give CSV with a header, JSON lines, or one JSON array of an object per row"


def is_document(beginning: bytes) -> bool:
    """Whether a file that begins so must be read whole before it is lines of UTF-8."""
    if beginning.startswith((_GZIP_MAGIC, *_BOMS)):
        return True
    text = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"["):
        return text[1:].lstrip()[:1] in (b"{", b"[", b"")
    first = text.split(b"\n", 1)[0].rstrip()
    return first in (b"{", b'{"data": [') or (first.startswith(b"{") and first.endswith(b"["))


def lines_of(content: bytes, name: str) -> bytes:
    """The content of a file as lines of UTF-8; what is no document is returned as it is.

    Args:
        name: for the messages.

    Raises:
        DataError: damaged gzip, one that holds over 1 GB, damaged UTF-16, or JSON without rows.
    """
    if content.startswith(_GZIP_MAGIC):
        return lines_of(_unpacked(content, name), name)
    if content.startswith(_BOMS):
        try:
            return lines_of(content.decode("utf-16").encode(), name)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{name} is damaged UTF-16 ({error.reason}); save it as UTF-8"
            ) from None
    return _json_lines(content, name) if is_document(content[: 1 << 16]) else content


def _unpacked(content: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = unpacker.decompress(content, MOST_BYTES)
        if unpacker.unconsumed_tail:
            raise DataError(f"{name} holds over {MOST_BYTES >> 30} GB; unpack and split it")
        if not unpacker.eof:
            raise DataError(f"{name} is cut short; copy it again, or unpack what there is")
        # More parts may follow, as `cat a.gz b.gz` makes them.
        return text + (gzip.decompress(unpacker.unused_data) if unpacker.unused_data else b"")
    except (zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise DataError(f"{name} is damaged ({error}); copy it again") from None


def _json_lines(content: bytes, name: str) -> bytes:
    try:
        document = json.loads(content.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError) as error:
        said = error.msg if isinstance(error, json.JSONDecodeError) else "not readable"
        raise DataError(
            f"{name} begins as a JSON document but is none ({said}); {_WANTED}"
        ) from None
    rows = _rows(document)
    if rows is None:
        held = "an array of arrays" if isinstance(document, list) else "an object"
        raise DataError(f"{name} is {held} in JSON, without an object per row; {_WANTED}")
    return "\n".join(to_json(row) for row in rows).encode() + b"\n"


def _rows(document: Any) -> list[dict[str, Any]] | None:
    """The objects of an array, or of the only array of objects in an object; else None."""
    if isinstance(document, list):
        found = [row for row in document if isinstance(row, dict)]
        return found if found and len(found) == len(document) else None
    if "payload" in document or "values" in document:  # one event of an app, over several lines
        return [document]
    arrays = [
        rows for value in document.values() if isinstance(value, list) and (rows := _rows(value))
    ]
    return arrays[0] if len(arrays) == 1 else None


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
        return lines_of(path.read_bytes(), str(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); fix its permissions") from None
