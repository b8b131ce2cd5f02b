"""What stands before and in a header: remarks, delimiters, units, dates; all of one parser."""

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.header import delimiter_of, find_header, stated_units
from edgehuman.preprocess.imu.text.lines import RowParser
from edgehuman.records import Float32, Float64

HEADER = "t,ax,ay,az,gx,gy,gz"
ROWS = ["0.00,1.5,0.25,-3,0.5,0,2", "0.02,1.25,0,0,0,1,0"]
VALUES = np.array([[1.5, 0.25, -3, 0.5, 0, 2], [1.25, 0, 0, 0, 1, 0]], np.float32)


def read(lines: list[str]) -> tuple[Float64, Float32]:
    parser = RowParser("x.csv")
    rows = parser.parse(lines)
    assert parser.bad == 0, parser.told
    return rows.stamp_T, rows.imu_TC


@pytest.mark.parametrize(
    "before",
    [
        ["# PLab PicoQuake Data", "# Time: 2024-04-21 15:54:46, Device: X", "#"],
        ["sep=,"],
        ['"sep=,"', ""],
        [
            "------ Data File Created By ActiGraph ------",
            "Serial Number: MOS2E",
            "Start 10:00",
        ],
        ["\ufeff# a mark of Windows"],
        ["Device,ABC", "Owner,me"],
    ],
)
def test_lines_before_the_header_are_passed_over(before: list[str]) -> None:
    stamp_T, imu_TC = read([*before, HEADER, *ROWS])
    assert stamp_T.tolist() == [0.0, 0.02]
    np.testing.assert_array_equal(imu_TC, VALUES)


def test_a_header_far_below_is_not_looked_for() -> None:
    with pytest.raises(DataError, match="found Device, ABC"):
        read([*["Device,ABC"] * 40, HEADER, *ROWS])


@pytest.mark.parametrize("sign", [";", "\t", " "])
@pytest.mark.parametrize("decimal", [".", ","])
def test_delimiters_and_decimal_commas_are_told_apart(sign: str, decimal: str) -> None:
    lines = [line.replace(",", sign).replace(".", decimal) for line in [HEADER, *ROWS]]
    stamp_T, imu_TC = read(lines)
    assert stamp_T.tolist() == [0.0, 0.02]
    np.testing.assert_array_equal(imu_TC, VALUES)


def test_the_sign_that_is_stated_is_used() -> None:
    assert delimiter_of("a;b (x,y);c") == ";"
    stamp_T, _ = read(["sep=;", HEADER.replace(",", ";"), *(r.replace(",", ";") for r in ROWS)])
    assert stamp_T.tolist() == [0.0, 0.02]


@pytest.mark.parametrize(
    ("accel", "gyro", "to_g", "to_rad_s"),
    [
        ("(g)", "(rad/s)", 1.0, 1.0),
        ("(mg)", "(mdps)", 1e-3, math.pi / 180e3),
        ("(m/s^2)", "(deg/s)", 1 / 9.80665, math.pi / 180),
        ("[m/s²]", "[°/s]", 1 / 9.80665, math.pi / 180),
        ("(G)", "(dps)", 1.0, math.pi / 180),
    ],
)
def test_units_in_the_header_are_believed(
    accel: str, gyro: str, to_g: float, to_rad_s: float
) -> None:
    names = [f"a{axis} {accel}" for axis in "xyz"] + [f"g{axis} {gyro}" for axis in "xyz"]
    units = stated_units(names)
    assert units.accel == pytest.approx(to_g)
    assert units.gyro == pytest.approx(to_rad_s)
    _, imu_TC = read([",".join(["t", *names]), *ROWS])
    np.testing.assert_allclose(imu_TC, VALUES * ([to_g] * 3 + [to_rad_s] * 3), rtol=1e-6)


def test_units_in_the_keys_of_json_are_believed_too() -> None:
    keys = ["t", *(f"a{axis} (mg)" for axis in "xyz"), *(f"g{axis} (dps)" for axis in "xyz")]
    lines = [json.dumps(dict(zip(keys, map(float, row.split(",")), strict=True))) for row in ROWS]
    _, imu_TC = read(lines)
    np.testing.assert_allclose(imu_TC, VALUES * ([1e-3] * 3 + [math.pi / 180] * 3), rtol=1e-6)


