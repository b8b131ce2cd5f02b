"""PA-100K and PETA: answers read from MATLAB files, and files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.load import load_persons
from edgehuman.errors import DataError
from tests.data import person_trees as trees
from tests.data.pictures import picture


@pytest.mark.parametrize("folder", ["release_data/release_data", "data"])
def test_pa100k(folder: str, tmp_path: Path) -> None:
    persons = load_persons(trees.pa100k(tmp_path, folder), "attributes")
    assert persons.attributes == trees.PA_ATTRIBUTES
    assert persons.attribute_NA.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 1, 1]]
    assert persons.attribute_NA.dtype == np.int8
    assert persons.role_N.tolist() == ["train", "train", "train", "test"]
    assert persons.person_N.tolist() == [-1] * 4


def test_peta_takes_the_first_split_and_the_35_that_are_evaluated(tmp_path: Path) -> None:
    persons = load_persons(trees.peta(tmp_path), "attributes")
    assert persons.attributes == trees.PETA_ATTRIBUTES[:35]
    assert persons.role_N.tolist() == ["train", "train", "test", "train"]
    assert np.argwhere(persons.attribute_NA).tolist() == [[2, 1], [3, 0]]
    assert np.array_equal(persons.image(3), picture(4))


def test_an_annotation_file_that_is_missing_or_no_matlab(tmp_path: Path) -> None:
    trees.pa100k(tmp_path)
    (tmp_path / "annotation.mat").unlink()
    with pytest.raises(DataError, match=r"looks like pa100k, but annotation\.mat is missing"):
        load_persons(tmp_path, "attributes")
    (tmp_path / "annotation.mat").write_text("no matlab at all, " * 20)
    with pytest.raises(DataError, match=r"annotation\.mat: not a readable \.mat file"):
        load_persons(tmp_path, "attributes")
    from scipy.io import savemat

    savemat(tmp_path / "annotation.mat", {"attributes": trees.cells(["Hat"])})
    with pytest.raises(DataError, match=r"'train_images_name' is missing or wrong"):
        load_persons(tmp_path, "attributes")


def test_labels_that_do_not_fit_or_are_no_answers(tmp_path: Path) -> None:
    from scipy.io import loadmat, savemat

    trees.pa100k(tmp_path)
    table = {k: v for k, v in loadmat(str(tmp_path / "annotation.mat")).items() if k[0] != "_"}
    savemat(tmp_path / "annotation.mat", {**table, "test_label": np.array([[1, 7, 0]])})
    with pytest.raises(DataError, match="a label is 7, not 0 or 1"):
        load_persons(tmp_path, "attributes")
    savemat(tmp_path / "annotation.mat", {**table, "test_label": np.zeros((2, 3))})
    with pytest.raises(DataError, match="labels are 5 x 3, for 4 pictures and 3 attributes"):
        load_persons(tmp_path, "attributes")


def test_peta_as_first_published_is_named(tmp_path: Path) -> None:
    label = tmp_path / "VIPeR" / "archive" / "Label.txt"
    label.parent.mkdir(parents=True)
    label.write_text("1 personalMale\n")
    with pytest.raises(DataError, match=r"looks like peta, but this is the original release"):
        load_persons(tmp_path, "attributes")
    trees.peta(tmp_path / "p")
    (tmp_path / "p" / "images").rename(tmp_path / "p" / "elsewhere")
    with pytest.raises(DataError, match=r"looks like peta, but its pictures 00001\.png … are"):
        load_persons(tmp_path / "p", "attributes")
