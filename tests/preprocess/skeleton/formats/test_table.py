"""Joints in a CSV, wide and long, as scripts write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17
from edgehuman.preprocess.skeleton.formats.table import is_table, read_table

AXES = ("x", "y", "z", "v")


def table(path: Path, columns: list[str], rows: list[list[object]], mark: str = ",") -> Path:
    lines = [mark.join(columns), *(mark.join(str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def numbers(joints: int = 33) -> list[object]:
    """Joint j at (j + 1, 2 j + 1) with confidence 0.5."""
    return [value for j in range(joints) for value in (j + 1.0, 2.0 * j + 1, 9.0, 0.5)]


@pytest.mark.parametrize(
    "name",
    [
        "{axis}{joint}",
        "{axis}_{joint}",
        "landmark_{joint}_{axis}",
        "{joint}_{axis}",
        "j{joint}.{axis}",
    ],
)
def test_columns_have_many_names(name: str, tmp_path: Path) -> None:
    columns = [name.format(axis=axis, joint=joint) for joint in range(33) for axis in AXES]
    path = table(tmp_path / "a.csv", ["frame", *columns], [[k, *numbers()] for k in range(3)])
    assert is_table(path)
    found = list(read_table(path))
    assert [person.pose.frame for person in found] == [0, 1, 2]
    assert found[0].pose.joints_J3.shape == (33, 3)
    assert found[0].pose.joints_J3[4].tolist() == [5.0, 9.0, 0.5]


def test_joints_are_sorted_by_their_numbers_and_counted_from_one(tmp_path: Path) -> None:
    columns = [f"x{j}" for j in range(1, 34)] + [f"y{j}" for j in range(33, 0, -1)]
    values: list[object] = [*range(1, 34), *range(33, 0, -1)]
    path = table(tmp_path / "a.csv", ["class", *columns], [["walk", *values]])
    [person] = read_table(path)
    np.testing.assert_array_equal(person.pose.joints_J3[:, 0], np.arange(1, 34))
    np.testing.assert_array_equal(person.pose.joints_J3[:, 1], np.arange(1, 34))


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_delimiters_and_empty_cells(mark: str, tmp_path: Path) -> None:
    columns = [f"{axis}{joint}" for joint in range(33) for axis in AXES]
    row = numbers()
    row[8:12] = ["", "nan", "", ""]
    path = table(tmp_path / "a.csv", ["timestamp_ms", "id", *columns], [[40, 7, *row]], mark)
    [person] = read_table(path)
    assert (person.pose.t_s, person.pose.track) == (0.04, "7")
    assert np.isnan(person.pose.joints_J3[2]).all()
    assert person.pose.joints_J3[3].tolist() == [4.0, 7.0, 0.5]


def test_a_row_per_joint_is_gathered_by_frame_and_person(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [frame, who, j, j + 1.0, 2.0, 0.5] for frame in (0, 1) for who in "ab" for j in range(17)
    ]
    columns = ["frame", "id", "keypoint", "x", "y", "score"]
    path = table(tmp_path / "a.csv", columns, rows)
    assert is_table(path)
    found = list(read_table(path))
    assert [(p.pose.frame, p.pose.track) for p in found] == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]
    assert found[3].pose.joints_J3[2].tolist() == [3.0, 2.0, 0.5]


def test_a_word_in_place_of_a_number_is_named(tmp_path: Path) -> None:
    columns = [f"{axis}{joint}" for joint in range(33) for axis in AXES]
    path = table(tmp_path / "a.csv", columns, [["left", *numbers()[1:]]])
    with pytest.raises(DataError, match=r"a\.csv: line 2: x0 is 'left'; it must be a number"):
        list(read_table(path))


@pytest.mark.parametrize("text", ["t,ax,ay,az\n1,2,3,4", "x,y\n1,2", "", "x1,y1,x2,y2\n1,2,3,4"])
def test_other_tables_are_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert not is_table(path)


NAMED = [("left_" if name[0] == "l" else "right_") + name[2:] for name in COCO_17[1:]]


@pytest.mark.parametrize("names", [["nose", *NAMED], [str(j) for j in range(17)]])
@pytest.mark.parametrize("seed", range(3))
def test_rows_per_joint_may_stand_in_any_order_and_be_missing(
    names: list[str], seed: int, tmp_path: Path
) -> None:
    """Joint j is at (j + 1, 2); the left wrist (9) of frame 1 has no row, nor has the nose (0)."""
    rows = [[frame, name, j + 1.0, 2.0] for frame in range(3) for j, name in enumerate(names)]
    rows = [row for row in rows if row[:2] not in ([1, names[9]], [1, names[0]])]
    shuffled = [rows[k] for k in np.random.default_rng(seed).permutation(len(rows))]
    path = table(tmp_path / "a.csv", ["frame", "landmark", "x", "y"], shuffled)
    found = {person.pose.frame: person.pose.joints_J3 for person in read_table(path)}
    for frame in (0, 2):
        assert found[frame][:, 0].tolist() == [j + 1.0 for j in range(17)]
    assert np.flatnonzero(np.isnan(found[1][:, 0])).tolist() == [0, 9]
    assert found[1][10, 0] == 11.0


def test_columns_of_named_joints_may_stand_in_any_order_beside_others(tmp_path: Path) -> None:
    names = ["nose", *NAMED, "bbox"]
    columns = [f"{name}_{axis}" for name in sorted(names) for axis in "xy"]
    row = [value for name in sorted(names) for value in (names.index(name) + 1.0, 2.0)]
    [person] = read_table(table(tmp_path / "a.csv", ["frame", *columns], [[0, *row]]))
    assert person.pose.joints_J3[:, 0].tolist() == [j + 1.0 for j in range(17)]


def test_a_box_beside_numbered_joints_is_no_joint(tmp_path: Path) -> None:
    columns = ["bbox_x", "bbox_y", *(f"{axis}{j}" for j in range(17) for axis in "xy")]
    row: list[object] = [0.0, 0.0, *(value for j in range(17) for value in (j + 1.0, 2.0))]
    [person] = read_table(table(tmp_path / "a.csv", columns, [row]))
    assert person.pose.joints_J3[:, 0].tolist() == [j + 1.0 for j in range(17)]


def test_a_name_that_is_not_known_is_told_with_the_file(tmp_path: Path) -> None:
    names = ["nose", *NAMED[:-1], "rgt_ankle"]
    columns = [f"{name}_{axis}" for name in names for axis in "xy"]
    path = table(tmp_path / "a.csv", columns, [[1.0] * 34])
    with pytest.raises(DataError, match=r"a\.csv: joint 'rgt_ankle' is not known; name joints"):
        list(read_table(path))
