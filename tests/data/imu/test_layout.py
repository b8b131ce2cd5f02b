"""From a stretch to records: gaps, labels of samples and windows, gravity as the judge of units."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.imu.layout import (
    G_RADS,
    Stretch,
    cut,
    median_norm,
    require_gravity,
    to_recordings,
    window_labels,
)
from edgehuman.errors import DataError
from edgehuman.records import Float64


def upright(count: int) -> Float64:
    return np.tile([0.0, 0.0, 1.0, 0.1, 0.0, 0.0], (count, 1))


def test_a_window_has_a_label_only_if_it_has_one() -> None:
    label_T = np.repeat(np.array([0, 1], np.int16), [130, 200])
    # Windows start at 0, 64, 128, 192; samples 128 and 129 are still of label 0.
    assert window_labels(label_T, 4, 64).tolist() == [0, -1, -1, 1]
    assert window_labels(np.empty(0, np.int16), 2, 64).tolist() == [-1, -1]


def test_fifty_hz_passes_unchanged() -> None:
    imu = np.random.default_rng(0).normal(size=(10, 6)).astype(np.float32)
    (recording,) = to_recordings(Stretch(imu, G_RADS, "p:1", rate_hz=50.0))
    assert (recording.imu_TC == imu).all()


def test_rows_that_are_not_finite_part_the_recording_where_they_last() -> None:
    imu = upright(300)
    imu[100:103] = np.nan  # 0.08 s from the row before to the row after: bridged
    imu[200:210] = np.nan  # 0.22 s: a gap
    label_T = np.zeros(300, np.int16)
    parts = to_recordings(Stretch(imu, G_RADS, "p:1", rate_hz=50.0, label_T=label_T, labels=("x",)))
    assert [len(part.imu_TC) for part in parts] == [200, 90]
    assert all(part.label_T.size == len(part.imu_TC) for part in parts)


def test_nothing_but_nan_is_no_recording() -> None:
    assert to_recordings(Stretch(np.full((200, 6), np.nan), G_RADS, "p:1", rate_hz=50.0)) == []


def test_labels_are_those_of_the_latest_row() -> None:
    # 20 Hz rows at 0, 0.05, .. 0.95 s; the label changes with the row at 0.5 s.
    label_T = np.repeat(np.array([0, 1], np.int16), 10)
    stretch = Stretch(upright(20), G_RADS, "p:1", rate_hz=20.0, label_T=label_T, labels=("x", "y"))
    (recording,) = to_recordings(stretch)
    assert recording.label_T.dtype == np.int16
    assert recording.label_T[24] == 0  # 0.48 s
    assert recording.label_T[25] == 1  # 0.50 s


def test_no_labels_stay_no_labels() -> None:
    (recording,) = to_recordings(Stretch(upright(20), G_RADS, "p:1", rate_hz=20.0))
    assert recording.label_T.size == 0
    assert to_recordings(Stretch(np.empty((0, 6)), G_RADS, "p:1", rate_hz=20.0)) == []


def test_windows_never_span_two_recordings() -> None:
    windows = cut([Stretch(upright(130), G_RADS, f"p:{i}", rate_hz=50.0) for i in range(3)], 1, "x")
    assert windows.subject_N.tolist() == [f"p:{i}" for i in range(3) for _ in range(3)]


def test_gravity_tells_units() -> None:
    imu = upright(100).astype(np.float32)
    require_gravity(imu, "x")
    assert median_norm(imu) == pytest.approx(1.0)
    with pytest.raises(DataError, match="look like m/s² instead of the published g"):
        require_gravity(imu * 9.8, "x")
    with pytest.raises(
        DataError, match="look like g instead of the published m/s², or gravity was removed"
    ):
        require_gravity(imu / 9.8, "x")
    with pytest.raises(DataError, match="neither g nor m/s²"):
        require_gravity(imu * 0.01, "x")
    with pytest.raises(DataError, match="nan g"):
        require_gravity(imu * np.nan, "x")
