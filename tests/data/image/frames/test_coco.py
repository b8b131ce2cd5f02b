from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.data.image.frames.load import load_frames
from edgehuman.errors import DataError
from tests.data.frame_trees import ANNE, BOB, coco_official, coco_single


def test_one_file_beside_its_pictures_is_for_testing(tmp_path: Path) -> None:
    frames = load_frames(coco_single(tmp_path))
    assert (frames.dataset, len(frames), frames.num_people) == ("coco_keypoints", 2, 1)
    assert frames.role_N.tolist() == ["test", "test"]
    assert frames.people[0].box_M4.tolist() == [list(ANNE), list(BOB)]
    assert frames.people[0].ignore_M.tolist() == [False, True]  # a crowd
    assert frames.people[1].box_M4.shape == (0, 4)
    assert frames.frames[1].shape == (60, 80, 3)


def test_of_two_files_beside_the_pictures_none_is_chosen(tmp_path: Path) -> None:
    path = coco_single(tmp_path) / "person_keypoints.json"
    (tmp_path / "person_keypoints_old.json").write_bytes(path.read_bytes())
    with pytest.raises(
        DataError, match=r"person_keypoints\.json and person_keypoints_old\.json; l"
    ):
        load_frames(tmp_path)


def test_the_official_layout_has_roles(tmp_path: Path) -> None:
    frames = load_frames(coco_official(tmp_path))
    assert list(frames.names) == ["train2017/1.jpg", "val2017/1.jpg"]
    assert frames.role_N.tolist() == ["train", "test"]
    assert frames.num_people == 2
    assert frames.frames[0].shape == (60, 80, 3)


def test_pictures_that_are_missing_are_named(tmp_path: Path) -> None:
    root = coco_official(tmp_path)
    (root / "val2017" / "1.jpg").unlink()
    (root / "val2017").rmdir()
    with pytest.raises(DataError, match=r"its pictures are missing; unpack them into .*val2017"):
        load_frames(root)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"images": 7}, "is not a COCO annotation file"),
        ({"images": [{"id": 1}]}, "is not a COCO annotation file"),
        ({"images": [{"id": [1], "file_name": "1.jpg"}]}, "is not a COCO annotation file"),
        ({"images": [{"id": 1, "file_name": 5}]}, "5 is no name of a file"),
        ({"images": []}, "people in image 1, which it does not list"),
        ({"annotations": [{"image_id": 1, "category_id": 1}]}, "is not a COCO annotation file"),
        (
            {"annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 2]}]},
            "image 1: .* are no boxes",
        ),
        ({"categories": [7]}, "is not a COCO annotation file"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = coco_single(tmp_path) / "person_keypoints.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DataError, match=f"person_keypoints.json.* {said}"):
        load_frames(tmp_path)


def test_a_file_without_pictures_or_cut_short_is_refused(tmp_path: Path) -> None:
    path = coco_single(tmp_path) / "person_keypoints.json"
    path.write_text(json.dumps({"images": [], "annotations": []}))
    with pytest.raises(DataError, match="list no picture"):
        load_frames(tmp_path)
    path.write_text('{"images": [')
    with pytest.raises(DataError, match="is not a COCO annotation file"):
        load_frames(tmp_path)


def test_the_real_pictures_are_read(shared_data: Path) -> None:
    frames = load_frames(shared_data / "coco_people")
    assert (len(frames), frames.num_people) == (38, 140)
    assert set(frames.role_N.tolist()) == {"test"}
