"""Simulated waists against real ones: per activity, the typical person lies among the real people.

The real side is the public UCI HAR windows of its 21 training people (the walker is tuned on them,
so its test people stay unseen). `python -m pytest -s` on this file prints the table.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.records import Float32, Float64
from edgehuman.simulate.body.activities import ACTIVITIES, SIX
from edgehuman.simulate.body.schedule import Bout, with_transitions
from edgehuman.simulate.imu.recording import simulate_recording

STATISTICS = ("acc_x", "acc_y", "acc_z", "norm_std", "norm_p99", "step_hz", "gyro_std", "rough")
MOVING = SIX[:3]
DAY = [
    Bout("standing", 15),
    Bout("walking", 25),
    Bout("walking_upstairs", 15),
    Bout("walking", 5),
    Bout("walking_downstairs", 15),
    Bout("standing", 10),
    Bout("sitting", 25),
    Bout("laying", 25),
    Bout("sitting", 10),
]


def _statistics(imu_NTC: Float32) -> Float64:
    """One person's windows of one activity: means, spread of the norm, rhythm, rotation, edges."""
    norm = np.linalg.norm(imu_NTC[..., :3], axis=-1)
    power = (np.abs(np.fft.rfft(norm - norm.mean(axis=1, keepdims=True), axis=1)) ** 2).mean(axis=0)
    frequency = np.fft.rfftfreq(norm.shape[1], 0.02)
    power[frequency < 0.6] = 0.0
    return np.array(
        [
            *imu_NTC[..., :3].mean(axis=(0, 1)),
            norm.std(axis=1).mean(),
            np.percentile(norm, 99),
            frequency[power.argmax()],
            np.sqrt((imu_NTC[..., 3:].std(axis=1) ** 2).sum(axis=-1)).mean(),
            np.abs(np.diff(norm, axis=1)).mean(),
        ]
    )


@pytest.fixture(scope="module")
def real(shared_data: Path) -> dict[str, Float64]:
    with np.load(shared_data / "uci_har.npz") as file:
        known = ~file["is_test"]
        imu, label, subject = file["x"][known], file["y"][known], file["subject"][known]
    people = np.unique(subject)
    return {
        name: np.array([_statistics(imu[(label == k) & (subject == who)]) for who in people])
        for k, name in enumerate(SIX, start=1)
    }


@pytest.fixture(scope="module")
def simulated() -> dict[str, Float64]:
    rows: dict[str, list[Float64]] = {name: [] for name in SIX}
    for seed in range(30):
        recording = simulate_recording(1000 + seed, with_transitions(DAY, seed))
        view = np.lib.stride_tricks.sliding_window_view
        imu = view(recording.imu_TC, 128, axis=0)[::64].transpose(0, 2, 1)
        label = view(recording.label_T, 128)[::64]
        pure = (label == label[:, :1]).all(axis=1)
        for name in SIX:
            rows[name].append(_statistics(imu[pure & (label[:, 0] == ACTIVITIES.index(name))]))
    return {name: np.array(made) for name, made in rows.items()}


@pytest.mark.parametrize("activity", SIX)
def test_the_typical_simulated_person_lies_among_the_real(
    real: dict[str, Float64], simulated: dict[str, Float64], activity: str
) -> None:
    low, high = real[activity].min(axis=0), real[activity].max(axis=0)
    typical = np.median(simulated[activity], axis=0)
    print(f"\n{activity}: real median / simulated median [real range]")
    for name, r, s, a, b in zip(
        STATISTICS, np.median(real[activity], axis=0), typical, low, high, strict=True
    ):
        print(f"  {name:9s} {r:7.3f} {s:7.3f}  [{a:.3f}, {b:.3f}]")
    inside = (typical >= low) & (typical <= high)
    assert inside.all(), [n for n, ok in zip(STATISTICS, inside, strict=True) if not ok]


@pytest.mark.parametrize("activity", SIX)
def test_most_simulated_people_lie_near_the_real(
    real: dict[str, Float64], simulated: dict[str, Float64], activity: str
) -> None:
    """At least 80 % of people per statistic inside the real range widened by a quarter."""
    low, high = real[activity].min(axis=0), real[activity].max(axis=0)
    margin = 0.25 * (high - low)
    inside = (simulated[activity] >= low - margin) & (simulated[activity] <= high + margin)
    assert inside.mean(axis=0).min() >= 0.8, dict(
        zip(STATISTICS, inside.mean(axis=0).round(2).tolist(), strict=True)
    )


@pytest.mark.parametrize("activity", MOVING)
def test_simulated_people_differ_as_real_people_do(
    real: dict[str, Float64], simulated: dict[str, Float64], activity: str
) -> None:
    """Spread over people between a third of and three times the real one."""
    ratio = simulated[activity].std(axis=0) / real[activity].std(axis=0)
    assert ratio.min() > 1 / 3
    assert ratio.max() < 3
