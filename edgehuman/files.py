"""Folders and files that are to be written, looked at before the work that they are for."""

from __future__ import annotations

import os
from pathlib import Path

from edgehuman.errors import UsageError


def require_usable_folder(folder: Path, flag: str) -> None:
    """Refuse a folder that could not be made or written into, before the work that it is for; makes
    nothing.

    Raises:
        UsageError: a file, or a link to nothing, is in its place or above it, or there is no right
            to write there.
    """
    held = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not os.path.isdir(held):
        found = "a file" if os.path.exists(held) else "a link to nothing"
        raise UsageError(f"{flag}: {held} is {found}, and a folder is needed there; give another")
    if not os.access(held, os.W_OK | os.X_OK):
        raise UsageError(f"{flag}: {held} cannot be written into; give another, or make it so")


def require_usable_file(path: Path, flag: str) -> None:
    """The same of a file that is to be written, new or anew.

    Raises:
        UsageError: a folder is in its place, or its folder is none to write into.
    """
    if path.is_dir():
        raise UsageError(f"{flag}: {path} is a folder, and a file is to be written; give another")
    require_usable_folder(path.parent, flag)
