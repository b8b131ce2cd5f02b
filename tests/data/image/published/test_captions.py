"""CUHK-PEDES, ICFG-PEDES and RSTPReid as published, and what goes wrong in their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.image.load import find_layout, load_persons
from edgehuman.errors import DataError
from edgehuman.tables.trainings import TEXT_REID


def record(person: Any, split: Any, image: Any, *captions: Any, key: str = "file_path") -> Any:
    return {"split": split, "captions": list(captions), "id": person, key: image}


def write(root: Path, name: str, records: Any, *pictures: str) -> Path:
    (root / "imgs").mkdir(parents=True, exist_ok=True)
    (root / name).write_text(records if isinstance(records, str) else json.dumps(records))
    for picture in pictures:
        path = root / "imgs" / picture
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.full((24, 12, 3), 90, np.uint8))
    return root


@pytest.mark.parametrize(
    ("name", "key", "dataset"),
    [
        ("reid_raw.json", "file_path", "cuhk_pedes"),
        ("ICFG-PEDES.json", "file_path", "icfg_pedes"),
        ("ICFG_PEDES.json", "file_path", "icfg_pedes"),
        ("data_captions.json", "img_path", "rstp_reid"),
    ],
)
def test_a_published_layout(name: str, key: str, dataset: str, tmp_path: Path) -> None:
    records = [
        record(1, "train", "a/1.jpg", "a red coat", " in red ", key=key),
        record(1, "train", "a/2.jpg", "женщина", key=key),
        record(5, "val", "a/3.jpg", "word " * 10_000, key=key),
        record(9, "test", "a/4.jpg", "a hat", key=key),
    ]
    write(tmp_path / "below", name, records, *(f"a/{n}.jpg" for n in (1, 2, 3, 4)))
    persons = load_persons(tmp_path, TEXT_REID)
    assert persons.dataset == dataset
    assert "research" in persons.licence
    assert persons.person_N.tolist() == [1, 1, 5, 9]
    assert persons.role_N.tolist() == ["train", "train", "select", "test"]
    assert persons.captions[:2] == (("a red coat", "in red"), ("женщина",))
    assert persons.image(3).shape == (24, 12, 3)
    assert main(["data", "check", str(tmp_path)]) == 0


def test_paths_written_on_windows_and_a_mark_of_the_order_of_bytes(tmp_path: Path) -> None:
    text = json.dumps([record(1, "train", "a\\1.jpg", "a hat")])
    root = write(tmp_path, "reid_raw.json", "\ufeff" + text, "a/1.jpg")
    assert load_persons(root, TEXT_REID).image(0).shape == (24, 12, 3)


def test_missing_pictures_are_named_by_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "reid_raw.json", [record(1, "train", f"{n}.jpg", "a") for n in (1, 2)], "1.jpg")
    assert main(["data", "check", str(tmp_path)]) == 1
    assert "2.jpg" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ("[", "cannot be read"),
        ({}, "not a list of records"),
        ([3], "not a list of records"),
        ([{"split": "train"}], 'record 0 has no "file_path"'),
        ([record(1, "train", 4, "a")], "file_path is 4; it must be a path"),
        ([record(1, "train", "/x/1.jpg", "a")], "file_path is '/x/1.jpg'; it must be a path below"),
        ([record(1, "train", "../1.jpg", "a")], "file_path is '../1.jpg'"),
        ([record("7", "train", "1.jpg", "a")], r"\(1.jpg\): id is '7'; it must be a number"),
        ([record(True, "train", "1.jpg", "a")], "id is True"),
        ([record(-1, "train", "1.jpg", "a")], "id is -1"),
        ([record(1, "dev", "1.jpg", "a")], "split is 'dev'; it must be one of train, val, test"),
        ([record(1, ["x"], "1.jpg", "a")], "split is"),
        ([record(1, "train", "1.jpg")], r"\(1.jpg\): captions is \[\]; it must be a list of 1"),
        ([record(1, "train", "1.jpg", "a", "")], "each with a letter or digit at least"),
        (
            [record(1, "train", "1.jpg", "a"), record(1, "test", "2.jpg", "a")],
            "person 1 is in two parts, train and test",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_name(records: Any, said: str, tmp_path: Path) -> None:
    write(tmp_path, "reid_raw.json", records)
    with pytest.raises(DataError, match=rf"reid_raw\.json.*{said}"):
        load_persons(tmp_path, TEXT_REID)


def test_a_folder_without_pictures_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "data_captions.json").write_text("[]")
    with pytest.raises(DataError, match="looks like rstp_reid, but its folder imgs/"):
        load_persons(tmp_path, TEXT_REID)
    write(tmp_path, "data_captions.json", [])
    with pytest.raises(DataError, match="has no labels for reid: rstp_reid is for text-reid"):
        find_layout(tmp_path, "reid")
