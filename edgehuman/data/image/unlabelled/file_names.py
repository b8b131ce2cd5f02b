"""File names: millions of them in little memory, those that a list states, those of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from edgehuman.data.layout import is_hidden
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded

_SUFFIXES = (".jpg", ".jpeg", ".png")


class Names:
    """Many file names in little memory: one block of bytes and the offset of each name."""

    def __init__(self, names: Iterable[str]) -> None:
        encoded = [os.fsencode(name) for name in names]
        self._block = b"".join(encoded)
        self._end_N = np.cumsum([len(name) for name in encoded], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._end_N)

    def __getitem__(self, index: int) -> str:
        start = int(self._end_N[index - 1]) if index else 0
        return os.fsdecode(self._block[start : int(self._end_N[index])])


def listed_in(path: Path) -> list[str]:
    """The names of pictures that a list states, one on each line, without suffix.

    Raises:
        DataError: a name that leads out of the folder of the pictures.
    """
    words = read_bounded(path, MOST_NOTE, DataError).decode("utf-8-sig", "replace").split()
    stems = [word.rsplit(".", 1)[0] if word.lower().endswith(_SUFFIXES) else word for word in words]
    for stem in stems:
        if stem.startswith(".") or "/" in stem or "\\" in stem:
            raise DataError(f"{path} names {stem[:200]}, which is no picture; copy it again")
    return stems


def maps_in(folder: Path) -> list[str]:
    """The names of the PNG files of a folder, in order, but those that a system left there."""
    return sorted(
        name
        for name in os.listdir(folder)
        if name.lower().endswith(".png") and not is_hidden(Path(name))
    )
