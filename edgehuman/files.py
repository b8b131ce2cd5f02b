"""Check output paths before the work, and write files whole after it.

    require_usable_folder(folder, flag)             before the work; _file, and _own_folder
    write_whole(path, content)                      one file
    write_together({path: content})                 files that belong together: all, or none
    write_folder(folder, {name: content}, flag)     the same in a new folder
    with writing(path) as partial:                  one file, by code that writes to a path
    with writing_lines(path, flag) as stream:       one file, line by line during the work
    with writing_tree(folder, flag) as partial:     files below a folder, by code that writes there
    move_together({made: path})                     files that another process made

Every file goes through `_placed`: it is written under a temporary name beside its path, unique to
this process; synced; renamed; and its folder synced. If anything fails before that, existing files
are unchanged and no new folder is left.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO

from edgehuman.errors import ArtefactError, EdgehumanError, UsageError

_LINE_END = re.compile(rb"\r?\r\n|\r")


def require_usable_folder(
    folder: Path, flag: str, error: type[EdgehumanError] = UsageError
) -> None:
    """Check, before the work, that a folder can be created and written to; does not create it.

    Args:
        flag: the flag that named it, for the message.
        error: the class to raise.

    Raises:
        EdgehumanError: `error`: the path or a parent is a file or a broken link, is read-only, or
            the disk is full.
    """
    held = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not os.path.isdir(held):
        found = "a file" if os.path.exists(held) else "a broken link"
        raise error(f"{flag}: {held} is {found}, not a folder; choose another folder")
    probe = _partial(held / "edgehuman")
    try:
        probe.write_bytes(b"0")
        _sync(probe)
    except OSError as reason:
        raise error(
            f"{flag}: cannot write to {held} ({_why(reason)}); choose another folder, fix its "
            "permissions, or free some space"
        ) from None
    finally:
        _remove(probe)


def require_usable_file(path: Path, flag: str, error: type[EdgehumanError] = UsageError) -> None:
    """Check, before the work, that a file can be written.

    Raises:
        EdgehumanError: `error`: the path is a folder, or as `require_usable_folder`.
    """
    if path.is_dir():
        raise error(f"{flag}: {path} is a folder, not a file; choose another path")
    require_usable_folder(path.parent, flag, error)


def require_apart(files: Mapping[str, Path | str | None]) -> None:
    """Check, before the work, that no two flags name one file: an output would replace an input.

    Args:
        files: flag -> path; inputs first. None and what is no file, such as a device, are left out.

    Raises:
        UsageError: two of them are one file, also by a link.
    """
    seen: dict[tuple[int, int] | Path, str] = {}
    for flag, path in files.items():
        if path is None or (os.path.exists(path) and not os.path.isfile(path)):
            continue
        found = os.stat(path) if os.path.exists(path) else None
        key = Path(path).absolute() if found is None else (found.st_dev, found.st_ino)
        if key in seen:
            raise UsageError(f"{flag} {path} is the file of {seen[key]} too; choose another path")
        seen[key] = flag


def require_own_folder(
    folder: Path, names: Collection[str], flag: str, error: type[EdgehumanError] = UsageError
) -> None:
    """Check, before the work, that a folder can be written to and has no files but these.

    Raises:
        EdgehumanError: `error`: as `require_usable_folder`, or the folder has other files.
    """
    if folder.is_dir():
        others = sorted(set(os.listdir(folder)) - set(names))
        if others:
            listed = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
            raise error(f"{flag}: {folder} contains other files ({listed}); choose a new folder")
    require_usable_folder(folder, flag, error)


def write_whole(path: Path, content: bytes, error: type[EdgehumanError] = ArtefactError) -> None:
    """Write a file whole or not at all; until then an existing file stays unchanged.

    Raises:
        EdgehumanError: `error`: the folder is read-only, full, or not a folder.
    """
    write_together({path: content}, error)


def write_folder(
    folder: Path,
    contents: Mapping[str, bytes],
    flag: str,
    error: type[EdgehumanError] = ArtefactError,
) -> None:
    """Write a folder that contains these files, by name, and no others.

    Raises:
        EdgehumanError: `error`: the folder has other files, or cannot be written to.
    """
    require_own_folder(folder, contents, flag, error)
    write_together({folder / name: content for name, content in contents.items()}, error, folder)


def write_together(
    contents: Mapping[Path, bytes],
    error: type[EdgehumanError] = ArtefactError,
    shown: Path | None = None,
) -> None:
    """Write files that belong together, all or none: they are renamed in this order once all are
    written. A failure or a stop leaves existing files unchanged and no new folder.

    Args:
        error: the class to raise.
        shown: the path to name in an error; by default the last.

    Raises:
        EdgehumanError: `error`: a folder is read-only, full, or not a folder.
    """
    partials = {_partial(path): path for path in contents}
    try:
        with _placed(partials):
            for partial, path in partials.items():
                partial.write_bytes(contents[path])
    except OSError as reason:
        raise error(cannot_write(shown or [*contents][-1], reason)) from None


def cannot_write(path: Path, reason: OSError) -> str:
    """The message for files that could not be written after the work."""
    return (
        f"cannot write to {path} ({_why(reason)}); existing files are unchanged. Choose another "
        "folder, or free some space"
    )


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; after the block it is renamed to `path`.

    Raises:
        OSError: it cannot be written; the caller writes the message.
    """
    partial = _partial(path)
    with _placed({partial: path}):
        yield partial


