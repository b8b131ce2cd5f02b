"""What a sub-command hands back: an object for machines and a text for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """Attributes:
    data: what `--json` prints, as one object (or a list).
    text: what people read; may be empty where the command printed as it went.
    exit_code: 0 done, 1 the run failed.
    exact: the text is edgehuman's own to the last character, such as a script: nothing is cut.
    """

    data: Mapping[str, Any] | list[Any]
    text: str
    exit_code: int = 0
    exact: bool = False


def to_json(data: Any, indent: int | None = None) -> str:
    """JSON text of plain values and of NumPy's: which functions of NumPy return its own integers
    instead of Python's differs between its versions, and the standard library refuses these.

    Raises:
        TypeError: a value of another type.
    """
    return (_COMPACT if indent is None else json.JSONEncoder(indent=indent, default=_plain)).encode(
        data
    )


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


_COMPACT = json.JSONEncoder(default=_plain)  # made once: lines of results come by the thousand
