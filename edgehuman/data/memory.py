"""Datasets in memory, given to a training in the place of paths."""

from __future__ import annotations

from typing import TypeVar

from edgehuman.errors import UsageError

SetT = TypeVar("SetT")


def sets_in_memory(data: object, kind: type[SetT]) -> list[SetT]:
    """The sets of a training: one, or several.

    Raises:
        UsageError: something else.
    """
    items = data if isinstance(data, (list, tuple)) else [data]
    found = [item for item in items if isinstance(item, kind)]
    if not found or len(found) < len(items):
        raise UsageError(
            f"data is {type(data).__name__}; give a {kind.__name__}, or a list of several"
        )
    return found


def set_in_memory(data: object, kind: type[SetT]) -> SetT:
    """The one set of a training.

    Raises:
        UsageError: something else.
    """
    if not isinstance(data, kind):
        raise UsageError(f"data is {type(data).__name__}; give a {kind.__name__}")
    return data
