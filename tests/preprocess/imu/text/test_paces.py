"""Rates of sensors in words for their wearer, and a phone at rest."""

from __future__ import annotations

import math

import pytest

from edgehuman.preprocess.imu.text.paces import Paces, Rest


def paces_of(**rates_hz: float) -> Paces:
    found = Paces()
    for name, rate_hz in rates_hz.items():
        for n in range(60):
            found.add(name, 1e9 + n / rate_hz)
    return found


def test_what_is_too_slow_is_named_with_its_rate() -> None:
    paces = paces_of(accelerometer=100.0, gyroscope=18.0)
    assert paces.rate_hz("gyroscope") == pytest.approx(18, abs=0.01)
    assert paces.slow({"accelerometer": "accelerometer", "gyroscope": "Gyro"}, 50.0) == (
        "Gyro at 18 Hz, the model needs 50: raise the sampling frequency in the app"
    )
    assert paces.slow({"accelerometer": "accelerometer"}, 50.0) == ""
    assert paces_of(gyroscope=46.0).slow({"gyroscope": "gyroscope"}, 50.0) == ""  # within a tenth


def test_nothing_is_said_before_enough_has_come() -> None:
    paces = Paces()
    for n in range(20):
        paces.add("gyroscope", n / 5)
    assert math.isnan(paces.rate_hz("gyroscope"))
    assert paces.slow({"gyroscope": "gyroscope", "none": "none"}, 50.0) == ""
    paces.add("gyroscope", 4.0)
    assert "gyroscope at 5 Hz" in paces.slow({"gyroscope": "gyroscope"}, 50.0)


def test_pauses_steps_back_and_infinities_are_no_rates() -> None:
    paces = paces_of(gyroscope=50.0)
    for wild in (0.0, 2e9, math.inf, math.nan, -math.inf, 1e9):
        paces.add("gyroscope", wild)
    assert paces.rate_hz("gyroscope") == pytest.approx(50, abs=0.1)
    for n in range(5000):
        paces.add(f"sensor {n}", n)
    assert len(paces._newest_s) <= 32


def rest_of(z: float, turn: float = 0.0, noise: float = 0.0) -> str:
    rest = Rest("--phone android")
    for n in range(300):
        shake = noise * (-1) ** n
        rest.add([n / 50, shake, 0.0, z + shake, turn, 0.0, 0.0])
    return rest.remark


def test_a_phone_on_its_face_is_remarked_once_it_is_at_rest() -> None:
    assert rest_of(-9.81).startswith(
        "the phone is at rest with z = -9.81, as if it lay on its face"
    )
    assert rest_of(-1.0) != ""  # in g
    assert rest_of(9.81) == ""
    assert rest_of(-9.81, turn=0.2) == ""
    assert rest_of(-9.81, noise=1.0) == ""
    assert rest_of(0.0) == ""


def test_a_pause_is_no_rest() -> None:
    rest = Rest("")
    for n in range(50):
        rest.add([n * 3.0, 0.0, 0.0, -9.8, 0.0, 0.0, 0.0])
    assert rest.remark == ""
