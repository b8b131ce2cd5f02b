"""Market-1501 and MSMT17: who, which camera, who asks; half an archive is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.image.load import load_persons
from edgehuman.errors import DataError, ImageError
from tests.data import person_trees as trees
from tests.data.pictures import cut_short, picture, write


def test_market_leaves_junk_out_and_keeps_distractors(tmp_path: Path) -> None:
    persons = load_persons(trees.market(tmp_path), "reid")
    rows = list(
        zip(
            persons.person_N.tolist(),
            persons.camera_N.tolist(),
            persons.role_N.tolist(),
            strict=True,
        )
    )
    assert rows[:4] == [(2, 1, "train"), (2, 3, "train"), (7, 2, "train"), (7, 3, "train")]
    assert rows[4:6] == [(1, 1, "query"), (3, 6, "query")]
    assert rows[6:] == [(0, 4, "gallery"), (1, 2, "gallery"), (3, 1, "gallery")]


def test_msmt_numbers_test_people_after_those_to_learn_from(tmp_path: Path) -> None:
    for root, folders in (
        (tmp_path / "v1", ("train", "test")),
        (tmp_path / "v2", ("mask_train_v2", "mask_test_v2")),
    ):
        persons = load_persons(trees.msmt(root, folders), "reid")
        assert persons.person_N.tolist() == [0, 0, 1, 1, 2, 2]
        assert persons.camera_N.tolist() == [1, 5, 2, 3, 7, 14]
        assert persons.role_N.tolist() == ["train"] * 4 + ["query", "gallery"]
        assert persons.image(5).shape == (96, 48, 3)


def test_someone_with_one_picture_cannot_be_learned_from(tmp_path: Path) -> None:
    trees.market(tmp_path)
    write(tmp_path / "bounding_box_train" / "0011_c1s1_000451_03.jpg", picture(1))
    with pytest.raises(DataError, match=r"1 of 3 training people have one picture \(11\)"):
        load_persons(tmp_path, "reid")


@pytest.mark.parametrize("gone", ["query", "bounding_box_test"])
def test_half_an_archive_is_named(gone: str, tmp_path: Path) -> None:
    trees.market(tmp_path)
    (tmp_path / gone).rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=f"looks like market1501, but {gone} is missing"):
        load_persons(tmp_path, "reid")


def test_a_strange_name_and_a_missing_list(tmp_path: Path) -> None:
    trees.market(tmp_path / "a")
    write(tmp_path / "a" / "query" / "me.jpg", picture(0))
    with pytest.raises(DataError, match=r"me\.jpg is not named like Market-1501"):
        load_persons(tmp_path / "a", "reid")
    trees.msmt(tmp_path / "b")
    (tmp_path / "b" / "list_query.txt").unlink()
    with pytest.raises(DataError, match=r"looks like msmt17, but list_query\.txt is missing"):
        load_persons(tmp_path / "b", "reid")
    trees.msmt(tmp_path / "c")
    (tmp_path / "c" / "list_gallery.txt").write_text("0000/picture.jpg zero\n")
    with pytest.raises(
        DataError, match=r"list_gallery\.txt, line 1: .* is not a path and a person"
    ):
        load_persons(tmp_path / "c", "reid")


def test_a_corrupt_picture_is_an_image_error(tmp_path: Path) -> None:
    persons = load_persons(trees.market(tmp_path), "reid")
    cut_short(tmp_path / "query" / "0001_c1s1_001051_00.jpg")
    with pytest.raises(ImageError, match="cut short"):
        persons.image(4)
