"""The boundary around the parsers of others: json, zipfile, NumPy, csv, scipy, OpenCV and more.

    try:
        with foreign(), np.load(path) as archive:
            image = archive["image"]
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); copy it again") from None

A damaged or hostile file makes a parser raise what it likes: RecursionError, MemoryError,
zlib.error, NotImplementedError, struct.error, tokenize.TokenError, ... Lists of these are never
complete, and differ between versions. Inside the block stands nothing but calls of that parser: an
error of our own code stays a traceback.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from edgehuman.errors import EdgehumanError

MOST_JSON_MEMORY = 2 << 30
"""Of what JSON makes, bytes."""
_SHOWN = 200
_FULL = "more than fits into the memory"
# A list, an object with a name in it, and a number or short text; Python 3.10 to 3.14, 64 bits. A
# byte of JSON makes less than _GROWTH.
_LIST_BYTES, _OBJECT_BYTES, _VALUE_BYTES, _GROWTH = 72, 232, 40, 240


@contextlib.contextmanager
def foreign() -> Iterator[None]:
    """Turn whatever the parser in the block raises into a ValueError with words.

    Raises:
        ValueError: the parser raised; our own errors pass as they are.
        OSError: the system could not read.
    """
    try:
        yield
    except (EdgehumanError, OSError):
        raise
    except Exception as error:
        raise ValueError(reason_of(error)) from None


def reason_of(error: Exception) -> str:
    """What a parser complains about, in one line: many raise errors without words."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, MemoryError):
        return _FULL
    words = str(error).strip().partition("\n")[0][:_SHOWN]
    if "pickle" in words and isinstance(error, ValueError):
        # NumPy's own message suggests loading it unsafely.
        return "it holds Python objects" if "Object" in words else "not a NumPy archive"
    if (isinstance(error, ValueError) or type(error).__name__ == "BadZipFile") and words:
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def fault_of(error: Exception) -> str:
    """What is wrong with a file of ours that was not read: one that memory is too small for need
    not be damaged."""
    words = str(error)
    return f"cannot be read here ({words})" if words == _FULL else f"damaged ({words})"


def json_of(text: str | bytes, most: int = MOST_JSON_MEMORY) -> Any:
    """Parse JSON.

    Args:
        most: bytes of memory that it may take; JSON of three bytes makes objects of 64.

    Raises:
        ValueError: no JSON, bytes that are no text, nested too deeply, or larger than `most`.
    """
    if len(text) > most // _GROWTH and (need := _memory_of(text)) > most:
        raise ValueError(
            f"{len(text):,} bytes of JSON would take {need >> 20:,} MB of memory; at most "
            f"{most >> 20:,} are taken: split it, or write an object per line"
        )
    try:
        return json.loads(text)
    except (RecursionError, MemoryError) as error:
        raise ValueError(reason_of(error)) from None


def _memory_of(text: str | bytes) -> int:
    if isinstance(text, str):
        lists, objects, values = text.count("["), text.count("{"), text.count(",") + text.count(":")
    else:
        lists, objects = text.count(b"["), text.count(b"{")
        values = text.count(b",") + text.count(b":")
    return len(text) + lists * _LIST_BYTES + objects * _OBJECT_BYTES + values * _VALUE_BYTES
