"""The compact file of `edgehuman data convert`: any dataset of wearables in one .npz.

    save(Path("usc_had.npz"), layout.dataset, layout.read, place)

Continuous recordings keep the units, rate and axes of the published files, as float32; windows stay
as published. `about` is JSON: the dataset, the format's version, and a row per recording.

    imu        float32 (rows, 6), recordings one after another
    stamp_s    float64 (rows,); NaN where the rows are on a uniform grid
    label      int16 (rows,), index into the row's labels; -1 unlabelled
    length     int64 (recordings,)
or, of a dataset that is published as windows:
    window     float32 (N, T, 6); label, subject, is_test: (N,)
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman import catalogue
from edgehuman.data.containers import RATES_HZ, arrays, bounds, field_names, fields
from edgehuman.data.imu.layout import Reader, Stretch, WearableLayout
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.files import write_whole
from edgehuman.outcome import to_json
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import require_types
from edgehuman.records import WindowSet

VERSION = 1
_ABOUT = "about"
_STRETCHES = {"imu": "f T6", "stamp_s": "f T", "label": "i T", "length": "i N", _ABOUT: "s"}
_WINDOWS = {"window": "f NT6", "label": "i N", "subject": "s N", "is_test": "b N", _ABOUT: "s"}


@dataclass(frozen=True, slots=True)
class _Row:
    """What `about` says of a recording."""

    subject: str
    rate_hz: float | None
    labels: tuple[str, ...]
    source: str
    is_test: bool
    format: dict[str, Any]
    placement: str = ""


def save(path: Path, dataset: str, read: Reader, place: Path) -> tuple[int, int]:
    """Write the compact file of a dataset, whole or not at all; returns its recordings or windows,
    and its people.

    Raises:
        DataError: the published files cannot be read, or the path cannot be written.
    """
    if read.windows is not None:
        fields, counted = _of_windows(dataset, read.windows(place).require_finite(str(place)))
    else:
        assert read.stretches is not None
        fields, counted = _of_stretches(dataset, list(read.stretches(place)))
    if not counted[0]:
        raise DataError(
            f"{place}: {dataset} has nothing to convert; see `edgehuman data check {place}`"
        )
    file = io.BytesIO()
    np.savez_compressed(file, **fields)  # type: ignore[arg-type]
    write_whole(path, file.getvalue(), DataError)
    return counted


def _of_stretches(
    dataset: str, stretches: list[Stretch]
) -> tuple[dict[str, NDArray[Any]], tuple[int, int]]:
    rows = [
        {
            "subject": one.subject,
            "rate_hz": one.rate_hz,
            "labels": list(one.labels),
            "source": one.source,
            "is_test": one.is_test,
            "placement": one.placement,
            "format": asdict(one.format),
        }
        for one in stretches
    ]
    empty = np.zeros((0, 6), np.float32)
    fields = {
        "imu": np.concatenate([empty, *(np.asarray(one.imu_TC, np.float32) for one in stretches)]),
        "stamp_s": np.concatenate([np.zeros(0), *map(_stamps, stretches)]),
        "label": np.concatenate([np.zeros(0, np.int16), *map(_labels, stretches)]),
        "length": np.array([len(one.imu_TC) for one in stretches], np.int64),
        _ABOUT: _about(dataset, recordings=rows),
    }
    return fields, (len(stretches), len({one.subject for one in stretches}))


def _stamps(stretch: Stretch) -> NDArray[np.float64]:
    if stretch.stamp_s_T is None:
        return np.full(len(stretch.imu_TC), np.nan)
    return stretch.stamp_s_T


def _labels(stretch: Stretch) -> NDArray[np.int16]:
    if not stretch.label_T.size:
        return np.full(len(stretch.imu_TC), -1, np.int16)
    return stretch.label_T.astype(np.int16)


def _of_windows(
    dataset: str, windows: WindowSet
) -> tuple[dict[str, NDArray[Any]], tuple[int, int]]:
    fields: dict[str, NDArray[Any]] = {
        "window": windows.imu_NTC,
        "label": windows.label_N,
        "subject": windows.subject_N,
        "is_test": windows.is_test_N,
        _ABOUT: _about(
            dataset, labels=list(windows.labels), placement=windows.placement_N.tolist()
        ),
    }
    return fields, (len(windows.imu_NTC), len(set(windows.subject_N.tolist())))


def _about(dataset: str, **more: Any) -> NDArray[Any]:
    return np.array(to_json({"dataset": dataset, "version": VERSION, **more}))


def _read_about(path: Path) -> Mapping[str, Any]:
    """What the file says of itself.

    Raises:
        DataError: damaged, or of a later version.
    """
    try:
        about = dict(json_of(str(arrays(path, [_ABOUT])[_ABOUT])))
        version, _ = int(about["version"]), str(about["dataset"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: its field `about` is damaged ({error}); convert again") from None
    if version > VERSION:
        raise DataError(
            f"{path}: compact format {version}, and this edgehuman reads up to {VERSION}; install "
            "a newer one, or convert again"
        )
    return about


def read_stretches(path: Path) -> Iterator[Stretch]:
    """The recordings of a compact file.

    Raises:
        DataError: the file is damaged or of a later version.
    """
    rows = _rows(path, _read_about(path))
    z = fields(path, _STRETCHES)
    edges = bounds(path, z["length"], len(z["imu"]))
    if len(rows) != len(z["length"]):
        raise DataError(
            f"{path}: {len(rows)} recordings are described and {len(z['length'])} stored; "
            "convert again"
        )
    for (row, format), start, end in zip(rows, edges[:-1], edges[1:], strict=True):
        part = slice(int(start), int(end))
        label_T = z["label"][part] if row.labels else np.empty(0, np.int16)
        _require_labels(path, label_T, row.labels)
        yield Stretch(
            z["imu"][part],
            format,
            row.subject,
            rate_hz=row.rate_hz,
            stamp_s_T=None if row.rate_hz is not None else z["stamp_s"][part],
            label_T=label_T,
            labels=row.labels,
            source=row.source,
            is_test=row.is_test,
            placement=row.placement,
        )


def _rows(path: Path, about: Mapping[str, Any]) -> list[tuple[_Row, ImuFormat]]:
    """The description of every recording.

    Raises:
        DataError: a value is missing, or of another type or unit.
    """
    try:
        rows = [_Row(**{**row, "labels": tuple(row["labels"])}) for row in about["recordings"]]
        for row in rows:
            require_types(row)
            if row.rate_hz is not None and not RATES_HZ[0] <= row.rate_hz <= RATES_HZ[1]:
                raise ValueError(f"rate_hz is {row.rate_hz:g}; it must be 1 to 5000")
        return [(row, ImuFormat(**row.format)) for row in rows]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path}: its field `about` is damaged ({error}); convert again") from None


def _require_labels(path: Path, label_N: NDArray[Any], labels: Sequence[str]) -> None:
    if label_N.size and not -1 <= label_N.min() <= label_N.max() < len(labels):
        raise DataError(
            f"{path}: labels are {label_N.min()} to {label_N.max()}, of {len(labels)} names; "
            "convert again"
        )


def read_windows(path: Path) -> WindowSet:
    """The windows of a compact file.

    Raises:
        DataError: the file is damaged or of a later version.
    """
    about = _read_about(path)
    z = fields(path, _WINDOWS)
    try:
        labels = tuple(map(str, about["labels"]))
        placement_N = np.array([str(name) for name in about.get("placement", ())], np.str_)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: its field `about` is damaged ({error}); convert again") from None
    _require_labels(path, z["label"], labels)
    dataset = (str(about["dataset"]),)
    return WindowSet(
        z["window"], z["label"], z["subject"], z["is_test"], labels, dataset, placement_N
    )


def _is(dataset: str, wanted: Collection[str], path: Path) -> bool:
    return field_names(path) >= set(wanted) and _read_about(path)["dataset"] == dataset


def layouts() -> Iterator[WearableLayout]:
    """The compact file of every dataset of wearables: windows where it is published as windows."""
    for dataset, row in catalogue.datasets_of("imu").items():
        published: Reader = catalogue.load_object(row.read).read
        what = f"an .npz file that `edgehuman data convert` made of {dataset}"
        if published.windows is None:
            wanted, read = _STRETCHES, Reader(read_stretches, subjects=published.subjects)
        else:
            wanted, read = _WINDOWS, Reader(windows=read_windows, subjects=published.subjects)
        yield Layout(dataset, what, partial(_is, dataset, wanted), read)
