"""Other names for a dataset's classes: `jogging=running`, `stairs=upstairs|downstairs`, `typing=`.

    naming = read_naming(["jogging=running", "stairs=walking_upstairs|walking_downstairs"], "--map")
    naming.get("jogging")                  ("running",)

A class that may be any of several names has all of them, separated by `|`; one that is mapped to
nothing is left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.records import WindowSet

EITHER = "|"
Naming = Mapping[str, tuple[str, ...]]


def read_naming(words: Iterable[str], flag: str) -> dict[str, tuple[str, ...]]:
    """Return {class: its other names} of words `CLASS=NAME`, `CLASS=NAME|NAME` or `CLASS=`.

    Raises:
        UsageError: a word of another form, or one class mapped twice.
    """
    naming: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, others = (part.strip() for part in word.partition("="))
        names = tuple(other.strip() for other in others.split(EITHER)) if others else ()
        if not (name and equals and all(names)) or "=" in others:
            raise UsageError(
                f"{flag} {word!r} is not CLASS=NAME; e.g. {flag} jogging=running "
                "'stairs=walking_upstairs|walking_downstairs' typing="
            )
        if name in naming:
            raise UsageError(f"{flag} maps {name!r} twice; give it once, with {EITHER} between")
        naming[name] = names
    return naming


def require_found(naming: Iterable[str], found: Iterable[str], flag: str) -> None:
    """Raise DataError for a class of a naming that is none of those found: a wrong name is told."""
    found = list(dict.fromkeys(found))
    unknown = [name for name in naming if name not in found]
    if unknown:
        raise DataError(
            f"{flag} {unknown[0]}=...: no row is labelled {', '.join(unknown)}; found "
            f"{', '.join(found) or 'no label'}"
        )


def rename(windows: WindowSet, naming: Naming) -> WindowSet:
    """Return the windows under their other names; windows mapped to nothing are left out.

    Classes mapped to one name become one class; one of several names is called `a|b`.
    """
    new = [EITHER.join(naming.get(name, (name,))) for name in windows.labels]
    labels = tuple(dict.fromkeys(name for name in new if name))
    place = {name: i for i, name in enumerate(labels)}
    left_out = -2
    table = np.array([*(place.get(name, left_out) for name in new), -1], np.int64)
    label_N = table[windows.label_N]
    renamed = dataclasses.replace(windows, label_N=label_N, labels=labels)
    return renamed if not (label_N == left_out).any() else renamed.select(label_N > left_out)
