"""Text to numbers: what is read, dropped and counted, or refused."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.text.lines import RowParser

HEADER = "t,ax,ay,az,gx,gy,gz"
ROW = "0.02,1,2,3,4,5,6"


def test_csv_in_blocks() -> None:
    parser = RowParser("x.csv")
    assert parser.parse([HEADER]).stamp_T.size == 0
    rows = parser.parse([ROW, "0.04,-1,2e-1,3,4,5,6"])
    assert rows.stamp_T.tolist() == [0.02, 0.04]
    np.testing.assert_allclose(rows.imu_TC, [[1.0, 2, 3, 4, 5, 6], [-1, 0.2, 3, 4, 5, 6]])
    assert rows.label_T is None
    assert parser.rows == 2


@pytest.mark.parametrize("sign", [",", ";", "\t", " ", ", "])
def test_delimiters(sign: str) -> None:
    parser = RowParser("x.csv")
    lines = [line.replace(",", sign) for line in (HEADER, ROW, ROW)]
    assert parser.parse(lines).imu_TC[1].tolist() == [1, 2, 3, 4, 5, 6]
    assert parser.bad == 0


def test_a_byte_order_mark_and_empty_lines_are_passed_over() -> None:
    rows = RowParser("x.csv").parse(["\ufeff" + HEADER, "", ROW, "  ", ROW])
    assert rows.stamp_T.tolist() == [0.02, 0.02]


def test_labels_travel_along() -> None:
    parser = RowParser("x.csv")
    rows = parser.parse(["label," + HEADER, "walk," + ROW, "," + ROW, "sit," + ROW, "walk," + ROW])
    assert rows.label_T is not None
    assert rows.label_T.tolist() == [0, -1, 1, 0]
    assert parser.labels == ("walk", "sit")
    quoted = parser.parse(['"stand, still",' + ROW, "sit," + ROW])
    assert quoted.label_T is not None
    assert [parser.labels[i] for i in quoted.label_T] == ["stand, still", "sit"]


AFTER_3_10 = sys.version_info >= (3, 11)  # whose csv takes a NUL as any other character


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0.02,1,two,3,4,5,6", r"line 3: 'two' in column ay is not a number"),
        ("0.02,1,,3,4,5,6", r"line 3: '' in column ay is not a number"),
        ("0.02,1,2,3,4,5", r"line 3: 6 columns instead of 7"),
        ("0,02,1,2,3,4,5,6", r"line 3: 8 columns instead of 7"),
        ("\x00\x01\ufffd", r"line 3: 1 columns" if AFTER_3_10 else r"line 3: line contains NUL"),
    ],
)
def test_a_bad_line_is_dropped_counted_and_told(line: str, reason: str) -> None:
    parser = RowParser("x.csv")
    rows = parser.parse([HEADER, ROW, line, ROW])
    assert rows.stamp_T.tolist() == [0.02, 0.02]
    assert (parser.rows, parser.bad) == (2, 1)
    assert parser.told[0].startswith(reason)


def test_only_the_first_bad_lines_are_told() -> None:
    parser = RowParser("x.csv")
    parser.parse([HEADER, *["nonsense"] * 50])
    assert (parser.bad, len(parser.told)) == (50, 3)


def test_nan_is_a_number_for_the_parser() -> None:
    rows = RowParser("x.csv").parse([HEADER, "0.02,nan,2,3,4,5,inf", "0.04,1e300,2,3,4,5,6"])
    assert np.isnan(rows.imu_TC[0, 0])
    assert np.isinf([rows.imu_TC[0, 5], rows.imu_TC[1, 0]]).all()


def test_no_header_is_refused() -> None:
    with pytest.raises(DataError, match=r"x\.csv has no header row: its first line is '0\.02,1,2"):
        RowParser("x.csv").parse([ROW])
    with pytest.raises(DataError, match="no header row"):
        RowParser("x.csv").parse([ROW + ",walking"])


@pytest.mark.parametrize("line", ["\ufffdPNG", "PK\x03\x04\0\0"])
def test_binary_is_refused(line: str) -> None:
    with pytest.raises(DataError, match=r"is not text; give CSV with a header, or JSON lines"):
        RowParser("x.csv").parse([line])


def record(**changes: object) -> str:
    values = dict(zip(HEADER.split(",")[1:], range(6), strict=True))
    return json.dumps({"t": 0.02, **values, **changes})


def test_json_lines() -> None:
    parser = RowParser("x.jsonl")
    rows = parser.parse([record(label="walk"), record(t=0.04, extra=[1], label=None)])
    assert rows.stamp_T.tolist() == [0.02, 0.04]
    assert rows.imu_TC[1].tolist() == [0, 1, 2, 3, 4, 5]
    assert rows.label_T is not None
    assert rows.label_T.tolist() == [0, -1]


def test_json_aliases_and_null() -> None:
    line = record().replace('"t"', '"timestamp"').replace('"gx"', '"gyro_x"')
    rows = RowParser("x.jsonl").parse([line, line.replace("0.02", "null")])
    assert np.isnan(rows.stamp_T[1])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"t": 0.02, "ax"', "not JSON"),
        ("[1, 2]", "not a JSON object"),
        (record(ax="much"), "'much' in column ax is not a number"),
        (record(ax=True), "True in column ax is not a number"),
        ('{"t": 1}', "no columns ax, ay"),
        ("[" * 100_000, ""),
    ],
)
def test_a_bad_json_line_is_dropped_counted_and_told(line: str, reason: str) -> None:
    parser = RowParser("x.jsonl")
    rows = parser.parse([record(), line, record()])
    assert rows.stamp_T.size == 2
    assert parser.bad == 1
    assert reason in parser.told[0]


def test_a_first_object_without_the_keys_is_an_error() -> None:
    with pytest.raises(DataError, match=r"x\.jsonl, line 1: .*no columns ax.*found t, x"):
        RowParser("x.jsonl").parse(['{"t": 1, "x": 2}'])


def test_datagrams_mix_forms_and_garbage() -> None:
    parser = RowParser("udp://:5555", strict=False)
    assert parser.parse([ROW]).imu_TC.tolist() == [[1, 2, 3, 4, 5, 6]]
    assert parser.parse([record()]).imu_TC.tolist() == [[0, 1, 2, 3, 4, 5]]
    for garbage in ("hello", "hello, world", "\0\1\2,\ufffd", "{", "1,2", '{"t": 3}', '"'):
        assert parser.parse([garbage]).stamp_T.size == 0
    assert parser.bad == 7
    parser.parse(["gx,gy,gz,ax,ay,az,t"])
    assert parser.parse(["1,2,3,4,5,6,0.02"]).imu_TC.tolist() == [[4, 5, 6, 1, 2, 3]]
    assert parser.parse([ROW, ROW]).stamp_T.size == 2
    assert parser.bad == 7


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("json_lines", [False, True])
def test_an_unreadable_row_without_a_stamp_leaves_its_instant_empty(
    size: int, json_lines: bool
) -> None:
    names = ["ax", "ay", "az", "gx", "gy", "gz"]
    lines = [f"{k},0,1,0,0,0" for k in range(20)]
    if json_lines:
        lines = [json.dumps({**dict.fromkeys(names, 0), "ax": k}) for k in range(20)]
    lines[4] = "what?"
    lines[11] = lines[11][:3]
    lines[12:12] = ["", "   "]
    parser = RowParser("x.csv", rate_hz=50.0)
    if not json_lines:
        assert parser.parse([",".join(names)]).stamp_T.size == 0
        lines.insert(2, "# battery 80 %")
    parts = [parser.parse(lines[at : at + size]) for at in range(0, len(lines), size)]
    good = [k for k in range(20) if k not in (4, 11)]
    assert [int(x) for part in parts for x in part.imu_TC[:, 0]] == good
    stamps = [t for part in parts for t in part.stamp_T]
    assert stamps == pytest.approx([k / 50 for k in good])
