"""The joints in the compact file of the KTH walks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.gait.score import protocol_of
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17, OPENPOSE_18
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.walks import simulate_skeletons


def compact(path: Path, **change: object) -> Path:
    walks = simulate_skeletons(3, 1, seed=3, frames=12, cameras=Cameras(size_px=(120, 160)))
    seen_SJ3 = walks.skeleton_NTJ3.reshape(-1, 18, 3)[:, [OPENPOSE_18.index(n) for n in COCO_17]]
    stored = np.round(seen_SJ3 / np.array([0.1, 0.1, 0.001])).astype(np.int16)
    fields = {
        "skeleton": stored,
        "skeleton_scale": np.array([0.1, 0.1, 0.001], np.float32),
        "length": np.array([12, 12, 12], np.int32),
        "person": np.array([1, 1, 20], np.int8),
        "scenario": np.array([1, 3, 2], np.int8),
        "walk": np.array([0, 2, 1], np.int8),
        "speed_px": np.array([-2.0, 2.5, 1.0], np.float32),
        "rate_hz": np.array(25.0),
    }
    np.savez(path, **{**fields, **change})
    return path


def test_walks_have_their_labels_and_joints_in_pixels(tmp_path: Path) -> None:
    walks = load_skeletons(str(compact(tmp_path / "kth.npz")))
    assert (walks.name, protocol_of(walks)) == ("kth_walk", "kth-walk")
    assert walks.sequence_N.tolist() == ["kth:01-1-0", "kth:01-3-2", "kth:20-2-1"]
    assert walks.role_N.tolist() == ["gallery", "probe", "probe"]
    assert walks.view_N.tolist() == ["left", "right", "right"]
    assert walks.condition_N.tolist() == ["s1", "s3", "s2"]
    assert walks.rate_hz_N.tolist() == [25.0] * 3
    with np.load(tmp_path / "kth.npz") as stored:
        right_knee = stored["skeleton"][24:, COCO_17.index("r_knee")] * stored["skeleton_scale"]
    found = walks.sequence(2)[:, OPENPOSE_18.index("r_knee")]
    np.testing.assert_allclose(found, right_knee, rtol=1e-6)


def test_a_file_that_was_edited_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="adds up to 37 rows"):
        load_skeletons(str(compact(tmp_path / "a.npz", length=np.array([12, 12, 13]))))
    with pytest.raises(DataError, match=r"they must be \(frames, 17, 3\)"):
        load_skeletons(str(compact(tmp_path / "b.npz", skeleton=np.zeros((36, 16, 3), np.int16))))
    with pytest.raises(DataError, match="skeleton_scale"):
        load_skeletons(str(compact(tmp_path / "c.npz", skeleton_scale=np.ones(2, np.float32))))
