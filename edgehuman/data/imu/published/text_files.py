"""Read the text files of published datasets; errors name the file, the row and the fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_TEXT, lines_within, require_size
from edgehuman.placing import why
from edgehuman.reading.parsers import foreign
from edgehuman.records import Float64


def read_columns(
    path: Path, columns: int, use: Sequence[int] | None = None, delimiter: str | None = None
) -> Float64:
    """Read a numeric table without header, float64 (rows, columns or those in `use`); NaN is kept.

    Raises:
        DataError: a missing or empty file, a wrong number of columns, or a value that is not a
            number.
    """
    first = first_line(path)
    found = len(first.split(delimiter))
    if found != columns:
        raise DataError(
            f"{path}: the first row has {found} columns; the published file has {columns}. "
            "Unpack the archive again, unedited"
        )
    try:
        with foreign():
            return np.loadtxt(path, delimiter=delimiter, usecols=use, ndmin=2)
    except ValueError as error:
        raise DataError(f"{path}: {reason(error)}; unpack the archive again") from None


def first_line(path: Path) -> str:
    """Return the first line that is not blank.

    Raises:
        DataError: no such file, an empty file, or not a text file.
    """
    try:
        require_size(path, MOST_TEXT, DataError)
        with path.open(encoding="utf-8") as file:
            for line in lines_within(file, str(path), DataError):
                if line.strip():
                    return line.strip()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; unpack the whole archive") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise DataError(f"{path}: not a text file; unpack the archive again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({why(error)}); copy it again") from None
    raise DataError(f"{path}: the file is empty; unpack the archive again")


def matching(folder: Path, pattern: str) -> list[tuple[Path, tuple[str, ...]]]:
    """Entries of a folder whose whole name matches, with the match groups, sorted by name."""
    if not folder.is_dir():
        return []
    compiled = re.compile(pattern)
    pairs = [(path, compiled.fullmatch(path.name)) for path in sorted(folder.iterdir())]
    return [(path, match.groups()) for path, match in pairs if match]


def absent(root: Path, relative: Iterable[str]) -> list[str]:
    """One line for each relative path that is missing."""
    return [f"missing: {name}" for name in relative if not (root / name).exists()]


def require_rows(path: Path, found: int, wanted: int, other: Path) -> None:
    """Check that two files that belong together have equally many rows.

    Raises:
        DataError: they do not.
    """
    if found != wanted:
        raise DataError(
            f"{path} has {found} rows, but {other.name} has {wanted}; they must match, so one was "
            "cut short. Unpack the archive again"
        )


def reason(error: ValueError) -> str:
    """Reason why numpy cannot read a table, without numpy's advice to programmers."""
    return str(error).partition(";")[0].rstrip(".")
