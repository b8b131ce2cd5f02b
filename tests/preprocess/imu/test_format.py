"""Units, axes and clocks that a stream is said to have, and what is found in it."""

from __future__ import annotations

import json

import pytest

from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.format import ImuFormat, ImuReport, parse_axes


@pytest.mark.parametrize(
    ("axes", "column", "sign"),
    [
        ("+x+y+z", [0, 1, 2], [1, 1, 1]),
        ("-y+x+z", [1, 0, 2], [-1, 1, 1]),
        ("-x-y-z", [0, 1, 2], [-1, -1, -1]),
        ("+z-x+y", [2, 0, 1], [1, -1, 1]),
    ],
)
def test_axes_are_columns_and_signs(axes: str, column: list[int], sign: list[int]) -> None:
    column_3, sign_3 = parse_axes(axes)
    assert column_3.tolist() == column
    assert sign_3.tolist() == sign


@pytest.mark.parametrize("axes", ["", "xyz", "+x+y", "+x+y+y", "+x+y+z+x", "*x+y+z", "x+y+z+"])
def test_axes_that_are_none(axes: str) -> None:
    with pytest.raises(UsageError, match="must be x, y and z once each, with signs"):
        parse_axes(axes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"accel_unit": "kg"}, "accel_unit is 'kg'; valid: auto, g, ms2, mg"),
        ({"gyro_unit": "rpm"}, "gyro_unit is 'rpm'; valid: auto, rads, degs"),
        ({"stamp_unit": "min"}, "stamp_unit is 'min'; valid: auto, s, ms, us, ns"),
        ({"axes": "+x"}, r"axes are '\+x'"),
        ({"gyro_axes": "+x"}, r"axes are '\+x'"),
    ],
)
def test_a_format_that_is_none(words: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ImuFormat(**words)  # type: ignore[arg-type]


def test_the_gyroscope_follows_the_accelerometer_unless_said_otherwise() -> None:
    assert ImuFormat(axes="-y+x+z").gyro_axes == "same"
    assert ImuFormat(axes="-x-y-z", gyro_axes="+x+y+z").gyro_axes == "+x+y+z"


def test_a_remark_is_made_once_and_all_is_json() -> None:
    report = ImuReport(rows=3, used=2, not_finite=1)
    for text in ("slow", "frozen", "slow"):
        report.note(text)
    told = json.loads(json.dumps(report.as_dict()))
    assert told["notes"] == ["slow", "frozen"]
    assert (told["rows"], told["used"], told["not_finite"], told["rate_hz"]) == (3, 2, 1, 0.0)
