"""Refuse what is trusted where anyone on the machine may put something else in its place.

    require_guarded(Path("trusted"))        a key, or a folder of keys

Looked at: the file or folder, every folder above it, and those of every link on the way. What its
owner and its group may do is for whoever set the owner and the group.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from edgehuman.errors import UsageError


def require_guarded(path: Path) -> None:
    """Check that only some may replace what is trusted. Windows has no such mode.

    In a folder with the sticky bit, such as /tmp, anyone may add a file, but not replace that of
    another: so it may hold what is ours or root's, and cannot itself be a folder of keys.

    Raises:
        UsageError: anyone may write to it, or to a folder above it.
        OSError: it cannot be looked at.
    """
    if os.name != "posix":
        return
    for place, held in _places(path.absolute()):
        mode = place.stat().st_mode
        if not mode & stat.S_IWOTH:
            continue
        fix = f"run: chmod o-w {place}"
        if held is not None and mode & stat.S_ISVTX:
            if held.lstat().st_uid in (0, os.geteuid()):
                continue
            fix = f"{held} is another user's: copy the keys into a folder of your own"
        raise UsageError(f"anyone may write to {place}, so {path} cannot be trusted; {fix}")


def _places(path: Path) -> Iterator[tuple[Path, Path | None]]:
    """A path and the folders above it, each with what it holds of this way; of links, both ends.

    Args:
        path: absolute, of something that exists: so its links have an end.
    """
    if not path.is_symlink():
        yield path, None
    held = path
    for folder in path.parents:
        yield folder, held
        held = folder
    for place in (path, *path.parents):
        if place.is_symlink():
            target = place.parent / os.readlink(place)
            yield from _places(target) if place is path else _above(target)


def _above(folder: Path) -> Iterator[tuple[Path, Path | None]]:
    """As `_places`, of a folder that something on the way stands in: `_places` had it before."""
    return (pair for pair in _places(folder) if pair[1] is not None)
