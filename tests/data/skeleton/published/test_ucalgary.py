"""UCalgary's Kinect walks: metres to pixels, copies left out, roles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.skeleton.load import filtered, load_skeletons, resampled
from edgehuman.data.skeleton.mistakes import find_mistakes
from edgehuman.data.skeleton.published.ucalgary import project
from edgehuman.errors import DataError
from edgehuman.geometry import OPENPOSE_18

_NAMES = [
    "foot_l", "ankle_l", "knee_l", "hip_l", "foot_r", "ankle_r", "knee_r", "hip_r", "spine_base",
    "spine_mid", "neck", "head", "shoulder_l", "shoulder_r", "wrist_l", "wrist_r", "elbow_l",
    "elbow_r",
]  # fmt: skip
_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}


def test_metres_become_pixels() -> None:
    joints = np.zeros((1, 18, 3), np.float32)
    joints[..., 2] = 2.0
    joints[0, _NAMES.index("head")] = (0.2, 0.4, 2.0)
    joints[0, _NAMES.index("shoulder_l")] = (-0.2, 0.1, 2.0)
    joints[0, _NAMES.index("shoulder_r")] = (0.2, 0.1, 2.0)
    joints[0, _NAMES.index("ankle_l")] = (0.0, -2.0, 2.0)
    joints[0, _NAMES.index("knee_r")] = (0.0, 0.0, 0.1)
    seen = project(joints, _NAMES)[0]
    # 365 px x 0.2 m / 2 m = 36.5 px to the left of 256, 73 px over 212.
    assert seen[_JOINT["nose"]].tolist() == pytest.approx([219.5, 139.0, 1.0])
    # Kinect's x grows to the sensor's left: the person's left is on the picture's right.
    assert seen[_JOINT["l_shoulder"], 0] == pytest.approx(292.5)
    assert seen[_JOINT["neck"]].tolist() == pytest.approx([256.0, 193.75, 1.0])
    # Outside the picture, or nearer than the sensor sees.
    assert not seen[_JOINT["l_ankle"]].any()
    assert not seen[_JOINT["r_knee"]].any()
    for name in ("r_eye", "l_eye", "r_ear", "l_ear"):
        assert not seen[_JOINT[name]].any()


def _file(path: Path, **changes: object) -> None:
    rng = np.random.default_rng(0)
    arrays: dict[str, object] = {
        "x": rng.normal((0, 0, 3), 0.3, (12, 18, 3)).astype(np.float32),
        "joints": np.array(_NAMES),
        "length": np.array([4, 4, 4]),
        "subject": np.array([3, 3, 5]),
        "seq": np.array([1, 2, 1]),
        "gait": np.array(["N", "AR", "N"]),
        "duplicate": np.array([False, False, True]),
    }
    np.savez(path, **{**arrays, **changes})  # type: ignore[arg-type]


def test_copies_are_left_out_and_limps_have_no_role(tmp_path: Path) -> None:
    _file(tmp_path / "a.npz")
    walks = load_skeletons(tmp_path / "a.npz")
    assert walks.sequence_N.tolist() == ["ucalgary:3-1", "ucalgary:3-2"]
    assert walks.role_N.tolist() == ["gallery", ""]
    assert walks.condition_N.tolist() == ["N", "AR"]
    assert walks.rate_hz_N.tolist() == [30.0, 30.0]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    _file(tmp_path / "a.npz", length=np.array([4, 4, 5]))
    with pytest.raises(DataError, match="`length` adds up to 13 rows, but the file holds 12"):
        load_skeletons(tmp_path / "a.npz")
    _file(tmp_path / "b.npz", joints=np.array(["a"] * 18))
    with pytest.raises(DataError, match="missing: ankle_l, ankle_r"):
        load_skeletons(tmp_path / "b.npz")


def test_the_real_file_is_right(shared_data: Path) -> None:
    path = shared_data / "ucalgary_gait_skeleton.npz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    walks = load_skeletons(path)
    # Kinect loses its body for a frame in three walks; that is told, and nothing is refused.
    (found,) = find_mistakes(walks)
    assert "further between two frames than a body can" in found.said
    assert (len(found.walks), found.refused) == (3, False)
    # 14 people, of whom one is a copy of another; two normal runs each.
    assert [int((walks.role_N == role).sum()) for role in ("gallery", "probe")] == [13, 13]
    even = resampled(walks)
    assert set(even.length_N.tolist()) == {96}
    kept, dropped = filtered(even)
    assert len(kept) == len(walks)
    assert not any(dropped.values())
