"""COCO and COCO-WholeBody: people cut from photos, and their joints with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.load import load_persons
from edgehuman.data.image.published.joints import filled
from edgehuman.data.image.set import IGNORE
from edgehuman.errors import DataError, ImageError
from tests.data import person_trees as trees
from tests.data.pictures import picture, write


def test_coco_people_are_cut_with_room_and_their_joints_move_along(tmp_path: Path) -> None:
    persons = load_persons(trees.coco(tmp_path), "pose")
    assert persons.role_N.tolist() == ["train", "train", "test"]
    assert persons.keypoint_NJ3.shape == (3, 17, 3)
    assert persons.area_N.tolist() == [900.5] * 3
    # 20 … 41 x 15 … 85 is 21 x 70; a quarter more is 26 x 87.5, and half as wide as high is 43.75:
    # from 8.625 to 52.375 and from 6.25 to 93.75, in whole pixels 8 … 53 and 6 … 94.
    assert persons.image(0).shape == (88, 45, 3)
    assert persons.keypoint_NJ3[0, 0].tolist() == [30 - 8, 20 - 6, 2]
    assert persons.keypoint_NJ3[0, 16].tolist() == [34 - 8, 80 - 6, 1]
    assert np.abs(persons.keypoint_NJ3[0, 1:16]).max() == 0
    # The picture is green by its column: the cut begins at the eighth of 120.
    assert persons.image(0)[:, 0, 1].mean() == pytest.approx(8 * 255 / 120, abs=3)


def test_wholebody_joins_its_lists(tmp_path: Path) -> None:
    persons = load_persons(trees.coco(tmp_path, whole=True), "landmarks")
    assert persons.keypoint_NJ3.shape == (3, 133, 3)
    labelled = np.flatnonzero(persons.keypoint_NJ3[0, :, 2])
    assert labelled.tolist() == [0, 16, 17, 23, 91, 112]
    assert (persons.keypoint_NJ3[0, [17, 23, 91, 112], 0] + 8).tolist() == [25, 26, 27, 28]


def test_of_a_box_over_the_edge_what_is_inside_counts_and_one_outside_is_an_error(
    tmp_path: Path,
) -> None:
    trees.coco(tmp_path)
    trees.edit_coco(tmp_path, bbox=[100, 40, 90, 90])
    # Only 20 x 60 of it is inside; a quarter more, half as wide as high, 32.5 to 107.5 rows down.
    assert load_persons(tmp_path, "pose").image(0).shape == (76, 38, 3)
    trees.edit_coco(tmp_path, bbox=[130, 40, 20, 20])
    with pytest.raises(DataError, match=r"annotation 1: the box .* is wholly outside .* 120x100"):
        load_persons(tmp_path, "pose")
    trees.edit_coco(tmp_path, bbox=[10, 40, 0, 20])
    with pytest.raises(DataError, match=r"annotation 1: the box .* has no area"):
        load_persons(tmp_path, "pose")


def test_a_photo_of_another_size_than_its_labels(tmp_path: Path) -> None:
    persons = load_persons(trees.coco(tmp_path), "pose")
    write(tmp_path / "train2017" / "000000000009.jpg", picture(9, 50, 60))
    with pytest.raises(ImageError, match=r"is 60x50 pixels, and its labels were made on 120x100"):
        persons.image(0)


@pytest.mark.parametrize(("whole", "task"), [(False, "pose"), (True, "landmarks")])
def test_a_missing_annotation_file_is_named(whole: bool, task: str, tmp_path: Path) -> None:
    trees.coco(tmp_path, whole)
    [train] = (tmp_path / "annotations").glob("*train*")
    train.rename(tmp_path / "elsewhere.json")
    with pytest.raises(DataError, match=f"train2017 exists, but .*{train.name} is missing"):
        load_persons(tmp_path, task)
    [val] = (tmp_path / "annotations").glob("*val*")
    val.unlink()
    with pytest.raises(DataError, match=f"but its annotations are missing: .*{train.name} or "):
        load_persons(tmp_path, task)


def test_annotations_without_their_pictures(tmp_path: Path) -> None:
    trees.coco(tmp_path)
    (tmp_path / "val2017").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="exists, but its pictures are missing; unpack val2017"):
        load_persons(tmp_path, "pose")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keypoints": [1, 2, 2]}, "keypoints has 3 numbers, not 17 x"),
        ({"image_id": 5}, "annotation 1: KeyError"),
        ({"bbox": None}, r"annotation 1: bbox is .*; it must be \[x, y, width, height\]"),
        ({"bbox": [1, 2, 3]}, r"annotation 1: bbox is \S*1, 2, 3.*; it must be \[x, y, width"),
        ({"area": "large"}, "annotation 1: ValueError"),
    ],
)
def test_an_annotation_that_is_wrong(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    trees.coco(tmp_path)
    trees.edit_coco(tmp_path, **changes)
    with pytest.raises(DataError, match=said):
        load_persons(tmp_path, "pose")


def test_a_file_that_is_no_annotation_file(tmp_path: Path) -> None:
    trees.coco(tmp_path)
    [train] = (tmp_path / "annotations").glob("*train*")
    for text in ("not json", "{}", "[]"):
        train.write_text(text)
        with pytest.raises(DataError, match="is not a COCO annotation file"):
            load_persons(tmp_path, "pose")
    for file in (tmp_path / "annotations").iterdir():
        file.write_text(json.dumps({"images": [], "annotations": []}))
    with pytest.raises(DataError, match="no person with a labelled joint"):
        load_persons(tmp_path, "pose")


def alone(folder: Path, **changes: Any) -> Path:
    """One photo, and its people's annotations beside it."""
    trees.coco(folder / "official")
    table = json.loads(
        (folder / "official" / "annotations" / "person_keypoints_val2017.json").read_text()
    )
    table["annotations"][0] |= {"segmentation": [[20, 20, 40, 20, 40, 80, 20, 80]], **changes}
    write(folder / "000000000009.jpg", picture(9, 100, 120))
    (folder / "person_keypoints.json").write_text(json.dumps(table))
    return folder


