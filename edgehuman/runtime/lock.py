"""One writer of a file at a time, among all programs of a machine.

    with locked(path, notify=say):
        ...                          read the file, change it, write it

The lock is that of a file beside it, `.NAME.lock`, which the last writer removes. The system frees
the lock of a killed program; the file that it leaves is taken over by the next writer. Windows and
some network disks have no such lock: there, write with one program at a time, and remove what a
killed one left by hand.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from edgehuman.errors import UsageError
from edgehuman.files import cannot_write
from edgehuman.placing import MODE, followed, making_folders, sweep

WAIT_S = 60.0
_REMARK_S = 2.0
_PAUSE_S = 0.02
# What a disk answers that has no locks, such as some network disks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
# Somebody else may have put a link or a pipe there: neither follow nor wait. Windows lacks these.
_WARY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))


@contextlib.contextmanager
def locked(
    path: Path,
    notify: Callable[[str], object],
    wait_s: float = WAIT_S,
    refusal: str = "",
    mode: int = MODE,
) -> Iterator[None]:
    """Hold the lock on a file for the block, and remove what killed writers of it left.

    Args:
        path: the file; it need not exist. A link stands for the file that it leads to.
        notify: called with one line if another program keeps this one waiting, or there is no lock.
        wait_s: wait for this long; 0: not at all.
        refusal: the message if another program still holds it, with {holder} in it for `format`.
        mode: of the file, if it is new: its lock and its new folders are as private.

    Raises:
        UsageError: another program still holds the lock, the folder cannot be written to, or the
            lock's place is taken by a link, a folder or a pipe.
    """
    file = followed(path)
    side = file.with_name(f".{file.name}.lock")
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(making_folders([file], mode))
            lock = _Lock(side, stat.S_IMODE(file.stat().st_mode) if file.is_file() else mode)
            held.callback(lock.release)
            _wait(lock, path, notify, wait_s, refusal)
        except OSError as reason:
            raise UsageError(cannot_write(path, reason)) from None
        if lock.is_held:
            sweep(file)
        yield


def _wait(
    lock: _Lock, path: Path, notify: Callable[[str], object], wait_s: float, refusal: str
) -> None:
    begin_s = time.monotonic()
    told = False
    try:
        while not lock.take():
            waited_s = time.monotonic() - begin_s
            if wait_s and waited_s >= min(_REMARK_S, wait_s) and not told:
                told = True
                notify(f"{path}: waiting for {lock.holder()}, for up to {wait_s:g} s")
            if waited_s >= wait_s:
                raise UsageError(
                    refusal.format(holder=lock.holder())
                    or f"{path}: {lock.holder()} has been writing to it for {waited_s:.0f} s; "
                    "nothing was changed. End that program, or try again"
                )
            time.sleep(_PAUSE_S)
    except OSError as reason:
        if reason.errno not in _NO_LOCKS:
            raise
        lock.remove()
        notify(f"{path}: its disk has no locks ({reason.strerror}); write with one program alone")


class _Lock:
    """The lock of a side file.

    Raises:
        OSError: the side file cannot be opened, or its disk has no locks.
    """

    def __init__(self, side: Path, mode: int) -> None:
        self._side = side
        self._mode = mode & 0o666 | 0o600
        self._opened: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether every other program is kept out; never where the system has no locks."""
        return self._opened is not None and sys.platform != "win32"

    def take(self) -> bool:
        """Whether the lock is held now; does not wait."""
        opened = self._open()
        try:
            if not _flock(opened) or not self._is_side(opened):
                return False
            if os.fstat(opened).st_nlink == 1:  # else it is also a file of another name
                with contextlib.suppress(OSError):  # the file of another user, or a full disk
                    os.ftruncate(opened, 0)
                    os.write(opened, str(os.getpid()).encode())
            self._opened, opened = opened, -1
            return True
        finally:
            if opened >= 0:
                os.close(opened)

    def release(self) -> None:
        """Remove the side file, and let the next writer in."""
        if self._opened is not None:
            self.remove()
            os.close(self._opened)
            self._opened = None

    def remove(self) -> None:
        """Remove the side file."""
        with contextlib.suppress(OSError):
            self._side.unlink()

    def holder(self) -> str:
        """The program that holds the lock, for a message."""
        try:
            found = self._side.read_text()
        except (OSError, ValueError):
            found = ""
        return f"the program with process id {found}" if found.isdecimal() else "another program"

    def _open(self) -> int:
        with contextlib.suppress(FileNotFoundError):  # nobody holds it
            self._require_file(os.lstat(self._side))
        try:
            opened = os.open(self._side, os.O_CREAT | os.O_RDWR | _WARY, self._mode)
        except PermissionError:
            if not os.path.lexists(self._side):
                raise
            # Left by another user's program; to lock it, reading is enough.
            opened = os.open(self._side, os.O_RDONLY | _WARY)
        try:
            self._require_file(os.fstat(opened))  # it may be another one since
        except UsageError:
            os.close(opened)
            raise
        return opened

    def _require_file(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(
                f"{self._side} is no file, but a lock has to stand there; remove {self._side.name}"
            )

    def _is_side(self, opened: int) -> bool:
        """Whether the file is still the one beside: the writer before may have removed it."""
        try:
            return os.path.samestat(os.fstat(opened), os.stat(self._side))
        except FileNotFoundError:
            return False


def _flock(opened: int) -> bool:
    """Whether the system grants the lock on an open file now."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
