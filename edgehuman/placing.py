"""How a file takes its place: under a temporary name until it is whole, then renamed.

    places = {partial_of(path): path}
    with placed(places):
        ...                                  write every partial file

Each is synced, renamed, and its folder synced. A file that is replaced keeps its mode and owner.
`edgehuman.files` gives whole files, folders and streams; all of them come through here.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

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
    """
    with making_folders(places.values()):
        try:
            yield
            for partial, path in places.items():
                _sync(partial)
                _keep_access(partial, path)
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
        shutil.copy2(path, copy)


@contextlib.contextmanager
def making_folders(paths: Collection[Path]) -> Iterator[None]:
    """Create the folders of these files; remove the new ones if the block fails."""
    made = {folder for path in paths for folder in path.parents if not folder.exists()}
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in sorted(made, key=lambda f: len(f.parts), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def sweep(path: Path) -> None:
    """Remove the temporary files that killed writers of a file left.

    For whoever holds the lock on the file: those of a writer at work would be removed too.
    """
    left = re.compile(rf"\.{re.escape(path.name)}\.\d+-[0-9a-f]{{8}}-\d+\.(partial|before)")
    with contextlib.suppress(OSError):  # a folder that may be written to, but not listed
        for name in os.listdir(path.parent):
            if left.fullmatch(name):
                _remove(path.with_name(name))


def followed(path: Path) -> Path:
    """The file that a link leads to, so that the link stays; what is no link is returned as is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


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


# Two machines that write to one folder may have equal process ids.
_MACHINE = os.urandom(4).hex()
_WRITES = itertools.count()


def partial_of(path: Path) -> Path:
    """A temporary path beside this one; see `_beside`."""
    return _beside(path, "partial")


def _beside(path: Path, what: str) -> Path:
    """A path beside this one that no other write uses, of whichever process or thread."""
    return path.with_name(f".{path.name}.{os.getpid()}-{_MACHINE}-{next(_WRITES)}.{what}")


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
