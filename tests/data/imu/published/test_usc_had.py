"""USC-HAD: the activity in the name, files that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import DataError

Tree = Callable[[str], Path]


def test_usc_had_takes_the_activity_from_the_name(tree: Tree) -> None:
    first, second = load_recordings(tree("usc_had"))
    assert (first.subject, second.subject) == ("usc_had:1", "usc_had:13")
    assert first.labels[first.label_T[0]] == "walking_forward"
    assert second.labels[second.label_T[0]] == "elevator_down"
    assert np.abs(first.imu_TC[:, 3]).max() == pytest.approx(0.5, rel=0.02)


def test_usc_had_files_that_are_wrong(tree: Tree) -> None:
    from scipy.io import savemat

    root = tree("usc_had")
    file = root / "Subject1" / "a1t1.mat"
    savemat(file, {"sensor_readings": np.zeros((10, 5))})
    with pytest.raises(DataError, match=r"sensor_readings has shape \(10, 5\)"):
        load_recordings(root)
    savemat(file, {"other": np.zeros(3)})
    with pytest.raises(DataError, match="sensor_readings has nothing"):
        load_recordings(root)
    file.write_bytes(b"not a mat file at all" * 20)
    with pytest.raises(DataError, match=r"not a readable \.mat file"):
        load_recordings(root)
    file.rename(file.with_name("a13t1.mat"))
    with pytest.raises(DataError, match="activity is 13; it must be 1 to 12"):
        load_recordings(root)
