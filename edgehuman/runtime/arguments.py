"""Arguments of Python callers, checked against the annotations of the function that takes them.

require_kinds(load, {"threads": "four"})      UsageError: threads is 'four'; give a whole number
"""

from __future__ import annotations

import collections.abc
import inspect
import numbers
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError

_WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "True or False",
    str: "text",
    Path: "a path",
}
_SHOWN = 60


def require_kinds(function: Callable[..., Any], given: Mapping[str, object]) -> None:
    """Raises UsageError for an argument that is of none of the kinds that its annotation allows.

    Args:
        function: its annotations are the rule; what is inside a container is not looked at.
        given: value of each argument, by name.
    """
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters
    for name, value in given.items():
        kinds = list(_kinds(hints[name]))
        if not any(_is_of(value, kind) for kind in kinds):
            optional = parameters[name].default is not inspect.Parameter.empty
            raise UsageError(
                f"{name} is {_short(value)}; give {_in_words(kinds)}"
                f"{', or leave it out' if optional else ''}"
            )


def _kinds(hint: Any) -> Iterator[Any]:
    """The members of a union, and of the unions in it; the hint itself if it is none."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for member in typing.get_args(hint):
            yield from _kinds(member)
    else:
        yield hint


def _is_of(value: object, kind: Any) -> bool:
    origin = typing.get_origin(kind)
    if kind is Any or kind is object:
        return True
    if origin is typing.Literal:
        return isinstance(value, str) and value in typing.get_args(kind)
    if origin is collections.abc.Callable:
        return callable(value)
    if kind in (float, int):
        number = numbers.Real if kind is float else numbers.Integral  # those of NumPy too
        return isinstance(value, number) and not isinstance(value, bool)
    return isinstance(value, origin or kind)


def _in_words(kinds: list[Any]) -> str:
    said = [_WORDS.get(kind) or _name(kind) for kind in kinds if kind is not type(None)]
    return " or ".join(filter(None, [", ".join(said[:-1]), said[-1]]))


def _name(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(map(repr, typing.get_args(kind)))
    name: str = (typing.get_origin(kind) or kind).__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({type(value).__name__})"
