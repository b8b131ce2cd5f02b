"""Files that are whole or absent: written beside their place under another name, synced,
renamed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from edgehuman.errors import ArtefactError


def require_writable(path: Path) -> None:
    """Fail before the work, not after it: the folder exists or can be made, and takes a file.

    Raises:
        ArtefactError: read-only or full, or a file stands where a folder should be.
    """
    if path.is_dir():
        raise ArtefactError(f"{path} is a folder; --out is the path of the file to write")
    partial = _partial(path)
    with _reported(path, partial):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(b"0")
        partial.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """The file appears with all its bytes, or not at all; what stood there before stays until then.

    Raises:
        ArtefactError: the folder is read-only, full, or not a folder.
    """
    partial = _partial(path)
    with _reported(path, partial):
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


@contextlib.contextmanager
def _reported(path: Path, partial: Path) -> Iterator[None]:
    """Removes the partial file whatever goes wrong, and reports the file system's errors as
    ours.
    """
    try:
        yield
    except OSError as error:
        _remove(partial)
        raise ArtefactError(
            f"{path} cannot be written ({error.strerror or error}); nothing was left there. "
            "Give another --out, or free some space"
        ) from None
    except BaseException:
        _remove(partial)
        raise


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The folder that could not be written cannot be tidied either; the first error is the one
        # to report.
        return


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """A folder of files that appears whole or not at all.

    Raises:
        ArtefactError: something else is there already, or it cannot be written.
    """
    if folder.exists() and not (folder.is_dir() and set(os.listdir(folder)) <= set(contents)):
        raise ArtefactError(f"{folder} holds other files; --out is the path of a new folder")
    partial = _partial(folder)
    with _reported(folder, partial):
        partial.mkdir(parents=True)
        for name, content in contents.items():
            (partial / name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(partial, folder)
