"""Units told from physics, on a swinging sensor and on real recordings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.units import (
    detect_units,
    gyro_conflict,
    judge_accel,
    judge_gyro,
    require_gravity,
    unit_scale,
)
from edgehuman.records import Float32, Float64

Swing = Callable[[Float64], Float32]
STAMP_S_T = np.arange(500) / 50
TO_MS2_DEGS = np.array([9.80665] * 3 + [180 / np.pi] * 3, np.float32)


def test_a_swing_in_all_four_units(swing: Swing) -> None:
    rows_TC = swing(STAMP_S_T)
    for accel, accel_scale in (("g", 1.0), ("ms2", 9.80665)):
        for gyro, gyro_scale in (("rads", 1.0), ("degs", 180 / np.pi)):
            scale = np.array([accel_scale] * 3 + [gyro_scale] * 3, np.float32)
            assert detect_units(rows_TC * scale) == (accel, gyro)
            back_TC = rows_TC * scale * unit_scale(accel, gyro)  # type: ignore[arg-type]
            np.testing.assert_allclose(back_TC, rows_TC, rtol=1e-5, atol=1e-6)


def test_a_still_gyroscope_is_said_to_be_still() -> None:
    rows_TC = np.tile(np.array([0, 0, 1, 0.001, 0, 0], np.float32), (200, 1))
    rows_TC[:, 3] += np.random.default_rng(0).normal(0, 0.003, 200).astype(np.float32)
    verdict = judge_gyro(rows_TC)
    assert (verdict.unit, verdict.still) == ("rads", True)


def test_a_bias_does_not_make_degrees() -> None:
    rows_TC = np.tile(np.array([0, 0, 1, 0.1, 0.1, 0], np.float32), (200, 1))
    assert judge_gyro(rows_TC).unit == "rads"


@pytest.mark.parametrize(
    ("norm", "found"),
    [(0.29, "auto"), (0.31, "g"), (3.9, "g"), (4.1, "ms2"), (29.0, "ms2"), (31.0, "auto")],
)
def test_ranges_of_gravity(norm: float, found: str) -> None:
    assert judge_accel(np.array([[norm, 0, 0, 0, 0, 0]], np.float32)) == found


def test_what_gravity_contradicts_is_an_error() -> None:
    ms2_TC: Float32 = np.tile(np.array([0, 0, 9.81, 0, 0, 0], np.float32), (4, 1))
    g_TC: Float32 = np.tile(np.array([0, 0, 0.981, 0, 0, 0], np.float32), (4, 1))
    none_TC: Float32 = np.tile(np.array([0, 0, 0.0981, 0, 0, 0], np.float32), (4, 1))
    with pytest.raises(DataError, match=r"declared in g.*9\.81.*m/s².*--accel-unit ms2 or auto"):
        require_gravity(ms2_TC, "g")
    with pytest.raises(DataError, match=r"declared in m/s².*0\.981.*--accel-unit g or"):
        require_gravity(g_TC, "ms2")
    with pytest.raises(DataError, match="gravity seems to be removed"):
        require_gravity(none_TC, "auto")
    with pytest.raises(DataError, match=r"milli-g .--accel-unit mg. or raw counts"):
        require_gravity(ms2_TC * 40, "auto")
    for scale, hint in ((16384, "counts of 16384 per g"), (2048, "2048 per g"), (1000, "milli-g")):
        for declared in ("auto", "g", "ms2"):
            with pytest.raises(DataError, match=hint):
                require_gravity(g_TC / 0.981 * scale, declared)
    assert require_gravity(ms2_TC * 0, "auto") == "g"
    assert require_gravity(g_TC * 1000, "mg") == "mg"
    with pytest.raises(DataError, match=r"declared in milli-g.*--accel-unit g or"):
        require_gravity(g_TC, "mg")
    with pytest.raises(DataError, match="counts of 16384 per g"):
        require_gravity(g_TC / 0.981 * 16384, "mg")


def test_a_wrongly_declared_gyroscope_is_remarked(swing: Swing) -> None:
    rows_TC = swing(STAMP_S_T)
    right, wrong = judge_gyro(rows_TC), judge_gyro(rows_TC * TO_MS2_DEGS)
    assert "looks like deg/s" in gyro_conflict(wrong, "rads")
    assert "looks like rad/s" in gyro_conflict(right, "degs")
    assert gyro_conflict(right, "rads") == gyro_conflict(wrong, "degs") == ""


def test_two_second_stretches_of_real_people(shared_data: Path) -> None:
    rows_TC = np.load(shared_data / "hapt_raw.npz")["x"][::1][:300_000]
    stretches = rows_TC.reshape(-1, 100, 6)[::10]
    in_rads = [judge_gyro(stretch).unit for stretch in stretches]
    in_degs = [judge_gyro(stretch * TO_MS2_DEGS).unit for stretch in stretches]
    assert in_rads.count("degs") == 0
    assert in_degs.count("rads") <= 0.01 * len(stretches)
    assert {judge_accel(stretch) for stretch in stretches} == {"g"}
    assert {judge_accel(stretch * TO_MS2_DEGS) for stretch in stretches} == {"ms2"}
