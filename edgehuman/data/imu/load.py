"""Wearable datasets: any known folder or file -> recordings or windows in g and rad/s at 50 Hz.

    windows = load_windows("uci_har.npz")            the layout is recognised from the files
    recordings = load_recordings("PAMAP2_Dataset")

Readers of the published layouts are beside this file, one per family; `compact.py` reads the .npz
files.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from edgehuman import catalogue
from edgehuman.data.imu import compact
from edgehuman.data.imu.layout import Reader, Stretch, cut, require_gravity, to_recordings
from edgehuman.errors import DataError
from edgehuman.records import ImuRecording, WindowSet


@lru_cache(maxsize=1)
def readers() -> tuple[Reader, ...]:
    """Every reader: of the compact files, and of the published layouts in the catalogue's order."""
    rows = [row for row in catalogue.DATASETS.values() if row.modality == "imu"]
    published = [catalogue.load_object(row.read) for row in rows]
    return (*compact.READERS, *(r for r in published if r not in compact.READERS))


def find_reader(path: Path | str, dataset: str | None = None) -> tuple[Reader, Path]:
    """The reader of a path, and the folder inside it where the layout begins.

    Archives often unpack into a folder of their own, so two levels of folders are looked through.

    Raises:
        DataError: no such path, no known layout, or another dataset than the one named.
    """
    path = Path(path)
    if str(path) == "simulated":
        raise DataError(
            "simulated data are windows here; `edgehuman data simulate` writes recordings as files"
        )
    if not path.exists():
        raise DataError(
            f"{path}: no such file or folder; `edgehuman data list` says where to get data"
        )
    if path.suffix in (".zip", ".gz", ".tar", ".7z", ".rar"):
        raise DataError(f"{path} is an archive; unpack it and give the folder")
    for place in _places(path):
        for reader in readers():
            if reader.recognise(place):
                _require_dataset(path, reader, dataset)
                return reader, place
    raise DataError(_unknown(path))


def _places(path: Path) -> Iterator[Path]:
    """The path, the folders in it, and the folders in those."""
    yield path
    inside = _folders(path)
    yield from inside
    for folder in inside:
        yield from _folders(folder)


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(child for child in path.iterdir() if child.is_dir()) if path.is_dir() else []
    except PermissionError:
        return []


def _unknown(path: Path) -> str:
    """What a path that no reader knows looks like, and what the readers know."""
    for place in _places(path):
        for reader in readers():
            hint = reader.almost(place)
            if hint:
                return f"{place} looks like {reader.dataset}, but {hint}"
    if path.is_file():
        fields = sorted(compact.field_names(path))
        found = f"an .npz file with the fields {', '.join(fields)}" if fields else "a single file"
    else:
        names = sorted(child.name for child in path.iterdir())
        files = [name for name in names if name.endswith(".npz")]
        if files:
            return f"{path} holds several files; name one of them, e.g. {path / files[0]}"
        found = f"a folder with {', '.join(names[:5]) or 'nothing in it'}"
    known = "\n".join(f"  {reader.dataset}: {reader.looks_like}" for reader in readers())
    return f"{path} is {found}; no known dataset is laid out like this. Known layouts:\n{known}"


def _require_dataset(path: Path, reader: Reader, dataset: str | None) -> None:
    if dataset is None:
        return
    catalogue.find(catalogue.DATASETS, "dataset", dataset)
    if dataset != reader.dataset:
        raise DataError(
            f"{path} was given as {dataset!r}, but it looks like {reader.dataset!r}: "
            f"{reader.looks_like}. Leave the name out, or give the path of {dataset!r}"
        )


def recognise(path: Path | str) -> str:
    """The catalogue name of the dataset at a path, from its files.

    Raises:
        DataError: no such path, or no known layout.
    """
    return find_reader(path)[0].dataset


def stretches(path: Path | str, dataset: str | None = None) -> Iterator[Stretch]:
    """The continuous recordings of a dataset as its files hold them, one after the other.

    Raises:
        DataError: see `find_reader`; or a dataset that holds windows only.
    """
    reader, place = find_reader(path, dataset)
    if reader.stretches is None:
        raise DataError(
            f"{path}: {reader.dataset} holds windows, not continuous recordings; use load_windows, "
            "or the recordings they were cut from (for UCI HAR: HAPT)"
        )
    return reader.stretches(place)


def load_recordings(
    path: Path | str, dataset: str | None = None, subject: str | None = None
) -> list[ImuRecording]:
    """The continuous recordings of a dataset: g, rad/s, 50 Hz, parted at gaps over 0.1 s.

    Args:
        path: a folder or a compact file.
        dataset: the catalogue name, where the caller insists on one.
        subject: only this person, as "uci30:2" or "2".

    Raises:
        DataError: see `find_reader`; wrong columns or units; a dataset that holds windows only; or
            nobody of that name.
    """
    recordings: list[ImuRecording] = []
    people: dict[str, None] = {}
    for stretch in stretches(path, dataset):
        people[stretch.subject] = None
        if subject is None or subject in (stretch.subject, stretch.subject.partition(":")[2]):
            recordings += to_recordings(stretch)
    if subject is not None and not recordings:
        raise DataError(f"{path}: nobody is named {subject!r}; here are {', '.join(people)}")
    if not recordings:
        raise DataError(f"{path}: no recording in it; check it with `edgehuman data check {path}`")
    require_gravity(np.concatenate([part.imu_TC[::50] for part in recordings]), str(path))
    return recordings


def load_windows(path: Path | str, dataset: str | None = None, hop: int = 64) -> WindowSet:
    """The windows of a dataset, float32 (N, 128, 6): g, rad/s, 50 Hz, with labels and people.

    UCI HAR's windows are as published, whatever the hop. All others are cut every `hop` samples; a
    window's label is the label if the whole window has one, else -1. `is_test_N` marks the official
    test people of UCI HAR (and, being the same people, of HAPT), people 1634-1650 of WISDM, fold 0
    of ExtraSensory; no one elsewhere, where no split is official.

    Args:
        path: a folder, a compact file, or the word "simulated".
        dataset: the catalogue name, where the caller insists on one.
        hop: samples from one window to the next.

    Raises:
        DataError: see `find_reader`; wrong columns or units; or nothing as long as a window.
    """
    if str(path) == "simulated":
        from edgehuman.simulate.imu.recording import simulated_windows

        return simulated_windows(hop=hop)
    reader, place = find_reader(path, dataset)
    if reader.windows is not None:
        return reader.windows(place)
    assert reader.stretches is not None
    return cut(reader.stretches(place), hop, reader.dataset)
