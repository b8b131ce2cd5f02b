"""Compact storage for millions of file names."""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np


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
