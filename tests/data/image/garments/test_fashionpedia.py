"""Fashionpedia as it is published, and what can be wrong in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.frames.check import check
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.garments.fashionpedia import ATTRIBUTE_IDS, CATEGORIES, DESCRIBED
from edgehuman.data.image.garments.masks import packed
from edgehuman.errors import DataError, ImageError
from tests.data.frame_trees import HEIGHT, WIDTH
from tests.data.garment_trees import COAT, SHOE, fashionpedia, polygon, row, rows_of, table


def test_a_tree_is_read_with_boxes_masks_attributes_and_who_wears_them(tmp_path: Path) -> None:
    frames = load_frames(fashionpedia(tmp_path))
    assert frames.role_N.tolist() == ["train", "train", "test"]
    assert frames.names[2] == "test/c.png"
    garments = frames.garments
    assert garments is not None
    # By their ids: 4, 23, 31, and 0, 2, 281.
    assert garments.categories == ("coat", "shoe", "sleeve")
    assert garments.attributes == ("zip-up", "check", "long")
    assert garments.described == (True, False, True)
    found = garments[0]
    assert found.label_M.tolist() == [0, 1, 3, 2]
    assert found.box_M4[0].tolist() == [0, 0, 40, 58]  # 10 pixels around everything
    assert found.wearer_M.tolist() == [-1, 0, 0, 0]
    assert found.attribute_MA.astype(int).tolist() == [[0, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert [None if each is None else each.box for each in found.masks[:2]] == [None, COAT]
    assert frames.people[0].ignore_M.tolist() == [True]  # nothing says where people are
    assert len(garments[1].box_M4) == len(frames.people[1].box_M4) == 0
    together_CA = garments.together_CA(np.array([2]))
    assert together_CA.astype(int).tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_the_dense_index_of_all_294_attributes_is_their_order() -> None:
    """Up to 280 the id, beyond it 46 less, and beyond the second gap one less again."""
    assert len(ATTRIBUTE_IDS) == 294
    for dense, number in enumerate(ATTRIBUTE_IDS):
        expected = number if number < 281 else number - 46
        assert dense == (expected - 1 if expected >= 239 else expected)
        back = dense if dense <= 234 else dense + 46
        assert number == (back + 1 if back > 283 else back)


def test_of_the_published_set_18_categories_are_described_whatever_occurs(tmp_path: Path) -> None:
    published = {
        "categories": [{"id": c, "name": f"c{c}"} for c in range(CATEGORIES)],
        "attributes": [{"id": a, "name": f"a{a}"} for a in ATTRIBUTE_IDS],
    }
    val = table([row(1, 0, 13, COAT, 340)], "c.png", **published)
    frames = load_frames(fashionpedia(tmp_path, val, **published))
    assert frames.garments is not None
    described = frames.garments.described
    assert {c for c, is_described in enumerate(described) if is_described} == DESCRIBED
    assert frames.garments[2].attribute_MA[1].nonzero()[0].tolist() == [293]


def test_where_people_are_labelled_they_are_taken(tmp_path: Path) -> None:
    people = {"categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "coat"}]}
    rows = [row(1, 0, 1, (5, 5, 35, 55)), row(2, 0, 2, COAT), row(3, 0, 1, (50, 5, 70, 55))]
    frames = load_frames(
        fashionpedia(tmp_path, table(rows, "c.png", **people), annotations=[], **people)
    )
    assert frames.garments is not None
    assert frames.garments.categories == ("coat",)
    found = frames.garments[2]
    assert found.label_M.tolist() == [0, 1, 0]
    assert found.wearer_M.tolist() == [-1, 0, -1]
    assert frames.people[2].ignore_M.tolist() == [False, False]
    assert found.masks[0] is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attribute_ids": [1]}, "found attribute 1, which is none of the 3"),
        ({"attribute_ids": [280]}, "found attribute 280"),
        ({"category_id": 5}, "found category 5; the file has 4 to 31"),
        ({"image_id": 7}, "garments in image 7, which it does not list"),
        ({"attribute_ids": [[1]]}, r"annotation 1 of test/c\.png: found attribute \[1\]"),
        ({"attribute_ids": [False]}, "found attribute False"),
        ({"attribute_ids": [0.0]}, r"found attribute 0\.0"),
        ({"category_id": [4]}, r"found category \[4\]"),
        ({"category_id": None}, "found category None"),
    ],
)
def test_ids_that_the_file_does_not_have_are_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    root = fashionpedia(tmp_path, table([{**row(1, 0, 4, COAT), **change}], "c.png"))
    with pytest.raises(DataError, match=said):
        load_frames(root)
    outcome = check(root)
    assert outcome is not None
    assert outcome.exit_code == 1
    assert isinstance(outcome.data, dict)
    assert re.search(said, " ".join(outcome.data["problems"]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bbox": [10, 10, 0, 30]}, "has no area"),
        ({"bbox": [10, 10, -5, 30]}, "has no area"),
        ({"bbox": [200, 10, 20, 30]}, "lies outside the picture of 80x60"),
        ({"bbox": [1, 2, 3]}, "is no box"),
        ({"bbox": "wide"}, "is no box"),
        ({"bbox": ["1", "2", "3", "4"]}, "is no box"),
        ({"bbox": None, "segmentation": []}, "None is no box"),
        ({"segmentation": [[1, 2, 3, 4]]}, "is no polygon"),
        ({"segmentation": [[1, 2, 3, 4, 5]]}, "is no polygon"),
        ({"segmentation": "mask.png"}, "neither polygons nor run lengths"),
        ({"segmentation": {"size": [30, 40], "counts": [0, 1200]}}, "its mask is of [30, 40]"),
        ({"segmentation": {"size": [60, 80, 3], "counts": [14400]}}, "its mask is of [60, 80, 3]"),
        ({"segmentation": {"size": [60, 80], "counts": [1, 2]}}, "are of 3 pixels"),
        ({"segmentation": {"size": [60, 80], "counts": [-1, 4801]}}, "must be whole numbers"),
    ],
)
def test_what_is_wrong_is_left_out_told_and_named_by_check(
    tmp_path: Path, change: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{**row(1, 0, 4, COAT), **change}, row(2, 0, 23, SHOE)]
    root = fashionpedia(tmp_path, table(rows, "c.png"))
    frames = load_frames(root)
    assert frames.garments is not None
    assert frames.garments[2].label_M.tolist() == [0, 2]
    assert said in frames.garments.wrong[0]
    assert "annotation 1 of test/c.png" in frames.garments.wrong[0]
    assert "left out 1 wrong annotations" in capsys.readouterr().err
    outcome = check(root)
    assert outcome is not None
    assert isinstance(outcome.data, dict)
    assert said in outcome.data["problems"][0]


def test_a_right_tree_passes_the_check_and_says_what_it_has(tmp_path: Path) -> None:
    outcome = check(fashionpedia(tmp_path))
    assert outcome is not None
    assert outcome.exit_code == 0
    assert "3 categories, 2 of them with attributes, of which 3 of 3 occur" in str(outcome.text)


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"images": 3}', "\0", '{"categories": []}'])
def test_a_json_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    root = fashionpedia(tmp_path)
    (root / "instances_attributes_val2020.json").write_text(text)
    with pytest.raises(DataError, match=r"instances_attributes_val2020\.json"):
        load_frames(root)


def test_pictures_that_are_missing_or_of_another_size_are_named(tmp_path: Path) -> None:
    root = fashionpedia(tmp_path)
    (root / "train/b.png").unlink()
    outcome = check(root)
    assert outcome is not None
    assert isinstance(outcome.data, dict)
    assert "train/b.png" in " ".join(outcome.data["problems"])
    other = table(rows_of(), "c.png")
    other["images"][0] |= {"height": 2 * HEIGHT, "width": 2 * WIDTH}
    frames = load_frames(fashionpedia(tmp_path / "other", other))
    with pytest.raises(ImageError, match="its labels were made on"):
        frames.frames[2]
    for part in ("test", "val"):
        place = root / part
        if place.is_dir():
            place.rename(root / "gone")
    with pytest.raises(DataError, match="its pictures are missing; unpack them into"):
        load_frames(root)


def test_other_names_in_the_two_files_are_refused(tmp_path: Path) -> None:
    other = table([], "c.png", attributes=[{"id": 0, "name": "other"}])
    with pytest.raises(DataError, match="other categories or attributes than the file beside it"):
        load_frames(fashionpedia(tmp_path, other))
    twice = table([], "c.png", attributes=[{"id": 0, "name": "a"}, {"id": 1, "name": "a"}])
    with pytest.raises(DataError, match="stands twice among its attributes"):
        load_frames(fashionpedia(tmp_path / "b", twice))


def test_a_box_that_is_not_stated_is_that_of_the_polygons(tmp_path: Path) -> None:
    one = {**row(1, 0, 4, COAT), "segmentation": [*polygon(COAT), *polygon(SHOE)]}
    del one["bbox"]
    frames = load_frames(fashionpedia(tmp_path, table([one], "c.png")))
    assert frames.garments is not None
    assert frames.garments[2].box_M4[1].tolist() == [10, 10, 30, 48]


def test_a_crowd_counts_neither_way(tmp_path: Path) -> None:
    counts = [60 * 10, 60 * 5, 60 * 65]
    crowd = row(1, 0, 4, COAT, iscrowd=1, segmentation={"size": [60, 80], "counts": counts})
    frames = load_frames(fashionpedia(tmp_path, table([crowd], "c.png")))
    assert frames.garments is not None
    found = frames.garments[2]
    assert found.ignore_M.tolist() == [False, True]
    assert found.masks[1] is not None
    assert found.masks[1].box == (10, 0, 15, 60)


def test_the_json_may_lie_among_annotations_and_pictures_of_val_in_val(tmp_path: Path) -> None:
    root = fashionpedia(tmp_path)
    (root / "annotations").mkdir()
    for split in ("train", "val"):
        file = root / f"instances_attributes_{split}2020.json"
        file.rename(root / "annotations" / f"instances_attributes_{split}.json")
    (root / "test").rename(root / "val")
    assert load_frames(root).names[2] == "val/c.png"
    assert json.loads((root / "annotations/instances_attributes_val.json").read_text())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"width": 10**12}, "1000000000000x60 pixels; at most 134,217,728 are read"),
        ({"width": 0}, "are 60 and 0; they must be whole numbers"),
        ({"height": "60"}, "are '60' and 80"),
        ({"height": float("inf")}, "are inf and 80"),
        ({"file_name": "../c.png"}, "is no name of a file"),
        ({"file_name": "/c.png"}, "is no name of a file"),
    ],
)
def test_a_picture_that_is_none_is_refused_before_a_mask_is_made(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    val = table([row(9, 0, 4, COAT, 0)], "c.png")
    val["images"][0] |= change
    with pytest.raises(DataError, match=said):
        load_frames(fashionpedia(tmp_path, val))


def test_polygons_take_eight_bytes_a_number(tmp_path: Path) -> None:
    frames = load_frames(fashionpedia(tmp_path))
    assert frames.garments is not None
    (kept,) = packed(polygon(COAT))
    assert kept.nbytes == 64
    mask = frames.garments[0].masks[1]
    assert mask is not None
    assert int((mask.part_HW > 0).sum()) == 20 * 30
