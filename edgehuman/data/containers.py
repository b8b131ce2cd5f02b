"""File containers shared by several records: numpy's .npz, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.limits import archives
from edgehuman.limits.sizes import MOST_ANNOTATIONS, read_bounded
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.reading.values import shown
from edgehuman.records import Index

RATES_HZ = (1.0, 5000.0)
_KINDS = {"f": "iuf", "i": "iu", "b": "b", "s": "U"}
_WORDS = {"f": "numbers", "i": "integers", "b": "truths", "s": "texts"}
Value = TypeVar("Value")


def field_names(path: Path) -> set[str]:
    """Names of the arrays in an .npz, without reading them; empty if the path is not an .npz.

    Raises:
        DataError: a file that ends in .npz but is not one, or has a list of names beyond reason.
    """
    if path.suffix != ".npz" or not path.is_file():
        return set()
    try:
        with foreign():
            return archives.field_names(path)
    except (ValueError, OSError) as error:
        raise DataError(
            f"{path}: not a readable .npz file ({error}); copy or download it again"
        ) from None


def arrays(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an .npz.

    Raises:
        DataError: the file cannot be read, or is too large (see `limits.archives`).
    """
    try:
        with foreign():
            return archives.read_npz(path, names)
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: cannot be read ({error}); copy or download it again") from None


def fields(path: Path, wanted: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read arrays of an .npz that have these types and shapes.

    Args:
        wanted: name -> type and axes, such as "f T6": of numbers (f), integers (i), truths (b) or
            texts (s); letters are sizes that agree among all arrays, digits are sizes. A field
            `rate_hz` lies within 1 to 5000.

    Raises:
        DataError: the file cannot be read, or an array differs.
    """
    held = arrays(path, wanted)
    sizes: dict[str, int] = {}
    for name, said in wanted.items():
        kind, _, axes = said.partition(" ")
        array = held[name]
        fits = array.dtype.kind in _KINDS[kind] and array.ndim == len(axes)
        if fits:
            for axis, size in zip(axes, array.shape, strict=True):
                fits &= size == (int(axis) if axis.isdigit() else sizes.setdefault(axis, size))
        if not fits:
            sized = ", ".join(str(sizes.get(axis, axis)) for axis in axes)
            raise DataError(
                f"{path}: {name} is {array.dtype} {array.shape}; it must be {_WORDS[kind]} "
                f"({sized}). Copy or convert it again"
            )
        if name == "rate_hz" and not RATES_HZ[0] <= float(array) <= RATES_HZ[1]:
            raise DataError(f"{path}: rate_hz is {float(array):g}; it must be 1 to 5000")
    return held


def one_of(path: Path, what: str, table: Mapping[str, Value], key: object) -> Value:
    """The entry of a table for a name that a file holds.

    Raises:
        DataError: another name.
    """
    if not isinstance(key, str) or key not in table:
        raise DataError(
            f"{path}: {what} {shown(key)}; valid: {', '.join(table)}. Copy or convert it again"
        )
    return table[key]


def bounds(path: Path, length: NDArray[Any], rows: int) -> Index:
    """Start of each sequence, and the end of the last: int64 (sequences + 1,).

    Raises:
        DataError: the lengths do not add up to the number of rows.
    """
    if length.size and int(length.min()) < 0:
        raise DataError(f"{path}: a `length` is {length.min()}; copy it again")
    edges = np.concatenate([[0], np.cumsum(length, dtype=np.int64)])
    if edges[-1] != rows:
        raise DataError(
            f"{path}: `length` adds up to {edges[-1]} rows, but the file holds {rows}; "
            "the file was cut short or edited; copy it again"
        )
    return edges


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        DataError: it cannot be read, is not JSON, or is too large.
    """
    try:
        content = read_bounded(path, MOST_ANNOTATIONS, DataError)
        return json_of(content, MOST_ANNOTATIONS)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    except ValueError as error:
        raise DataError(f"{path}: not JSON ({error}); copy or write it again") from None
