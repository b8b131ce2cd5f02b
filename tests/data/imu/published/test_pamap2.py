"""PAMAP2: three sensors, lost rows, columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import DataError
from tests.data.spoilt import cut_columns

Tree = Callable[[str], Path]


def test_pamap2_reads_three_sensors_and_parts_at_lost_rows(tree: Tree) -> None:
    recordings = load_recordings(tree("pamap2"), subject="101")
    # 6 s; the chest misses 20 rows = 0.2 s after 3 s.
    lengths = [(part.source.split()[-1], round(part.duration_s, 1)) for part in recordings]
    assert lengths == [("hand", 6.0), ("chest", 3.0), ("chest", 2.8), ("ankle", 6.0)]
    # The ±6 g accelerometer (99 in the tree) is not read; the first 0.5 s are activity 0.
    assert all(np.abs(part.imu_TC[:, :3]).max() < 1.2 for part in recordings)
    label_T = recordings[0].label_T
    assert set(label_T[:24].tolist()) == {-1}
    assert recordings[0].labels[label_T[26]] == "walking"


def test_pamap2_wrong_columns(tree: Tree) -> None:
    root = tree("pamap2")
    cut_columns(root / "Protocol" / "subject101.dat", 53)
    with pytest.raises(DataError, match="first row has 53 columns; the published file has 54"):
        load_recordings(root)
