"""A recording at once: axes, units, windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.recording import ImuFormat, cut_windows, prepare, to_canonical
from edgehuman.records import Float32, Float64

Swing = Callable[[Float64], Float32]
ROW = np.array([[0.1, 0.2, 0.9, 1, 2, 3]], np.float32)


def test_axes_are_a_signed_permutation() -> None:
    same = to_canonical(ROW, ImuFormat("g", "rads"))
    np.testing.assert_array_equal(same, ROW)
    turned = to_canonical(ROW, ImuFormat("g", "rads", axes="-y+x+z"))
    np.testing.assert_allclose(turned, [[-0.2, 0.1, 0.9, -2, 1, 3]])
    ios = to_canonical(ROW, ImuFormat("g", "rads", axes="-x-y-z", gyro_axes="+x+y+z"))
    np.testing.assert_allclose(ios, [[-0.1, -0.2, -0.9, 1, 2, 3]])


@pytest.mark.parametrize("axes", ["xyz", "+x+y", "+x+x+z", "*x+y+z", "+x+y+z+x", ""])
def test_axes_that_are_none_are_refused(axes: str) -> None:
    with pytest.raises(UsageError, match=r"must be x, y and z once each"):
        ImuFormat(axes=axes)


def test_an_unknown_unit_names_the_valid_ones() -> None:
    with pytest.raises(UsageError, match=r"accel_unit is 'kg'; valid: auto, g, ms2, mg"):
        ImuFormat(accel_unit="kg")  # type: ignore[arg-type]


def test_units_declared_with_axes_turned() -> None:
    format = ImuFormat("ms2", "degs", axes="+z+x+y")
    rows_TC = ROW * np.array([9.80665] * 3 + [180 / np.pi] * 3, np.float32)
    np.testing.assert_allclose(to_canonical(rows_TC, format), ROW[:, [2, 0, 1, 5, 3, 4]], rtol=1e-6)


def test_every_full_window_is_cut() -> None:
    imu_TC = np.arange(10 * 6, dtype=np.float32).reshape(10, 6)
    windows_NTC = cut_windows(imu_TC, window=4, hop=3)
    assert windows_NTC[:, 0, 0].tolist() == [0, 18, 36]
    np.testing.assert_array_equal(windows_NTC[2], imu_TC[6:10])
    assert cut_windows(imu_TC, window=11).shape == (0, 11, 6)
    with pytest.raises(UsageError, match="at least 1"):
        cut_windows(imu_TC, window=4, hop=0)


def test_a_recording_in_ms2_and_degrees_at_a_hundred_hertz(swing: Swing) -> None:
    stamp_s_T = np.arange(2000) / 100
    raw_TC = swing(stamp_s_T) * np.array([9.80665] * 3 + [180 / np.pi] * 3, np.float32)
    (segment,), report = prepare(stamp_s_T, raw_TC)
    assert (report.accel_unit, report.gyro_unit, report.used) == ("ms2", "degs", 2000)
    assert report.rate_hz == pytest.approx(100)
    inner = slice(10, -10)
    np.testing.assert_allclose(segment.imu_TC[inner], swing(np.arange(1000) / 50)[inner], atol=0.02)


def test_a_recording_without_gravity_is_refused() -> None:
    rows_TC = np.full((200, 6), 0.01, np.float32)
    with pytest.raises(DataError, match="gravity seems to be removed"):
        prepare(np.arange(200) / 50, rows_TC)


def test_a_constant_sensor_is_counted() -> None:
    (segment,), report = prepare(np.arange(200) / 50, np.tile(ROW, (200, 1)))
    assert segment.imu_TC.shape == (200, 6)
    assert report.frozen == 150


def test_nothing_gives_nothing() -> None:
    segments, report = prepare(np.empty(0), np.empty((0, 6), np.float32))
    assert segments == []
    assert report.rows == 0


def test_real_walkers_at_a_hundred_hertz_in_degrees(shared_data: Path) -> None:
    raw = np.load(shared_data / "usc_had.npz")
    accel_T3 = raw["acc"][:6000] * raw["acc_scale_g"]
    gyro_T3 = raw["gyro"][:6000] * raw["gyro_scale_dps"]
    rows_TC = np.concatenate([accel_T3, gyro_T3], axis=1).astype(np.float32)
    segments, report = prepare(np.arange(6000) / 100, rows_TC)
    assert (report.accel_unit, report.gyro_unit) == ("g", "degs")
    assert [len(s.imu_TC) for s in segments] == [3000]
