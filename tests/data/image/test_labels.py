"""Labelled people in a folder of our own layout: what the simulator writes, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.image.check import check
from edgehuman.data.image.load import load_persons
from edgehuman.data.image.set import ALL_TASKS
from edgehuman.data.image.simulated import simulated_persons
from edgehuman.data.image.write import simulate_people_folder
from edgehuman.errors import DataError, ImageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("people")
    simulate_people_folder(out, people=5, each=3, seed=2)
    return out


@pytest.mark.parametrize("task", ALL_TASKS)
def test_what_the_simulator_writes_is_what_it_draws(folder: Path, task: str) -> None:
    read, drawn = load_persons(folder, task), simulated_persons(task, 5, 3, 2)
    assert read.simulated
    assert len(read) == len(drawn) == 15
    assert read.person_N.tolist() == drawn.person_N.tolist()
    assert read.camera_N.tolist() == drawn.camera_N.tolist()
    assert ((read.role_N == "train") == (drawn.role_N == "train")).all()
    assert (read.parts, read.attributes) == (drawn.parts, drawn.attributes)
    assert np.array_equal(read.attribute_NA, drawn.attribute_NA)
    np.testing.assert_allclose(read.keypoint_NJ3, drawn.keypoint_NJ3, atol=0.006)
    assert np.array_equal(read.area_N, drawn.area_N)
    assert read.captions == drawn.captions
    assert np.array_equal(read.image(7), drawn.image(7))
    if task == "parsing":
        assert np.array_equal(read.part(7), drawn.part(7))


def test_the_check_names_the_tasks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(folder)]) == 0
    said = capsys.readouterr().out
    tasks = "reid, attributes, pose, landmarks, parsing, text-reid"
    assert f"for {tasks}: 15 pictures of 5 people" in said
    assert "nothing missing, nothing wrong" in said


def write(folder: Path, *rows: dict[str, Any] | str) -> None:
    """Labels, and a grey picture of 16 x 12 pixels for every image that they name."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "labels.jsonl").write_text("\n".join(lines))
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("image"), str):
            cv2.imwrite(str(folder / row["image"]), np.full((16, 12, 3), 90, np.uint8))


@pytest.mark.parametrize(
    ("row", "source"),
    [
        ({"image": "door-000012-00.png", "labelled_by": ["a (MIT)"]}, "door"),
        ({"image": "a-1-000012-103.png", "labelled_by": ["a (MIT)"]}, "a-1"),
        ({"image": "door-1234567-00.png", "labelled_by": ["a (MIT)"]}, "door"),
        ({"image": "door-000012-00.png", "labelled_by": ["a (MIT)"], "sequence": "gate"}, "gate"),
        ({"image": "door-000012-00.png"}, ""),  # of others, whose numbers may mean anything
        ({"image": "door.png", "labelled_by": ["a (MIT)"]}, ""),
        ({"image": "door.png", "sequence": "gate"}, "gate"),
    ],
)
def test_what_a_picture_was_cut_from(tmp_path: Path, row: dict[str, Any], source: str) -> None:
    """By its line, or by the name that distil gave it, before the lines said it."""
    write(tmp_path, {**row, "keypoints": [[1, 2, 2]] * 17})
    assert load_persons(tmp_path, "pose").source_N.tolist() == [source]
    for wrong, shown in ((7, "7"), (300 * "a", r'"aaa.*\.\.\.')):
        write(tmp_path, {**row, "sequence": wrong, "keypoints": [[1, 2, 2]] * 17})
        with pytest.raises(DataError, match=f'"sequence" is {shown}; it must be text of at most'):
            load_persons(tmp_path, "pose")


def test_own_pictures_need_only_what_their_task_needs(tmp_path: Path) -> None:
    joints = [[1.0, 2.0, 2], [4.0, 6.0, 1], *[[0.5, 0.5, 0]] * 15]
    write(
        tmp_path, {"image": "a.png", "keypoints": joints}, {"image": "b.png", "keypoints": joints}
    )
    persons = load_persons(tmp_path, "pose")
    assert not persons.simulated
    assert persons.role_N.tolist() == ["train", "train"]
    assert persons.person_N.tolist() == [-1, -1]
    # The box of the two labelled joints is 3 x 4; what is not labelled is nowhere.
    assert persons.area_N.tolist() == [12.0, 12.0]
    assert persons.keypoint_NJ3[0, :3].tolist() == [[1, 2, 2], [4, 6, 1], [0, 0, 0]]
    with pytest.raises(DataError, match=r'a\.png has no "person", which reid needs'):
        load_persons(tmp_path, "reid")
    outcome = check(tmp_path)
    assert outcome is not None
    assert outcome.exit_code == 0


def test_some_people_with_joints_may_have_masks_to_cut_them_out(tmp_path: Path) -> None:
    joints = [[1.0, 2.0, 2]] * 17
    write(
        tmp_path,
        {"image": "a.png", "keypoints": joints, "mask": "m.png"},
        {"image": "b.png", "keypoints": joints},
    )
    cv2.imwrite(str(tmp_path / "m.png"), np.full((16, 12), 1, np.uint8))
    (tmp_path / "parts.txt").write_text("background\nperson\n")
    persons = load_persons(tmp_path, "pose")
    assert (persons.part(0) == 1).all()
    assert (persons.part(1) == 255).all()
    assert persons.part(1).shape == (16, 12)
    with pytest.raises(DataError, match=r'b\.png has no "mask", which parsing needs'):
        load_persons(tmp_path, "parsing")


