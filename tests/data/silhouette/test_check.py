"""`edgehuman data check` of silhouettes, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.catalogue import DATASETS
from edgehuman.cli import main
from edgehuman.data.silhouette.check import extent
from edgehuman.records import Uint8
from tests.data.silhouette_trees import person_masks, records, write_masks, write_pickle


def checked(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    code = main(["data", "check", str(path), "--json", *words])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == (not found["ok"])
    return found


def small(frames: Uint8) -> Uint8:
    """Persons of half the height: not normalised."""
    return np.pad(frames[:, ::2, ::2], ((0, 0), (16, 16), (16, 16)))


def holed(frames: Uint8) -> Uint8:
    made = frames.copy()
    made[:, 10:16, 29:35] = 0
    made[:, 20:26, 29:36] = 0
    return made


def tree(root: Path, changed: Uint8 | None = None) -> Path:
    """People 80 and 81 of CASIA-B, each with four walks from two views."""
    for person in ("080", "081"):
        for walk in ("nm-01", "nm-05"):
            for view in ("000", "090"):
                write_pickle(root / person / walk / view / f"{view}.pkl", records(8))
    if changed is not None:
        write_pickle(root / "081/nm-05/090/090.pkl", changed)
    return root


def test_a_good_tree_has_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = checked(tree(tmp_path), capsys)
    assert (found["walks"], found["people"], found["frames"]) == (8, 2, 64)
    assert found["roles"] == {"gallery": 4, "probe": 4}
    assert found["problems"] == []
    assert main(["data", "check", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "is casia_b: 8 walks of 2 people (4 gallery, 4 probe), 64 silhouettes" in said


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (255 - records(8), "1 of 8 walks have a white background"),
        (small(records(8)), "1 of 8 walks hold a person who does not fill the 64 rows"),
        (np.roll(records(8), 9, axis=2), "off the middle"),
        (holed(records(8)), "1 of 8 walks have holes"),
        (0 * records(8), "shows nobody"),
        (np.zeros((8, 64, 64, 3), np.uint8), "holds uint8 (8, 64, 64, 3)"),
    ],
    ids=["inverted", "small", "aside", "holes", "empty", "colour"],
)
def test_one_bad_walk_is_found(
    tmp_path: Path, changed: Uint8, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checked(tree(tmp_path, changed), capsys)
    assert len(found["problems"]) == 1
    assert why in found["problems"][0]
    assert "081-nm-05-090" in found["problems"][0] or "081/nm-05/090" in found["problems"][0]


def test_what_is_worth_knowing_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = records(8)
    grey[:, 30:34] = grey[:, 30:34] // 255 * 200
    root = tree(tmp_path, np.concatenate([grey, 0 * grey[:2]]))
    write_pickle(root / "082/nm-05/108/108.pkl", records(2))
    notes = "\n".join(checked(root, capsys)["notes"])
    assert "2 frames are dropped, such as casia_b:081-nm-05-090: frame 8 shows nobody" in notes
    assert "1 walks have grey edges" in notes
    assert "1 walks have under 3 frames, such as casia_b:082-nm-05-108" in notes
    assert "1 people have only one walk" in notes
    assert "the gallery has no walk from view 108" in notes


def test_missing_frames_and_several_sizes_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_masks(tmp_path / "anna" / "a", person_masks(6))
    write_masks(tmp_path / "anna" / "b", person_masks(6, 1, 90, 90))
    for number in (3, 4):
        (tmp_path / "anna" / "a" / f"{number:03d}.png").unlink()
    found = checked(tmp_path, capsys)
    notes = "\n".join(found["notes"])
    assert "1 walks miss frames in their numbers, such as anna/a: 2 missing" in notes
    assert "masks of several sizes" in notes
    assert found["sizes"] == {"160x120": 1, "90x90": 1}
    assert "`edgehuman evaluate` refuses it" in notes


def test_a_dataset_of_two_records_is_found_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tree(tmp_path), capsys, "--dataset", "casia_b")["walks"] == 8
    assert main(["data", "check", str(tmp_path), "--dataset", "gait3d"]) == 1
    assert "given as 'gait3d', but it looks like 'casia_b'" in capsys.readouterr().err


def test_nothing_readable_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pickle(tmp_path / "001/nm-01/000/000.pkl", 0 * records(3))
    assert "no walk can be read" in checked(tmp_path, capsys)["problems"][0]


def test_the_extent_of_a_dataset() -> None:
    assert extent(DATASETS["kth_walk"]) == "222 walks, 15 people, 4 conditions, 25 Hz"
