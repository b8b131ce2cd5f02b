"""Dataset layouts on disk: one `Layout`, one finder, and one message for unknown layouts.

    layout, place = find(Path("downloads/UCI_HAR"), layouts())

Every record has its own list of layouts, `data/<record>/load.py:layouts`; a search covers the
layouts of one record only. The type of `layout.read` differs by record, and is checked by mypy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from edgehuman import catalogue
from edgehuman.data.containers import field_names
from edgehuman.errors import DataError, UsageError

Reading = TypeVar("Reading", covariant=True)

_ARCHIVES = (".zip", ".gz", ".tar", ".7z", ".rar")
# Names shown of a folder, and files inspected one by one.
_NAMES_SHOWN = 5
_FILES_TRIED = 50


@dataclass(frozen=True, slots=True)
class Layout(Generic[Reading]):
    """How one layout of one dataset, or of one format, is recognised and read.

    Attributes:
        dataset: name in the catalogue, or of the format.
        looks_like: the files that identify it, for messages.
        recognise: whether a path has this layout; checks names and the beginning of one file.
        read: the record's reader for it.
        almost: what is missing from a path that nearly matches, for messages; empty if it does not.
        source: name, terms and address of what is at a path that says so itself; None: those of the
            catalogue's row.
    """

    dataset: str
    looks_like: str
    recognise: Callable[[Path], bool]
    read: Reading
    almost: Callable[[Path], str] = lambda path: ""
    source: Callable[[Path], tuple[str, str, str]] | None = None


def find(
    path: Path,
    layouts: Sequence[Layout[Reading]],
    dataset: str | None = None,
    what: str = "known dataset",
) -> tuple[Layout[Reading], Path]:
    """Find the layout of a path, and the folder inside it where the layout begins.

    Args:
        layouts: the candidates, all of one record.
        dataset: the expected dataset.
        what: what is searched for, for messages.

    Raises:
        DataError: no such path, no known layout, or not the expected dataset.
        UsageError: no dataset of that name.
    """
    require_there(path)
    wanted = [layout for layout in layouts if dataset in (None, layout.dataset)]
    if not wanted:
        catalogue.find(catalogue.DATASETS, "dataset", str(dataset))
    found = next(recognised(path, wanted), None)
    if found is not None:
        return found
    other = next(recognised(path, layouts), None)
    if other is not None:
        raise DataError(
            f"{path} was given as {dataset!r}, but it looks like {other[0].dataset!r}: "
            f"{other[0].looks_like}. Leave the name out, or give the path of {dataset!r}"
        )
    near = path.is_dir() or _near_miss(path, wanted)
    other_said = "" if near else _of_another_record(path, layouts)
    raise DataError(other_said or unknown(path, wanted or layouts, what))


def _of_another_record(path: Path, layouts: Sequence[Layout[Any]]) -> str:
    """What a file holds, if it is data of another record than these layouts'; else empty."""
    own = {layout.dataset for layout in layouts}
    for record in catalogue.RECORDS.values():
        known = catalogue.load_object(record.layouts)() if record.layouts else ()
        others = [layout for layout in known if layout.dataset not in own]
        if len(others) < len(known):
            continue
        found = next(recognised(path, others), None)
        if found is not None:
            return (
                f"{path} is {found[0].dataset} ({record.modality}), which this cannot use; give a "
                f"model of that record, or other data. `edgehuman data check {path}` shows what it "
                "holds"
            )
        hint = _near_miss(path, others)
        if hint:
            return hint
    return ""


def found_here(
    path: Path, layouts: Sequence[Layout[Reading]], dataset: str | None = None
) -> tuple[Layout[Reading], Path] | None:
    """As `find`; None if the path or the expected dataset belongs to another record.

    Raises:
        DataError: the path does not have the layout of the expected dataset.
    """
    if dataset is None:
        return next(recognised(path, layouts), None)
    if dataset in {layout.dataset for layout in layouts}:
        return find(path, layouts, dataset)
    return None


def foreign(stated: Mapping[str, Any], own: Collection[str]) -> list[str]:
    """The flags of another record among what the user states, as they are typed."""
    return [f"--{name.replace('_', '-')}" for name in stated if name not in own]