def test_one_file_beside_its_pictures_is_for_testing_alone(tmp_path: Path) -> None:
    persons = load_persons(alone(tmp_path), "pose")
    assert (persons.dataset, persons.role_N.tolist()) == ("coco_keypoints", ["test"])
    assert persons.image(0).shape == (88, 45, 3)


def test_an_outline_is_a_silhouette_of_the_crop(tmp_path: Path) -> None:
    persons = load_persons(alone(tmp_path), "parsing")
    assert persons.parts == ("background", "person")
    mask_HW = persons.part(0)
    assert mask_HW.shape == persons.image(0).shape[:2]
    # The outline from 20, 20 to 40, 80 in a crop that begins at 8, 6.
    assert (mask_HW[14:74, 12:32] == 1).all()
    assert mask_HW.sum() == 20 * 60
    with pytest.raises(DataError, match="is for pose where nobody has an outline"):
        load_persons(alone(tmp_path, segmentation={"counts": [1]}), "parsing")


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        # 20 x 60 grows to 37.5 x 75: columns -9 to 29, and 9 of them are beyond the left edge.
        ([0, 20, 20, 60], (slice(0, 76), slice(9, 38))),
        ([100, 20, 20, 60], (slice(0, 76), slice(0, 29))),  # of 38, 9 beyond the right edge
        ([40, 0, 20, 60], (slice(8, 76), slice(0, 38))),  # rows -8 to 68
        ([40, 40, 20, 60], (slice(0, 68), slice(0, 38))),  # rows 32 to 108 of 100
        ([45, 20, 20, 60], (slice(0, 76), slice(0, 38))),
    ],
)
def test_beyond_the_picture_no_pixel_is_labelled(
    tmp_path: Path, box: list[int], inside: tuple[slice, slice]
) -> None:
    """There the picture's edge goes on, and so may the person: neither is wrong."""
    x0, y0, x1, y1 = box[0], box[1], box[0] + box[2], box[1] + box[3]
    outline = [[x0, y0, x1, y0, x1, y1, x0, y1]]
    persons = load_persons(alone(tmp_path, bbox=box, segmentation=outline), "parsing")
    mask_HW = persons.part(0)
    assert mask_HW.shape == persons.image(0).shape[:2]
    assert set(np.unique(mask_HW[inside])) == {0, 1}
    mask_HW[inside] = IGNORE
    assert (mask_HW == IGNORE).all()


def test_a_pixel_is_inside_where_its_middle_is() -> None:
    # Middles at 0.5, 1.5, ...: of a triangle below the diagonal from 0, 0 to 4, 4, and a notch.
    assert filled(np.array([[0, 0], [4, 4], [0, 4]]), 4, 4).tolist() == [
        [0, 0, 0, 0],
        [1, 0, 0, 0],
        [1, 1, 0, 0],
        [1, 1, 1, 0],
    ]
    out = np.array([[-3, 1.4], [2.6, 1.4], [2.6, 9], [-3, 9]])  # leaves the picture on three sides
    assert filled(out, 3, 4).tolist() == [[0, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0]]
    round_P2 = np.arange(3000)[:, None] * 2 * np.pi / 3000 + (np.pi / 2, 0)
    assert filled(50 + 40 * np.sin(round_P2), 100, 100).sum() == pytest.approx(
        np.pi * 1600, rel=2e-3
    )


def test_the_published_layout_goes_before_one_file(tmp_path: Path) -> None:
    (trees.coco(tmp_path) / "person_keypoints.json").write_text("no json")
    assert load_persons(tmp_path, "pose").role_N.tolist() == ["train", "train", "test"]


@pytest.mark.parametrize(
    "polygon", [[1, 2, 3, 4], [1] * 7, [[1, 2], [3, 4], [5, 6]], [1e30] * 6, [1e39] * 6]
)
def test_wrong_outlines_are_named(tmp_path: Path, polygon: list[Any]) -> None:
    with pytest.raises(DataError, match=r"annotation 1: a po.* of segmentation is not"):
        load_persons(alone(tmp_path, segmentation=[polygon]), "parsing")


def test_crops_have_the_shape_of_the_networks_input(tmp_path: Path) -> None:
    persons = load_persons(trees.coco(tmp_path), "pose", shape=0.75)
    # 26 x 87.5 becomes 65.625 wide: from -2.3 (30.5 - 32.8) to 63.3, in whole pixels 67.
    assert persons.image(0).shape == (88, 67, 3)
    assert persons.keypoint_NJ3[0, 0].tolist() == [30 + 3, 20 - 6, 2]
