"""Rows of Sensorstream IMU+GPS, and rows that only look like them."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.text.lines import RowParser
from edgehuman.preprocess.imu.text.tagged import tagged_samples


def cells(row: str) -> list[str]:
    return row.split(",")


def test_the_sensors_of_a_row_by_their_numbers() -> None:
    row = "16836.5, 1, 37.7,-122.4,15.2, 3, 0.1,9.8,-0.05, 4, 0.01,0.02,-0.03, 85, 1013.2, 86, 31"
    assert tagged_samples(cells(row)) == [
        ("accelerometer", (16836.5, 0.1, 9.8, -0.05)),
        ("gyroscope", (16836.5, 0.01, 0.02, -0.03)),
    ]
    assert tagged_samples(cells("1.5, 3, 1,2,3")) == [("accelerometer", (1.5, 1.0, 2.0, 3.0))]
    assert tagged_samples(cells("1.5, 5, 1,2,3, 86, 31")) == []


@pytest.mark.parametrize(
    "row",
    [
        "0.02,0,0,1,0.1,0.2,0.3",  # a row as usual
        "3,3,3,3,3,3,3",
        "1.5, 3, 1,2",  # cut short
        "1.5, 3, 1,2,3, 4, 1,2",
        "1.5, 4, 1,2,3, 3, 1,2,3",  # not in rising order
        "1.5, 3.0, 1,2,3",
        "1.5, 2, 1,2,3",  # no such sensor
        "1.5",
        "",
    ],
)
def test_other_rows_are_none(row: str) -> None:
    assert tagged_samples(cells(row)) is None


def test_a_value_that_is_no_number_is_told() -> None:
    with pytest.raises(ValueError, match="could not convert"):
        tagged_samples(cells("1.5, 3, 1,x,3"))


def test_the_rows_of_a_listener_join_both_sensors_whichever_a_message_has() -> None:
    parser = RowParser("phone", strict=False)
    parts = []
    for n in range(200):
        t = 5000 + n / 100
        accel, turn = f"3, {n / 10:.3f},9.8,0.1", f"4, 0.1,{n / 100:.3f},0.3"
        both = (f"{accel}, {turn}", accel, turn, f"{accel}, {turn}, 86, 30")[n % 4]
        parts.append(parser.parse([f"{t:.5f}, {both}"]))
    imu_TC = np.concatenate([part.imu_TC for part in parts])
    stamp_T = np.concatenate([part.stamp_T for part in parts])
    k_T = np.rint((stamp_T - 5000) * 100)
    assert 140 <= len(imu_TC) <= 150  # where the accelerometer has something new
    np.testing.assert_allclose(imu_TC[:, 0], k_T / 10, atol=1e-5)
    np.testing.assert_allclose(imu_TC[:, 4], k_T / 100, atol=1e-5)
    assert parser.units.gyro == 1.0
    assert parser.bad == 0


def test_a_broken_row_is_dropped_and_the_others_are_read() -> None:
    parser = RowParser("phone", strict=False)
    parser.parse(["1.5, 3, 1,x,3, 4, 1,2,3"])
    assert (parser.bad, parser.told) == (1, ["could not convert string to float: 'x'"])


def test_hyperimu_is_read_in_both_of_its_forms() -> None:
    """CSV of a stamp and the two sensors is a row as usual; its JSON has lists of three."""
    csv = RowParser("phone", strict=False)
    rows = csv.parse(["1518819953744,0.1,9.8,0.2,0.01,0.02,0.03"])
    as_json = RowParser("phone", strict=False)
    line = (
        '{"op":"hyperimu","Timestamp":1518819953744,"Accelerometer":[0.1,9.8,0.2],'
        '"Gyroscope":[0.01,0.02,0.03],"Magnetometer":[1,2,3],"GPS":[45.1,9.2,120]}'
    )
    same = as_json.parse([line])
    np.testing.assert_array_equal(rows.imu_TC, same.imu_TC)
    np.testing.assert_array_equal(rows.stamp_T, same.stamp_T)
    assert rows.stamp_T.tolist() == [1518819953744]
    csv.parse(["1518819953744,0.1,9.8,0.2,0.01,0.02,0.03,1,2,3"])  # a third sensor, unnamed
    assert "10 columns instead of 7" in csv.newest
