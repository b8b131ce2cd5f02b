"""A declared rate beside rows that have stamps."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.lines import RowParser

NAMES = ("ax", "ay", "az", "gx", "gy", "gz")
Stamp = Callable[[int], object]


def csv_rows(stamp: Stamp, name: str = "t", delimiter: str = ",") -> list[str]:
    rows: list[list[object]] = [[name, *NAMES]]
    rows += [[stamp(k), k, 0, 1, 0, 0, 0] for k in range(40)]
    return [delimiter.join(map(str, row)) for row in rows]


def json_rows(stamp: Stamp) -> list[str]:
    return [json.dumps({**dict.fromkeys(NAMES, k), "time": stamp(k)}) for k in range(40)]


def parse(parser: RowParser, lines: list[str], size: int) -> None:
    for at in range(0, len(lines), size):
        parser.parse(lines[at : at + size])


READABLE: list[Stamp] = [
    lambda k: k / 50,
    lambda k: 1_700_000_000_000 + 20 * k,
    lambda k: f"2024-05-05T23:59:{k // 50:02}.{20 * k % 1000:03}Z",
]


@pytest.mark.parametrize("size", [1, 7, 41])
@pytest.mark.parametrize("stamp", READABLE)
@pytest.mark.parametrize("written", [csv_rows, json_rows])
def test_a_rate_is_refused_where_stamps_can_be_read(
    written: Callable[[Stamp], list[str]], stamp: Stamp, size: int
) -> None:
    with pytest.raises(DataError, match=r"x\.csv: the rows have stamps, .* of 50 rows a second"):
        parse(RowParser("x.csv", rate_hz=50.0), written(stamp), size)


def test_whatever_the_delimiter_and_the_name() -> None:
    for delimiter in (";", "\t", " "):
        lines = csv_rows(lambda k: k / 50, "Timestamp", delimiter)
        with pytest.raises(DataError, match="'Timestamp', of 50 rows a second"):
            RowParser("x.csv", rate_hz=50.0).parse(lines)


UNREADABLE: list[Stamp] = [
    lambda k: 0.0,
    lambda k: k,  # a counter
    lambda k: f"23:59:50.{20 * k:03}",
    lambda k: "",
    lambda k: 739_000 + k / 50 / 86_400,
    lambda k: k / 50 / 60,
    lambda k: -k,
]


@pytest.mark.parametrize("stamp", UNREADABLE)
def test_a_rate_stands_in_for_stamps_that_tell_none(stamp: Stamp) -> None:
    for lines in (csv_rows(stamp), json_rows(stamp)):
        rows = RowParser("x.csv", rate_hz=50.0).parse(lines)
        assert rows.stamp_T == pytest.approx([k / 50 for k in range(40)])


def test_datagrams_without_a_header_have_stamps() -> None:
    rows = csv_rows(lambda k: k / 50)[1:]
    with pytest.raises(DataError, match="leave it out"):
        parse(RowParser("udp", strict=False, rate_hz=50.0), rows, 1)


def test_events_of_one_sensor_have_stamps() -> None:
    event = {"type": "android.sensor.gyroscope", "timestamp": 1, "values": [0, 0, 0]}
    with pytest.raises(DataError, match="leave out --rate-hz"):
        RowParser("x.jsonl", rate_hz=50.0).parse([json.dumps(event)])
