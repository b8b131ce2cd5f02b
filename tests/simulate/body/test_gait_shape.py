"""Harmonics of a stride at the waist, and the pelvis motion whose sensor shows them."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.body.activities import LOCOMOTION
from edgehuman.simulate.body.gait_shape import (
    GRAVITY_MS2,
    NUM_HARMONICS,
    pelvis_waveform,
    waist_harmonics,
)


def test_an_entry_is_an_amplitude_and_a_phase_in_degrees() -> None:
    walking = waist_harmonics("walking")
    assert walking.shape == (6, NUM_HARMONICS)
    # "up", second harmonic: (.226, 0); "left", first: (.094, 34).
    assert walking[2, 1] == pytest.approx(0.226)
    assert abs(walking[1, 0]) == pytest.approx(0.094)
    assert np.degrees(np.angle(walking[1, 0])) == pytest.approx(34.0)


@pytest.mark.parametrize("activity", LOCOMOTION)
def test_two_steps_make_a_stride(activity: str) -> None:
    """Up and forward repeat with every step (even harmonics); sideways with every stride."""
    size = np.abs(waist_harmonics(activity))
    assert size[2, 1] > 2.0 * size[2, 0]
    assert size[0, 1] > size[0, 0]
    assert size[1, 0] > size[1, 1]
    assert np.angle(waist_harmonics(activity)[2, 1]) == pytest.approx(0.0, abs=1e-9)


def test_a_sway_without_turns_is_acceleration_over_omega_squared() -> None:
    waist = np.zeros((6, NUM_HARMONICS), np.complex128)
    waist[2, 1] = 0.2  # g, twice a stride
    pelvis = pelvis_waveform(waist, 0.9, (0.1, 0.2, 0.3))
    omega = 2 * np.pi * 0.9 * 2
    assert pelvis[2, 1] == pytest.approx(-0.2 * GRAVITY_MS2 / omega**2)
    pelvis[2, 1] = 0.0
    assert not pelvis.any()


def test_a_turn_is_its_rate_over_omega_and_moves_a_sensor_off_the_axis() -> None:
    waist = np.zeros((6, NUM_HARMONICS), np.complex128)
    waist[5, 0] = 0.4  # yaw, rad/s
    omega = 2 * np.pi * 0.9
    at_axis = pelvis_waveform(waist, 0.9, (0.0, 0.0, 0.2))
    assert at_axis[5, 0] == pytest.approx(0.4 / (1j * omega))
    assert not at_axis[:3].any()
    # A sensor 0.1 m ahead would swing to the left by angle x 0.1 m; as it does not, the pelvis
    # swings to the right.
    ahead = pelvis_waveform(waist, 0.9, (0.1, 0.0, 0.2))
    assert ahead[1, 0] == pytest.approx(-0.1 * at_axis[5, 0])


def test_a_tilt_leaks_gravity_into_the_level_axes() -> None:
    waist = np.zeros((6, NUM_HARMONICS), np.complex128)
    waist[4, 0] = 0.3  # pitch, rad/s
    omega = 2 * np.pi
    pelvis = pelvis_waveform(waist, 1.0, (0.0, 0.0, 0.0))
    angle = 0.3 / (1j * omega)
    assert pelvis[0, 0] == pytest.approx(angle * GRAVITY_MS2 / (1j * omega) ** 2)
