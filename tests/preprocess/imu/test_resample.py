"""Any rate onto 50 Hz: against the movement itself, and without aliases."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuReport
from edgehuman.preprocess.imu.recording import prepare
from edgehuman.preprocess.imu.resample import decimation, low_pass, median_rate_hz, resample
from edgehuman.records import Float32, Float64

Swing = Callable[[Float64], Float32]


def tone(stamp_s_T: Float64, hz: float) -> Float32:
    imu_TC = np.zeros((stamp_s_T.size, 6), np.float32)
    imu_TC[:, 0] = np.sin(2 * np.pi * hz * stamp_s_T)
    return imu_TC


def amplitude(imu_TC: Float32) -> float:
    return float(np.sqrt(2 * (imu_TC[50:-50, 0] ** 2).mean()))


def test_what_is_on_the_grid_passes_untouched() -> None:
    stamp_s_T = np.array([1.7e9 + i * 0.02 for i in range(100)])
    imu_TC = np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)
    (segment,) = resample(stamp_s_T, imu_TC)
    assert segment.start_s == 1.7e9
    np.testing.assert_array_equal(segment.imu_TC, imu_TC)


def test_a_ramp_between_samples_is_a_ramp() -> None:
    stamp_s_T = np.array([0.0, 0.025, 0.05, 0.075, 0.1])
    imu_TC = np.repeat(stamp_s_T[:, None], 6, axis=1).astype(np.float32)
    (segment,) = resample(stamp_s_T, imu_TC)
    np.testing.assert_allclose(segment.imu_TC[:, 0], [0, 0.02, 0.04, 0.06, 0.08, 0.1], atol=1e-7)


@pytest.mark.parametrize(
    ("rate_hz", "jitter_s", "within"),
    [(25, 0, 0.02), (40, 0.004, 0.012), (50, 0.003, 0.012), (100, 0.002, 0.012), (200, 0, 0.012)],
)
def test_a_movement_is_the_same_from_every_rate(
    swing: Swing, rate_hz: float, jitter_s: float, within: float
) -> None:
    rng = np.random.default_rng(0)
    stamp_s_T = np.sort(np.arange(round(20 * rate_hz)) / rate_hz)
    stamp_s_T[1:] += rng.uniform(-jitter_s, jitter_s, stamp_s_T.size - 1)
    (segment,) = resample(stamp_s_T, swing(stamp_s_T))
    true_TC = swing(np.arange(segment.imu_TC.shape[0]) / 50)
    assert abs(segment.imu_TC.shape[0] - 1000) <= 2
    scale_C = np.array([1, 1, 1, np.pi, 1, 1], np.float32)
    inner = slice(10, -10)  # the filter holds the first and last value at the ends
    assert np.abs((segment.imu_TC - true_TC) / scale_C)[inner].max() < within


@pytest.mark.parametrize("rate_hz", [100.0, 200.0, 104.0])
def test_what_fifty_hertz_cannot_hold_is_removed(rate_hz: float) -> None:
    stamp_s_T = np.arange(round(20 * rate_hz)) / rate_hz
    for hz in (34.0, 40.0, 45.0):
        (segment,) = resample(stamp_s_T, tone(stamp_s_T, hz))
        assert amplitude(segment.imu_TC) < 0.02
    (segment,) = resample(stamp_s_T, tone(stamp_s_T, 5.0))
    assert amplitude(segment.imu_TC) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("rate_hz", "factor"), [(25, 1), (50, 1), (54, 1), (60, 2), (100, 2), (104, 2), (200, 4)]
)
def test_decimation(rate_hz: float, factor: int) -> None:
    assert decimation(rate_hz) == factor


@pytest.mark.parametrize("steps_ms", [(10, 30), (5, 35), (10, 10, 40), (1, 2, 3, 74)])
@pytest.mark.parametrize("begin", range(3))
def test_a_clock_whose_steps_come_in_a_pattern_has_the_rate_of_the_pattern(
    steps_ms: tuple[int, ...], begin: int
) -> None:
    step_s_T = np.tile(steps_ms, 100) / 1000
    stamp_s_T = 1e6 + np.cumsum(step_s_T[begin:])
    assert median_rate_hz(stamp_s_T) == pytest.approx(1 / np.mean(steps_ms) * 1000, rel=0.01)


@pytest.mark.parametrize("lost", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("jitter_s", [0.0, 0.001, 0.003])
def test_lost_rows_and_jitter_are_no_pattern(lost: float, jitter_s: float) -> None:
    rng = np.random.default_rng(0)
    stamp_s_T = np.arange(2000) / 50 + rng.uniform(-jitter_s, jitter_s, 2000)
    stamp_s_T = stamp_s_T[rng.random(2000) >= lost]
    usual_s = float(np.median(np.diff(stamp_s_T)))
    assert median_rate_hz(stamp_s_T) == 1 / usual_s == pytest.approx(50, rel=0.15)
    assert median_rate_hz(stamp_s_T[:1]) == 0


def test_the_filter_keeps_a_constant() -> None:
    assert low_pass(2).size == 17
    assert low_pass(2).sum() == pytest.approx(1)


def test_breaks_start_new_grids() -> None:
    stamp_s_T = np.concatenate([np.arange(10) * 0.02, 2.005 + np.arange(10) * 0.02])
    report = ImuReport()
    segments = resample(stamp_s_T, tone(stamp_s_T, 1.0), report=report)
    assert [segment.start_s for segment in segments] == [0.0, 2.005]
    assert [segment.imu_TC.shape[0] for segment in segments] == [10, 10]
    assert report.gaps == 1
    assert report.rate_hz == pytest.approx(50)


def test_tags_are_those_of_the_row_before() -> None:
    stamp_s_T = np.arange(8) / 25
    (segment,) = resample(stamp_s_T, tone(stamp_s_T, 1.0), tag_TK=np.arange(8)[:, None])
    assert segment.tag_TK[:, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]


def test_a_burst_of_stamps_does_not_throw_the_curve() -> None:
    stamp_s_T = np.array([0.0, 0.02, 0.04, 0.0400001, 0.0400002, 0.08, 0.1, 0.12])
    imu_TC = np.zeros((8, 6), np.float32)
    imu_TC[3:] = 1.0
    (segment,) = resample(stamp_s_T, imu_TC)
    assert segment.imu_TC.min() > -0.3
    assert segment.imu_TC.max() < 1.8


def test_no_rows_and_one_row() -> None:
    assert resample(np.empty(0), np.empty((0, 6), np.float32)) == []
    (segment,) = resample(np.array([3.0]), np.ones((1, 6), np.float32))
    assert segment.start_s == 3.0
    assert segment.imu_TC.tolist() == [[1.0] * 6]


@pytest.mark.parametrize("rate_hz", [5_001.0, 1e6, 1e12])
def test_an_impossible_rate_asks_for_no_memory(rate_hz: float) -> None:
    stamp_s_T = np.arange(100) / rate_hz
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="a wearable gives at most 5,000"):
            resample(stamp_s_T, np.zeros((100, 6), np.float32))
        with pytest.raises(DataError, match="a wearable gives at most 5,000"):
            prepare(stamp_s_T, np.ones((100, 6), np.float32))
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("stamp_s", [1e18, -1e18, 1e-9, 1e300])
def test_one_bad_stamp_asks_for_no_memory(stamp_s: float) -> None:
    stamp_s_T = np.arange(500) / 50
    stamp_s_T[250] = stamp_s
    tracemalloc.start()
    try:
        segments = resample(stamp_s_T, np.ones((500, 6), np.float32))
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    assert 497 <= sum(len(segment.imu_TC) for segment in segments) <= 501
