"""`data check` of frames names what is wrong: boxes, lines, and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.data.commands import CheckConfig
from edgehuman.data.commands import check as check_data
from edgehuman.data.image.frames.check import check
from edgehuman.errors import DataError
from tests.data import frame_trees
from tests.data.frame_trees import ANNE, crowdhuman, labelled, mot_video
from tests.data.pictures import photos


def checked(path: Path, dataset: str | None = None) -> tuple[dict[str, Any], int]:
    outcome = check(path, dataset)
    assert outcome is not None
    assert isinstance(outcome.data, dict)
    return outcome.data, outcome.exit_code


def test_a_whole_set_is_counted(tmp_path: Path) -> None:
    data, code = checked(crowdhuman(tmp_path))
    assert code == 0
    assert data["ok"]
    expected = {"frames": 3, "people": 3, "ignored": 2, "empty": 1, "sequences": 3, "read": 3}
    assert {name: data[name] for name in expected} == expected
    assert data["roles"] == {"train": 2, "test": 1}
    outcome = check(tmp_path)
    assert outcome is not None
    assert "nothing missing, nothing wrong" in outcome.text


def test_wrong_boxes_are_named(tmp_path: Path) -> None:
    boxes = [ANNE, ANNE, (5, 5, 5, 9), (90, 10, 99, 20), (0, -30, 20, 0), (70, 10, 99, 20)]
    data, code = checked(labelled(tmp_path, {"image": "a.png", "boxes": boxes}))
    assert code == 1
    assert data["problems"] == [
        "a.png: the box (5, 5, 5, 9) has no area",
        "a.png: the box (10, 10, 30, 50) is stated twice",
        "a.png: the box (90, 10, 99, 20) lies outside the picture of 80x60 pixels",
        "a.png: the box (0, -30, 20, 0) lies outside the picture of 80x60 pixels",
    ]


def test_wrong_lines_and_pictures_are_named(tmp_path: Path) -> None:
    root = crowdhuman(tmp_path)
    (root / "Images" / "a.jpg").write_bytes(b"no picture")
    (root / "Images" / "c.jpg").unlink()
    data, code = checked(root)
    assert code == 1
    assert ["a.jpg" in data["problems"][0], "c.jpg" in data["problems"][1]] == [True, True]
    (root / "annotation_val.odgt").write_text("{}\n{")
    data, code = checked(root)
    assert data["problems"][0].startswith(f"{root}/annotation_val.odgt, line 1: not an object")


def test_the_command_finds_frames_among_all_records(tmp_path: Path) -> None:
    outcome = check_data(CheckConfig(mot_video(tmp_path / "a")))
    assert isinstance(outcome.data, dict)
    assert (outcome.data["dataset"], outcome.data["ok"]) == ("mot", True)
    outcome = check_data(CheckConfig(labelled(tmp_path / "b")))
    assert isinstance(outcome.data, dict)
    assert outcome.data["dataset"] == "labelled_frames"
    with pytest.raises(DataError, match="was given as 'mot', but it looks like 'crowdhuman'"):
        check_data(CheckConfig(crowdhuman(tmp_path / "c"), "mot"))


def test_photos_are_of_another_record(tmp_path: Path) -> None:
    assert check(photos(tmp_path, 2)) is None
    assert check(frame_trees.labelled(tmp_path / "own"), "ccp") is None
