"""The table of points: what is written is read back, and each fault is named with its line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgehuman.bench.scale.points import MOST_TABLE, Point, read_points, write_points
from edgehuman.errors import DataError

_HEAD = "cell,arch,seed,lr,items,loss,status,metric.f1,metric.f1.trials\n"


def _table(folder: Path, text: str) -> Path:
    path = folder / "points.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_points_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    points = [
        Point("a", "mae", "imuvit_512x5", "user", 0.5, 0, "1", "off", 1e-3, 64, 100, 6400),
        Point("b", seed=1, loss=0.1 + 0.2, metrics={"f1": 0.9}, trials={"f1": 50}),
        Point('c,"d"', seed=2, status="diverged", simulated=True, more={"mask": "0.7"}),
    ]
    path = tmp_path / "new" / "points.csv"
    write_points(path, points)
    read = read_points(path)
    assert [point.line for point in read] == [2, 3, 4]
    assert read[0] == dataclasses.replace(points[0], more={"mask": ""}, line=2)
    assert read[1].loss == 0.1 + 0.2
    assert read[1].metrics == {"f1": 0.9}
    assert read[1].trials == {"f1": 50}
    assert read[2].cell == 'c,"d"'
    assert read[2].simulated
    assert read[2].more == {"mask": "0.7"}


def test_a_diverged_cell_needs_no_loss_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes(b"\xef\xbb\xbfcell,loss,status\r\na,nan,diverged\r\n\r\nb,0.5,done\r\n")
    assert [(point.cell, point.loss) for point in read_points(path)] == [("a", None), ("b", 0.5)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,v,0,1e-3,5,-0.5,done,,", "line 2: loss is -0.5; it must be above 0"),
        ("a,v,0,1e-3,5,0,done,,", "line 2: loss is 0; it must be above 0"),
        ("a,v,0,1e-3,5,nan,done,,", "line 2: loss is nan; it must be finite"),
        ("a,v,0,1e-3,5,inf,done,,", "line 2: loss is inf; it must be finite"),
        ("a,v,0,1e-3,five,1,done,,", "line 2: items is 'five'; it must be a number"),
        ("a,v,0,1e-3,1_0,1,done,,", "line 2: items is '1_0'; it must be a number"),
        ("a,v,0.5,1e-3,5,1,done,,", "line 2: seed is '0.5'; it must be a whole number"),
        ("a,v,0,0,5,1,done,,", "line 2: lr is 0; it must be above 0"),
        ("a,v,0,1e-3,5,1,well,,", "line 2: status is 'well'; it must be done"),
        ("a,v,0,1e-3,5,1,done,1.5,10", "metric.f1 is 1.5 of 10 trials"),
        ("a,v,0,1e-3,5,1,done,.5,2.5", "metric.f1.trials is '2.5'"),
        (",v,0,1e-3,5,1,done,,", "line 2: cell is empty"),
        ("a,v,0,1e-3", "line 2: has 4 fields, the header 9"),
        ("a,v,0,1e-3,5,1,done,,\na,v,1,1e-3,5,1,done,,", "lines 2 and 3 are one cell, 'a'"),
        ("a,v,0,1e-3,5,1,done,,\nb,v,0,1e-3,5,2,done,,", "(a, b) are equal in all settings"),
        ('a,v,0,1e-3,5,1,"done,,', "cannot be read"),
    ],
)
def test_a_fault_is_named_with_its_line(row: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        read_points(_table(tmp_path, _HEAD + row + "\n"))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no row of points"),
        (_HEAD, "has no row of points"),
        ("cell,loss,loss\na,1,2\n", "has two columns 'loss'"),
        ("cell,,loss\na,1,2\n", "column 2 has no name"),
        ("name,loss\na,1\n", "has no column 'cell' but name, loss"),
        ("cell\n" + "x\n" * 100_001, "has over 100,000 points"),
        (",".join(map(str, range(401))) + "\n" + "," * 400 + "a\n", "has 401 columns"),
    ],
)
def test_what_is_no_table_of_points_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        read_points(_table(tmp_path, text))
    assert said in str(refused.value)


def test_a_missing_a_huge_and_a_binary_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_points(tmp_path / "points.csv")
    with (tmp_path / "points.csv").open("wb") as stream:
        stream.truncate(MOST_TABLE + 1)  # sparse: no disk is taken
    with pytest.raises(DataError, match="a table of points may have 67,108,864"):
        read_points(tmp_path / "points.csv")
    (tmp_path / "points.csv").write_bytes(bytes(range(256)) * 4)
    with pytest.raises(DataError):
        read_points(tmp_path / "points.csv")
    with pytest.raises(DataError):
        read_points(tmp_path)
