"""What pose detectors write: AlphaPose, OpenPose; and PsyMo, which is in AlphaPose's form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import FRAMES, alphapose, openpose, walks


def test_alphapose_tracks_are_walks(tmp_path: Path) -> None:
    first, second = walks(2)
    alphapose(tmp_path / "alphapose-results.json", {"1": first, "2": second})
    found = load_skeletons(tmp_path / "alphapose-results.json")
    assert found.name == "alphapose"
    assert found.sequence_N.tolist() == ["alphapose-results:1", "alphapose-results:2"]
    assert found.rate_hz_N.tolist() == [24.0, 24.0]
    np.testing.assert_allclose(found.sequence(0), first, atol=1e-3)
    np.testing.assert_allclose(found.sequence(1), second, atol=1e-3)
    assert load_skeletons(tmp_path, rate_hz=25).rate_hz_N.tolist() == [25.0, 25.0]


def _changed(path: Path, **changes: Any) -> None:
    rows = json.loads(path.read_text())
    rows[3] |= changes
    path.write_text(json.dumps(rows))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keypoints": [1.0, 2.0]}, "object 3: found 2 numbers; keypoints need three per joint"),
        ({"keypoints": "none"}, "object 3: joints are none"),
        ({"keypoints": [0.0] * 48}, "object 3: found 16 joints; valid"),
        ({"image_id": "first.jpg"}, "image_id is 'first.jpg'; it must end in"),
        ({"image_id": "2.jpg"}, "track .1. occurs twice in frame 2; two people need two ids"),
    ],
)
def test_a_broken_list_of_people_is_named(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = tmp_path / "a.json"
    alphapose(path, {"1": walks(1)[0]})
    _changed(path, **changes)
    with pytest.raises(DataError, match=said):
        load_skeletons(path)


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    alphapose(path, {"1": walks(1)[0]})
    path.write_text(path.read_text()[:-40])
    with pytest.raises(DataError, match=r"a\.json: not JSON"):
        load_skeletons(path)


def test_openpose_folders_are_walks(tmp_path: Path) -> None:
    first, second = walks(2)
    openpose(tmp_path / "a", first)
    # BODY-25 has the middle of the hips as joint 8, and feet after the ears.
    body = np.concatenate(
        [second[:, :8], second[:, 8:9], second[:, 8:], np.zeros((FRAMES, 6, 3), np.float32)], axis=1
    )
    openpose(tmp_path / "b", body, person_id=4)
    found = load_skeletons(tmp_path)
    assert found.name == "openpose"
    assert found.sequence_N.tolist() == ["a:0", "b:4"]
    np.testing.assert_allclose(found.sequence(0), first, atol=1e-3)
    np.testing.assert_allclose(found.sequence(1), second, atol=1e-3)
    np.testing.assert_allclose(load_skeletons(tmp_path / "a").sequence(0), first, atol=1e-3)


def test_people_without_tracks_are_named(tmp_path: Path) -> None:
    openpose(tmp_path, walks(1)[0])
    file = tmp_path / "walk_000000000007_keypoints.json"
    table = json.loads(file.read_text())
    table["people"] *= 2
    file.write_text(json.dumps(table))
    with pytest.raises(DataError, match="found 2 people in one frame without tracks"):
        load_skeletons(tmp_path)
    table["people"] = [{"face": 1}]
    file.write_text(json.dumps(table))
    with pytest.raises(DataError, match=r"found keys \['face'\]; a person needs pose_keypoints_2d"):
        load_skeletons(tmp_path)
    file.write_text(json.dumps({"version": 1}))
    with pytest.raises(DataError, match=r"found keys \['version'\]"):
        load_skeletons(tmp_path)


def test_frames_without_anybody_are_bridged(tmp_path: Path) -> None:
    walk = walks(1)[0]
    openpose(tmp_path, walk)
    (tmp_path / "walk_000000000007_keypoints.json").write_text(json.dumps({"people": []}))
    found = load_skeletons(tmp_path)
    assert found.length_N.tolist() == [FRAMES]
    middle = 0.5 * (walk[6] + walk[8])
    np.testing.assert_allclose(found.sequence(0)[7], middle, atol=2e-3)
