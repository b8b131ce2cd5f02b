"""Wearable datasets: any known folder or file -> recordings or windows in g and rad/s at 50 Hz.

    windows = load_windows("uci_har.npz")            the layout is recognised from the files
    recordings = load_recordings("PAMAP2_Dataset")

Readers of the published layouts are in `published/`, one per family; `compact.py` there reads the
.npz files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from edgehuman import catalogue
from edgehuman.data.imu import converted, recordings
from edgehuman.data.imu.layout import (
    Stretch,
    WearableLayout,
    cut,
    require_gravity,
    to_recordings,
)
from edgehuman.data.imu.own import OWN
from edgehuman.data.imu.published import compact
from edgehuman.data.imu.recordings import AS_TOLD
from edgehuman.data.layout import find, found_here
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.reading import FOR_OWN
from edgehuman.records import ImuRecording, WindowSet


@lru_cache(maxsize=4)
def layouts(format: ImuFormat = AS_TOLD) -> tuple[WearableLayout, ...]:
    """Every layout: the compact files, the published ones in the catalogue's order, and own
    recordings.

    Args:
        format: the declared units, axes and clock of own recordings, in every function here.
    """
    rows = catalogue.datasets_of("imu").values()
    published = [catalogue.load_object(row.read) for row in rows]
    others = (one for one in published if one not in compact.LAYOUTS)
    return (*converted.layouts(), *compact.LAYOUTS, *others, recordings.layout(format))


def find_layout(
    path: Path | str, dataset: str | None = None, format: ImuFormat = AS_TOLD
) -> tuple[WearableLayout, Path]:
    """Find the layout of a path, and the folder inside it where the layout begins.

    Raises:
        DataError: no such path, no known layout, or not the expected dataset.
        UsageError: no dataset of that name.
    """
    if is_simulated(path):
        raise DataError(
            "simulated data has windows only; `edgehuman data simulate` writes recordings as files"
        )
    return find(Path(path), layouts(format), dataset)


def recognise(path: Path | str) -> str:
    """Return the catalogue name of the dataset at a path, from its files.

    Raises:
        DataError: no such path, or no known layout.
    """
    return find_layout(path)[0].dataset


def stretches(
    path: Path | str, dataset: str | None = None, format: ImuFormat = AS_TOLD
) -> Iterator[Stretch]:
    """Yield the continuous recordings of a dataset, unconverted.

    Raises:
        DataError: see `find_layout`; or a dataset with windows only.
    """
    layout, place = find_layout(path, dataset, format)
    if layout.read.stretches is None:
        raise DataError(
            f"{path}: {layout.dataset} has windows, not continuous recordings; use load_windows, "
            "or the recordings they were cut from (for UCI HAR: HAPT)"
        )
    return layout.read.stretches(place)


def load_recordings(
    path: Path | str,
    dataset: str | None = None,
    subject: str | None = None,
    format: ImuFormat = AS_TOLD,
) -> list[ImuRecording]:
    """Load the continuous recordings of a dataset: g, rad/s, 50 Hz, split at gaps over 0.1 s.

    Args:
        path: a folder or a compact file.
        dataset: catalogue name of the expected dataset.
        subject: only this person, as "uci30:2" or "2".

    Raises:
        DataError: see `find_layout`; wrong columns or units; a dataset with windows only; or no
            such subject.
    """
    recordings: list[ImuRecording] = []
    people: dict[str, None] = {}
    for stretch in stretches(path, dataset, format):
        people[stretch.subject] = None
        if subject is None or subject in (stretch.subject, stretch.subject.partition(":")[2]):
            recordings += to_recordings(stretch)
    if subject is not None and not recordings:
        raise DataError(f"{path}: no subject {subject!r}; valid: {', '.join(people)}")
    if not recordings:
        raise DataError(f"{path}: has no recordings; check it with `edgehuman data check {path}`")
    require_gravity(np.concatenate([part.imu_TC[::50] for part in recordings]), str(path))
    return recordings


def load_windows(
    path: Path | str, dataset: str | None = None, hop: int = 64, format: ImuFormat = AS_TOLD
) -> WindowSet:
    """Load the windows of a dataset, float32 (N, 128, 6): g, rad/s, 50 Hz, with labels and people.

    UCI HAR's windows are as published, whatever the hop. All others are cut every `hop` samples; a
    window whose samples all share one label has that label, else -1. `is_test_N` marks the official
    test people of UCI HAR (and of HAPT, which has the same people), people 1634-1650 of WISDM and
    fold 0 of ExtraSensory; other datasets have no official split.

    Args:
        path: a folder, a compact file, "simulated" (at the waist), "simulated:PLACEMENT" (also
            jogging), or "simulated:PLACEMENT:PEOPLE".
        dataset: catalogue name of the expected dataset.
        hop: samples from one window to the next.

    Raises:
        DataError: see `find_layout`; wrong columns or units; windows with values that are not
            finite; or no recording as long as a window.
    """
    if is_simulated(path):
        return _simulated(str(path).partition(":")[2], hop)
    layout, place = find_layout(path, dataset, format)
    if layout.read.windows is not None:
        return layout.read.windows(place).require_finite(str(path))
    assert layout.read.stretches is not None
    return cut(layout.read.stretches(place), hop, layout.dataset)


def why_unused(path: Path | str, format: ImuFormat = AS_TOLD) -> str:
    """What `edgehuman data check` says of own recordings, to end a message with; empty for other
    data, or if it finds nothing.
    """
    if is_simulated(path) or not Path(path).exists():
        return ""
    found = found_here(Path(path), layouts(format))
    if found is None or found[0].dataset != OWN:
        return ""
    return "".join(f"\n  {line}" for line in found[0].read.missing(found[1]))


def require_own(paths: Sequence[Path | str], format: ImuFormat) -> None:
    """Refuse declared units, axes or a clock where no path holds own recordings: those of published
    datasets are known.

    Raises:
        UsageError: a format is declared, and none of the paths is one of own recordings.
    """
    if format == AS_TOLD:
        return
    for path in paths:
        found = None
        if not is_simulated(path) and Path(path).exists():
            found = found_here(Path(path), layouts(format))
        if found is not None and found[0].dataset == OWN:
            return
    raise UsageError(f"{', '.join(map(str, paths))}: no recordings of your own; {FOR_OWN}")


def is_simulated(path: Path | str) -> bool:
    """Return whether this is the word `simulated`, with or without a placement."""
    return str(path).partition(":")[0] == catalogue.SIMULATED


def _simulated(words: str, hop: int) -> WindowSet:
    """Windows of `PLACEMENT` or `PLACEMENT:PEOPLE`."""
    from edgehuman.simulate.body.activities import SIX
    from edgehuman.simulate.imu.recording import simulated_windows

    placement, _, people = words.partition(":")
    if not placement:
        return simulated_windows(hop=hop)
    if people and not people.isdecimal():
        raise DataError(
            f"{catalogue.SIMULATED}:{words} names no number of people; give e.g. "
            f"{catalogue.SIMULATED}:{placement}:40"
        )
    names = (*SIX, "jogging")
    return simulated_windows(people=int(people or 20), placement=placement, hop=hop, labels=names)
