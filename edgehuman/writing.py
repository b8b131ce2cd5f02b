"""Files that are whole or absent: written beside their place under another name, synced, renamed.

write_whole(path, content)         one file
write_together({path: content})    files that belong together: all of them, or none
write_folder(folder, {name: ...})  the same in a folder of its own
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from edgehuman.errors import ArtefactError


def require_writable(path: Path) -> None:
    """Fail before the work, not after it: the folder exists or can be made, and takes a file.
    Nothing is left there, no folder either.

    Raises:
        ArtefactError: read-only or full, or a file stands where a folder should be.
    """
    if path.is_dir():
        raise ArtefactError(f"{path} is a folder; --out is the path of the file to write")
    with _reported(path), _folders_of([path], keep=False):
        try:
            _write(_partial(path), b"0")
        finally:
            _remove(_partial(path))


def require_folder(folder: Path, names: Collection[str]) -> None:
    """The same of a folder that is to hold files of these names, and no others.

    Raises:
        ArtefactError: as `require_writable`, or the folder holds something else.
    """
    if folder.is_dir():
        others = sorted(set(os.listdir(folder)) - set(names))
        if others:
            listed = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
            raise ArtefactError(
                f"{folder} holds other files ({listed}); --out is the path of a new folder"
            )
    elif folder.exists():
        raise ArtefactError(f"{folder} is a file; --out is the path of a new folder")
    with _reported(folder):
        require_writable(folder / next(iter(names)))


def write_whole(path: Path, content: bytes) -> None:
    """The file appears with all its bytes, or not at all; what stood there before stays until then.

    Raises:
        ArtefactError: the folder is read-only, full, or not a folder.
    """
    write_together({path: content})


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """A folder of these files and no others, by their names.

    Raises:
        ArtefactError: something else is there already, or it cannot be written.
    """
    require_folder(folder, contents)
    write_together({folder / name: content for name, content in contents.items()}, folder)


def write_together(contents: Mapping[Path, bytes], shown: Path | None = None) -> None:
    """Files that belong together take their places in this order when all are written. A failure
    or a stop leaves what stood there before, and no new folder.

    Args:
        shown: the path that an error names; by default the last.

    Raises:
        ArtefactError: a folder is read-only, full, or not a folder.
    """
    with _reported(shown or [*contents][-1]), _folders_of(contents, keep=True):
        try:
            for path, content in contents.items():
                _write(_partial(path), content)
            _take_places([*contents])
        finally:
            for path in contents:
                _remove(_partial(path))


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


def _before(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.before")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _take_places(paths: list[Path]) -> None:
    """Every partial file becomes its file; where one cannot, those before it are put back."""
    if len(paths) == 1:
        os.replace(_partial(paths[0]), paths[0])
        return
    try:
        for path in paths:
            if path.is_file():
                _copy(path, _before(path))
        for path in paths:
            os.replace(_partial(path), path)
    except BaseException:
        for path in paths:
            if not _partial(path).exists():
                _put_back(path)
        raise
    finally:
        for path in paths:
            _remove(_before(path))


def _put_back(path: Path) -> None:
    if _before(path).exists():
        os.replace(_before(path), path)
    else:
        _remove(path)


def _copy(path: Path, copy: Path) -> None:
    """A second name for a file; a second file where the file system knows no second names."""
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)


@contextlib.contextmanager
def _folders_of(paths: Collection[Path], *, keep: bool) -> Iterator[None]:
    """The folders of these files exist inside; those that were made for it go again if something
    fails, or always without `keep`.
    """
    made = {folder for path in paths for folder in path.parents if not folder.exists()}
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            for folder in sorted(made, key=lambda f: len(f.parts), reverse=True):
                with contextlib.suppress(OSError):
                    folder.rmdir()


@contextlib.contextmanager
def _reported(path: Path) -> Iterator[None]:
    """The file system's errors as ours."""
    try:
        yield
    except OSError as error:
        raise ArtefactError(
            f"{path} cannot be written ({error.strerror or error}); nothing was left there that "
            "was not there before. Give another --out, or free some space"
        ) from None


def _remove(path: Path) -> None:
    # The folder that could not be written cannot be tidied either; the first error is the one to
    # report.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
