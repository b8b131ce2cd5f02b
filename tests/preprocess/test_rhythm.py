"""The rhythm of a wave: its rate, and how much of it the rate explains."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.rhythm import rhythm_of


@pytest.mark.parametrize("strides_hz", [0.6, 0.9, 1.3])
@pytest.mark.parametrize("cycles", [1, 2])
def test_the_rate_of_a_pure_wave_is_found(strides_hz: float, cycles: int) -> None:
    """Rates are 5 % apart."""
    time_T = np.arange(48) / 24.0
    wave_TC = np.cos(2 * np.pi * cycles * strides_hz * time_T + 0.4)[:, None]
    found_hz, share = rhythm_of(wave_TC, 24.0, cycles)
    assert abs(np.log(found_hz / strides_hz)) < 0.05
    assert share > 0.95


def test_a_constant_is_no_movement() -> None:
    assert rhythm_of(np.full((30, 2), 7.0), 24.0, 1)[1] == 0.0


def test_of_noise_little_is_explained() -> None:
    noise = np.random.default_rng(0).normal(size=(96, 2))
    assert rhythm_of(noise, 24.0, 1)[1] < 0.2
    time_T = np.arange(96)[:, None] / 24.0
    wave = np.sin(2 * np.pi * 0.9 * time_T + np.array([0.0, 1.0]))
    # A wave of variance 0.5 in noise of variance 0.25: two thirds.
    assert rhythm_of(wave + 0.5 * noise, 24.0, 1)[1] == pytest.approx(2 / 3, abs=0.08)
