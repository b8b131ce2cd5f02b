"""Rows dropped and counted, breaks found, limits and frozen sensors flagged."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgehuman.preprocess.imu.format import ImuReport
from edgehuman.preprocess.imu.screen import AxisWatch, Piece, RowScreen, SensorWatch, frozen_sensors
from edgehuman.records import Float32


def screen(stamps: list[float], *cuts: int) -> tuple[list[Piece], ImuReport]:
    """Rows whose first channel is their index, screened in blocks."""
    report = ImuReport()
    rows = RowScreen(0.1, report)
    stamp_s_T = np.array(stamps)
    imu_TC = np.zeros((len(stamps), 6), np.float32)
    imu_TC[:, 0] = np.arange(len(stamps))
    tag_TK = np.arange(len(stamps))[:, None]
    bounds = [0, *cuts, len(stamps)]
    pieces: list[Piece] = []
    for a, b in itertools.pairwise(bounds):
        pieces += rows.screen(stamp_s_T[a:b], imu_TC[a:b], tag_TK[a:b])
    return pieces, report


def kept(pieces: list[Piece]) -> list[int]:
    return [int(i) for piece in pieces for i in piece.tag_TK[:, 0]]


@pytest.mark.parametrize("cuts", [(), (3,), (1, 2, 3, 4, 5)])
def test_late_and_repeated_rows_are_dropped_and_counted(cuts: tuple[int, ...]) -> None:
    pieces, report = screen([0.00, 0.02, 0.02, 0.01, 0.04, 0.06], *cuts)
    assert kept(pieces) == [0, 1, 4, 5]
    assert (report.rows, report.used, report.duplicate, report.out_of_order) == (6, 4, 1, 1)
    assert next(piece.fresh for piece in pieces)
    assert report.gaps == 0


@pytest.mark.parametrize("cuts", [(), (2,), (1,)])
def test_a_gap_of_two_seconds_breaks(cuts: tuple[int, ...]) -> None:
    pieces, report = screen([0.0, 0.02, 2.02, 2.04], *cuts)
    fresh = [float(piece.stamp_s_T[0]) for piece in pieces if piece.fresh]
    assert fresh == [0.0, 2.02]
    assert report.gaps == 1
    assert kept(pieces) == [0, 1, 2, 3]


def test_a_pause_of_exactly_the_limit_does_not_break() -> None:
    _, report = screen([1.7e9, 1.7e9 + 0.1, 1.7e9 + 0.2])
    assert report.gaps == 0


@pytest.mark.parametrize("cuts", [(), (2,), (3,)])
def test_a_clock_that_starts_again_is_followed(cuts: tuple[int, ...]) -> None:
    pieces, report = screen([100.0, 100.02, 0.0, 0.02], *cuts)
    assert kept(pieces) == [0, 1, 2, 3]
    assert (report.restarts, report.gaps) == (1, 0)
    assert [float(p.stamp_s_T[0]) for p in pieces if p.fresh] == [100.0, 0.0]


def test_one_wild_stamp_does_not_silence_the_stream() -> None:
    pieces, report = screen([0.0, 0.02, 1e9, 0.06, 0.08, 0.1])
    assert kept(pieces) == [0, 1, 2, 3, 4, 5]
    assert report.used == 6


def test_rows_that_are_not_finite_are_dropped() -> None:
    report = ImuReport()
    imu_TC = np.zeros((4, 6), np.float32)
    imu_TC[1, 5], imu_TC[2, 0] = np.nan, np.inf
    stamp_s_T = np.array([0.0, 0.02, 0.04, np.nan])
    (piece,) = RowScreen(0.1, report).screen(stamp_s_T, imu_TC, np.empty((4, 0), np.int64))
    assert piece.stamp_s_T.tolist() == [0.0]
    assert report.not_finite == 3


def watch(imu_TC: Float32, size: int) -> ImuReport:
    report = ImuReport()
    sensors = SensorWatch(10.0, report)
    for start in range(0, len(imu_TC), size):
        sensors.watch(imu_TC[start : start + size])
    return report


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_channel_at_its_limit_counts_from_the_third_row(size: int) -> None:
    imu_TC = np.random.default_rng(0).normal(0, 0.1, (20, 6)).astype(np.float32)
    imu_TC[5:10, 1] = -2.0
    imu_TC[12:16, 2] = 1.0  # steady, but no limit
    report = watch(imu_TC, size)
    assert report.saturated == 3
    (note,) = report.notes
    assert note.startswith("ay is saturated at -2 g; such rows are counted and used")


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_sensor_is_frozen_after_a_second(size: int) -> None:
    imu_TC = np.random.default_rng(0).normal(0, 0.1, (40, 6)).astype(np.float32)
    imu_TC[10:25, :3] = 0.5  # held for 15 rows: the rows 10..14 after the first stand for a second
    assert watch(imu_TC, size).frozen == 5


def test_which_sensor_of_a_window_is_frozen() -> None:
    imu_TC = np.random.default_rng(0).normal(0, 0.1, (128, 6)).astype(np.float32)
    windows = [imu_TC.copy() for _ in range(4)]
    windows[1][20:70, :3] = 0.5  # a row too few
    windows[2][20:71, :3] = 0.5
    windows[3][:, 3:] = 0.0
    frozen = ["", "", "accelerometer", "gyroscope"]
    assert frozen_sensors(np.stack(windows), 50.0) == frozen
    assert [frozen_sensors(one[None], 50.0) for one in windows] == [[said] for said in frozen]


@pytest.mark.parametrize("cuts", [(), tuple(range(1, 100))])
def test_a_clock_that_steps_back_by_a_second_starts_anew(cuts: tuple[int, ...]) -> None:
    stamps = [k * 0.02 for k in range(50)] + [k * 0.02 - 1.0 for k in range(50, 100)]
    pieces, report = screen(stamps, *cuts)
    assert (report.restarts, report.gaps) == (1, 0)
    assert report.out_of_order == 25  # half a second, until it is clear
    assert [piece.restart for piece in pieces if piece.fresh] == [False, True]


@pytest.mark.parametrize("cuts", [(), tuple(range(1, 60))])
def test_a_late_packet_is_no_new_clock(cuts: tuple[int, ...]) -> None:
    order = [*range(20), *range(30, 40), *range(20, 30), *range(40, 60)]
    pieces, report = screen([k * 0.02 for k in order], *cuts)
    assert (report.restarts, report.out_of_order) == (0, 10)
    assert not any(piece.restart for piece in pieces)


def test_two_clocks_in_turn_are_one_of_them() -> None:
    """Rows of a second sensor, a second behind, between those of the first."""
    stamps = [k * 0.02 - (k % 2) for k in range(400)]
    _, report = screen(stamps)
    assert (report.restarts, report.out_of_order) == (0, 200)


@pytest.mark.parametrize("lost", [0.02, 0.05, 0.1])
def test_a_slow_radio_that_loses_rows_keeps_most_of_its_windows(lost: float) -> None:
    """At 12.5 rows a second; a gap is then more than two lost rows in a row."""
    kept_T = np.random.default_rng(1).random(1500) >= lost
    stamps = (np.flatnonzero(kept_T) / 12.5).tolist()
    pieces, report = screen(stamps, *range(1, len(stamps)))
    fresh = [float(piece.stamp_s_T[0]) for piece in pieces if piece.fresh]
    lengths_s = np.diff([*fresh, stamps[-1]])
    assert sum(lengths_s[lengths_s > 2.54]) > 0.97 * 120
    assert report.gaps == len(fresh) - 1


def test_no_pause_is_long_because_the_rows_are_slow() -> None:
    """Rows too slow to be used do not make a grid of hours between them."""
    pieces, _ = screen([3600.0 * k for k in range(40)], *range(1, 40))
    assert all(piece.fresh for piece in pieces)


def windows_of_walking(count: int = 4) -> list[Float32]:
    """Windows of a sensor that swings, with noise on every axis."""
    turn_T1 = np.sin(2 * np.pi * np.arange(128)[:, None] / 50)
    noise_NTC = np.random.default_rng(0).normal(0, 0.01, (count, 128, 6))
    return list((noise_NTC + turn_T1 * [0.3, 0.2, 1.0, 1.0, 0.8, 0.5]).astype(np.float32))


@pytest.mark.parametrize("channel", range(6))
@pytest.mark.parametrize("value", [0.0, -0.7, 40.0])
def test_an_axis_of_one_value_is_dead_while_its_sensor_moves(channel: int, value: float) -> None:
    watch, windows = AxisWatch(), windows_of_walking()
    assert watch.faults(np.stack(windows)) == [""] * 4
    windows[1][:, channel] = value
    name = ["ax", "ay", "az", "gx", "gy", "gz"][channel]
    assert watch.faults(np.stack(windows)) == ["", f"{name} keeps one value", "", ""]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("of", "to"), [(0, 1), (2, 0), (4, 5), (3, 5)])
def test_an_axis_that_copies_another_is_dead(of: int, to: int, sign: int) -> None:
    imu_TC = windows_of_walking()[0]
    imu_TC[:, to] = sign * imu_TC[:, of]
    assert " is a copy of " in AxisWatch().faults(imu_TC[None])[0]


def test_two_dead_axes_are_both_named() -> None:
    imu_TC = windows_of_walking()[0]
    imu_TC[:, [0, 4]] = 0.0
    assert AxisWatch().faults(imu_TC[None]) == ["ax keeps one value and gy keeps one value"]


def test_a_coarse_sensor_at_rest_is_not_dead() -> None:
    """It resolves 1/64 g and 1/8 rad/s; one axis flickers, and the others repeat their values."""
    imu_TC = np.tile(np.array([0, 0, 1, 0, 0, 0], np.float32), (128, 1))
    imu_TC[::3, 1] += 1 / 64
    imu_TC[::5, 4] += 1 / 8
    assert AxisWatch().faults(imu_TC[None]) == [""]


@pytest.mark.parametrize("together", [1, 2, 4])
def test_a_dead_axis_is_dead_at_rest_too_until_it_moves(together: int) -> None:
    watch, windows = AxisWatch(), windows_of_walking()
    windows[0][:, 1] = 0.0
    windows[1] = windows[1] * np.float32(0.01)
    windows[1][:, 1] = 0.0
    windows[3] = windows[1]
    imu_NTC = np.stack(windows)
    faults = [watch.faults(imu_NTC[at : at + together]) for at in range(0, 4, together)]
    assert [bool(fault) for some in faults for fault in some] == [True, True, False, False]


def test_rows_each_far_before_the_last_restart_the_clock_and_tell_no_period() -> None:
    pieces, report = screen([3.0 * i for i in range(40, 0, -1)])
    assert (len(pieces), report.restarts) == (40, 39)