def require_own_flags(
    path: Path, stated: Mapping[str, Any], own: Collection[str], holds: str, others: str
) -> None:
    """Raise UsageError for flags of another record.

    Args:
        stated: what the user states, by the names of the flags.
        own: the names that this record knows.
        holds: what the path holds.
        others: whose the other flags are.
    """
    flags = foreign(stated, own)
    if flags:
        raise UsageError(f"{path} holds {holds}; {', '.join(flags)}: for {others}; leave them out")


def recognised(
    path: Path, layouts: Sequence[Layout[Reading]]
) -> Iterator[tuple[Layout[Reading], Path]]:
    """Layouts found at a path or in a folder below it, and where; the nearest first."""
    for place in places(path):
        for layout in layouts:
            if layout.recognise(place):
                yield layout, place


def places(path: Path) -> Iterator[Path]:
    """The path and the folders up to two levels below it: archives often unpack into an extra
    folder.
    """
    yield path
    inside = folders(path)
    yield from inside
    for folder in inside:
        yield from folders(folder)


def folders(path: Path) -> list[Path]:
    """Sorted subfolders of a folder; none if it cannot be read. Those of programs are passed over:
    hidden ones, and `__MACOSX`.
    """
    try:
        found = [child for child in path.iterdir() if child.is_dir()] if path.is_dir() else []
    except PermissionError:
        return []
    return sorted(child for child in found if not is_hidden(child))


def is_hidden(path: Path) -> bool:
    """Whether a file or folder belongs to a program, such as `.git`, `._001.png`, `__MACOSX`."""
    return path.name.startswith(".") or path.name == "__MACOSX"


def require_there(path: Path) -> None:
    """Raise DataError if a path does not exist or is an archive."""
    if not path.exists():
        raise DataError(
            f"{path}: no such file or folder; `edgehuman data list` shows where to get data, or "
            f"use {catalogue.SIMULATED!r}, which needs none"
        )
    if path.is_file() and path.suffix in _ARCHIVES:
        raise DataError(f"{path} is an archive; unpack it and give the folder")


def _near_miss(path: Path, layouts: Sequence[Layout[Any]]) -> str:
    """What is missing from a path that nearly matches a layout; empty if it matches none."""
    for place in places(path):
        for layout in layouts:
            hint = layout.almost(place)
            if hint:
                return f"{place} looks like {layout.dataset}, but {hint}"
    return ""


def unknown(
    path: Path, layouts: Sequence[Layout[Any]], what: str = "known dataset", fix: str = ""
) -> str:
    """Explain why a path matches no layout: what is missing, or what it holds and what is known.

    Args:
        fix: what to do, instead of the list of known layouts.

    Raises:
        DataError: a damaged .npz file.
    """
    hint = _near_miss(path, layouts)
    if hint:
        return hint
    single = next((file for file in _files(path) if _is_one(file, layouts)), None)
    if single is not None:
        return f"{path} holds several data files; give one of them, e.g. {single}"
    known = [f"  {layout.dataset}: {layout.looks_like}" for layout in layouts]
    then = fix or "\n".join(["Looked for:", *known])
    return f"{path} is {_said(path)}; no {what} has this layout. {then}"


def _files(path: Path) -> list[Path]:
    """The first files in a folder, in order."""
    if not path.is_dir():
        return []
    return sorted(islice((child for child in path.iterdir() if child.is_file()), _FILES_TRIED))


def _is_one(file: Path, layouts: Sequence[Layout[Any]]) -> bool:
    """Whether a single file is a dataset, even a damaged one."""
    try:
        return any(layout.recognise(file) for layout in layouts)
    except DataError:
        return True


def _said(path: Path) -> str:
    """Describe what a path holds in a few words."""
    if path.is_file():
        fields = sorted(field_names(path))
        return f"an .npz file with the fields {', '.join(fields)}" if fields else "a single file"
    if not path.is_dir():
        return "a device or a pipe, not a file"
    names = sorted(child.name for child in path.iterdir())
    more = " …" if len(names) > _NAMES_SHOWN else ""
    return f"a folder with {', '.join(names[:_NAMES_SHOWN]) or 'nothing in it'}{more}"
