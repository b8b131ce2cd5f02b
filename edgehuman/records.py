"""The records passed between modules: arrays, time stamps, shapes and units, documented once.

Axes: N samples, T time, C channel, J joint, H height, W width, P part, D dimension. Stamps are
nanoseconds of a monotonic clock and belong to the *last* sample of a record.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError

IMU_RATE_HZ = 50.0
IMU_WINDOW = 128
IMU_CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")
STANDARD_GRAVITY_MS2 = 9.80665

Bool = NDArray[np.bool_]
Complex = NDArray[np.complex128]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Index = NDArray[np.int64]
Intp = NDArray[np.intp]
Text = NDArray[np.str_]
Uint8 = NDArray[np.uint8]


def _require(ok: bool, found: object, rule: str) -> None:
    if not ok:
        raise DataError(f"found {found}; {rule}")


@dataclass(frozen=True, slots=True)
class ImuWindow:
    """A window of wearable data: accelerometer and gyroscope on one 50 Hz grid.

    Attributes:
        imu_TC: float32 (T, 6): ax ay az in g with gravity, gx gy gz in rad/s; T is 128 by default.
        stamp_ns: monotonic time of the last sample.
        source: id of the sensor or file it came from.
    """

    imu_TC: Float32
    stamp_ns: int
    source: str = ""

    def __post_init__(self) -> None:
        shape = self.imu_TC.shape
        _require(
            len(shape) == 2 and shape[1] == 6,
            shape,
            "an ImuWindow is (T, 6): acc in g, gyro in rad/s",
        )


@dataclass(frozen=True, slots=True)
class SkeletonSequence:
    """A tracked person's joints: float32 (T, 18, 3), x and y in pixels, confidence; OpenPose-18."""

    skeleton_TJ3: Float32
    stamp_ns: int
    source: str = ""

    def __post_init__(self) -> None:
        shape = self.skeleton_TJ3.shape
        _require(
            len(shape) == 3 and shape[1:] == (18, 3),
            shape,
            "a SkeletonSequence is (T, 18, 3), OpenPose-18",
        )


@dataclass(frozen=True, slots=True)
class SilhouetteSequence:
    """A tracked person's outline: uint8 (T, 64, 64), 0 or 255, size-normalised and centred."""

    silhouette_THW: NDArray[np.uint8]
    stamp_ns: int
    source: str = ""

    def __post_init__(self) -> None:
        array = self.silhouette_THW
        found = f"{array.shape} {array.dtype}"
        _require(
            array.shape[1:] == (64, 64) and array.dtype == np.uint8,
            found,
            "silhouettes are uint8 (T, 64, 64)",
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """A camera image: uint8 (H, W, 3), RGB."""

    image_HWC: NDArray[np.uint8]
    stamp_ns: int
    source: str = ""

    def __post_init__(self) -> None:
        array = self.image_HWC
        found = f"{array.shape} {array.dtype}"
        _require(
            array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8,
            found,
            "an image is uint8 (H, W, 3) RGB",
        )


@dataclass(frozen=True, slots=True)
class PersonCrop(Frame):
    """One person cut from a Frame: uint8 (H, W, 3), RGB, 256x128 by default."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """A person's embedding: float32 (parts, dim) or (dim,); the card names the distance."""

    vector_PD: Float32
    stamp_ns: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class ImuRecording:
    """A continuous recording of one person's wearable, on one uniform grid, in canonical units.

    Attributes:
        imu_TC: float32 (T, 6): g and rad/s.
        rate_hz: samples per second.
        subject: who wore it; the same text in every dataset that holds the same person.
        label_T: int16 (T,), index into `labels`; -1 where unknown. Empty: unlabelled.
        labels: class names.
        source: dataset, file and device, for display.
    """

    imu_TC: Float32
    rate_hz: float
    subject: str
    label_T: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    labels: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        shape = self.imu_TC.shape
        _require(
            len(shape) == 2 and shape[1] == 6,
            shape,
            "an ImuRecording is (T, 6): acc in g, gyro in rad/s",
        )
        _require(
            self.label_T.size in (0, shape[0]),
            self.label_T.shape,
            f"labels are one per sample, here {shape[0]}",
        )

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.imu_TC.shape[0] / self.rate_hz


@dataclass(frozen=True, slots=True)
class WindowSet:
    """Windows with their labels and subjects: the data to train, calibrate and evaluate on.

    Attributes:
        imu_NTC: float32 (N, T, 6): g and rad/s at 50 Hz.
        label_N: int64 (N,), index into `labels`; -1 where unlabelled.
        subject_N: unicode (N,): who wore it. Every split is by subject.
        is_test_N: bool (N,): True in the dataset's official test split.
        labels: class names.
        dataset: catalogue names of the datasets inside.
        placement_N: unicode (N,): where the sensor is worn ("waist"); "" where unknown, which is
            what is meant if left out.
    """

    imu_NTC: Float32
    label_N: NDArray[np.int64]
    subject_N: NDArray[np.str_]
    is_test_N: NDArray[np.bool_]
    labels: tuple[str, ...]
    dataset: tuple[str, ...]
    placement_N: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, "<U1"))

    def __post_init__(self) -> None:
        shape = self.imu_NTC.shape
        if not self.placement_N.size:
            object.__setattr__(self, "placement_N", np.zeros(shape[0], "<U1"))
        _require(
            len(shape) == 3 and shape[2] == 6,
            shape,
            "a WindowSet is (N, T, 6): acc in g, gyro in rad/s",
        )
        for name, array in (
            ("label_N", self.label_N),
            ("subject_N", self.subject_N),
            ("is_test_N", self.is_test_N),
            ("placement_N", self.placement_N),
        ):
            _require(
                array.shape == (shape[0],),
                array.shape,
                f"{name} has one entry per window, here {shape[0]}",
            )

    def __len__(self) -> int:
        return int(self.imu_NTC.shape[0])

    def require_finite(self, where: str) -> WindowSet:
        """This set.

        Args:
            where: the file or the name of the data, for the message.

        Raises:
            DataError: values that are NaN or infinite; the message has their number.
        """
        finite_NTC = np.isfinite(self.imu_NTC)
        if finite_NTC.all():
            return self
        bad_N = np.flatnonzero(~finite_NTC.all(axis=(1, 2)))
        raise DataError(
            f"{where}: {bad_N.size} of {len(self)} windows hold {int((~finite_NTC).sum())} values "
            f"that are NaN or infinite, first window {bad_N[0]}; leave these windows out, or get "
            "the data again"
        )

    def select(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> WindowSet:
        """The windows at a mask or at indices (N',), in that order."""
        return WindowSet(
            self.imu_NTC[chosen],
            self.label_N[chosen],
            self.subject_N[chosen],
            self.is_test_N[chosen],
            self.labels,
            self.dataset,
            self.placement_N[chosen],
        )


@dataclass(frozen=True, slots=True)
class Result:
    """Result of the live stream for one window.

    Attributes:
        t_s: stream time of the window's last sample, seconds since the first sample.
        label: the class name, or "unknown" if the score is below the threshold.
        score: calibrated probability of `label` after smoothing, 0..1.
        latency_ms: from the capture of the window's last sample to this result.
        raw_label: the network's class for this window, before threshold and smoothing.
        stamp_ns: monotonic time of the window's last sample.
        source: id of the sensor or file.
    """

    t_s: float
    label: str
    score: float
    latency_ms: float
    raw_label: str
    stamp_ns: int
    source: str = ""
