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
import sys
from collections.abc import Iterator
from typing import Any

from edgehuman.errors import EdgehumanError

MOST_JSON_MEMORY = 2 << 30
"""Of what JSON makes, bytes."""
_SHOWN = 200
_FULL = "more than fits into the memory"
# A list, an object with a name in it, a further name, a number, and what text takes beyond that,
# and beyond ASCII; Python 3.10 to 3.14, 64 bits. A byte of JSON makes less than _GROWTH.
_LIST_BYTES, _OBJECT_BYTES, _NAME_BYTES, _VALUE_BYTES = 72, 232, 112, 40
_TEXT_BYTES, _WIDE_TEXT_BYTES, _GROWTH = 32, 24, 256
# Lead bytes of UTF-8: of U+0100 and more, which take two bytes a character, and of those of four.
_UP_TO_LATIN, _FOUR = bytes(range(0xC4)), bytes(range(0xF0))


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


def json_of(text: str | bytes, most: int = MOST_JSON_MEMORY, unique: bool = False) -> Any:
    """Parse JSON.

    Args:
        most: bytes of memory that it may take; JSON of three bytes makes objects of 64.
        unique: refuse an object with a key given twice: readers differ on which one counts.

    Raises:
        ValueError: no JSON, bytes that are no text, nested too deeply, or larger than `most`.
    """
    if len(text) > most // _GROWTH and (need := _memory_of(text)) > most:
        raise ValueError(
            f"{len(text):,} bytes of JSON would take {need >> 20:,} MB of memory; at most "
            f"{most >> 20:,} are taken: split it, or write an object per line"
        )
    try:
        return json.loads(text, object_pairs_hook=_unique if unique else None)
    except (RecursionError, MemoryError) as error:
        raise ValueError(reason_of(error)) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is given twice")
    return table


def _memory_of(text: str | bytes) -> int:
    """An upper bound of what `json.loads` takes, with the text itself."""

    def count(mark: str) -> int:
        return text.count(mark) if isinstance(text, str) else text.count(mark.encode())

    names, quoted = count(":"), count('"') // 2
    is_escaped, is_ascii = bool(count("\\")), text.isascii()
    decoded = _width(text)
    within = max(decoded, (4 if count("\\ud") + count("\\uD") else 2) if is_escaped else 1)
    # Python joins what stands between escapes in a buffer that grows.
    held = len(text) * (decoded + within * (1 + is_escaped) * bool(quoted))
    texts = max(0, quoted - names) * _TEXT_BYTES
    texts += 0 if is_ascii and not is_escaped else quoted * _WIDE_TEXT_BYTES
    lists, objects = count("[") * _LIST_BYTES, count("{") * _OBJECT_BYTES
    return held + lists + objects + names * _NAME_BYTES + count(",") * _VALUE_BYTES + texts


def _width(text: str | bytes) -> int:
    """Bytes that Python takes for each character: as many as the widest needs."""
    if text.isascii():
        return 1
    if isinstance(text, str):
        return min(4, sys.getsizeof(text) // len(text))
    if not text.translate(None, _UP_TO_LATIN):
        return 1
    return 4 if text.translate(None, _FOUR) else 2
