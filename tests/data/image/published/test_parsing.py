"""LIP and CCP: masks on their pictures' own grid, and masks that are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.load import load_persons
from edgehuman.errors import DataError, ImageError
from tests.data import person_trees as trees
from tests.data.pictures import picture, write


@pytest.mark.parametrize("deep", [True, False])
def test_lip_as_its_archives_unpack_and_side_by_side(deep: bool, tmp_path: Path) -> None:
    persons = load_persons(trees.lip(tmp_path, deep), "parsing")
    assert persons.role_N.tolist() == ["train"] * 3 + ["test"]
    assert len(persons.parts) == 20
    assert persons.parts[0] == "background"
    part_HW = persons.part(3)
    assert (persons.parts[part_HW[0, 0]], persons.parts[part_HW[-1, 0]]) == (
        "upper_clothes",
        "pants",
    )


def test_lip_without_its_masks_or_without_a_picture(tmp_path: Path) -> None:
    trees.lip(tmp_path, deep=False)
    (tmp_path / "train_images" / "001.jpg").unlink()
    with pytest.raises(
        DataError, match=r"1 of 3 pictures with a mask are missing, e\.g\. 001\.jpg"
    ):
        load_persons(tmp_path, "parsing")
    for part in ("train", "val"):
        (tmp_path / f"{part}_segmentations").rename(tmp_path / f"{part}_elsewhere")
    with pytest.raises(DataError, match="looks like lip, but train_segmentations or val_"):
        load_persons(tmp_path, "parsing")


def test_ccp_has_a_split_of_its_own_that_never_changes(tmp_path: Path) -> None:
    persons = load_persons(trees.ccp(tmp_path, count=12), "parsing")
    assert len(persons) == 11
    assert np.flatnonzero(persons.role_N == "test").tolist() == [4, 9]  # photos 5 and 10
    assert persons.parts[:2] == ("background", "class1")
    assert len(persons.parts) == 59
    assert np.unique(persons.part(0)).tolist() == [0, 41]


def test_ccp_as_published_in_matlab_files(tmp_path: Path) -> None:
    from scipy.io import savemat

    trees.ccp(tmp_path)
    names = (tmp_path / "labels.txt").read_text().split()
    (tmp_path / "labels.txt").unlink()
    (tmp_path / "masks").rename(tmp_path / "elsewhere")
    folder = tmp_path / "annotations" / "pixel-level"
    folder.mkdir(parents=True)
    savemat(folder / "0001.mat", {"groundtruth": trees.halves(1, 2)})
    savemat(tmp_path / "label_list.mat", {"label_list": trees.cells(names).T})
    persons = load_persons(tmp_path, "parsing")
    assert len(persons) == 1
    assert np.array_equal(persons.part(0), trees.halves(1, 2))
    (folder / "0001.mat").write_text("no matlab at all, " * 20)
    with pytest.raises(ImageError, match=r"0001\.mat has no mask"):
        persons.part(0)


def test_a_mask_of_another_size(tmp_path: Path) -> None:
    persons = load_persons(trees.ccp(tmp_path), "parsing")
    trees.write_mask(tmp_path / "masks" / "0002.png", trees.halves(0, 1, 48, 32))
    with pytest.raises(ImageError, match=r"0002\.png is 32x48 pixels, and .*0002\.jpg has 64x96"):
        persons.part(1)


def test_a_mask_that_is_none(tmp_path: Path) -> None:
    persons = load_persons(trees.ccp(tmp_path), "parsing")
    trees.write_mask(tmp_path / "masks" / "0001.png", trees.halves(0, 59))
    with pytest.raises(ImageError, match="holds the value 59; with 59 parts it must be 0 to 58"):
        persons.part(0)
    trees.write_mask(tmp_path / "masks" / "0001.png", trees.halves(0, 255))
    assert np.unique(persons.part(0)).tolist() == [0, 255]
    write(tmp_path / "masks" / "0001.png", picture(3))
    with pytest.raises(ImageError, match="is a colour image; a mask is a greyscale image"):
        persons.part(0)
    (tmp_path / "masks" / "0001.png").write_text("words")
    with pytest.raises(ImageError, match="the mask cannot be decoded"):
        persons.part(0)
    (tmp_path / "masks" / "0001.png").unlink()
    with pytest.raises(ImageError, match="No such file"):
        persons.part(0)


def test_ccp_with_something_missing(tmp_path: Path) -> None:
    trees.ccp(tmp_path)
    (tmp_path / "photos" / "0003.jpg").unlink()
    with pytest.raises(DataError, match=r"1 of 9 photos with a mask are missing, e\.g\. 0003\.jpg"):
        load_persons(tmp_path, "parsing")
    (tmp_path / "labels.txt").write_text("null\nbag\n")
    with pytest.raises(DataError, match="found 2 class names; CCP has 59"):
        load_persons(tmp_path, "parsing")
    (tmp_path / "labels.txt").unlink()
    with pytest.raises(DataError, match=r"labels\.txt \(or label_list\.mat\) is missing"):
        load_persons(tmp_path, "parsing")
    (tmp_path / "masks").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="looks like ccp, but masks/"):
        load_persons(tmp_path, "parsing")


def test_the_real_photos_and_masks(shared_data: Path) -> None:
    folder = shared_data / "ccp"
    if not folder.is_dir():
        pytest.skip("no street photos beside the recordings")
    persons = load_persons(folder, "parsing")
    assert len(persons) == 1004
    assert int((persons.role_N == "test").sum()) == 198
    assert persons.part(7).shape == persons.image(7).shape[:2]
