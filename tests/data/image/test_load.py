"""Labelled people from every published layout; folders that are wrong say what and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.catalogue import DATASETS
from edgehuman.data.image.load import layouts, load_persons
from edgehuman.errors import DataError, UsageError
from tests.data.person_trees import TREES

CAPTIONS = {"cuhk_pedes", "icfg_pedes", "rstp_reid"}
"""Their trees: `published/test_captions.py`."""


def test_every_dataset_of_people_has_a_small_tree_here() -> None:
    rows = {name: row for name, row in DATASETS.items() if row.modality == "image"}
    people = {name for name, row in rows.items() if row.read != row.frames}
    assert set(TREES) | CAPTIONS == people
    known = [layout.dataset for layout in layouts() if layout.dataset not in CAPTIONS]
    assert known == ["labelled", *TREES]
    assert len(layouts()) == len(known) + len(CAPTIONS)


@pytest.mark.parametrize("name", TREES)
def test_a_layout_is_known_by_its_files_also_one_folder_down(name: str, tmp_path: Path) -> None:
    make, task = TREES[name]
    make(tmp_path / "down" / "here")
    persons = load_persons(tmp_path / "down", task)
    assert persons.dataset == name
    assert (persons.licence, persons.url) == (DATASETS[name].licence, DATASETS[name].url)
    assert not persons.simulated
    assert "train" in persons.role_N
    assert set(persons.role_N.tolist()) <= {"train", "test", "query", "gallery"}
    for index in range(len(persons)):
        image_HWC = persons.image(index)
        assert image_HWC.ndim == 3
        if len(persons.masks):
            assert persons.part(index).shape == image_HWC.shape[:2]


@pytest.mark.parametrize("name", TREES)
def test_a_layout_serves_its_task_and_says_which(name: str, tmp_path: Path) -> None:
    make, task = TREES[name]
    make(tmp_path)
    other = "parsing" if task != "parsing" else "reid"
    with pytest.raises(DataError, match=f"has no labels for {other}: {name} is for {task}"):
        load_persons(tmp_path, other)


def test_a_dataset_without_the_labels_of_a_task_names_those_that_have_them(tmp_path: Path) -> None:
    TREES["ccp"][0](tmp_path)
    with pytest.raises(DataError, match="Give a dataset that has them: coco_keypoints, labelled"):
        load_persons(tmp_path, "pose")


@pytest.mark.parametrize("task", ["reid", "attributes", "pose", "landmarks", "parsing"])
def test_a_folder_of_no_known_layout_lists_what_was_looked_for(task: str, tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(DataError) as caught:
        load_persons(tmp_path, task)
    said = str(caught.value)
    assert f"a folder with holiday; no dataset for {task} has this layout" in said
    for layout in layouts():
        assert (f"  {layout.dataset}: {layout.looks_like}" in said) == (task in layout.read.tasks)


def test_no_path_a_file_and_a_misspelt_task(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        load_persons(tmp_path / "nowhere", "reid")
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"x\.zip is an archive; unpack it and give the folder"):
        load_persons(tmp_path / "x.zip", "reid")
    with pytest.raises(UsageError, match="'re-id'; valid: reid, attributes"):
        load_persons(tmp_path, "re-id")
