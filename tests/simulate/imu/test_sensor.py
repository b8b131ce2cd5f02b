"""The virtual sensor is the physics of the skeleton: gravity, derivatives, rotations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import SEGMENT_ORIGIN, SEGMENTS, SKELETON_26
from edgehuman.records import STANDARD_GRAVITY_MS2, Float64
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.schedule import Bout, with_transitions
from edgehuman.simulate.body.walker import Motion, walk
from edgehuman.simulate.imu.sensor import PLACEMENTS, Sensor, ideal, read, virtual_imu

PERSON = sample_person(3)


@pytest.fixture(scope="module")
def motion() -> Motion:
    bouts = [Bout("standing", 3), Bout("walking", 6), Bout("sitting", 4), Bout("laying", 4)]
    return walk(PERSON, with_transitions(bouts), rate_hz=200.0)


def _spinning(rate_rads: float, rate_hz: float, count: int) -> Float64:
    """(3, 3, T) frames that turn about z."""
    angle = rate_rads * np.arange(count) / rate_hz
    rotation = np.zeros((3, 3, count))
    rotation[0, 0] = rotation[1, 1] = np.cos(angle)
    rotation[1, 0], rotation[0, 1] = np.sin(angle), -np.sin(angle)
    rotation[2, 2] = 1.0
    return rotation


def test_at_rest_the_norm_is_one_g_and_nothing_turns() -> None:
    rotation = np.repeat(_spinning(1.0, 1.0, 2)[:, :, 1:], 20, axis=2)
    sensor = Sensor("pelvis", (0.1, 0.2, 0.3), np.eye(3))
    reading = read(sensor, np.ones((3, 20)), rotation, 100.0)
    assert np.allclose(reading[:3].T, [0.0, 0.0, 1.0], atol=1e-9)
    assert np.allclose(reading[3:], 0.0, atol=1e-9)


def test_a_falling_sensor_weighs_nothing() -> None:
    time = np.arange(30) / 100.0
    place = np.zeros((3, 30))
    place[2] = 2.0 - 0.5 * STANDARD_GRAVITY_MS2 * time**2
    sensor = Sensor("pelvis", (0.0, 0.0, 0.0), np.eye(3))
    reading = read(sensor, place, _spinning(0.0, 100.0, 30), 100.0)
    assert np.allclose(reading[:3], 0.0, atol=1e-9)


def test_a_merry_go_round_pulls_inwards() -> None:
    """Half a metre out at 2 rad/s: r omega^2 = 2 m/s2 towards the axis, 2 rad/s about z."""
    sensor = Sensor("pelvis", (0.5, 0.0, 0.0), np.eye(3))
    reading = read(sensor, np.zeros((3, 60)), _spinning(2.0, 100.0, 60), 100.0)
    assert np.allclose(reading[0], -2.0 / STANDARD_GRAVITY_MS2, atol=1e-4)
    assert np.allclose(reading[5], 2.0, atol=1e-5)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_integrating_the_gyroscope_reproduces_the_orientation(
    motion: Motion, placement: str
) -> None:
    sensor = ideal(PERSON, placement)
    gyro = virtual_imu(motion, sensor=sensor)[:, 3:].astype(float)
    truth = motion.rotation_TS33[:, SEGMENTS.index(sensor.segment)] @ sensor.mount_33
    now = truth[0].copy()
    for earlier, later in pairwise(gyro):
        now = now @ _exponential(0.5 * (earlier + later) / motion.rate_hz)
    assert np.arccos(np.clip((np.trace(truth[-1].T @ now) - 1) / 2, -1, 1)) < 0.05


def _exponential(turn: Float64) -> Float64:
    """The rotation by a vector (Rodrigues)."""
    angle = float(np.linalg.norm(turn)) + 1e-15
    x, y, z = turn / angle
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    made: Float64 = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    return made


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_integrating_the_accelerometer_twice_reproduces_the_way(
    motion: Motion, placement: str
) -> None:
    sensor = ideal(PERSON, placement)
    force = virtual_imu(motion, sensor=sensor)[:, :3].astype(float)
    rotation = motion.rotation_TS33[:, SEGMENTS.index(sensor.segment)]
    origin = motion.joints_TJ3[:, SKELETON_26.index(SEGMENT_ORIGIN[sensor.segment])]
    place = origin + rotation @ np.array(sensor.offset_m)
    world = np.einsum("tij,jk,tk->ti", rotation, sensor.mount_33, force)
    acceleration = (world - [0.0, 0.0, 1.0]) * STANDARD_GRAVITY_MS2
    span, dt = slice(400, 1200), 1.0 / motion.rate_hz
    way = np.zeros((800, 3))
    way[0], way[1] = place[span][:2]
    for i in range(1, 799):
        way[i + 1] = 2 * way[i] - way[i - 1] + acceleration[span][i] * dt * dt
    assert np.abs(way - place[span]).max() < 0.03


def test_the_waist_is_mounted_as_in_uci_har(motion: Motion) -> None:
    """x up when standing; sitting leans the belt back; lying takes gravity off x onto y and z."""
    imu = virtual_imu(motion, sensor=ideal(PERSON, "waist"))
    mean = {
        name: imu[motion.label_T == motion.labels.index(name)][200:-200, :3].mean(axis=0)
        for name in ("standing", "sitting", "laying")
    }
    assert mean["standing"][0] > 0.97
    assert mean["sitting"][0] > 0.85
    assert (mean["sitting"][1:] > mean["standing"][1:] + 0.05).all()
    assert abs(mean["laying"][0]) < 0.3
    assert (mean["laying"][1:] > 0.1).all()


def test_errors_are_those_of_the_sensor(motion: Motion) -> None:
    clean = ideal(PERSON, "waist")
    worn = Sensor(
        clean.segment,
        clean.offset_m,
        clean.mount_33,
        accel_scale=(1.1, 1.0, 1.0),
        accel_bias_g=(0.0, 0.5, 0.0),
        gyro_bias_rads=(0.0, 0.0, 0.25),
        accel_noise_g=0.01,
    )
    error = virtual_imu(motion, sensor=worn) - virtual_imu(motion, sensor=clean)
    assert error[:, 1].mean() == pytest.approx(0.5, abs=0.01)
    assert error[:, 1].std() == pytest.approx(0.01, rel=0.1)
    assert error[:, 0].mean() > 0.02
    assert np.allclose(error[:, 5], 0.25, atol=1e-6)


def test_a_seed_is_a_day_of_wearing(motion: Motion) -> None:
    first = virtual_imu(motion, "wrist", seed=1)
    assert first.dtype == np.float32
    assert np.array_equal(first, virtual_imu(motion, "wrist", seed=1))
    assert not np.array_equal(first, virtual_imu(motion, "wrist", seed=2))


def test_an_unknown_placement_is_told(motion: Motion) -> None:
    with pytest.raises(UsageError, match=r"'chest'.*waist, pocket, wrist, ankle"):
        virtual_imu(motion, "chest")
