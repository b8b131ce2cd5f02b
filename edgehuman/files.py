"""Where something is to be written: looked at before the work, written whole after it.

    require_usable_folder(folder, flag)             before the work; _file, and _own_folder
    write_whole(path, content)                      one file
    write_together({path: content})                 files that belong together: all, or none
    write_folder(folder, {name: content}, flag)     the same in a folder of its own
    with writing(path) as partial:                  one file, of what writes to a path by itself
    move_together({made: path})                     files that another process made beside them

Every file that is written comes to its place through `_placed`: under another name beside it first,
which is this process's own; synced; renamed; its folder synced. Whatever fails before that, what
stood there still stands, and no new folder does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from edgehuman.errors import ArtefactError, EdgehumanError, UsageError


def require_usable_folder(
    folder: Path, flag: str, error: type[EdgehumanError] = UsageError
) -> None:
    """Refuse a folder that could not be made or written into, before the work that it is for; makes
    nothing.

    Args:
        flag: what named it, for the message.
        error: what to raise.

    Raises:
        EdgehumanError: `error`: a file, or a link to nothing, is in its place or above it; it is
            read-only, or the disk is full.
    """
    held = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not os.path.isdir(held):
        found = "a file" if os.path.exists(held) else "a link to nothing"
        raise error(f"{flag}: {held} is {found}, and a folder is needed there; give another")
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
    """The same of a file that is to be written, new or anew.

    Raises:
        EdgehumanError: `error`: a folder is in its place, or its folder is none to write into.
    """
    if path.is_dir():
        raise error(f"{flag}: {path} is a folder, and a file is to be written; give another")
    require_usable_folder(path.parent, flag, error)


def require_own_folder(
    folder: Path, names: Collection[str], flag: str, error: type[EdgehumanError] = UsageError
) -> None:
    """The same of a folder that is to hold files of these names, and no others.

    Raises:
        EdgehumanError: `error`: as `require_usable_folder`, or the folder holds something else.
    """
    if folder.is_dir():
        others = sorted(set(os.listdir(folder)) - set(names))
        if others:
            listed = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
            raise error(f"{flag}: {folder} holds other files ({listed}); give a new folder")
    require_usable_folder(folder, flag, error)


def write_whole(path: Path, content: bytes, error: type[EdgehumanError] = ArtefactError) -> None:
    """The file appears with all its bytes, or not at all; what stood there before stays until then.

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
    """A folder of these files and no others, by their names.

    Raises:
        EdgehumanError: `error`: something else is there already, or it cannot be written.
    """
    require_own_folder(folder, contents, flag, error)
    write_together({folder / name: content for name, content in contents.items()}, error, folder)


def write_together(
    contents: Mapping[Path, bytes],
    error: type[EdgehumanError] = ArtefactError,
    shown: Path | None = None,
) -> None:
    """Files that belong together take their places in this order when all are written. A failure
    or a stop leaves what stood there before, and no new folder.

    Args:
        error: what to raise.
        shown: the path that an error names; by default the last.

    Raises:
        EdgehumanError: `error`: a folder is read-only, full, or not a folder.
    """
    partials = {_partial(path): path for path in contents}
    try:
        with _placed(partials):
            for partial, path in partials.items():
                partial.write_bytes(contents[path])
    except OSError as reason:
        raise error(
            f"cannot write to {shown or [*contents][-1]} ({_why(reason)}); what was there before "
            "is unchanged. Choose another place, or free some space"
        ) from None


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Another name beside the path, to write to: after the block the file takes its place.

    Raises:
        OSError: it cannot be written; whoever writes knows what to say of it.
    """
    partial = _partial(path)
    with _placed({partial: path}):
        yield partial


def move_together(moves: Mapping[Path, Path]) -> None:
    """Finished files take their places in this order: all of them, or none. They lie in the same
    file system.

    Raises:
        OSError: one cannot; what stood in the places stands there again.
    """
    with _placed(moves):
        pass


@contextlib.contextmanager
def _placed(places: Mapping[Path, Path]) -> Iterator[None]:
    """Files that are whole after the block take their places: the one way to every path that is
    written. What is left of them goes in any case.

    Args:
        places: by the name that a file is written under, where it belongs.
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
    """Every partial file becomes its file; where one cannot, those before it are put back."""
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
    """A second name for a file; a second file where the file system knows no second names."""
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)


@contextlib.contextmanager
def _folders_of(paths: Collection[Path]) -> Iterator[None]:
    """The folders of these files exist inside; those that were made for it go again if something
    fails.
    """
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


# Two machines that write into one folder may number their processes alike.
_MACHINE = os.urandom(4).hex()


def _partial(path: Path) -> Path:
    return _beside(path, "partial")


def _before(path: Path) -> Path:
    return _beside(path, "before")


def _beside(path: Path, what: str) -> Path:
    """A name that no other process takes."""
    return path.with_name(f".{path.name}.{os.getpid()}-{_MACHINE}.{what}")


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """So that the new names outlive a power cut too; not every system lets a folder be synced."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _remove(path: Path) -> None:
    # The folder that could not be written cannot be tidied either; the first error is the one to
    # report.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
