"""The wearer's upright frame: what walking says of a mounting."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.upright import common_direction, gravity, to_upright, turn, turn_each


def test_any_direction_becomes_x_by_a_rotation() -> None:
    rng = np.random.default_rng(0)
    for up_3 in [*rng.normal(size=(200, 3)), *np.eye(3), *-np.eye(3)]:
        turn_33 = to_upright(up_3)
        assert turn_33 @ up_3 / np.linalg.norm(up_3) == pytest.approx([1, 0, 0], abs=1e-9)
        assert turn_33 @ turn_33.T == pytest.approx(np.eye(3), abs=1e-9)
        assert np.linalg.det(turn_33) == pytest.approx(1)


def test_a_sensor_worn_as_at_the_waist_stays_as_it_is() -> None:
    assert to_upright(np.array([2.0, 0.0, 0.0])) == pytest.approx(np.eye(3))
    small = to_upright(np.array([1.0, 0.1, 0.0]))
    assert np.degrees(np.arccos((np.trace(small) - 1) / 2)) == pytest.approx(5.71, abs=0.01)


def test_both_sensors_are_turned_together() -> None:
    imu_NTC = np.zeros((1, 4, 6), np.float32)
    imu_NTC[..., 1], imu_NTC[..., 4] = -1.0, 2.0
    turned_NTC = turn(imu_NTC, to_upright(gravity(imu_NTC)[0]))
    assert turned_NTC[0, 0].tolist() == pytest.approx([1, 0, 0, -2, 0, 0])
    assert turned_NTC.dtype == np.float32


def test_the_direction_of_most_windows_counts_and_not_the_mean() -> None:
    held_N3 = np.tile([0.0, 0.0, 1.0], (4, 1))  # arms on a handrail in 4 of 10
    hanging_N3 = np.tile([1.0, 0.0, 0.0], (6, 1)) + np.random.default_rng(0).normal(0, 0.02, (6, 3))
    up_3 = common_direction(np.concatenate([held_N3, hanging_N3]))
    assert up_3 is not None
    assert up_3 == pytest.approx([1, 0, 0], abs=0.03)


def test_no_window_or_no_gravity_gives_no_direction() -> None:
    assert common_direction(np.zeros((0, 3))) is None
    assert common_direction(np.full((5, 3), 0.01)) is None


def test_each_window_is_turned_by_its_own_rotation() -> None:
    imu_NTC = np.random.default_rng(1).normal(0, 1, (4, 128, 6)).astype(np.float32)
    up_N3 = np.array([[1.0, 0, 0], [0, -1, 0], [0.6, 0, 0.8], [0, 0.6, -0.8]])
    turn_N33 = np.stack([to_upright(up_3) for up_3 in up_N3])
    expected = [turn(one, by) for one, by in zip(imu_NTC, turn_N33, strict=True)]
    np.testing.assert_allclose(turn_each(imu_NTC, turn_N33), np.stack(expected), atol=1e-6)
