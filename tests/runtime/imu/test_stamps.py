"""Stamps to seconds: their unit is declared, or inferred from their steps."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.format import StampUnit
from edgehuman.records import Float64
from edgehuman.runtime.imu.lines import Rows
from edgehuman.runtime.imu.stamps import StampReader, tell_unit


@pytest.mark.parametrize(
    ("step", "unit"),
    [
        (0.02, "s"),
        (0.005, "s"),
        (0.4, "s"),
        (1.0, "s"),
        (5, "ms"),
        (20, "ms"),
        (40, "ms"),
        (2_000, "us"),
        (20_000, "us"),
        (5e6, "ns"),
        (2e7, "ns"),
    ],
)
def test_the_unit_of_stamps(step: float, unit: str) -> None:
    stamp_T = np.append(1000 * step + np.arange(20) * step, [np.nan, 0.0, 0.0])
    assert tell_unit(stamp_T) == unit


def rows_at(stamp_T: Float64) -> Rows:
    return Rows(stamp_T, np.zeros((stamp_T.size, 6), np.float32), None)


def test_stamps_are_held_until_their_unit_is_known() -> None:
    reader = StampReader()
    assert reader.push(rows_at(np.array([0.0, 20.0, 20.0]))) == []
    first, second = reader.push(rows_at(np.array([20.0 * i for i in range(2, 10)])))
    assert reader.unit == "ms"
    stamps = np.concatenate([first.stamp_T, second.stamp_T])
    np.testing.assert_allclose(stamps, [0, 0.02, 0.02, *np.arange(2, 10) * 0.02])
    (third,) = reader.push(rows_at(np.array([200.0])))
    assert third.stamp_T.tolist() == [0.2]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_declared_unit_is_followed_at_once(unit: StampUnit) -> None:
    per_second = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    (rows,) = StampReader(unit).push(rows_at(np.array([2 * per_second], np.float64)))
    assert rows.stamp_T.tolist() == [2.0]


def test_a_short_stream_is_told_at_its_end() -> None:
    reader = StampReader()
    assert reader.push(rows_at(np.array([0.0, 0.02]))) == []
    (rows, *_) = reader.push(rows_at(np.empty(0)), last=True)
    assert rows.stamp_T.tolist() == [0.0, 0.02]
