"""Check output paths before the work, and write files whole after it.

    require_usable_folder(folder, flag)             before the work; _file, and _own_folder
    write_whole(path, content)                      one file
    write_together({path: content})                 files that belong together: all, or none
    write_folder(folder, {name: content}, flag)     the same in a new folder
    with writing(path) as partial:                  one file, by code that writes to a path
    with writing_lines(path, flag) as stream:       one file, line by line during the work
    with writing_tree(folder, flag) as partial:     files below a folder, by code that writes there
    move_together({made: path})                     files that another process made

Every file goes through `placing.placed`: it is written under a temporary name beside its path,
unique to this write; synced; renamed; and its folder synced. If anything fails before that,
existing files are unchanged and no new folder is left. A file that is replaced keeps its mode and
owner; where the path is a link, the file that it leads to is replaced, also on another disk.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO

from edgehuman.errors import ArtefactError, EdgehumanError, UsageError
from edgehuman.placing import (
    MODE,
    followed,
    is_sink,
    making_folders,
    on_one_disk,
    partial_of,
    placed,
    what_is,
    why,
    write_new,
)

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
    try:
        with tempfile.TemporaryFile(dir=held) as probe:  # has no name that a kill could leave
            probe.write(b"0")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as reason:
        raise error(
            f"{flag}: cannot write to {held} ({why(reason)}); choose another folder, fix its "
            "permissions, or free some space"
        ) from None


def require_usable_file(path: Path, flag: str, error: type[EdgehumanError] = UsageError) -> None:
    """Check, before the work, that a file can be written.

    Raises:
        EdgehumanError: `error`: the path is a folder, a pipe or a device other than the null
            device, or as `require_usable_folder`.
    """
    if is_sink(path):
        return
    if path.exists() and not path.is_file():
        raise error(f"{flag}: {path} is {what_is(path.stat())}, not a file; choose another path")
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


def write_whole(
    path: Path,
    content: bytes,
    error: type[EdgehumanError] = ArtefactError,
    mode: int = MODE,
) -> None:
    """Write a file whole or not at all; until then an existing file stays unchanged.

    Args:
        error: the class to raise.
        mode: of a new file, less the umask; a file that is replaced keeps its own.

    Raises:
        EdgehumanError: `error`: the folder is read-only, full, or not a folder.
    """
    write_together({path: content}, error, mode=mode)


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
    mode: int = MODE,
) -> None:
    """Write files that belong together, all or none: they are renamed in this order once all are
    written. A failure or a stop leaves existing files unchanged and no new folder.

    Args:
        error: the class to raise.
        shown: the path to name in an error; by default the last.
        mode: of new files, less the umask; a file that is replaced keeps its own.

    Raises:
        EdgehumanError: `error`: a folder is read-only, full, or not a folder.
    """
    files = {path: followed(path) for path in contents}
    partials = {path: partial_of(file) for path, file in files.items()}
    try:
        with placed({partials[path]: files[path] for path in contents}):
            for path, content in contents.items():
                write_new(partials[path], content, files[path], mode)
    except OSError as reason:
        raise error(cannot_write(shown or [*contents][-1], reason)) from None


def cannot_write(path: Path, reason: OSError) -> str:
    """The message for files that could not be written after the work."""
    fix = "Choose another folder, or free some space"
    if reason.errno == errno.ENAMETOOLONG:
        fix = "Choose a shorter name"
    return f"cannot write to {path} ({why(reason)}); existing files are unchanged. {fix}"


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; after the block it is renamed to `path`.

    Raises:
        OSError: it cannot be written; the caller writes the message.
    """
    file = followed(path)
    partial = partial_of(file)
    with placed({partial: file}):
        yield partial


@contextlib.contextmanager
def writing_lines(
    path: Path, flag: str, error: type[EdgehumanError] = UsageError
) -> Iterator[IO[str]]:
    """Give a text stream for the block; after it the file replaces that of an earlier run.

    If the block fails, an earlier file stays, and the lines so far are kept as NAME.partial beside
    it, in the place of those of an earlier failure; an input of that name stays.

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
                file = followed(path)
                # If they cannot be kept, as beside an input of that name, the first error stands.
                with (
                    contextlib.suppress(OSError, UsageError),
                    placed({partial: file.with_name(f"{file.name}.partial")}),
                ):
                    pass
            raise


@contextlib.contextmanager
def writing_tree(
    folder: Path, flag: str, error: type[EdgehumanError] = ArtefactError, replace: bool = True
) -> Iterator[Path]:
    """Give a temporary folder for the block; its files then go to their places below `folder`.

    All or none. The deepest are renamed first, so that a file that lists others comes after them.

    Args:
        flag: the flag that named the folder, for the message.
        error: the class to raise.
        replace: whether files of these names may be replaced by others.

    Raises:
        EdgehumanError: `error`: see `require_usable_folder`; or an OSError of the block; or a file
            would be replaced.
    """
    require_usable_folder(folder, flag, error)
    made = partial_of(folder / "tree")
    try:
        with making_folders([made / "file"]):
            try:
                yield made
                moves = _moves(made, folder)
                if not replace:
                    _require_new(moves, folder, flag, error)
                move_together(moves)
            finally:
                shutil.rmtree(made, ignore_errors=True)
    except OSError as reason:
        raise error(cannot_write(folder, reason)) from None


def _moves(made: Path, folder: Path) -> dict[Path, Path]:
    """Made file -> its place, the deepest first."""
    files = [path.relative_to(made) for path in made.rglob("*") if path.is_file()]
    files.sort(key=lambda path: -len(path.parts))
    return {made / file: folder / file for file in files}


def _require_new(
    moves: Mapping[Path, Path], folder: Path, flag: str, error: type[EdgehumanError]
) -> None:
    """Raise where other files of these names are there; the same ones may be."""
    for made, path in moves.items():
        if os.path.lexists(path) and not (path.is_file() and filecmp.cmp(made, path, False)):
            raise error(
                f"{flag}: {folder} has another {path.relative_to(folder)} already, which is not "
                "replaced; choose a new folder, or remove that file"
            )


def move_together(moves: Mapping[Path, Path]) -> None:
    """Move finished files in this order, all or none; what a link leads to on another disk is
    copied there first.

    Raises:
        OSError: a file cannot be moved; the previous files are restored.
    """
    files = {made: followed(path) for made, path in moves.items()}
    partials = {
        made: made if on_one_disk(made, file) else partial_of(file) for made, file in files.items()
    }
    with placed({partials[made]: files[made] for made in files}):
        for made, partial in partials.items():
            if partial != made:
                shutil.copyfile(made, partial)
    for made in files:
        made.unlink(missing_ok=True)


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


def own_folder(variable: str, below: str, instead: str = "") -> Path:
    """The folder of edgehuman among those of this user: by the environment, or below the home.

    Args:
        variable: of the environment, such as XDG_CACHE_HOME.
        below: where it is in a home, such as .cache.
        instead: another variable to name in the error.

    Raises:
        UsageError: neither says where, as for a service without a home.
    """
    try:
        return Path(os.environ.get(variable) or Path.home() / below) / "edgehuman"
    except RuntimeError:
        raise UsageError(
            f"this user has no home, so nothing says where {below} is; set "
            f"{instead or variable} to a path"
        ) from None
