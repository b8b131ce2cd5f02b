"""How a file takes its place: under a temporary name until it is whole, then renamed.

    places = {partial_of(path): path}
    with placed(places):
        ...                                  write every partial file

Each is synced, renamed, and its folder synced. A file that is replaced keeps its mode and owner.
`edgehuman.files` gives whole files, folders and streams; all of them come through here. So does the
last look at what is replaced:

    with protecting({"--source walk.csv": Path("walk.csv")}):
        ...                                  a file of this device and inode is never replaced

A device is never replaced either. What a killed writer left in a folder is removed by the next one.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from edgehuman.errors import UsageError

# Of a new file, less the umask; of a new version of a file, until it takes the mode of the old one.
MODE, _PRIVATE = 0o666, 0o600
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def placed(places: Mapping[Path, Path]) -> Iterator[None]:
    """Rename the files that the block wrote to their paths; all writing goes through here.

    Temporary files are removed in any case.

    Args:
        places: temporary path -> final path.

    Raises:
        OSError: a file cannot be written or moved; existing files are unchanged.
        UsageError: a file is an input of this command, or a device.
    """
    require_replaceable(places.values())
    with making_folders(places.values()):
        for folder in {path.parent for path in places.values()}:
            _sweep_dead(folder)
        try:
            yield
            places = {partial: path for partial, path in places.items() if not is_sink(path)}
            for partial, path in places.items():
                _sync(partial)
                _keep_access(partial, path)
            require_replaceable(places.values())  # the file may be another one since
            _take_places(places)
            for folder in {path.parent for path in places.values()}:
                _sync_folder(folder)
        finally:
            for partial in places:
                _remove(partial)


def _take_places(places: Mapping[Path, Path]) -> None:
    """Rename every partial file; if one fails, restore those before it."""
    if len(places) == 1:
        ((partial, path),) = places.items()
        os.replace(partial, path)
        return
    before = {path: _beside(path, "before") for path in places.values()}
    try:
        for path in places.values():
            if path.is_file():
                _copy(path, before[path])
        for partial, path in places.items():
            os.replace(partial, path)
    except BaseException:
        for partial, path in places.items():
            if not partial.exists():
                _put_back(path, before[path])
        raise
    finally:
        for copy in before.values():
            _remove(copy)


def _put_back(path: Path, before: Path) -> None:
    if before.exists():
        os.replace(before, path)
    else:
        _remove(path)


def _copy(path: Path, copy: Path) -> None:
    """Hard-link a file, or copy it if the file system has no hard links."""
    try:
        os.link(path, copy)
    except OSError:
        os.close(os.open(copy, _NEW, _PRIVATE))  # before it has the mode of the other
        import shutil  # not at the top: what writes nothing starts without it

        shutil.copy2(path, copy)


@contextlib.contextmanager
def making_folders(paths: Collection[Path], mode: int = MODE) -> Iterator[None]:
    """Create the folders of these files; remove the new ones if the block fails.

    Args:
        mode: of the files; who may read them may look into the folders.
    """
    found = {folder for path in paths for folder in path.parents if not folder.exists()}
    made = sorted(found, key=lambda folder: len(folder.parts))
    try:
        for folder in made:
            folder.mkdir(mode | (mode & 0o444) >> 2, exist_ok=True)
        yield
    except BaseException:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


# What may not be replaced: device and inode -> what it is, of the commands at work.
_INPUTS: list[Mapping[tuple[int, int], str]] = []


@contextlib.contextmanager
def protecting(inputs: Mapping[tuple[int, int], str]) -> Iterator[None]:
    """No write inside the block replaces these files, whatever they are called.

    Args:
        inputs: (device, inode) -> the flag and the path, for the message.
    """
    _INPUTS.append(inputs)
    try:
        yield
    finally:
        _INPUTS.remove(inputs)


def require_replaceable(paths: Collection[Path]) -> None:
    """Raise UsageError for a file that is an input, and for what is no file."""
    for path in paths:
        try:
            found = path.stat()
        except OSError:  # nothing is replaced
            continue
        inode = found.st_dev, found.st_ino
        said = next((inputs[inode] for inputs in _INPUTS if inode in inputs), None)
        if said is not None:
            raise UsageError(f"{path} is the file of {said}; nothing was written. Choose another")
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) or is_sink(path)):
            raise UsageError(f"{path} is {what_is(found)}, not a file; choose another path")


def is_sink(path: Path) -> bool:
    """Whether a path is the null device, which takes whatever is written and stays."""
    try:
        found = path.stat()
        return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev
    except OSError:
        return False


def what_is(found: os.stat_result) -> str:
    """What a path holds, in words."""
    kinds = (
        (stat.S_ISREG, "a file"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISBLK, "a disk"),
    )
    return next((word for holds, word in kinds if holds(found.st_mode)), "a device")


_LEFT = r"\.(?P<pid>\d+)-(?P<machine>[0-9a-f]{8})-(?P<write>\d+)\.(partial|before)"


def sweep(path: Path) -> None:
    """Remove the temporary files that killed writers of a file left.

    For whoever holds the lock on the file: those of a writer at work would be removed too.
    """
    left = re.compile(rf"\.{re.escape(path.name)}{_LEFT}")
    with contextlib.suppress(OSError):  # a folder that may be written to, but not listed
        for name in os.listdir(path.parent):
            if left.fullmatch(name):
                _remove(path.with_name(name))


_SWEPT: set[Path] = set()
_ANY_LEFT = re.compile(rf"\..*{_LEFT}")


def _sweep_dead(folder: Path) -> None:
    """Remove, once in this process, what writers of this machine left that live no more."""
    if folder in _SWEPT:
        return
    _SWEPT.add(folder)
    import shutil

    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            left = _ANY_LEFT.fullmatch(name)
            if not left or left["machine"] != _machine():
                continue
            if not _lives(int(left["pid"]), int(left["write"])):
                _remove(folder / name)
                shutil.rmtree(folder / name, ignore_errors=True)


def _lives(pid: int, write: int) -> bool:
    """Whether a writer of this machine lives; where the system does not say, it does."""
    if pid == os.getpid():
        return _FIRST <= write < _FIRST + _MOST  # else of a killed one with the same id
    if sys.platform == "win32" or not 0 < pid < 1 << 31:  # there, signal 0 is no question
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


@functools.cache
def _machine() -> str:
    """Which ids of processes mean the same: the machine since it started, and its container."""
    import hashlib
    import platform

    said = [platform.node()]
    with contextlib.suppress(OSError):
        said.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        said.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:8]


def followed(path: Path) -> Path:
    """The file that a link leads to, so that the link stays; what is no link is returned as is."""
    if not path.is_symlink():
        return path
    led = Path(os.path.realpath(path))
    return led if led.exists() or not path.exists() else path  # that of an open pipe has no path


def on_one_disk(made: Path, path: Path) -> bool:
    """Whether a file can be renamed to this path; the path and its folders need not exist."""
    held = next(folder for folder in path.absolute().parents if folder.exists())
    return made.stat().st_dev == held.stat().st_dev


def write_new(partial: Path, content: bytes, path: Path, mode: int) -> None:
    """Write the partial file of a path; nobody else reads it before it has the mode of the old one.

    Args:
        mode: of a new file, less the umask.

    Raises:
        OSError: it cannot be written.
    """
    with open(os.open(partial, _NEW, _PRIVATE if path.exists() else mode), "wb") as stream:
        stream.write(content)


def _keep_access(partial: Path, path: Path) -> None:
    """Give a new file the owner, the group and the mode of the file that it replaces."""
    try:
        old = path.stat()
    except OSError:  # nothing is replaced
        return
    for owner in (old.st_uid, -1):
        # Only root may give a file to somebody else; Windows has no such call.
        with contextlib.suppress(OSError, AttributeError):
            os.chown(partial, owner, old.st_gid)
            break
    partial.chmod(stat.S_IMODE(old.st_mode))


# A killed process may have had the same id, in a container even the same every time.
_FIRST, _MOST = int.from_bytes(os.urandom(6), "big"), 1 << 32
_WRITES = itertools.count(_FIRST)


def partial_of(path: Path) -> Path:
    """A temporary path beside this one, see `_beside`; for the null device, in the folder of the
    system's temporary files.
    """
    if is_sink(path):
        import tempfile

        path = Path(tempfile.gettempdir()) / path.name
    return _beside(path, "partial")


def _beside(path: Path, what: str) -> Path:
    """A path beside this one that no other write uses, of whichever process or thread."""
    return path.with_name(f".{path.name}.{os.getpid()}-{_machine()}-{next(_WRITES)}.{what}")


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Sync a folder, so that new names survive a power cut; not every system supports it."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def why(error: OSError) -> str:
    """The reason of a failure, for a message."""
    return error.strerror or str(error)


def _remove(path: Path) -> None:
    # If writing failed, removing may fail too; the first error is the one to report.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
