"""Skeletons as pickles in folders: what is wrong with one, and what is none."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import pickled

CASIA_B = ("001/nm-01/000", "080/nm-01/090", "080/nm-05/090", "080/cl-02/018")


def test_broken_pickles_are_named(tmp_path: Path) -> None:
    pickled(tmp_path, CASIA_B[:1])
    file = tmp_path / "001/nm-01/000/000.pkl"
    file.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(DataError, match="found a dict; the pickle of a walk is one array"):
        load_skeletons(tmp_path)
    file.write_bytes(pickle.dumps(np.zeros((4, 16, 3))))
    with pytest.raises(DataError, match="casia_b:001-nm-01-000: found 16 joints"):
        load_skeletons(tmp_path)
    file.write_bytes(pickle.dumps(np.full((4, 17, 3), np.inf)))
    with pytest.raises(DataError, match="not a finite number"):
        load_skeletons(tmp_path)
    for name in ("000.pkl", "more.pkl"):
        file.with_name(name).write_bytes(pickle.dumps(np.zeros((4, 17, 3))))
    with pytest.raises(DataError, match=r"more\.pkl: second pickle next to 000\.pkl"):
        load_skeletons(tmp_path)


def test_silhouettes_in_the_same_folders_are_no_poses(tmp_path: Path) -> None:
    pickled(tmp_path, CASIA_B[:1])
    file = tmp_path / "001/nm-01/000/000.pkl"
    file.write_bytes(pickle.dumps(np.zeros((4, 64, 64), np.uint8)))
    with pytest.raises(DataError, match="no known dataset has this layout"):
        load_skeletons(tmp_path)