@pytest.mark.parametrize("size", [1, 100])
def test_rows_of_whole_numbers_or_a_bad_row_first_hide_no_decimal_commas_and_dates(
    size: int,
) -> None:
    whole = "2024-10-27T01:30:00Z;1;0;0;0;0;0"
    rows = ["not a row", whole, whole.replace(";1;", ";1,5;").replace("00Z", "01,5Z")]
    parser, found = RowParser("x.csv"), []
    lines = [HEADER.replace(",", ";"), *rows]
    for start in range(0, len(lines), size):
        found.append(parser.parse(lines[start : start + size]))
    assert parser.bad == 1
    imu_TC = np.concatenate([rows.imu_TC for rows in found])
    assert imu_TC[:, 0].tolist() == [1.0, 1.5]
    stamp_T = np.concatenate([rows.stamp_T for rows in found])
    assert np.diff(stamp_T).tolist() == [1.5]


def test_units_that_are_declared_or_unknown_or_mixed_are_not() -> None:
    names = ["ax (mg)", "ay (mg)", "az (mg)", "gx (dps)", "gy (dps)", "gz (dps)"]
    parser = RowParser("x.csv", believed=(False, False))
    np.testing.assert_array_equal(parser.parse([",".join(["t", *names]), *ROWS]).imu_TC, VALUES)
    assert (parser.units.accel, parser.units.gyro) == (None, None)
    mixed = stated_units(["ax (g)", "ay (mg)", "az (g)", "gx (furlongs)", "gy", "gz"])
    assert (mixed.accel, mixed.gyro) == (None, None)


def test_rows_with_dates_are_read_and_a_wrong_one_is_dropped() -> None:
    rows = [f"2024-10-27T01:30:0{i}.5+01:00{ROWS[0][4:]}" for i in range(3)]
    parser = RowParser("x.csv")
    found = parser.parse([HEADER, *rows, f"2024-13-27T01:30:00{ROWS[0][4:]}", *rows[:1]])
    assert np.diff(found.stamp_T).tolist() == [1.0, 1.0, -2.0]
    assert parser.bad == 1
    assert "2024-13-27" in parser.told[0]


@pytest.mark.parametrize(
    "stamp",
    ["05/05/2024 11:59:50 PM", "05.05.2024 23:59:50.020", "23:59:50.020", "noon", "2024-05-05"],
)
def test_times_that_cannot_be_read_say_what_can(stamp: str) -> None:
    row = stamp + ROWS[0][4:]
    parser = RowParser("x.csv")
    assert parser.parse([HEADER, row, row, row]).stamp_T.size == 0
    said = [f"line {line}: {stamp!r} in column t is not a time" for line in (2, 3, 4)]
    assert parser.told[0].startswith(said[0])
    assert "seconds, or ISO 8601" in parser.told[0]
    assert "--rate-hz" in parser.told[0]
    assert parser.told[1:] == said[1:]
    counted = RowParser("x.csv", rate_hz=50.0).parse([HEADER, row, row, row])
    assert counted.stamp_T.tolist() == [0, 0.02, 0.04]


def test_rows_without_stamps_get_those_of_the_rate() -> None:
    lines = ["ax,ay,az,gx,gy,gz", *(row.partition(",")[2] for row in ROWS)]
    parser = RowParser("x.csv", rate_hz=25.0)
    first, second = parser.parse(lines), parser.parse(lines[1:])
    assert [*first.stamp_T, *second.stamp_T] == [0.0, 0.04, 0.08, 0.12]
    np.testing.assert_array_equal(second.imu_TC, VALUES)


def test_the_header_is_the_line_that_names_most_columns() -> None:
    assert find_header(["Accelerometer data", "time,ax", HEADER, "1,2"]) == 2
    assert find_header(["no", "names"]) == 0


@pytest.mark.parametrize("sign", ["[", "(", "[,", "( ", "c,", "[]"])
def test_a_long_line_is_soon_known_to_be_no_header(sign: str) -> None:
    begun_s = time.process_time()
    assert find_header([sign * 100_000] * 3) == 0
    assert time.process_time() - begun_s < 1
