"""Headers: any order, known aliases, and errors that say what to rename."""

from __future__ import annotations

import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.imu.columns import match, plain


def test_any_order_and_other_columns() -> None:
    found = match(["gz", "gy", "gx", "battery", "az", "ay", "ax", "label", "t"], "x.csv")
    assert found.place == (8, 6, 5, 4, 2, 1, 0)
    assert (found.label, found.label_name, found.width) == (7, "label", 9)


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,accel_x,accel_y,accel_z,gyro_x,gyro_y,gyro_z",
        "time,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z",
        "Time (s),Acceleration x (m/s^2),Acceleration y (m/s^2),Acceleration z (m/s^2),"
        "Gyroscope x (rad/s),Gyroscope y (rad/s),Gyroscope z (rad/s)",
        "seconds_elapsed,accX,accY,accZ,gyroX,gyroY,gyroZ",
        " T ,AX,AY,AZ,WX,WY,WZ",
    ],
)
def test_common_aliases(header: str) -> None:
    found = match(header.split(","), "x.csv")
    assert found.place == (0, 1, 2, 3, 4, 5, 6)
    assert found.label is None


def test_a_missing_column_is_named_with_those_found() -> None:
    with pytest.raises(DataError, match=r"x\.csv: no columns az, gz; found t, ax, ay, gx, gy"):
        match(["t", "ax", "ay", "gx", "gy"], "x.csv")


def test_other_names_get_a_mapping() -> None:
    header = ["t", "accell_x", "ay", "az", "gyros_x", "gy", "gz"]
    with pytest.raises(DataError, match=r"rename accell_x -> ax, gyros_x -> gx\?"):
        match(header, "x.csv")


def test_two_candidates_are_an_error_unless_one_has_the_name() -> None:
    rest = ["ax", "ay", "az", "gx", "gy", "gz"]
    with pytest.raises(DataError, match=r"'time', 'timestamp' could each be the column 't'"):
        match(["time", "timestamp", *rest], "x.csv")
    assert match(["time", "t", *rest], "x.csv").place[0] == 1


def test_plain() -> None:
    assert plain(" Gyroscope X [deg/s] ") == "gyroscope_x"