def test_lines_say_where_pictures_are_from_and_what_labelled_them(tmp_path: Path) -> None:
    row = {"image": "a.png", "person": 1, "dataset": "ccp"}
    write(tmp_path, row | {"labelled_by": ["A (MIT)"]}, row | {"labelled_by": ["B", "A (MIT)"]})
    persons = load_persons(tmp_path, "reid")
    assert persons.dataset == "ccp"
    assert persons.licence.startswith("Apache-2.0")
    assert persons.licence.endswith("labels: A (MIT), B")
    assert "clothing-co-parsing" in persons.url
    write(tmp_path, {"image": "a.png", "person": 1}, row)
    with pytest.raises(DataError, match=r'"dataset" is "ccp"; it must be one of .*, the same on'):
        load_persons(tmp_path, "reid")


def test_lines_say_the_terms_of_pictures_of_no_known_dataset(tmp_path: Path) -> None:
    row = {"image": "a.png", "person": 1, "licence": "CC BY 4.0", "url": "https://a.example"}
    write(tmp_path, row | {"labelled_by": ["A (MIT)"]}, row)
    persons = load_persons(tmp_path, "reid")
    assert persons.url == "https://a.example"
    assert (persons.dataset, persons.licence) == (tmp_path.name, "CC BY 4.0; labels: A (MIT)")
    write(tmp_path, row, row | {"licence": "CC0"})
    with pytest.raises(DataError, match=r'"licence" is "CC0"; it must be text of at most 255'):
        load_persons(tmp_path, "reid")
    write(tmp_path, row, {"image": "a.png", "person": 1})
    with pytest.raises(DataError, match=r'"licence" is null; it must be .*, the same on every'):
        load_persons(tmp_path, "reid")


@pytest.mark.parametrize(
    ("task", "row", "message"),
    [
        ("reid", "{", "line 1: not JSON"),
        ("reid", "[1]", 'line 1: not an object with an "image"'),
        ("reid", "", "is empty"),
        ("reid", {"image": "a.png", "person": "Ann"}, '"person" is "Ann"; it must be an integer'),
        ("reid", {"image": "a.png", "person": 1, "role": "trian"}, "role 'trian'; valid: train"),
        ("pose", {"image": "a.png", "keypoints": [[1, 2, 2]]}, "it must be 17 x"),
        ("pose", {"image": "a.png", "keypoints": [[1, 2, 3]] * 17}, "it must be 17 x"),
        ("landmarks", {"image": "a.png", "landmarks": "none"}, "it must be 133 x"),
        (
            "pose",
            {"image": "a.png", "keypoints": [[1, 2, 2]] * 17, "area": -1},
            '"area" is -1; it must be above 0',
        ),
        ("attributes", {"image": "a.png", "attributes": {"hat": 2}}, "names with 0 or 1"),
        ("attributes", {"image": "a.png", "attributes": {}}, "names with 0 or 1"),
        ("parsing", {"image": "a.png", "mask": "m.png"}, "parts.txt: cannot be read"),
        ("reid", {"image": "a.png", "person": 1, "dataset": "mine"}, '"dataset" is "mine"'),
        ("reid", {"image": "a.png", "person": 1, "dataset": 1}, '"dataset" is 1; it must be one'),
        ("reid", {"image": "a.png", "person": 1, "labelled_by": "me"}, "must be a list of names"),
        ("reid", {"image": "a.png", "person": 1, "licence": 4}, '"licence" is 4; it must be text'),
        (
            "reid",
            {"image": "a.png", "person": 1, "dataset": "ccp", "licence": "CC0"},
            "must be left out",
        ),
    ],
)
def test_wrong_labels_are_named(
    task: str, row: dict[str, Any] | str, message: str, tmp_path: Path
) -> None:
    write(tmp_path, row)
    with pytest.raises(DataError, match=message):
        load_persons(tmp_path, task)


def test_masks_of_another_size_or_part_and_missing_ones(tmp_path: Path) -> None:
    rows = [{"image": f"{name}.png", "mask": f"m{name}.png"} for name in "abc"]
    write(tmp_path, *rows)
    (tmp_path / "parts.txt").write_text("ground\nbody\n")
    cv2.imwrite(str(tmp_path / "ma.png"), np.ones((16, 12), np.uint8))
    cv2.imwrite(str(tmp_path / "mb.png"), np.ones((17, 12), np.uint8))
    cv2.imwrite(str(tmp_path / "mc.png"), np.full((16, 12), 2, np.uint8))
    persons = load_persons(tmp_path, "parsing")
    assert persons.part(0).sum() == 192
    with pytest.raises(ImageError, match=r"mb.png is 12x17 pixels, and its picture has 12x16"):
        persons.part(1)
    with pytest.raises(ImageError, match=r"mc\.png holds the value 2; with 2 parts"):
        persons.part(2)
    outcome = check(tmp_path)
    assert outcome is not None
    assert outcome.exit_code == 1
    assert "mb.png is 12x17 pixels" in outcome.text
