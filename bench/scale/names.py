"""Names of a sweep, of its axes, their labels and its cells, which are folders too; and its words.

A sweep file may come from anybody: a name is one line, obeys no terminal and no spreadsheet, and
two cells never share a folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.reading.values import shown

RETRY = "+half-lr"
"""How the name of a cell ends that is another one with half its learning rate."""
_LONGEST = 100
# Neither of what parts a name (= and +), nor what a system takes amiss; ASCII, as a file's name is
# limited in bytes.
_NOT_IN_NAMES = re.compile(r"[^\w.-]+", re.ASCII)
_AXIS = re.compile(r"[A-Za-z_][\w-]{0,59}", re.ASCII)
_LABEL = re.compile(r"\w[\w .,:%()/+-]{0,58}[\w.,:%()/+-]|\w")
_METRIC = re.compile(r"\w[\w.@+-]{0,59}", re.ASCII)


def label_of(value: Any) -> str:
    """A value of an axis as text; two values never have one label but 1 and "1"."""
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    return str(value)


def require_axis(name: str, where: str) -> None:
    """Check the name of an axis.

    Raises:
        UsageError: it is no word.
    """
    if not _AXIS.fullmatch(name):
        raise UsageError(
            f"{where}: the axis {shown(name)} is no name; give a word of letters, digits, _ and -"
        )


def require_label(label: str, where: str) -> None:
    """Check a label of a table.

    Raises:
        UsageError: it is empty, long, or has letters that a terminal or a spreadsheet obeys.
    """
    if not _LABEL.fullmatch(label):
        raise UsageError(
            f"{where}: the label {shown(label)} cannot be used; begin it with a letter or digit, "
            "and give at most 60 letters, digits, spaces and . , : % ( ) / + - _"
        )


def require_metric(name: str, where: str) -> None:
    """Check the name of a metric, which is one of a column of points.csv.

    Raises:
        UsageError: it is no word, or a column of trials would have that name.
    """
    if not _METRIC.fullmatch(name) or name.endswith(".trials"):
        raise UsageError(
            f"{where}: the metric {shown(name)} is no name of one; give words of letters, digits "
            "and . @ + - _, without .trials at the end"
        )


def cell_name(labels: Mapping[str, str]) -> str:
    """A cell's name, which is a folder's too: arch=imuvit_64x2+subset=0.5+seed=0. Where letters had
    to be replaced, it ends with a hash of the labels.
    """
    parts = [
        (_NOT_IN_NAMES.sub("_", axis), _NOT_IN_NAMES.sub("_", labels[axis])) for axis in labels
    ]
    name = "+".join(f"{axis}={label}" for axis, label in parts) or "all"
    if parts == [*labels.items()] and len(name) <= _LONGEST:
        return name
    plain = not any(letter in text for pair in labels.items() for text in pair for letter in "+=")
    parted = "+".join(f"{axis}={label}" for axis, label in labels.items())
    said = parted if plain else "\0".join(text for pair in labels.items() for text in pair)
    return f"{name[: _LONGEST - 9]}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def words_of(config: Any) -> list[str]:
    """The flags of a config as words, without those that are its defaults."""
    words: list[str] = []
    require_words(config)
    for each in dataclasses.fields(config):
        value, flag = getattr(config, each.name), f"--{each.name.replace('_', '-')}"
        usual = each.default
        if each.name in ("method", "task") or value is None or value == usual:
            continue
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, tuple):
            words += [flag, *map(str, value)]
        else:
            words += [flag, str(value)]
    return words


def require_words(config: Any, where: str = "") -> None:
    """Check that no value of a config would be a flag among words.

    Raises:
        UsageError: a text begins with a dash.
    """
    for each in dataclasses.fields(config):
        value = getattr(config, each.name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, (str, Path)) and str(one).startswith("-"):
                raise UsageError(
                    f"{where}{': ' if where else ''}{each.name} is {shown(str(one))}, which would "
                    "be read as a flag; begin a path with ./"
                )
