"""Steps of joints and of samples, and how alike they are."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import COCO_17
from edgehuman.records import Bool, Float32, Float64
from edgehuman.runtime.together.steps import (
    GRID_HZ,
    analytic,
    cadence_hz,
    compare,
    steps_felt,
    steps_seen,
)

AT = {name: number for number, name in enumerate(COCO_17)}


def times(begin: float, end: float, step: float) -> Float64:
    """From `begin` to before `end`, seconds."""
    return np.arange(begin, end, step).astype(np.float64)


def walker(t_s_T: Float64, step_hz: float, phase: float = 0.0) -> Float32:
    """Joints of somebody 340 px tall, whose trunk bounces by 4 px and whose ankles swing."""
    turn_T = 2 * np.pi * step_hz * t_s_T + phase
    joint_TJ3 = np.zeros((len(t_s_T), 17, 3), np.float32)
    joint_TJ3[..., 2] = 0.9
    for side, sign in (("l", 1), ("r", -1)):
        for name, y in (("shoulder", 100), ("hip", 200), ("knee", 270), ("ankle", 340)):
            joint_TJ3[:, AT[f"{side}_{name}"], 1] = y
        swing_T = sign * np.cos(turn_T / 2)  # a stride is two steps
        joint_TJ3[:, AT[f"{side}_knee"], 0] = 20 * swing_T
        joint_TJ3[:, AT[f"{side}_ankle"], 0] = 40 * swing_T
    for name in ("nose", "l_shoulder", "r_shoulder", "l_hip", "r_hip"):
        joint_TJ3[:, AT[name], 1] += 4 * np.cos(turn_T)
    return joint_TJ3


def sensor(t_s_T: Float64, step_hz: float, phase: float = 0.0) -> Float32:
    """A sensor on a belt, x up: 1 g and a swing of 0.3 g a step, and a turn once a stride."""
    turn_T = 2 * np.pi * step_hz * t_s_T + phase
    imu_TC = np.zeros((len(t_s_T), 6), np.float32)
    imu_TC[:, 0] = 1 + 0.3 * np.cos(turn_T)
    imu_TC[:, 5] = np.cos(turn_T / 2)
    return imu_TC


FRAMES, SAMPLES = times(0, 20, 0.04), times(-1, 21, 0.02)


def test_the_analytic_part_of_a_wave_turns_once_a_period_and_other_bands_are_left_out() -> None:
    time_G = np.arange(500) / GRID_HZ
    step_G = analytic(np.cos(2 * np.pi * 2.0 * time_G), (1.4, 2.6))[100:400]
    np.testing.assert_allclose(np.abs(step_G), 1.0, atol=0.05)
    turn_G = np.angle(step_G[1:] * np.conj(step_G[:-1]))
    np.testing.assert_allclose(turn_G, 2 * np.pi * 2.0 / GRID_HZ, atol=0.02)
    assert np.abs(analytic(np.cos(2 * np.pi * 0.9 * time_G), (1.4, 2.6))[100:400]).max() < 0.05


@pytest.mark.parametrize("fps", [12.0, 25.0, 60.0])
def test_steps_are_of_the_same_cadence_whatever_the_rate(fps: float) -> None:
    time_T = times(0, 20, 1 / fps)
    seen = steps_seen(time_T, walker(time_T, 1.8), COCO_17)
    felt = steps_felt(SAMPLES, sensor(SAMPLES, 1.8))
    assert seen is not None
    assert felt is not None
    assert cadence_hz(seen) == pytest.approx(1.8, abs=0.02)
    assert cadence_hz(felt) == pytest.approx(1.8, abs=0.02)
    assert compare(seen, felt, 0.6).r > 0.95


def test_a_constant_phase_does_not_matter_and_another_cadence_does() -> None:
    seen = steps_seen(FRAMES, walker(FRAMES, 1.8), COCO_17)
    assert seen is not None
    alike = {}
    for step_hz, phase in ((1.8, 0.0), (1.8, 2.0), (1.85, 0.0), (1.95, 0.0)):
        felt = steps_felt(SAMPLES, sensor(SAMPLES, step_hz, phase))
        assert felt is not None
        alike[step_hz, phase] = compare(seen, felt, 0.6).r
    assert alike[1.8, 0.0] > 0.95 < alike[1.8, 2.0]
    # In 20 s a difference of 0.05 Hz is one turn, which adds up to nothing.
    assert alike[1.85, 0.0] < 0.2 > alike[1.95, 0.0]


def test_who_stands_is_unlike_who_walks_and_walks_no_steps() -> None:
    still = walker(FRAMES, 0.0)
    seen = steps_seen(FRAMES, still, COCO_17)
    felt = steps_felt(SAMPLES, sensor(SAMPLES, 1.8))
    assert seen is not None
    assert felt is not None
    assert cadence_hz(seen) is None
    assert compare(seen, felt, 0.6).walked_s < 1.0


def test_a_span_counts_its_breaks_and_walking_does_not() -> None:
    kept_T = (FRAMES < 5) | (FRAMES > 15)
    seen = steps_seen(FRAMES[kept_T], walker(FRAMES, 1.8)[kept_T], COCO_17)
    felt = steps_felt(SAMPLES, sensor(SAMPLES, 1.8))
    assert seen is not None
    assert felt is not None
    alike = compare(seen, felt, 0.0)
    assert alike.r > 0.9
    assert alike.walked_s < 10.5
    assert 20 < alike.span_s < 30


def test_a_lag_is_found_where_steps_begin_and_end() -> None:
    def walks_T(t_s_T: Float64) -> Bool:
        return np.asarray((t_s_T > 4) & (t_s_T < 8) | (t_s_T > 11) & (t_s_T < 16))

    joint_TJ3, still = walker(FRAMES, 1.8), walker(FRAMES, 0.0)
    joint_TJ3[~walks_T(FRAMES)] = still[~walks_T(FRAMES)]
    imu_TC = np.where(walks_T(SAMPLES)[:, None], sensor(SAMPLES, 1.8), [1, 0, 0, 0, 0, 0])
    seen = steps_seen(FRAMES, joint_TJ3, COCO_17)
    felt = steps_felt(SAMPLES + 1.0, imu_TC.astype(np.float32))  # its clock is late by a second
    assert seen is not None
    assert felt is not None
    assert compare(seen, felt, 2.0).lag_s == pytest.approx(1.0, abs=0.21)
    assert compare(seen, felt, 2.0).r > compare(seen, felt, 0.2).r


@pytest.mark.parametrize("missing", ["l_hip", "r_shoulder"])
def test_too_little_of_a_body_has_no_steps(missing: str) -> None:
    joint_TJ3 = walker(FRAMES, 1.8)
    joint_TJ3[:, AT[missing], 2] = 0.0
    assert steps_seen(FRAMES, joint_TJ3, COCO_17) is None
    assert steps_felt(SAMPLES[:3], sensor(SAMPLES[:3], 1.8)) is None


def test_no_value_is_infinite_whatever_is_given() -> None:
    seen = steps_seen(FRAMES[:6], np.zeros((6, 17, 3), np.float32) + 0.5, COCO_17)
    assert seen is not None
    assert np.isfinite(seen.step_KG).all()
    felt = steps_felt(times(0, 20, 5), np.zeros((4, 6), np.float32))
    assert felt is not None
    assert np.isfinite(felt.step_KG).all()
    assert compare(seen, felt, 1.0).r == 0.0
