"""Joints in a CSV, wide and long, as scripts write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
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
