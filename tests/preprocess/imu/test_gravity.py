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


@pytest.mark.parametrize("shaking", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("turned", [False, True])
def test_gravity_is_seen_whatever_moves(shaking: float, turned: bool) -> None:
    assert GravityWatch(50.0).fault(window(1.0, shaking, turned)) == ""


@pytest.mark.parametrize("shaking", [0.0, 0.3, 1.0, 3.0])
def test_without_gravity_there_is_none(shaking: float) -> None:
    assert GravityWatch(50.0).fault(window(0.0, shaking)) == NO_GRAVITY


def test_doubt_lasts_until_gravity_is_clear() -> None:
    watch = GravityWatch(50.0)
    unclear, clear = window(0.4, 0.0), window(1.0, 0.2)
    assert watch.fault(unclear) == ""
    assert watch.fault(window(0.0, 0.0)) == NO_GRAVITY
    assert watch.fault(unclear) == NO_GRAVITY
    assert (watch.fault(clear), watch.fault(unclear)) == ("", "")
    assert watch.fault(window(9.8, 0.0)) == TOO_LARGE


def test_real_people_keep_their_answers(shared_data: Path) -> None:
    rows_TC = np.load(shared_data / "hapt_raw.npz")["x"][:256_000]
    watch = GravityWatch(50.0)
    assert not any(watch.fault(rows_TC[at : at + 128]) for at in range(0, 256_000, 128))
