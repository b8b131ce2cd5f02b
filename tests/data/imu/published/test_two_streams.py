"""Two sensors with stamps of their own, as one stream: by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.published.two_streams import align, seconds
from edgehuman.errors import DataError


def test_align_by_hand() -> None:
    acc_s, acc = np.array([0.0, 0.05, 0.10, 0.15]), np.arange(12.0).reshape(4, 3)
    gyro_s, gyro = np.array([0.025, 0.075, 0.125]), np.array([[0.0] * 3, [2.0] * 3, [4.0] * 3])
    stamp_s, imu = align(acc_s, acc, gyro_s, gyro)
    # 0.00 is before the gyroscope's first row and 0.15 after its last.
    assert stamp_s.tolist() == [0.05, 0.10]
    assert imu == pytest.approx(np.array([[3, 4, 5, 1, 1, 1], [6, 7, 8, 3, 3, 3]]))


def test_align_leaves_out_rows_in_a_hole_of_the_gyroscope() -> None:
    acc_s = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
    gyro_s = np.array([0.0, 0.06, 0.26, 0.31])
    stamp_s, _ = align(acc_s, np.zeros((7, 3)), gyro_s, np.zeros((4, 3)))
    assert stamp_s == pytest.approx([0.0, 0.05, 0.30])


def test_seconds_tells_the_unit_from_the_step() -> None:
    path = Path("x.txt")
    for ticks in (1, 1000, 1_000_000, 1_000_000_000):
        stamp = np.array([0.0, 0.05, 0.1]) * ticks
        assert seconds(stamp, path) == pytest.approx([0.0, 0.05, 0.1])
    with pytest.raises(DataError, match="stamps are 600 apart"):
        seconds(np.array([0.0, 1.0, 2.0]) * 600, path)
