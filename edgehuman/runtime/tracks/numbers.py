"""The numbers of tracks: each is given once, to all cameras of a process together, and after a
restart too if a file remembers them.

    numbers = Numbers()                     1, 2, 3, ...
    numbers = Numbers(Path("tracks.txt"))   goes on where the last process ended

A file holds one number: those up to it may be taken. It is written once for `AHEAD` numbers, before
the first of them is given, so that a process that is killed repeats none.
"""

from __future__ import annotations

import logging
import re
import threading
from pathlib import Path

from edgehuman.errors import DataError, UsageError
from edgehuman.files import write_whole
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.runtime.lock import locked

AHEAD = 1000
_log = logging.getLogger("edgehuman.runtime")
_NUMBER = re.compile(rb"\s*\d{1,18}\s*")


class Numbers:
    """Safe from any thread.

    Args:
        path: of the file that remembers, which processes may share; None: numbers begin at 1.

    Raises:
        DataError: a file that holds something else. UsageError: it cannot be written to.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._last = self._most = _kept(path)

    def next(self) -> int:
        """The next number.

        Raises:
            UsageError: the file cannot be written to.
        """
        with self._lock:
            if self._path is not None and self._last >= self._most:
                with locked(self._path, _log.warning):
                    self._last = _kept(self._path)
                    self._most = self._last + AHEAD
                    write_whole(self._path, f"{self._most}\n".encode(), UsageError)
            self._last += 1
            return self._last


def _kept(path: Path | None) -> int:
    if path is None or not path.exists():
        return 0
    try:
        content = read_bounded(path, MOST_NOTE, DataError)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}); give another file") from None
    if not _NUMBER.fullmatch(content):
        raise DataError(
            f"{path} does not hold the number of the last track; give a new file, or the one that "
            "an earlier run wrote"
        )
    return int(content)
