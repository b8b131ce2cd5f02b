"""Windows without gravity are refused, and those of real movement are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.preprocess.imu.gravity import NO_GRAVITY, TOO_LARGE, GravityWatch
from edgehuman.records import Float32


def window(gravity: float, shaking: float, turned: bool = False) -> Float32:
    """128 samples at 50 Hz, up along x, or from x to -x within the window."""
    angle_T = np.linspace(0, np.pi, 128) if turned else np.zeros(128)
    imu_TC = np.random.default_rng(0).normal(0, 0.01, (128, 6))
    imu_TC[:, 0] += gravity * np.cos(angle_T) + shaking * np.sin(np.arange(128) * 0.24)
    imu_TC[:, 1] += gravity * np.sin(angle_T)
    return imu_TC.astype(np.float32)


def fault(watch: GravityWatch, imu_TC: Float32) -> str:
    (said,) = watch.faults(imu_TC[None])
    return said


@pytest.mark.parametrize("shaking", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("turned", [False, True])
def test_gravity_is_seen_whatever_moves(shaking: float, turned: bool) -> None:
    assert fault(GravityWatch(50.0), window(1.0, shaking, turned)) == ""


@pytest.mark.parametrize("shaking", [0.0, 0.3, 1.0, 3.0])
def test_without_gravity_there_is_none(shaking: float) -> None:
    assert fault(GravityWatch(50.0), window(0.0, shaking)) == NO_GRAVITY


def test_doubt_lasts_until_gravity_is_clear() -> None:
    watch = GravityWatch(50.0)
    unclear, clear = window(0.4, 0.0), window(1.0, 0.2)
    assert fault(watch, unclear) == ""
    assert fault(watch, window(0.0, 0.0)) == NO_GRAVITY
    assert fault(watch, unclear) == NO_GRAVITY
    assert (fault(watch, clear), fault(watch, unclear)) == ("", "")
    assert fault(watch, window(9.8, 0.0)) == TOO_LARGE


def test_windows_that_come_together_are_judged_as_one_by_one() -> None:
    kinds = [(1.0, 0.2), (0.0, 0.0), (0.4, 0.0), (1.0, 0.2), (9.8, 0.0), (0.4, 0.0), (1.0, 0.0)]
    imu_NTC = np.stack([window(*kind) for kind in kinds])
    watch = GravityWatch(50.0)
    assert GravityWatch(50.0).faults(imu_NTC) == [fault(watch, imu_TC) for imu_TC in imu_NTC]


def test_real_people_keep_their_answers(shared_data: Path) -> None:
    rows_TC = np.load(shared_data / "hapt_raw.npz")["x"][:256_000]
    assert not any(GravityWatch(50.0).faults(rows_TC.reshape(-1, 128, 6)))
