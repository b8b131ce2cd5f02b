"""Stamps as they are written: dates, and numbers whose step tells their unit."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.text.clock import is_date, seconds_of, tell_unit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-10-27T01:30:00.000Z", 1_729_992_600.0),
        ("2024-10-27 01:30:00.010", 1_729_992_600.01),
        ("2024-10-27T01:30:00+01:00", 1_729_989_000.0),
        ("2024-10-27 01:30:00.500+0100 [Europe/London]", 1_729_989_000.5),
        ('"2024-10-27 01:30:00,25-0530"', 1_730_012_400.25),
    ],
)
def test_dates_are_seconds(text: str, seconds: float) -> None:
    assert is_date(text)
    assert seconds_of(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("step", "unit"),
    [
        (0.02, "s"),
        (0.005, "s"),
        (0.4, "s"),
        (1.0, "s"),
        (5, "ms"),
        (20, "ms"),
        (40, "ms"),
        (2_000, "us"),
        (20_000, "us"),
        (5e6, "ns"),
        (2e7, "ns"),
    ],
)
def test_the_unit_of_stamps(step: float, unit: str) -> None:
    stamp_T = np.append(1000 * step + np.arange(20) * step, [np.nan, 0.0, 0.0])
    assert tell_unit(stamp_T) == unit
