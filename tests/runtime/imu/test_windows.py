"""Blocks to windows: the hop, gaps, frozen sensors, labels."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.format import AccelUnit
from edgehuman.preprocess.imu.recording import ImuFormat, cut_windows, prepare
from edgehuman.records import Float32, Float64
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.windows import StreamWindow, WindowMaker

DECLARED = ImuFormat("g", "rads")


def rows(count: int, seed: int = 0) -> Float32:
    imu_TC = np.random.default_rng(seed).normal(0, 0.1, (count, 6)).astype(np.float32)
    imu_TC[:, 2] += 1
    return imu_TC


def push(
    maker: WindowMaker,
    stamp_s_T: Float64,
    imu_TC: Float32,
    size: int,
    label_T: NDArray[np.int16] | None = None,
) -> list[StreamWindow]:
    """Blocks whose arrival is the number of the row."""
    windows: list[StreamWindow] = []
    for a in range(0, stamp_s_T.size, size):
        part = slice(a, a + size)
        arrival_ns_T = np.arange(a, a + stamp_s_T[part].size, dtype=np.int64)
        labels = None if label_T is None else label_T[part]
        block = SampleBlock(stamp_s_T[part], imu_TC[part], arrival_ns_T, labels, ("sit", "walk"))
        windows += maker.push(block)
    return windows + maker.close()


@pytest.mark.parametrize("size", [1, 7, 32, 5000])
def test_one_window_every_hop(size: int) -> None:
    imu_TC, stamp_s_T = rows(1000), 100 + np.arange(1000) / 50
    windows = push(WindowMaker(DECLARED, source="left"), stamp_s_T, imu_TC, size)
    whole_NTC = cut_windows(imu_TC, 128, 32)
    assert len(windows) == len(whole_NTC) == 28
    for n, window in enumerate(windows):
        np.testing.assert_array_equal(window.window.imu_TC, whole_NTC[n])
        assert window.t_s == pytest.approx((127 + 32 * n) / 50)
        assert window.arrival_ns == 127 + 32 * n
        assert window.window.stamp_ns == pytest.approx(100e9 + window.t_s * 1e9, abs=1e3)
        assert (window.window.source, window.usable, window.reason) == ("left", True, "")
        assert window.label is None


def test_the_windows_of_an_uneven_stream_are_those_of_the_recording() -> None:
    rng = np.random.default_rng(2)
    stamp_s_T = np.arange(2000) / 100
    stamp_s_T[1:] += rng.uniform(-0.003, 0.003, 1999)
    imu_TC = rows(2000)
    windows = push(WindowMaker(DECLARED), stamp_s_T, imu_TC, 13)
    (segment,), _ = prepare(stamp_s_T, imu_TC, DECLARED)
    whole_NTC = cut_windows(segment.imu_TC, 128, 32)
    live_NTC = np.stack([window.window.imu_TC for window in windows])
    np.testing.assert_allclose(live_NTC, whole_NTC, atol=2e-5)


@pytest.mark.parametrize("size", [1, 64, 5000])
def test_a_gap_starts_the_filling_again(size: int) -> None:
    stamp_s_T = np.arange(400) / 50
    stamp_s_T[200:] += 2.0
    windows = push(WindowMaker(DECLARED), stamp_s_T, rows(400), size)
    ends = [127, 159, 191, 200 + 127, 200 + 159, 200 + 191]
    assert [window.t_s for window in windows] == pytest.approx([stamp_s_T[end] for end in ends])
    np.testing.assert_array_equal(windows[3].window.imu_TC, rows(400)[200:328])


def test_a_hop_longer_than_the_window() -> None:
    imu_TC = rows(50)
    maker = WindowMaker(DECLARED, window=4, hop_s=0.2)
    windows = push(maker, np.arange(50) / 50, imu_TC, 8)
    assert [round(window.t_s * 50) for window in windows] == [3, 13, 23, 33, 43]
    np.testing.assert_array_equal(windows[4].window.imu_TC, imu_TC[40:44])


def test_a_long_hop_needs_no_more_memory() -> None:
    tracemalloc.start()
    maker = WindowMaker(DECLARED, hop_s=3600.0)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 1 << 20
    assert len(push(maker, np.arange(1000) / 50, rows(1000), 100)) == 1


def test_a_frozen_sensor_makes_its_windows_unusable() -> None:
    imu_TC = rows(600)
    imu_TC[300:380] = imu_TC[300]
    maker = WindowMaker(DECLARED)
    windows = push(maker, np.arange(600) / 50, imu_TC, 32)
    frozen = [round(w.t_s * 50) for w in windows if not w.usable]
    assert frozen == [351, 383, 415, 447]
    assert {w.reason for w in windows if not w.usable} == {"frozen"}
    assert sum("the accelerometer gave the same value" in n for n in maker.report.notes) == 1
    assert maker.report.frozen == 30


@pytest.mark.parametrize("rate_hz", [50, 83, 200])
@pytest.mark.parametrize("of", [None, 4])
def test_a_dead_axis_makes_its_windows_unusable(rate_hz: int, of: int | None) -> None:
    """At any rate: resampling keeps a constant, and a copy."""
    imu_TC = rows(16 * rate_hz) * np.array([1, 1, 1, 9, 9, 9], np.float32)
    dead = slice(8 * rate_hz, 12 * rate_hz)
    imu_TC[dead, 5] = 0.7 if of is None else imu_TC[dead, of]
    maker = WindowMaker(DECLARED)
    windows = push(maker, np.arange(len(imu_TC)) / rate_hz, imu_TC, 32)
    reasons = {w.reason for w in windows if 10.7 < w.t_s < 11.9}
    assert reasons == {"dead axis"}
    assert all(w.usable for w in windows if not 10 < w.t_s < 12.1)
    said = "gz keeps one value" if of is None else "gy is a copy of gz"
    assert [said in note for note in maker.report.notes if "dead axis" in note] == [True]


def test_a_sensor_at_its_limit_is_remarked_once_and_its_windows_stay_usable() -> None:
    imu_TC = rows(600)
    imu_TC[300:310, 0] = imu_TC[400:410, 4] = 8.0
    maker = WindowMaker(DECLARED)
    windows = push(maker, np.arange(600) / 50, imu_TC, 32)
    assert len(windows) == 15
    assert all(window.usable and not window.reason for window in windows)
    assert maker.report.saturated == 16
    assert [note for note in maker.report.notes if "limit" in note] == [
        "ax is saturated at 8 g; such rows are counted and used, but peaks beyond the limit are "
        "missing"
    ]


def test_rows_of_nan_are_dropped_and_do_not_reach_a_window() -> None:
    imu_TC = rows(400)
    imu_TC[50], imu_TC[120, 3] = np.nan, np.inf
    maker = WindowMaker(DECLARED)
    windows = push(maker, np.arange(400) / 50, imu_TC, 32)
    assert maker.report.not_finite == 2
    assert len(windows) == 9
    assert all(np.isfinite(window.window.imu_TC).all() for window in windows)


def test_values_beyond_any_sensor_are_dropped() -> None:
    imu_TC = rows(400)
    imu_TC[50, 1], imu_TC[60, 4] = 3e38, -2e6
    maker = WindowMaker(DECLARED)
    push(maker, np.arange(400) / 50, imu_TC, 32)
    assert maker.report.not_finite == 2
    assert maker.report.used == 398


def test_the_label_is_that_of_the_last_sample() -> None:
    label_T = np.zeros(300, np.int16)
    label_T[150:], label_T[200:] = 1, -1
    windows = push(WindowMaker(DECLARED), np.arange(300) / 50, rows(300), 20, label_T)
    assert [window.label for window in windows] == ["sit", "walk", "walk", None, None, None]


def test_a_hop_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="a hop of 0 samples"):
        WindowMaker(hop_s=0.001)


def test_windows_are_not_overwritten_later() -> None:
    imu_TC = rows(20_000)
    windows = push(WindowMaker(DECLARED), np.arange(20_000) / 50, imu_TC, 100)
    whole_NTC = cut_windows(imu_TC, 128, 32)
    np.testing.assert_array_equal(np.stack([w.window.imu_TC for w in windows]), whole_NTC)


def step(seconds: float, gravity: float, scale: float = 1.0) -> Float32:
    """Walking at 50 Hz, with as many g of gravity."""
    t_T, noise = np.arange(round(seconds * 50)) / 50, np.random.default_rng(4)
    imu_TC = noise.normal(0, 0.02, (t_T.size, 6))
    imu_TC[:, 0] += gravity + 0.3 * np.sin(2 * np.pi * 1.9 * t_T)
    imu_TC[:, 1] += 0.15 * np.sin(2 * np.pi * 0.95 * t_T)
    imu_TC[:, 2] += 0.2 * np.cos(2 * np.pi * 1.9 * t_T)
    imu_TC[:, :3] *= scale
    return imu_TC.astype(np.float32)


def at_rest(seconds: float, gravity: float, scale: float = 1.0) -> Float32:
    """Lying still, with as many g of gravity."""
    imu_TC = np.random.default_rng(5).normal(0, 0.005, (round(seconds * 50), 6))
    imu_TC[:, 2] += gravity
    imu_TC[:, :3] *= scale
    return imu_TC.astype(np.float32)


def reasons(*parts: Float32, format: ImuFormat | None = None, size: int = 50) -> list[str]:
    imu_TC = np.concatenate(parts)
    windows = push(WindowMaker(format), np.arange(len(imu_TC)) / 50, imu_TC, size)
    return [window.reason for window in windows]


@pytest.mark.parametrize("scale", [1.0, 9.80665])
@pytest.mark.parametrize("first", [step, at_rest])
def test_acceleration_without_gravity_has_no_answer(
    scale: float, first: Callable[..., Float32]
) -> None:
    """In g and in m/s², walking and at rest, whichever comes first."""
    then = at_rest if first is step else step
    found = reasons(first(15.0, 0.0, scale), then(15.0, 0.0, scale))
    assert len(found) > 40
    assert set(found) == {"no gravity"}
    assert set(reasons(first(15.0, 1.0, scale), then(15.0, 1.0, scale))) == {""}


@pytest.mark.parametrize("before_s", [0.0, 7.0])
def test_a_fall_is_not_held_against_the_rest(before_s: float) -> None:
    fallen = reasons(step(before_s, 1.0), at_rest(1.0, 0.0), step(20.0, 1.0))
    assert set(fallen[-28:]) == {""}
    long = reasons(step(before_s, 1.0), at_rest(4.0, 0.0), step(20.0, 1.0))
    assert 2 <= long.count("no gravity") <= 7
    assert set(long[-28:]) == {""}


@pytest.mark.parametrize(
    ("scale", "declared", "said"),
    [(0.1, "g", "no gravity"), (8.0, "g", "impossible acceleration"), (1000.0, "mg", "")],
)
def test_a_scale_that_cannot_be(scale: float, declared: AccelUnit, said: str) -> None:
    maker = WindowMaker(ImuFormat(accel_unit=declared))
    windows = push(maker, np.arange(1000) / 50, step(20.0, 1.0, scale), 50) if scale != 8 else []
    if scale == 8.0:  # it changes after the start: at the start it is an error
        imu_TC = np.concatenate([step(3.0, 1.0), step(20.0, 1.0, 8.0)])
        windows = push(maker, np.arange(1150) / 50, imu_TC, 50)[10:]
    assert {window.reason for window in windows} == {said}
    told = [note for note in maker.report.notes if "get no answer" in note]
    assert len(told) == (1 if said else 0)


HOUR_S = 3600.0
CLOCKS: dict[str, Callable[[Float64], Float64]] = {
    "an hour back": lambda t: np.where(t < 10, t + 2 * HOUR_S, t + HOUR_S),
    "the hour again and again": lambda t: 2 * HOUR_S + t % 7,
    "a second back": lambda t: np.where(t < 10, t, t - 1),
    "microseconds of 32 bits": lambda t: (t + 2**32 / 1e6 - 10) % (2**32 / 1e6),
    "reset to zero": lambda t: np.where(t < 10, t + 500, t - 10),
    "one wild stamp": lambda t: np.where(np.arange(t.size) == 400, 1.7e9, t),
    "one zero": lambda t: np.where(np.arange(t.size) == 400, 0.0, t + 1.7e9),
}


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize("size", [1, 64, 5000])
def test_stream_time_goes_on_whatever_the_clock_does(kind: str, size: int) -> None:
    """Twenty seconds of rows are about twenty seconds of stream, and all but the filling of a
    window at each break is answered."""
    stamp_s_T = CLOCKS[kind](np.arange(1000) / 50)
    maker = WindowMaker(DECLARED)
    windows = push(maker, stamp_s_T, rows(1000), size)
    t_s = [window.t_s for window in windows]
    assert t_s == sorted(t_s)
    assert t_s[0] == pytest.approx(2.54)
    assert 19.0 <= maker.end_s <= 20.0
    assert maker.gap_s < 0.1
    assert len(windows) >= 2 * ((10 - 2.54) // 0.64) - 2
    assert maker.report.restarts == {"one wild stamp": 1, "one zero": 1}.get(
        kind, 2 if "again" in kind else 1
    )


def test_gaps_are_counted_in_stream_time() -> None:
    stamp_s_T = np.arange(1000) / 50
    stamp_s_T[300:] += 30.0
    stamp_s_T[600:] -= HOUR_S
    maker = WindowMaker(DECLARED)
    push(maker, stamp_s_T, rows(1000), 64)
    assert maker.gap_s == pytest.approx(30.0)
    assert maker.end_s == pytest.approx(49.98)


@pytest.mark.parametrize(
    ("declared", "spoil_33", "flags"),
    [
        (ImuFormat("g", "rads"), np.diag([1, 1, -1]), "--gyro-axes"),
        (ImuFormat("g", "rads"), 57.3 * np.eye(3), "--gyro-unit degs"),
        (ImuFormat("g", "degs"), np.eye(3), "--gyro-unit rads"),
    ],
)
def test_a_gyroscope_that_contradicts_gravity_gets_no_answer_and_the_flag_to_try(
    declared: ImuFormat, spoil_33: Float64, flags: str
) -> None:
    stamp_s_T = np.arange(1500) / 50
    angle_T, rate_T = np.sin(0.7 * stamp_s_T), 0.7 * np.cos(0.7 * stamp_s_T)
    imu_TC = np.random.default_rng(0).normal(0, 0.01, (1500, 6))
    imu_TC[:, 0] += np.cos(angle_T)
    imu_TC[:, 1] -= np.sin(angle_T)
    imu_TC[:, 5] += rate_T
    right = WindowMaker(ImuFormat("g", "rads"))
    assert all(window.usable for window in push(right, stamp_s_T, imu_TC.astype(np.float32), 50))
    imu_TC[:, 3:] = imu_TC[:, 3:] @ spoil_33
    maker = WindowMaker(declared)
    windows = push(maker, stamp_s_T, imu_TC.astype(np.float32), 50)
    refused = [window for window in windows if window.reason == "gyroscope contradicts gravity"]
    assert refused[0].t_s < 10.0
    assert refused == windows[-len(refused) :]
    assert any(flags in note for note in maker.report.notes)


@pytest.mark.parametrize("rate_hz", [12.5, 20.0, 50.0, 100.0])
@pytest.mark.parametrize("lost", [0.0, 0.3, 0.55])
def test_windows_that_lack_too_many_rows_are_not_answered_at_any_rate(
    rate_hz: float, lost: float
) -> None:
    stamp_s_T = np.arange(round(40 * rate_hz)) / rate_hz
    keep_T = np.arange(stamp_s_T.size) * lost % 1 < 1 - lost  # evenly
    keep_T[: round(10 * rate_hz)] = True  # by which the usual rate is known
    maker = WindowMaker(DECLARED)
    windows = push(maker, stamp_s_T[keep_T], rows(stamp_s_T.size)[keep_T], 64)
    later = [window for window in windows if window.t_s > 13.5]
    assert len(windows) == 59
    assert {window.reason for window in later} == ({"missing rows"} if lost > 0.4 else {""})
    assert any("--missing-share" in note for note in maker.report.notes) == (lost > 0.4)


def test_the_share_that_may_be_missing_is_the_user_s() -> None:
    stamp_s_T = np.arange(2000) / 50
    keep_T = (np.arange(2000) < 500) | (np.arange(2000) % 5 > 0)
    for share, answered in ((0.0, False), (0.1, False), (0.3, True)):
        maker = WindowMaker(DECLARED, missing_share=share)
        windows = push(maker, stamp_s_T[keep_T], rows(2000)[keep_T], 64)
        assert all(window.usable for window in windows[:12])
        assert all(window.usable == answered for window in windows if window.t_s > 13.5)
    with pytest.raises(UsageError, match=r"--missing-share is 1.5; give a share from 0 to 1"):
        WindowMaker(missing_share=1.5)


@pytest.mark.parametrize("steps_s", [(0.01, 0.03), (0.03, 0.01), (0.01, 0.01, 0.04)])
def test_a_clock_that_alternates_lacks_no_rows(steps_s: tuple[float, ...]) -> None:
    stamp_s_T = np.cumsum(np.tile(steps_s, 300))
    maker = WindowMaker(DECLARED, missing_share=0.1)
    windows = push(maker, stamp_s_T, rows(stamp_s_T.size), 64)
    assert windows
    assert all(window.usable for window in windows)
    assert maker.report.rate_hz == pytest.approx(50)


@pytest.mark.parametrize("size", [1, 64, 5000])
def test_a_mirrored_gyroscope_is_found_at_the_same_window_in_blocks_of_any_size(size: int) -> None:
    stamp_s_T = np.arange(1500) / 50
    imu_TC = np.random.default_rng(0).normal(0, 0.01, (1500, 6))
    imu_TC[:, 0] += np.cos(np.sin(0.7 * stamp_s_T))
    imu_TC[:, 1] -= np.sin(np.sin(0.7 * stamp_s_T))
    imu_TC[:, 5] -= 0.7 * np.cos(0.7 * stamp_s_T)
    maker = WindowMaker(ImuFormat("g", "rads"))
    windows = push(maker, stamp_s_T, imu_TC.astype(np.float32), size)
    refused = [round(window.t_s, 2) for window in windows if not window.usable]
    assert len(windows) == 43
    assert refused == [round(2.54 + 0.64 * n, 2) for n in range(2, 43)]


def test_a_window_that_is_kept_holds_only_its_own_samples() -> None:
    windows = push(WindowMaker(DECLARED), np.arange(1000) / 50, rows(1000), 1000)
    assert all(window.window.imu_TC.base is None for window in windows)
