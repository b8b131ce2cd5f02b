"""DSADS: segments joined, five sensors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import DataError
from tests.data.spoilt import cut_columns

Tree = Callable[[str], Path]


def test_dsads_joins_segments_and_parts_at_a_missing_one(tree: Tree) -> None:
    recordings = load_recordings(tree("dsads"), subject="1")
    assert [part.source.split()[-1] for part in recordings[:5]] == [
        "torso", "right_arm", "left_arm", "right_leg", "left_leg",
    ]  # fmt: skip
    # Segments 1 and 2 are joined (10 s), 4 stands alone (5 s); five sensors each.
    assert [round(part.duration_s) for part in recordings[::5]] == [10, 5]
    # In the tree the gyroscope of unit k swings k times as far.
    swings = [float(np.abs(part.imu_TC[:, 3]).max()) for part in recordings[:5]]
    assert swings == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5], rel=0.05)


def test_dsads_wrong_columns(tree: Tree) -> None:
    root = tree("dsads")
    cut_columns(root / "a01" / "p1" / "s02.txt", 44, ",")
    with pytest.raises(DataError, match=r"s02\.txt: the first row has 44 columns"):
        load_recordings(root)
