"""Skeletons as one CSV: frames that are absent, and rows that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import table


def test_frames_that_a_table_lacks_are_bridged_or_part_the_walk(tmp_path: Path) -> None:
    path = tmp_path / "poses.csv"
    table(path, ["x/001-nm-01-000"], sized=False, pattern="{:06d}.jpg")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:5] + lines[6:20] + lines[35:]))
    walks = load_skeletons(path)
    assert walks.sequence_N.tolist() == ["casia_b:001-nm-01-000#0", "casia_b:001-nm-01-000#1"]
    # Rows 1 to 19 with one missing, and rows 35 to 50.
    assert walks.length_N.tolist() == [19, 16]


def _broken(path: Path, line: int, change: str) -> None:
    lines = path.read_text().splitlines()
    lines[line] = change.format(lines[line])
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("line", "change", "said"),
    [
        (0, "{},more_x", "found 52 joint columns; COCO-17 has 51"),
        (7, "{},1", "line 8: found 53 columns"),
        (7, "x/001-nm-01-000/000007.jpg,a", "line 8: found 2 columns"),
        (7, "x/1/7.jpg", "line 8"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, line: int, change: str, said: str) -> None:
    path = tmp_path / "poses.csv"
    table(path, ["x/001-nm-01-000"], sized=False, pattern="{:06d}.jpg")
    _broken(path, line, change)
    with pytest.raises(DataError, match=said):
        load_skeletons(path)


def test_a_frame_that_comes_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poses.csv"
    table(path, ["x/001-nm-01-000"], sized=False, pattern="{:06d}.jpg")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:4], lines[3], *lines[4:]]) + "\n")
    with pytest.raises(DataError, match="stamps must increase from frame to frame"):
        load_skeletons(path)


def test_a_walk_in_two_places_of_a_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "poses.csv"
    names = ["x/001-nm-01-000", "x/001-nm-02-000"]
    table(path, names, sized=False, pattern="{:06d}.jpg")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[-1], *lines[1:-1]]) + "\n")
    with pytest.raises(DataError, match="are not contiguous; sort the file"):
        load_skeletons(path)
