"""Gyroscopes that turn as gravity does, and those whose columns or unit are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.turning import CURES, Cure, TurnWatch
from edgehuman.records import Float32

RATE_HZ, HOP = 50.0, 32


def swung(seconds: float = 20.0) -> Float32:
    """A sensor that is turned slowly to and fro about all its axes, with noise, (T, 6)."""
    t_T = np.arange(round(seconds * RATE_HZ * 4)) / (RATE_HZ * 4)
    rate_T3 = np.stack([0.8 * np.sin((0.9 + 0.3 * k) * t_T + k) for k in range(3)], axis=1)
    gravity_T3 = np.empty_like(rate_T3)
    up_3 = np.array([0.6, 0.64, 0.48])
    for i, rate_3 in enumerate(rate_T3):
        gravity_T3[i] = up_3
        up_3 = up_3 - np.cross(rate_3, up_3) / (RATE_HZ * 4)
        up_3 /= np.linalg.norm(up_3)
    imu_TC = np.concatenate([gravity_T3, rate_T3], axis=1)[::4]
    noise_TC = np.random.default_rng(0).normal(0, 0.01, imu_TC.shape)
    return np.asarray(imu_TC + noise_TC, np.float32)


def watched(imu_TC: Float32, watch: TurnWatch | None = None) -> Cure | None:
    watch = watch or TurnWatch(RATE_HZ)
    watch.look(windows_of(imu_TC), HOP)
    return watch.cure


def windows_of(imu_TC: Float32) -> Float32:
    return np.stack([imu_TC[end - 128 : end] for end in range(128, len(imu_TC) + 1, HOP)])


def spoiled(imu_TC: Float32, cure: Cure) -> Float32:
    """The gyroscope as it must be so that `cure` mends it."""
    scale = {"same": 1.0, "degs": 180 / np.pi, "rads": np.pi / 180}[cure.scale]
    wrong_TC = imu_TC.copy()
    wrong_TC[:, 3:] = imu_TC[:, 3:] @ cure.turn_33 * scale
    return wrong_TC


@pytest.mark.parametrize("cure", CURES[1::5], ids=lambda cure: cure.axes(np.eye(3)) + cure.scale)
def test_wrong_columns_and_units_are_told_with_what_mends_them(cure: Cure) -> None:
    found = watched(spoiled(swung(), cure))
    assert found is not None
    assert found.scale == cure.scale
    assert (found.turn_33 == cure.turn_33).all()


def test_a_right_gyroscope_a_dead_one_and_a_sensor_at_rest_are_not_accused() -> None:
    right_TC = swung()
    dead_TC, rest_TC = right_TC.copy(), np.zeros_like(right_TC)
    dead_TC[:, 3:] = 0.0
    rest_TC[:, 0] = 1.0
    rest_TC[:, 3:] = np.random.default_rng(1).normal(0, 0.5, (len(rest_TC), 3))
    for imu_TC in (right_TC, -right_TC * [1, 1, 1, -1, -1, -1], dead_TC, rest_TC):
        assert watched(np.asarray(imu_TC, np.float32)) is None


def test_one_that_is_right_again_is_believed_again() -> None:
    watch, mirrored = TurnWatch(RATE_HZ), swung()
    mirrored[:, 3:] *= -1
    assert watched(mirrored, watch) is not None
    assert watched(swung(40.0), watch) is None
    watched(mirrored, watch)
    watch.forget()
    assert watch.cure is None


@pytest.mark.parametrize("together", [1, 7])
def test_windows_that_come_together_say_the_same_after_each(together: int) -> None:
    mirrored = swung()
    mirrored[:, 3:] *= -1
    imu_NTC = windows_of(np.concatenate([mirrored, swung(40.0)]))
    whole, parts = TurnWatch(RATE_HZ).look(imu_NTC, HOP), TurnWatch(RATE_HZ)
    found = [
        parts.look(imu_NTC[at : at + together], HOP) for at in range(0, len(imu_NTC), together)
    ]
    assert [cure for some in found for cure in some] == whole
    assert (whole[0], whole[-1]) == (None, None)
    assert any(cure is not None for cure in whole)


def test_windows_too_short_to_tell_are_passed_over() -> None:
    watch = TurnWatch(RATE_HZ)
    mirrored = swung()
    mirrored[:, 3:] *= -1
    for end in range(50, len(mirrored), 25):
        assert watch.look(mirrored[None, end - 50 : end], 25) == [None]
    assert watch.cure is None


def test_the_axes_to_try_are_those_of_the_raw_columns() -> None:
    present_33 = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])  # -y+x+z
    assert Cure(np.eye(3), "same").axes(present_33) == "-y+x+z"
    mended_33 = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])  # x = its y, y = -its x
    assert Cure(mended_33, "same").axes(present_33) == "+x+y+z"
