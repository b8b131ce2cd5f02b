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
import dataclasses
import json
import os
import types
import typing
from collections.abc import Iterator
from typing import Any

from edgehuman.errors import EdgehumanError

_SHOWN = 200
_HINTS: dict[type, dict[str, Any]] = {}  # worked out once: it takes milliseconds


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
        return "more than fits into the memory"
    words = str(error).strip().partition("\n")[0][:_SHOWN]
    if "pickle" in words and isinstance(error, ValueError):
        # NumPy's own message suggests loading it unsafely.
        return "it holds Python objects" if "Object" in words else "not a NumPy archive"
    if isinstance(error, ValueError) and words:
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def shown(value: object) -> str:
    """A value for a message, whatever a file holds: numbers may have too many digits to write."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def is_name(value: object) -> bool:
    """Whether a value of a file can name a file: text that has bytes, and no zero among them."""
    try:
        return isinstance(value, str) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:  # half a pair of surrogates
        return False


def json_of(text: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        ValueError: no JSON, bytes that are no text, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (RecursionError, MemoryError) as error:
        raise ValueError(reason_of(error)) from None


def require_types(instance: Any, where: str = "") -> None:
    """Hold a dataclass that was built of a file's values against its annotations, at any depth.

    Raises:
        TypeError: a field holds something else, or a number beyond 64 bits.
    """
    kind = type(instance)
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    for name, hint in _HINTS[kind].items():
        value = getattr(instance, name)
        if not _fits(value, hint):
            raise TypeError(f"{where}{name} is {shown(value)}, not {_said(hint)}")
        for each in value if isinstance(value, tuple) else (value,):
            if dataclasses.is_dataclass(each):
                require_types(each, f"{where}{name}.")


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, each) for each in arguments)
    if origin is typing.Literal:
        return isinstance(value, str) and value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(each, arguments[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            _fits(key, arguments[0]) and _fits(each, arguments[1]) for key, each in value.items()
        )
    if hint in (int, float):
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63
        return whole or (hint is float and isinstance(value, float))
    return isinstance(value, hint)


def _said(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
