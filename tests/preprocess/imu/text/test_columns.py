"""Headers: any order, known aliases, and errors that say what to rename."""

from __future__ import annotations

import time

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.columns import (
    MAX_COLUMNS,
    label_name,
    listed,
    match,
    plain,
)


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
        "timestamp,x_acc,y_acc,z_acc,x_gyro,y_gyro,z_gyro",
        "time,gFx,gFy,gFz,wx,wy,wz",
        "accelerometerTimestamp_sinceReboot(s),accelerometerAccelerationX(G),"
        "accelerometerAccelerationY(G),accelerometerAccelerationZ(G),gyroRotationX(rad/s),"
        "gyroRotationY(rad/s),gyroRotationZ(rad/s)",
        "SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z",
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
    rest = ["ay", "az", "gx", "gy", "gz"]
    with pytest.raises(DataError, match=r"'acc_x', 'accel_x' could each be the column 'ax'"):
        match(["t", "acc_x", "accel_x", *rest], "x.csv")
    assert match(["t", "acc_x", "ax", *rest], "x.csv").place[1] == 2


@pytest.mark.parametrize(
    ("times", "chosen"),
    [
        (["time", "seconds_elapsed"], 1),
        (["timestamp", "time"], 1),
        (["epoc (ms)", "timestamp (+0000)", "elapsed (s)"], 2),
        (["loggingTime(txt)", "accelerometerTimestamp_sinceReboot(s)"], 1),
        (["time", "t"], 1),
    ],
)
def test_of_two_clocks_the_finer_one_is_taken(times: list[str], chosen: int) -> None:
    header = [*times, "ax", "ay", "az", "gx", "gy", "gz"]
    assert match(header, "x.csv").place[0] == chosen


def test_rows_without_stamps_need_a_rate() -> None:
    header = ["aX", "aY", "aZ", "gX", "gY", "gZ"]
    with pytest.raises(DataError, match=r"no column t; .* give `run` --rate-hz"):
        match(header, "x.csv")
    found = match(header, "x.csv", timed=False)
    assert (found.place, found.timed) == ((0, 1, 2, 3, 4, 5), False)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("time,accel_x,accel_y,accel_z", "an accelerometer alone is not enough"),
        ("time,seconds_elapsed,z,y,x", "one sensor alone.*give the folder"),
        ("epoc (ms),elapsed (s),x-axis (g),y-axis (g),z-axis (g)", "one sensor alone"),
        ("timestamp,sensor,x,y,z", "one sensor a row, named in 'sensor'"),
    ],
)
def test_files_of_one_sensor_say_what_is_missing(header: str, said: str) -> None:
    with pytest.raises(DataError, match=f"(?i){said}"):
        match(header.split(","), "x.csv")


@pytest.mark.parametrize("names", [["a"] * 900, ["x_y_z" * 9000, "b"], ["ax"] * 900])
def test_an_error_lists_the_first_names_and_cuts_long_ones(names: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        match(names, "x.csv")
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "header",
    [["["] * 200_000, ["c"] * 200_000, [f"accell_{i}" for i in range(1000)], ["[(" * 100_000]],
)
def test_no_header_takes_long_to_refuse(header: list[str]) -> None:
    begun_s = time.process_time()
    with pytest.raises(DataError):
        match(header, "x.csv")
    assert time.process_time() - begun_s < 1


def test_a_recording_has_at_most_a_thousand_columns() -> None:
    header = ["t", "ax", "ay", "az", "gx", "gy", "gz", *map(str, range(MAX_COLUMNS - 7))]
    assert match(header, "x.csv").width == MAX_COLUMNS
    with pytest.raises(DataError, match=r"x\.csv: found 1,001 columns, t, ax,.*at most 1,000"):
        match([*header, "more"], "x.csv")


def test_names_left_out_are_counted() -> None:
    assert listed(["ax", "ay"]) == "ax, ay"
    assert listed(["ax"] * 1520).endswith("ax and 1,500 more")


def test_plain() -> None:
    assert plain(" Gyroscope X [deg/s] ") == "gyroscope_x"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Walking up ", "walking_up"),
        ("1.0", "1.0"),
        ("-1", "-1"),
        ("NaN", ""),
        (" ", ""),
        ("<NA>", ""),
        ("none", "none"),
        ("歩く", "歩く"),
    ],
)
def test_names_of_activities(text: str, name: str) -> None:
    assert label_name(text) == name
