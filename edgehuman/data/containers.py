"""File containers shared by several records: numpy's .npz, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.limits import archives
from edgehuman.limits.sizes import MOST_ANNOTATIONS, read_bounded, require_small_json
from edgehuman.records import Index


def field_names(path: Path) -> set[str]:
    """Names of the arrays in an .npz, without reading them; empty if the path is not an .npz.

    Raises:
        DataError: a file that ends in .npz but is not one, or has a list of names beyond reason.
    """
    if path.suffix != ".npz" or not path.is_file():
        return set()
    try:
        return archives.field_names(path)
    except DataError:
        raise
    except archives.DAMAGE as error:
        raise DataError(
            f"{path}: not a readable .npz file ({error}); copy or download it again"
        ) from None


def arrays(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an .npz.

    Raises:
        DataError: the file cannot be read, or is too large (see `limits.archives`).
    """
    try:
        return archives.read_npz(path, names)
    except DataError:
        raise
    except archives.DAMAGE as error:
        raise DataError(f"{path}: cannot be read ({error}); copy or download it again") from None


def bounds(path: Path, length: NDArray[Any], rows: int) -> Index:
    """Start of each sequence, and the end of the last: int64 (sequences + 1,).

    Raises:
        DataError: the lengths do not add up to the number of rows.
    """
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
        require_small_json(content, str(path), DataError, MOST_ANNOTATIONS)
        return json.loads(content)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; copy it again") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}); copy or write it again") from None
