"""What a sub-command hands back: an object for machines and a text for people."""

from __future__ import annotations

import json
import math
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

    NaN and infinity are null: JSON has neither, and no reader but Python's takes them.

    Raises:
        TypeError: a value of another type.
    """
    encoder = _COMPACT
    if indent is not None:
        encoder = json.JSONEncoder(indent=indent, default=_plain, allow_nan=False)
    try:
        return encoder.encode(data)
    except ValueError:  # a number that is not finite
        return encoder.encode(_finite(data))


def _finite(value: Any) -> Any:
    """The value with None for every number that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return _finite(value.tolist()) if hasattr(value, "tolist") else value


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


_COMPACT = json.JSONEncoder(
    default=_plain, allow_nan=False
)  # made once: lines of results come by the thousand
