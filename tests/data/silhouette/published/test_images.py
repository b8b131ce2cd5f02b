"""One PNG per frame: their order, gaps between them, and files that are no masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.data.gait.trees import Named
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.silhouette.layout import Walk
from edgehuman.data.silhouette.published.images import (
    any_masks,
    frame_files,
    holds_masks,
    read_walk,
    why_no_masks,
)
from tests.data.silhouette_trees import person_masks, records, write_masks

ANNA = Named("anna", "anna-1")


def test_frames_are_ordered_by_their_last_number_and_gaps_are_counted(tmp_path: Path) -> None:
    write_masks(tmp_path, person_masks(12), "001-nm-01-090-")
    for name in ("003", "007", "008"):
        (tmp_path / f"001-nm-01-090-{name}.png").unlink()
    (tmp_path / "._001.png").write_bytes(b"made by a Mac")
    assert [file.stem[-3:] for file in frame_files(tmp_path)] == [
        *("001", "002", "004", "005", "006", "009", "010", "011", "012")
    ]
    walk = read_walk(tmp_path, ANNA, 25.0)
    assert isinstance(walk, Walk)
    assert walk.gaps == 3
    np.testing.assert_array_equal(walk.records_THW, records(12)[[0, 1, 3, 4, 5, 8, 9, 10, 11]])


def test_a_file_that_is_no_mask_is_told(tmp_path: Path) -> None:
    write_masks(tmp_path, person_masks(3))
    assert holds_masks(tmp_path)
    file = tmp_path / "002.png"
    file.write_bytes(file.read_bytes()[:60])
    walk = read_walk(tmp_path, ANNA)
    assert isinstance(walk, LeftOut)
    assert "002.png: a PNG of 60 bytes without its end" in walk.why
    assert holds_masks(tmp_path)
    assert not holds_masks(tmp_path / "none")


def test_names_in_capital_letters_are_read(tmp_path: Path) -> None:
    write_masks(tmp_path, person_masks(3))
    for file in frame_files(tmp_path):
        file.rename(file.with_suffix(".PNG"))
    assert [file.name for file in frame_files(tmp_path)] == ["001.PNG", "002.PNG", "003.PNG"]


def test_empty_folders_before_the_first_walk_are_passed_over(tmp_path: Path) -> None:
    write_masks(tmp_path / "full", person_masks(3))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert any_masks([tmp_path / "a", tmp_path / "b", tmp_path / "full"])
    assert not any_masks([tmp_path / "a", tmp_path / "b"])


def test_pictures_that_are_no_masks_say_why(tmp_path: Path) -> None:
    assert why_no_masks(tmp_path) == ""
    place = tmp_path / "001/nm-01/000"
    write_masks(place, person_masks(2) // 255 * 100)
    assert "000/001.png has values up to 100" in why_no_masks(tmp_path)
    red = np.zeros((2, 80, 60, 3), np.uint8)
    red[:, 20:60, 20:40, 2] = 255
    write_masks(place, red)
    assert "000/001.png is a colour picture" in why_no_masks(tmp_path)
    for file in frame_files(place):
        file.rename(file.with_suffix(".jpg"))
    assert "000 holds .jpg files; a mask is a PNG file" in why_no_masks(tmp_path)
    assert why_no_masks(place / "001.jpg") == ""
