"""What every wearable reader returns: one person's raw sensor data, and its conversion to records.

    files --reader--> Stretch (the file's units, rate, stamps) --to_recordings--> ImuRecording
                                                               --cut-->           WindowSet

Readers only read; units, resampling and windowing are done here, once, with
`edgehuman.preprocess.imu.recording`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat, ImuReport
from edgehuman.preprocess.imu.recording import cut_windows, resample
from edgehuman.preprocess.imu.resample import MAX_GAP_S
from edgehuman.preprocess.imu.stream import Canonical
from edgehuman.records import (
    IMU_RATE_HZ,
    IMU_WINDOW,
    Float32,
    Float64,
    ImuRecording,
    Index,
    WindowSet,
)

GRAVITY_RANGE_G = (0.7, 1.4)
G_RADS = ImuFormat("g", "rads")
MS2_RADS = ImuFormat("ms2", "rads")
G_DEGS = ImuFormat("g", "degs")
# iOS reports inverted acceleration: screen up is z = -1 g, where other devices report +1 g.
IOS = ImuFormat("g", "rads", axes="-x-y-z", gyro_axes="+x+y+z")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Uninterrupted data of one person's sensor, in the units, rate and axes of its file.

    Attributes:
        imu_TC: (T, 6): accelerometer, then gyroscope, in the units of `format`; may contain NaN.
        format: the units according to the dataset's documentation.
        subject: "<pool>:<id>".
        rate_hz: the rate of a uniform grid; None if `stamp_s_T` gives the time of each row.
        stamp_s_T: float64 (T,): seconds; only if the rows are not on a uniform grid.
        label_T: int16 (T,), index into `labels`, -1 unlabelled; empty: no labels.
        labels: class names.
        source: dataset, file and device, for display.
        is_test: the person belongs to the dataset's test split.
        placement: where the sensor is worn, e.g. "waist"; empty: not known.
    """

    imu_TC: NDArray[np.floating]
    format: ImuFormat
    subject: str
    rate_hz: float | None = None
    stamp_s_T: Float64 | None = None
    label_T: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    labels: tuple[str, ...] = ()
    source: str = ""
    is_test: bool = False
    placement: str = ""

    def stamps(self) -> Float64:
        """Time of every row in seconds, float64 (T,)."""
        if self.stamp_s_T is not None:
            return self.stamp_s_T
        assert self.rate_hz is not None
        return np.arange(len(self.imu_TC), dtype=np.float64) / self.rate_hz


@dataclass(frozen=True, slots=True)
class Reader:
    """Reader of a layout of wearables, and what the layout should contain.

    Attributes:
        stretches: the recordings, lazily; None if the dataset has windows only.
        windows: the published windows; None if they are cut from the recordings.
        missing: what is missing at a path, one line each.
        subjects: everyone who should be in it.
        has_gaps: whether the published files have NaN or missing rows.
        readable: those recordings that can be read beside faulty ones; None: `stretches` alone.
    """

    stretches: Callable[[Path], Iterator[Stretch]] | None = None
    windows: Callable[[Path], WindowSet] | None = None
    missing: Callable[[Path], list[str]] = lambda path: []
    subjects: tuple[str, ...] = ()
    has_gaps: bool = False
    readable: Callable[[Path], Iterator[Stretch]] | None = None


WearableLayout = Layout[Reader]


def canonical(stretch: Stretch) -> Float32:
    """Convert the rows (T, 6) to g and rad/s from their documented units; NaN is kept.

    Units are checked over a whole dataset (`require_gravity`), not here: a single recording may be
    too short or too active to tell.
    """
    convert = Canonical(stretch.format)
    units = ImuReport(accel_unit=stretch.format.accel_unit, gyro_unit=stretch.format.gyro_unit)
    convert.set_units(units)
    return convert(np.asarray(stretch.imu_TC, np.float32))


def to_recordings(stretch: Stretch) -> list[ImuRecording]:
    """Convert a stretch to canonical recordings (g, rad/s, 50 Hz), split at gaps over 0.1 s.

    Rows with a value that is not finite are dropped, so over 0.1 s of them is a gap. The label of a
    sample is that of the latest row at or before it.
    """
    imu_TC = canonical(stretch)
    if stretch.rate_hz == IMU_RATE_HZ and np.isfinite(imu_TC).all():
        return [_recording(stretch, imu_TC, stretch.label_T)]
    tag_TK = stretch.label_T.reshape(len(imu_TC), -1).astype(np.int64) if len(imu_TC) else None
    parts = resample(stretch.stamps(), imu_TC, IMU_RATE_HZ, MAX_GAP_S, tag_TK)
    return [
        _recording(stretch, part.imu_TC, part.tag_TK.ravel().astype(np.int16)) for part in parts
    ]


