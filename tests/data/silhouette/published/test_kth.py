"""The compact file of the KTH walks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.errors import DataError
from tests.data.silhouette_trees import records


def compact(path: Path, **change: object) -> Path:
    frames = np.concatenate([records(4, seed) for seed in range(3)])
    fields = {
        "silhouette": np.packbits(frames > 0, axis=2),
        "length": np.array([4, 4, 4], np.int32),
        "person": np.array([1, 1, 20], np.int8),
        "scenario": np.array([1, 3, 2], np.int8),
        "walk": np.array([0, 2, 1], np.int8),
        "speed_px": np.array([-2.0, 2.5, 1.0], np.float32),
        "rate_hz": np.array(25.0),
    }
    np.savez(path, **{**fields, **change})  # type: ignore[arg-type]
    return path


def test_walks_have_their_labels_and_records(tmp_path: Path) -> None:
    walks = load_silhouettes(compact(tmp_path / "kth.npz"))
    assert walks.name == "kth_walk"
    assert walks.sequence_N.tolist() == ["kth:01-1-0", "kth:01-3-2", "kth:20-2-1"]
    assert walks.role_N.tolist() == ["gallery", "probe", "probe"]
    assert walks.view_N.tolist() == ["left", "right", "right"]
    assert walks.condition_N.tolist() == ["s1", "s3", "s2"]
    np.testing.assert_array_equal(walks.sequence(2), records(4, 2))
    assert "non-commercial" in walks.licence


def test_a_file_that_was_edited_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="adds up to 13 rows"):
        load_silhouettes(compact(tmp_path / "a.npz", length=np.array([4, 4, 5])))
    with pytest.raises(DataError, match="silhouette is uint8"):
        load_silhouettes(compact(tmp_path / "b.npz", silhouette=np.zeros((12, 64, 64), np.uint8)))
