"""MotionSense: gravity added and turned up, other folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import DataError

Tree = Callable[[str], Path]


def test_motionsense_adds_gravity_and_turns_it_up(tree: Tree) -> None:
    sitting, walking = load_recordings(tree("motionsense"))
    assert (sitting.subject, walking.subject) == ("motionsense:2", "motionsense:1")
    assert walking.labels[walking.label_T[0]] == "walking"
    # gravity.z = -1 and userAcceleration.z = 0 at the start; then up to -1.1 in all.
    assert walking.imu_TC[0, 2] == pytest.approx(1.0)
    assert walking.imu_TC[:, 2].max() == pytest.approx(1.1, abs=0.001)
    # Half a swing of the gyroscope, sign kept.
    assert walking.imu_TC[12, 3] == pytest.approx(0.5 * np.sin(2 * np.pi * 0.24), abs=1e-4)


def test_motionsense_other_folders_and_columns(tree: Tree) -> None:
    root = tree("motionsense")
    file = root / "A_DeviceMotion_data" / "wlk_7" / "sub_1.csv"
    whole = file.read_text()
    file.write_text(whole.replace("gravity.z", "gravity.up"))
    with pytest.raises(DataError, match=r"no column gravity\.z; the header is"):
        load_recordings(root)
    file.write_text(whole)
    (root / "A_DeviceMotion_data").rename(root / "B_Accelerometer_data")
    with pytest.raises(
        DataError,
        match=r"looks like motionsense, but it has only B_Acc.*unpack A_DeviceMotion_data",
    ):
        load_recordings(root)