def _recording(stretch: Stretch, imu_TC: Float32, label_T: NDArray[np.int16]) -> ImuRecording:
    return ImuRecording(
        imu_TC, IMU_RATE_HZ, stretch.subject, label_T, stretch.labels, stretch.source
    )


def window_labels(label_T: NDArray[np.int16], count: int, hop: int) -> Index:
    """Labels (count,) of windows cut every `hop` samples: -1 for windows with mixed labels."""
    if not label_T.size:
        return np.full(count, -1, np.int64)
    start_N = np.arange(count) * hop
    changes_T = np.concatenate([[0], np.cumsum(np.diff(label_T) != 0)])
    one_label_N = changes_T[start_N] == changes_T[start_N + IMU_WINDOW - 1]
    return np.where(one_label_N, label_T[start_N], -1).astype(np.int64)


def cut(stretches: Iterable[Stretch], hop: int, dataset: str) -> WindowSet:
    """Cut windows of 128 samples, `hop` apart; none spans two recordings or a gap.

    A window whose samples all share one label has that label, else -1. All stretches share one
    tuple of labels.

    Raises:
        DataError: a hop under 1, no stretch as long as a window, or units that contradict the
            documentation.
    """
    if hop < 1:
        raise DataError(f"hop is {hop}; it must be at least 1 sample")
    pieces: list[Float32] = []
    label, subject, is_test, placement = [], [], [], []
    labels: tuple[str, ...] = ()
    for stretch in stretches:
        labels = labels or stretch.labels
        for recording in to_recordings(stretch):
            imu_NTC = cut_windows(recording.imu_TC, IMU_WINDOW, hop)
            pieces.append(imu_NTC)
            label.append(window_labels(recording.label_T, len(imu_NTC), hop))
            subject.append(np.full(len(imu_NTC), stretch.subject))
            is_test.append(np.full(len(imu_NTC), stretch.is_test))
            placement.append(np.full(len(imu_NTC), stretch.placement))
    if not sum(map(len, pieces)):
        raise DataError(
            f"{dataset}: no stretch is as long as a window of {IMU_WINDOW} samples at "
            f"{IMU_RATE_HZ:g} Hz; check the folder with `edgehuman data check`"
        )
    windows = WindowSet(
        _join(pieces),
        np.concatenate(label),
        np.concatenate(subject),
        np.concatenate(is_test),
        labels,
        (dataset,),
        np.concatenate(placement),
    )
    require_gravity(windows.imu_NTC, dataset)
    return windows


def _join(pieces: list[Float32]) -> Float32:
    """All windows in one array; each piece is freed once copied, so peak memory is about one
    copy.
    """
    joined = np.empty((sum(map(len, pieces)), *pieces[0].shape[1:]), np.float32)
    end = len(joined)
    while pieces:
        piece = pieces.pop()
        joined[end - len(piece) : end] = piece
        end -= len(piece)
    return joined


def median_norm(imu: Float32) -> float:
    """Median length of the acceleration over about 200,000 samples of (..., 6); NaN if empty."""
    acc = imu.reshape(-1, imu.shape[-1])[:: max(1, imu.size // 1_200_000), :3]
    norm = np.linalg.norm(acc, axis=1)
    finite = norm[np.isfinite(norm)]
    return float(np.median(finite)) if finite.size else float("nan")


def require_gravity(imu: Float32, where: str) -> None:
    """Check that the median acceleration is about 1 g, as gravity makes it for any activity.

    Raises:
        DataError: it is not: the files have other units, or gravity was removed.
    """
    found_g = median_norm(imu)
    low, high = GRAVITY_RANGE_G
    if not low <= found_g <= high:
        raise DataError(
            f"{where}: the median acceleration is {found_g:.3g} g after conversion; with gravity "
            f"it must be {low} to {high} g. {units_hint(found_g)} Use the files as published"
        )


def units_hint(found_g: float) -> str:
    if 0.7 * 9.8 <= found_g <= 1.4 * 9.8:
        return "The files look like m/s² instead of the published g."
    if 0.7 / 9.8 <= found_g <= 1.4 / 9.8:
        return "The files look like g instead of the published m/s², or gravity was removed."
    return "The units are neither g nor m/s², or gravity was removed."
