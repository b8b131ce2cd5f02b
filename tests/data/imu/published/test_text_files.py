"""Text files of published datasets: tables, names, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.imu.published.text_files import (
    absent,
    first_line,
    matching,
    read_columns,
    reason,
    require_rows,
)
from edgehuman.errors import DataError


def test_a_table_by_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("\n1 2 3\n4 5 nan\n")
    assert read_columns(path, 3)[:, :2].tolist() == [[1, 2], [4, 5]]
    assert read_columns(path, 3, use=[1]).tolist() == [[2], [5]]
    path.write_text("1,2\n")
    assert read_columns(path, 2, delimiter=",").tolist() == [[1, 2]]
    with pytest.raises(DataError, match=r"t\.txt: the first row has 2 columns; the published file"):
        read_columns(path, 3, delimiter=",")
    path.write_text("1 2\n3 x\n")
    with pytest.raises(DataError, match=r"t\.txt: could not convert string 'x'.*unpack the arch"):
        read_columns(path, 2)


def test_the_first_line_with_anything_in_it(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("\n  \n a b \nc\n")
    assert first_line(path) == "a b"
    path.write_text("\n")
    with pytest.raises(DataError, match="the file is empty"):
        first_line(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not a text file"):
        first_line(path)
    with pytest.raises(DataError, match="not a text file"):
        first_line(tmp_path)
    with pytest.raises(DataError, match="no such file; unpack the whole archive"):
        first_line(tmp_path / "u.txt")


def test_whole_names_match_in_order(tmp_path: Path) -> None:
    for name in ("s10.txt", "s02.txt", "s02.txt.bak", "t01.txt"):
        (tmp_path / name).write_text("")
    found = matching(tmp_path, r"s(\d\d)\.txt")
    assert [(path.name, groups) for path, groups in found] == [
        ("s02.txt", ("02",)),
        ("s10.txt", ("10",)),
    ]
    assert matching(tmp_path / "nowhere", ".*") == []


def test_what_is_absent_and_what_does_not_belong_together(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert absent(tmp_path, ["a", "b/c"]) == ["missing: b/c"]
    require_rows(Path("a"), 3, 3, Path("b"))
    with pytest.raises(DataError, match="a has 3 rows, but b has 4; they must match"):
        require_rows(Path("a"), 3, 4, Path("x/b"))


def test_a_reason_is_given_without_advice() -> None:
    assert reason(ValueError("row 3 is short.; use genfromtxt")) == "row 3 is short"
