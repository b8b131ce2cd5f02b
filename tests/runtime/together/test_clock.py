"""The times of a sensor on the clock of the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.together.clock import SensorClock, Zero

ZERO_NS = 5_000_000_000_000


def block(stamps: Sequence[float], arrived_s: float | Sequence[float]) -> SampleBlock:
    """Samples with these stamps, and when they arrived, seconds of the run."""
    at_T = np.broadcast_to(np.array(arrived_s), (len(stamps),))
    arrival_ns_T = (at_T * 1e9).astype(np.int64) + ZERO_NS
    return SampleBlock(
        np.array(stamps, float), np.zeros((len(stamps), 6), np.float32), arrival_ns_T
    )


def window(stamp_s: float, t_s: float = 0.0) -> ImuResult:
    return ImuResult(t_s, "walking", 1.0, 0.0, "walking", round(stamp_s * 1e9))


def live(offset_s: float = 0.0) -> SensorClock:
    return SensorClock(offset_s, Zero(ZERO_NS))


def test_a_recorded_sensor_has_its_own_stamps_and_the_stated_offset() -> None:
    clock = SensorClock(1.5)
    clock.heard(block([0.0, 0.02], 7.0))
    assert clock.t_s(window(99.0, t_s=2.54)) == pytest.approx(4.04)
    assert SensorClock(-3.0).t_s(window(99.0, t_s=2.54)) == pytest.approx(-0.46)  # before the run


@pytest.mark.parametrize("ahead_s", [0.0, 3600.0, -3600.0, 1.7e9])
def test_a_live_sensors_clock_may_be_hours_off(ahead_s: float) -> None:
    clock = live()
    clock.heard(block([ahead_s, ahead_s + 0.02, ahead_s + 1.0], [10.0, 10.02, 11.0]))
    assert clock.t_s(window(ahead_s + 0.5)) == pytest.approx(10.5, abs=1e-5)


def test_the_least_delayed_sample_counts_and_an_offset_is_added() -> None:
    clock = live(-0.25)
    # The first three waited in a buffer for up to 0.9 s; the last came after 0.05 s.
    clock.heard(block([0.0, 0.5, 0.9], 1.0))
    clock.heard(block([2.0], 2.05))
    assert clock.t_s(window(2.0)) == pytest.approx(2.05 - 0.25)


def test_a_stall_of_the_network_is_no_jump() -> None:
    clock = live()
    clock.heard(block([0.0, 1.0], [0.1, 1.1]))
    clock.heard(block([2.0, 3.0, 4.0, 5.0], 6.0))  # all at once, up to 4 s late
    assert clock.t_s(window(4.0)) == pytest.approx(4.1)


@pytest.mark.parametrize("step_s", [-3600.0, -5.0, 5.0, 3600.0])
def test_a_clock_that_is_set_begins_a_stretch_and_older_windows_keep_theirs(step_s: float) -> None:
    clock = live()
    clock.heard(block([100.0, 101.0], [1.0, 2.0]))
    clock.heard(block([102.0 + step_s, 103.0 + step_s], [3.0, 4.0]))
    assert clock.t_s(window(103.0 + step_s)) == pytest.approx(4.0)
    assert clock.t_s(window(100.5)) == pytest.approx(1.5)


def test_drift_is_followed_by_forgetting_after_half_a_minute() -> None:
    clock = live()
    clock.heard(block([0.0], 0.0))
    for second in range(1, 41):  # slower by 1 %: later by 10 ms each second
        clock.heard(block([second * 0.99], float(second)))
    assert clock.t_s(window(39.6)) == pytest.approx(39.6 + 0.1, abs=0.011)


def test_stamps_that_are_no_numbers_are_left_out_and_the_zero_may_come_later() -> None:
    zero = Zero(0)
    clock = SensorClock(0.0, zero)
    clock.heard(block([float("nan"), 1.0], 2.0))
    zero.ns = ZERO_NS
    assert clock.t_s(window(1.0)) == pytest.approx(2.0)
    clock.heard(block([], 3.0))
