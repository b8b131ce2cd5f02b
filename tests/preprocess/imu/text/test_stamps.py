"""Stamps to seconds: their unit is declared, or inferred from their steps."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import StampUnit
from edgehuman.preprocess.imu.text.lines import Rows
from edgehuman.preprocess.imu.text.stamps import StampReader, require_order
from edgehuman.records import Float64


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
def test_a_declared_unit_is_followed(unit: StampUnit) -> None:
    per_second = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    stamp_T = np.arange(2, 12, dtype=np.float64)
    (rows,) = StampReader(unit).push(rows_at(stamp_T * per_second))
    np.testing.assert_allclose(rows.stamp_T, stamp_T)


@pytest.mark.parametrize(
    ("first", "step", "said"),
    [
        (45_000.0, 0.01 / 86_400, "days of a spreadsheet; multiply them by 86400"),
        (0.0, 1e-5, "100,000 rows a second; a wearable gives at most 5,000.*--stamp-unit"),
    ],
)
def test_a_clock_faster_than_any_wearable_is_refused(first: float, step: float, said: str) -> None:
    with pytest.raises(DataError, match=said):
        StampReader().push(rows_at(np.arange(20, dtype=np.float64) * step + first))


def bursts(each: int, interval: float, count: int = 12) -> Rows:
    """Rows that differ, `each` of them with one stamp."""
    stamp_T = np.repeat(np.arange(1, count + 1) * interval, each)
    imu_TC = np.arange(6 * stamp_T.size, dtype=np.float32).reshape(-1, 6)
    return Rows(stamp_T, imu_TC, np.arange(stamp_T.size, dtype=np.int16))


@pytest.mark.parametrize(("each", "interval"), [(3, 0.03), (20, 0.2), (100, 1.0), (2, 20.0)])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_rows_of_a_burst_are_spread_over_its_interval(
    each: int, interval: float, size: int
) -> None:
    rows, reader, found = bursts(each, interval), StampReader(), []
    for start in range(0, rows.stamp_T.size, size):
        part = slice(start, start + size)
        last = start + size >= rows.stamp_T.size
        assert rows.label_T is not None
        piece = Rows(rows.stamp_T[part], rows.imu_TC[part], rows.label_T[part])
        found += reader.push(piece, last=last)
    seconds = interval / 1000 if interval > 2 else interval
    stamp_T = np.concatenate([each.stamp_T for each in found])
    np.testing.assert_allclose(np.diff(stamp_T), seconds / each, rtol=1e-6)
    assert stamp_T[-1] == pytest.approx(12 * seconds)
    labels = np.concatenate([part.label_T for part in found if part.label_T is not None])
    assert labels.tolist() == list(range(12 * each))
    assert reader.rows_per_stamp > 1.5


def test_days_of_a_spreadsheet_that_rounding_made_equal_are_no_bursts() -> None:
    stamp_T = np.round(45_000 + np.arange(100) * 0.01 / 86_400, 6)
    rows = Rows(stamp_T, np.arange(600, dtype=np.float32).reshape(-1, 6), None)
    with pytest.raises(DataError, match="days of a spreadsheet"):
        StampReader().push(rows)


def test_a_stamp_that_is_no_number_spoils_no_other_burst() -> None:
    rows = bursts(4, 0.1)
    stamp_T = rows.stamp_T.copy()
    stamp_T[10] = np.nan
    (found,) = StampReader().push(Rows(stamp_T, rows.imu_TC, None), last=True)
    assert np.isnan(found.stamp_T).sum() == 1
    sound_T = found.stamp_T[np.isfinite(found.stamp_T)]
    assert (np.diff(sound_T) >= 0).all()


def test_a_gap_between_bursts_stays_a_gap_and_copies_are_no_burst() -> None:
    rows = bursts(4, 0.1)
    late = Rows(rows.stamp_T + np.where(rows.stamp_T > 0.65, 5.0, 0.0), rows.imu_TC, None)
    (spread,) = StampReader().push(late, last=True)
    assert np.diff(spread.stamp_T).max() == pytest.approx(5.025)
    copied = Rows(rows.stamp_T, np.repeat(rows.imu_TC[::4], 4, axis=0), None)
    (kept,) = StampReader().push(copied, last=True)
    assert np.array_equal(kept.stamp_T, rows.stamp_T)


def test_a_short_stream_is_told_at_its_end() -> None:
    reader = StampReader()
    assert reader.push(rows_at(np.array([0.0, 0.02]))) == []
    (rows, *_) = reader.push(rows_at(np.empty(0)), last=True)
    assert rows.stamp_T.tolist() == [0.0, 0.02]


def test_rows_that_are_not_in_order_are_refused_and_late_ones_are_not() -> None:
    stamp_T = np.arange(100) / 50
    with pytest.raises(DataError, match=r"a\.csv: its rows run backwards in time: 99 of 100 have"):
        require_order(stamp_T[::-1], "a.csv")
    with pytest.raises(DataError, match=r"a\.csv: its rows are not in order in time: .*; sort"):
        require_order(np.random.default_rng(0).permutation(stamp_T), "a.csv")
    late_T = np.arange(100)
    late_T[[20, 21, 60, 61]] = late_T[[21, 20, 61, 60]]
    for fine_T in (stamp_T, late_T, np.tile(stamp_T, 3), np.zeros(9), np.empty(0)):
        require_order(np.append(fine_T, np.nan), "a.csv")
