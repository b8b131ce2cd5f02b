"""Why windows get no answer: each fault with its note, judged together as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.imu.faults import Cut, WindowJudge, join_cuts
from edgehuman.preprocess.imu.format import ImuFormat, ImuReport
from edgehuman.records import Float32

HOP = 32


def swung(count: int) -> Float32:
    """A sensor that is swung slowly about z, with noise; samples (T, 6) at 50 Hz."""
    t_T = np.arange(count) / 50
    angle_T, rate_T = np.sin(0.7 * t_T), 0.7 * np.cos(0.7 * t_T)
    imu_TC = np.random.default_rng(0).normal(0, 0.01, (count, 6))
    imu_TC[:, 0] += np.cos(angle_T)
    imu_TC[:, 1] -= np.sin(angle_T)
    imu_TC[:, 5] += rate_T
    return np.asarray(imu_TC, np.float32)


def cut_of(imu_TC: Float32, lost: tuple[int, ...] = ()) -> Cut:
    """All windows of samples; of those in `lost` half the rows are missing."""
    ends = np.arange(128, len(imu_TC) + 1, HOP)
    rows_N = np.full(len(ends), 127)
    rows_N[list(lost)] = 64
    new_N = np.full(len(ends), HOP)
    new_N[0] = 128
    return Cut(
        np.stack([imu_TC[end - 128 : end] for end in ends]),
        ends / 50,
        ends / 50,
        np.zeros((len(ends), 2), np.int64),
        rows_N,
        new_N,
    )


def judged(cut: Cut, together: int) -> tuple[list[str], list[str]]:
    """Reasons and notes of windows that come so many at a time."""
    report = ImuReport(rate_hz=50.0, gyro_unit="rads")
    judge, reasons = WindowJudge(50.0, ImuFormat("g", "rads"), report), []
    for at in range(0, len(cut), together):
        reasons += judge.reasons(cut.of(np.arange(at, min(at + together, len(cut)))))
    return reasons, report.notes


@pytest.mark.parametrize("together", [1, 5, 1000])
def test_every_fault_is_found_in_its_place_however_many_windows_come(together: int) -> None:
    imu_TC = swung(6000)
    imu_TC[1000:1100, :3] = imu_TC[1000, :3]
    imu_TC[1600:1900, 4] = 0.25
    imu_TC[2400:2700, :3] -= [1, 0, 0]
    imu_TC[2400:2700, :2] *= 0.1
    imu_TC[3200:3500, :3] *= 9.8
    imu_TC[4000:, 3:] *= -1
    cut = cut_of(imu_TC, lost=(3, 4, 40))
    reasons, notes = judged(cut, together)
    assert reasons[:5] == ["", "", "", "missing rows", "missing rows"]
    end_N = np.arange(len(cut)) * HOP + 128
    assert {reasons[n] for n in np.flatnonzero((end_N >= 1128) & (end_N <= 1170))} == {"frozen"}
    assert {reasons[n] for n in np.flatnonzero((end_N >= 1730) & (end_N < 1900))} == {"dead axis"}
    assert "no gravity" in reasons
    assert "impossible acceleration" in reasons
    assert set(reasons[-20:]) == {"gyroscope contradicts gravity"}
    kinds = ["rows 50% are missing", "the accelerometer gave", "gy keeps one", "no constant part"]
    kinds += ["larger than any movement", "does not turn as the gyroscope says"]
    assert len(notes) == len(kinds)
    assert all(kind in note for kind, note in zip(kinds, notes, strict=True))
    assert "of a window's rows 50% are missing, first at 4.48 s" in notes[0]
    assert "try --gyro-axes +x+y-z" in notes[-1]
    assert (reasons, notes) == judged(cut, 17)


def test_windows_that_were_refused_teach_the_later_checks_nothing() -> None:
    """A mirrored gyroscope in windows that lack rows is not accused."""
    imu_TC = swung(3000)
    imu_TC[:, 3:] *= -1
    reasons, notes = judged(cut_of(imu_TC, lost=tuple(range(90))), 30)
    assert set(reasons) == {"missing rows"}
    assert len(notes) == 1


def test_another_unit_of_the_gyroscope_begins_its_check_anew() -> None:
    imu_TC = swung(3000)
    imu_TC[:, 3:] *= -1
    report = ImuReport(rate_hz=50.0, gyro_unit="rads")
    judge, cut = WindowJudge(50.0, ImuFormat("g"), report), cut_of(imu_TC)
    assert judge.reasons(cut)[-1] == "gyroscope contradicts gravity"
    report.gyro_unit = "degs"
    assert judge.reasons(cut.of(np.arange(2))) == ["", ""]


def test_cuts_join_in_order() -> None:
    cut = cut_of(swung(640))
    parts = [cut.of(np.arange(4)), cut.of(np.arange(4, len(cut)))]
    joined = join_cuts(parts)
    assert joined.t_s_N.tolist() == cut.t_s_N.tolist()
    assert joined.imu_NTC.tolist() == cut.imu_NTC.tolist()
    assert join_cuts(parts[:1]) is parts[0]