@contextlib.contextmanager
def writing_lines(
    path: Path, flag: str, error: type[EdgehumanError] = UsageError
) -> Iterator[IO[str]]:
    """Give a text stream for the block; after it the file replaces that of an earlier run.

    If the block fails, an earlier file stays, and the lines so far are kept as NAME.partial.

    Args:
        flag: the flag that named the path, for the message.
        error: the class to raise.

    Raises:
        EdgehumanError: `error`, before the block: see `require_usable_file`.
        OSError: the disk is full.
    """
    require_usable_file(path, flag, error)
    with writing(path) as partial:
        try:
            with partial.open("w", encoding="utf-8") as stream:
                yield stream
        except BaseException:
            if partial.exists() and partial.stat().st_size:
                os.replace(partial, path.with_name(f"{path.name}.partial"))
            raise


@contextlib.contextmanager
def writing_tree(
    folder: Path, flag: str, error: type[EdgehumanError] = ArtefactError
) -> Iterator[Path]:
    """Give a temporary folder for the block; its files then go to their places below `folder`.

    All or none. The deepest are renamed first, so that a file that lists others comes after them.

    Args:
        flag: the flag that named the folder, for the message.
        error: the class to raise.

    Raises:
        EdgehumanError: `error`: see `require_usable_folder`; or an OSError of the block.
    """
    require_usable_folder(folder, flag, error)
    made = _partial(folder / "tree")
    try:
        with _folders_of([made / "file"]):
            try:
                yield made
                _move_tree(made, folder)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    except OSError as reason:
        raise error(cannot_write(folder, reason)) from None


def _move_tree(made: Path, folder: Path) -> None:
    files = [path.relative_to(made) for path in made.rglob("*") if path.is_file()]
    files.sort(key=lambda path: -len(path.parts))
    move_together({made / file: folder / file for file in files})


def move_together(moves: Mapping[Path, Path]) -> None:
    """Move finished files in this order, all or none, within one file system.

    Raises:
        OSError: a file cannot be moved; the previous files are restored.
    """
    with _placed(moves):
        pass


@contextlib.contextmanager
def _placed(places: Mapping[Path, Path]) -> Iterator[None]:
    """Rename the files that the block wrote to their paths; all writing goes through here.

    Temporary files are removed in any case.

    Args:
        places: temporary path -> final path.
    """
    with _folders_of(places.values()):
        try:
            yield
            for partial in places:
                _sync(partial)
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
    try:
        for path in places.values():
            if path.is_file():
                _copy(path, _before(path))
        for partial, path in places.items():
            os.replace(partial, path)
    except BaseException:
        for partial, path in places.items():
            if not partial.exists():
                _put_back(path)
        raise
    finally:
        for path in places.values():
            _remove(_before(path))


def _put_back(path: Path) -> None:
    if _before(path).exists():
        os.replace(_before(path), path)
    else:
        _remove(path)


def _copy(path: Path, copy: Path) -> None:
    """Hard-link a file, or copy it if the file system has no hard links."""
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)


@contextlib.contextmanager
def _folders_of(paths: Collection[Path]) -> Iterator[None]:
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


# Two machines that write to one folder may have equal process ids.
_MACHINE = os.urandom(4).hex()


def _partial(path: Path) -> Path:
    return _beside(path, "partial")


def _before(path: Path) -> Path:
    return _beside(path, "before")


def _beside(path: Path, what: str) -> Path:
    """A path beside this one that no other process uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{_MACHINE}.{what}")


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


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _remove(path: Path) -> None:
    # If writing failed, removing may fail too; the first error is the one to report.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def unix_ends(text: bytes) -> bytes:
    """The text with LF for each line end: CR LF, or the CR alone of old Macs and some loggers."""
    return _LINE_END.sub(b"\n", text) if b"\r" in text else text


def decoded(line: bytes) -> str:
    """A line without its end: UTF-8, or what old programs on Windows write (cp1252)."""
    line = line.rstrip(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")
