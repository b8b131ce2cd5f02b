"""A whole file at once is what the stream reads of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.whole import columns_of, is_prose, is_recording, read_people

HEADER = "timestamp,ax (m/s²),ay (m/s²),az (m/s²),gx (deg/s),gy (deg/s),gz (deg/s),label"
ROWS = [f"{20 * i},9.80665,0,0,180,0,0,Walk" for i in range(200)]


def test_stamps_are_seconds_and_stated_units_are_turned(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("# exported by an app\n" + "\n".join([HEADER, *ROWS]))
    recording = read_people(path)[""]
    assert recording.rows.stamp_T[:3] == pytest.approx([0, 0.02, 0.04])
    assert recording.rows.imu_TC[0] == pytest.approx([1, 0, 0, np.pi, 0, 0], abs=1e-5)
    assert (recording.accel_stated, recording.gyro_stated) == (True, True)
    assert recording.labels == ("Walk",)


@pytest.mark.parametrize("column", ["user", "Subject ID", "person"])
def test_people_are_told_apart_by_a_column(column: str, tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    lines = [f"{line},{'ab'[i % 2]}" for i, line in enumerate(ROWS)]
    path.write_text("\n".join([f"{HEADER},{column}", *lines]))
    found = read_people(path)
    assert {name: len(one.rows.stamp_T) for name, one in found.items()} == {"a": 100, "b": 100}


@pytest.mark.parametrize("array", [False, True])
@pytest.mark.parametrize("key", ["user", "Subject ID"])
def test_objects_of_several_people_are_told_apart_by_their_key(
    key: str, array: bool, tmp_path: Path
) -> None:
    names = ("t", "ax", "ay", "az", "gx", "gy", "gz")
    table = [
        {**dict(zip(names, (i / 50, 0, 0, 1, 0, 0, i), strict=True)), key: ("anna", 7, "")[i % 3]}
        for i in range(90)
    ]
    path = tmp_path / "all.json"
    path.write_text(json.dumps(table) if array else "\n".join(map(json.dumps, table)))
    found = read_people(path)
    assert {name: len(one.rows.stamp_T) for name, one in found.items()} == {"anna": 30, "7": 30}
    assert found["7"].rows.imu_TC[:3, 5].tolist() == [1, 4, 7]


@pytest.mark.parametrize("text", ["", "\n\n", "a,b,c\n1,2,3\n", "t,ax,ay,az\n0,1,0,0\n"])
def test_what_is_no_recording_is_told_from_its_beginning(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"x\.csv"):
        columns_of(path)


def test_lines_that_end_in_a_bare_cr_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "mac.csv"
    path.write_bytes("\r".join([HEADER, *ROWS]).encode())
    columns_of(path)
    assert len(read_people(path)[""].rows.stamp_T) == 200


def test_hidden_files_and_pictures_are_no_recordings() -> None:
    names = ("a.csv", "a.JSONL", "a.zip", ".a.csv", "a.png", "a.labels")
    assert [is_recording(Path(name)) for name in names] == [True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("These are mine.\nRecorded on 2024-05-03, at home, by 2 people.\n", True),
        ("name,age\nanna,3\n", True),
        ('{"person": "anna", "age": 3}\n', True),
        ("", False),
        ("1,2,3,4,5,6,7\n1,2,3,4,5,6,7\n", False),
        ("x;y;z\n0,1;0,2;9,8\n", False),
        ("t,ax,ay,az\n", False),
        ('{"t": 0, "ax": 0.1, "ay": 0.2, "az": 9.8, "label": "up"}\n', False),
        ("\x89PNG\0\0\n", False),
    ],
)
def test_a_file_that_is_plainly_no_recording(text: str, prose: bool, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text(text)
    assert is_prose(path) == prose
