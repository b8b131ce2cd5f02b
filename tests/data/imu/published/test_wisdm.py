"""WISDM: two devices, two sensors on one clock, rows that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.load import load_recordings, load_windows
from edgehuman.errors import DataError
from tests.data.spoilt import cut_columns

Tree = Callable[[str], Path]


def test_wisdm_reads_both_devices_or_one(tree: Tree) -> None:
    root = tree("wisdm2019")
    assert len(load_recordings(root)) == 4
    phone = load_recordings(root / "raw" / "phone")
    assert [part.source for part in phone] == ["wisdm2019 1600 A phone", "wisdm2019 1640 B phone"]
    windows = load_windows(root / "raw" / "phone")
    assert set(windows.subject_N[windows.is_test_N].tolist()) == {"wisdm2019:1640"}
    assert {windows.labels[i] for i in windows.label_N} == {"walking", "jogging"}


def test_wisdm_gyroscope_is_moved_to_the_accelerometers_stamps(tree: Tree) -> None:
    # The gyroscope's file starts 3 ms later and its first value is 0, so 0 is reached 3 ms later
    # than at the accelerometer's start; 50 ms on, the accelerometer sees the swing of 47 ms.
    recording = load_recordings(tree("wisdm2019") / "raw" / "phone")[0]
    expected = 0.5 * np.sin(2 * np.pi * 0.047)
    assert recording.imu_TC[0, 3] == pytest.approx(expected, abs=0.01)


def test_wisdm_rows_that_are_wrong(tree: Tree) -> None:
    root = tree("wisdm2019") / "raw" / "phone"
    file = root / "accel" / "data_1600_accel_phone.txt"
    whole = file.read_text()
    cut_columns(file, 5, ",")
    with pytest.raises(DataError, match="first row has 5 columns"):
        load_recordings(root)
    file.write_text(whole.replace(",A,", ",N,"))
    with pytest.raises(DataError, match=r"unknown activity codes \['N'\]"):
        load_recordings(root)
    file.write_text(whole[:-30])
    with pytest.raises(DataError, match=r"data_1600_accel_phone\.txt: .*unpack the archive again"):
        load_recordings(root)
    (root / "gyro" / "data_1600_gyro_phone.txt").unlink()
    file.write_text(whole)
    with pytest.raises(DataError, match=r"data_1600_gyro_phone\.txt: no such file"):
        load_recordings(root)
