"""Values that a file holds: shown in a message, taken for a name, held against annotations."""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Mapping
from typing import Any

_SHOWN = 200
_MOST_NAME, _MOST_PATH = 255, 3000  # bytes; of Linux 255 and 4096 with its folder
_HINTS: dict[type, dict[str, Any]] = {}  # worked out once: it takes milliseconds


def shown(value: object) -> str:
    """A value for a message, whatever a file holds: numbers may have too many digits to write."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def is_name(value: object) -> bool:
    """Whether a value of a file can name a file: text that has bytes, no zero among them, and no
    more than systems take; of longer ones Python's own `Path.is_file` raises.
    """
    try:
        content = os.fsencode(value) if isinstance(value, str) else b"\0"
        longest = max(map(len, content.split(b"/")))
        return b"\0" not in content and longest <= _MOST_NAME and len(content) <= _MOST_PATH
    except UnicodeEncodeError:  # half a pair of surrogates
        return False


def path_below(value: object) -> str:
    """The path of a file below a folder, as another file states it, with "/" between its parts
    also where it was written on Windows; empty: it is none, or it leads elsewhere.
    """
    path = value.replace("\\", "/") if isinstance(value, str) and is_name(value) else ""
    leads_elsewhere = path.startswith("/") or path[1:2] == ":" or ".." in path.split("/")
    return "" if leads_elsewhere else path


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
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(
            _fits(key, arguments[0]) and _fits(each, arguments[1]) for key, each in value.items()
        )
    if hint in (int, float):
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63
        return whole or (hint is float and isinstance(value, float))
    return isinstance(value, hint)


def _said(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
