"""Gravity that moves with the gyroscope, and without it."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.moved import GravityTrack, motions
from edgehuman.records import Float32


def posed(degrees: float, turn_s: float, gyro: bool = True) -> Float32:
    """Still for 6 s, turned about z within some seconds, still for 6 s; at 50 Hz, (T, 6)."""
    parts = max(1, round(turn_s * 50))
    steps_T = np.concatenate([np.zeros(300), np.full(parts, degrees / parts), np.zeros(300)])
    angle_T = np.radians(np.cumsum(steps_T))
    imu_TC = np.random.default_rng(0).normal(0, 0.01, (len(angle_T), 6))
    imu_TC[:, 0] += np.cos(angle_T)
    imu_TC[:, 1] -= np.sin(angle_T)
    if gyro:
        imu_TC[:, 5] += np.radians(steps_T) * 50
    return np.asarray(imu_TC, np.float32)


def jumps(imu_TC: Float32, pause_s: float = 0.0) -> list[float]:
    """Stream times of the jumps; after the middle the stream pauses."""
    track, found = GravityTrack(), []
    for end in range(128, len(imu_TC) + 1, 32):
        t_s = end / 50 + (pause_s if end > len(imu_TC) // 2 else 0.0)
        (motion,) = motions(imu_TC[None, end - 128 : end])
        if track.jumped(motion, t_s):
            found.append(t_s)
    return found


@pytest.mark.parametrize("degrees", [60, 90, -90, 150, 180])
def test_a_sensor_whose_rows_are_turned_at_once_has_moved_and_is_told_once(degrees: float) -> None:
    (found,) = jumps(posed(degrees, 0.0, gyro=False))
    assert 6.0 < found < 10.0


@pytest.mark.parametrize("degrees", [30, 60, 90, -90, 150])
@pytest.mark.parametrize("turn_s", [0.5, 2.0, 5.0])
def test_a_posture_that_the_gyroscope_follows_is_none(degrees: float, turn_s: float) -> None:
    assert jumps(posed(degrees, turn_s)) == []


def test_a_small_shift_and_what_happens_in_a_pause_or_a_long_movement_are_none() -> None:
    assert jumps(posed(25, 0.0, gyro=False)) == []
    assert jumps(posed(90, 0.0, gyro=False), pause_s=5.0) == []
    shaken_TC = posed(90, 15.0, gyro=False)
    shaken_TC[300:-300:2, :3] *= 2
    assert jumps(shaken_TC) == []


def test_a_slow_turn_without_a_gyroscope_that_follows_has_moved() -> None:
    assert jumps(posed(90, 2.0, gyro=False))


def test_what_windows_show_is_measured_of_each_by_itself() -> None:
    still_TC, shaken_TC, turned_TC = np.zeros((3, 128, 6), np.float32)
    still_TC[:, 0] = 1.0
    shaken_TC[:, 1] = np.tile([0.5, 1.5], 64)
    turned_TC[:64, 0] = turned_TC[64:, 2] = 1.0
    still, shaken, turned = motions(np.stack([still_TC, shaken_TC, turned_TC]))
    assert (still.spread_g, shaken.spread_g) == (0.0, 0.5)
    assert turned.spread_g == pytest.approx(0.5**0.5)
    assert (still.is_steady, shaken.is_steady, turned.is_steady) == (True, True, False)
    assert shaken.gravity_3.tolist() == [0, 1, 0]
    assert (turned.gravity_3.tolist(), turned.end_3) == ([0.5, 0, 0.5], (0.0, 0.0, 1.0))
    assert turned.imu_TC.tolist() == turned_TC.tolist()
