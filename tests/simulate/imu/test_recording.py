"""Recordings of simulated sensors: what never changes, and how like real people they are.

The real side is the public UCI HAR windows of its 21 training people (the walker is tuned on them,
so its test people stay unseen); `python -m pytest -s` prints the table.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Float64
from edgehuman.simulate.body.activities import ACTIVITIES, SIX
from edgehuman.simulate.body.schedule import Bout, with_transitions
from edgehuman.simulate.imu.recording import (
    CHAPTER_MINUTES,
    simulate_recording,
    simulate_stream,
    simulated_windows,
)
from edgehuman.simulate.imu.sensor import PLACEMENTS


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 50.0, 200.0])
def test_a_recording_has_its_rate_length_labels_and_units(placement: str, rate_hz: float) -> None:
    recording = simulate_recording(1, minutes=0.5, placement=placement, rate_hz=rate_hz)
    assert recording.imu_TC.shape == (int(30 * rate_hz), 6)
    assert recording.label_T.shape == (int(30 * rate_hz),)
    assert recording.labels == ACTIVITIES
    assert recording.subject == "simulated:1"
    assert "simulated" in recording.source
    norm = np.linalg.norm(recording.imu_TC[:, :3], axis=1)
    assert 0.8 < np.median(norm) < 1.2
    assert np.isfinite(recording.imu_TC).all()


def test_a_schedule_is_followed() -> None:
    schedule = with_transitions([Bout("standing", 5), Bout("sitting", 5)], seed=1)
    recording = simulate_recording(2, schedule)
    middle = 5.0 + schedule[1].duration_s / 2
    seen = [ACTIVITIES[recording.label_T[int(t * 50)]] for t in (2.0, middle, middle + 5)]
    assert seen == ["standing", "stand_to_sit", "sitting"]


def test_blocks_join_without_a_seam() -> None:
    """Noise-free by size: at a block's edge the signal changes no more than elsewhere."""
    schedule = [Bout("walking", 45.0)]
    imu = simulate_recording(3, schedule, rate_hz=100.0).imu_TC
    change = np.abs(np.diff(imu, axis=0)).max(axis=1)
    edges = change[[999, 1999, 2999, 3999]]
    assert edges.max() < np.percentile(change, 99.9)


def test_a_stream_is_the_recording_in_blocks() -> None:
    blocks = list(simulate_stream(4, "pocket", minutes=1.0))
    recording = simulate_recording(4, minutes=1.0, placement="pocket")
    assert max(len(stamp) for stamp, _, _ in blocks) <= 500
    stamp = np.concatenate([stamp for stamp, _, _ in blocks])
    assert np.allclose(stamp, np.arange(3000) / 50.0)
    assert np.array_equal(np.concatenate([imu for _, imu, _ in blocks]), recording.imu_TC)
    assert np.array_equal(np.concatenate([label for _, _, label in blocks]), recording.label_T)


def test_a_longer_day_begins_like_the_shorter() -> None:
    short = simulate_recording(5, minutes=0.7)
    longer = simulate_recording(5, minutes=1.4)
    assert np.array_equal(longer.imu_TC[: len(short.imu_TC)], short.imu_TC)


def test_chapters_join_without_a_jump() -> None:
    recording = simulate_recording(6, minutes=3 * CHAPTER_MINUTES)
    standing = recording.label_T == ACTIVITIES.index("standing")
    change = np.abs(np.diff(recording.imu_TC[:, :3], axis=0)).max(axis=1)
    calm = standing[1:] & standing[:-1]
    assert set(np.unique(recording.label_T)) > set(range(5))
    # Where one chapter ends and the next begins the person stands: only noise changes.
    end = int(np.ceil(CHAPTER_MINUTES * 60 * 50)) - 50
    joint = slice(end, end + 60 * 50)
    assert np.median(change[joint][calm[joint]]) < 0.02
    assert change[calm].max() < 1.0


def test_memory_does_not_grow_with_the_day() -> None:
    def peak_mb(minutes: float) -> float:
        tracemalloc.start()
        for _ in simulate_stream(7, minutes=minutes):
            pass
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        return peak

    assert peak_mb(24.0) < 1.5 * peak_mb(8.0) < 60.0


def test_windows_have_the_labels_of_the_six_and_a_test_part() -> None:
    windows = simulated_windows(people=5, minutes=4.0, seed=1)
    assert windows.imu_NTC.shape[1:] == (128, 6)
    assert windows.labels == SIX
    assert windows.dataset == ("simulated",)
    assert set(np.unique(windows.label_N)) == {-1, 0, 1, 2, 3, 4, 5}
    assert len(np.unique(windows.subject_N)) == 5
    assert len(np.unique(windows.subject_N[windows.is_test_N])) == 1
    assert not set(windows.subject_N[windows.is_test_N]) & set(
        windows.subject_N[~windows.is_test_N]
    )
    again = simulated_windows(people=5, minutes=4.0, seed=1)
    assert np.array_equal(windows.imu_NTC, again.imu_NTC)


def test_more_people_keep_the_people_there_were() -> None:
    few, more = (simulated_windows(people=n, minutes=0.2, seed=3) for n in (2, 3))
    assert np.array_equal(more.imu_NTC[: len(few)], few.imu_NTC)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "either a schedule or minutes"),
        ({"minutes": 1.0, "schedule": [Bout("standing", 5)]}, "either a schedule or minutes"),
        ({"minutes": 0.0}, "minutes is 0.0"),
        ({"minutes": float("nan")}, "minutes is nan"),
        ({"minutes": 1.0, "placement": "hat"}, "'hat'"),
        ({"minutes": 1.0, "rate_hz": 1.0}, "rate_hz is 1.0"),
        ({"minutes": 1.0, "rate_hz": float("nan")}, "rate_hz is nan"),
    ],
)
def test_wrong_words_are_told(words: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate_recording(0, **words)  # type: ignore[arg-type]


def test_windows_refuse_what_gives_none() -> None:
    with pytest.raises(UsageError, match="people is 0"):
        simulated_windows(people=0)
    with pytest.raises(UsageError, match="one window needs"):
        simulated_windows(people=1, minutes=0.02)


def test_standing_up_tilts_the_belt_forward_and_back_without_a_jump() -> None:
    """Half a radian or so forward over a second or two, as people do; never a teleport."""
    for seed in range(8):
        schedule = [Bout("sitting", 6.0), Bout("sit_to_stand", 2.4), Bout("standing", 6.0)]
        recording = simulate_recording(seed, schedule)
        rising = recording.label_T == ACTIVITIES.index("sit_to_stand")
        # Pitch is the rotation about the body's left: on the belt, the horizontal of y and z.
        turned = np.linalg.norm(recording.imu_TC[rising][:, 3:], axis=1)
        assert 0.4 < turned.max() < 4.0
        assert np.linalg.norm(recording.imu_TC[rising][:, :3], axis=1).max() < 1.8
        around = recording.imu_TC[250:460, 3:]
        assert np.abs(np.diff(around, axis=0)).max() < 0.5  # rad/s from one sample to the next


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


RESTING = SIX[3:]
BANDS_HZ = ((0.3, 1.2), (1.2, 3.0), (3.0, 6.0), (6.0, 12.0))


def _band_power(imu_NTC: Float32) -> Float64:
    """Median over windows of the logarithm (base 10) of the power per channel and band, (6, B)."""
    steady_NTC = imu_NTC - imu_NTC.mean(axis=1, keepdims=True)
    power_NFC = np.abs(np.fft.rfft(steady_NTC * np.hanning(128)[:, None], axis=1)) ** 2
    frequency = np.fft.rfftfreq(128, 0.02)
    bands = [
        power_NFC[:, (frequency >= low) & (frequency < high)].mean(axis=1) for low, high in BANDS_HZ
    ]
    return np.array([np.median(np.log10(band_NC + 1e-12), axis=0) for band_NC in bands]).T


@pytest.mark.parametrize("activity", RESTING)
def test_people_at_rest_move_in_every_band_as_real_ones_do(
    shared_data: Path, activity: str
) -> None:
    """Within a factor of 20 of the real power in every channel and band, and 4 on average."""
    with np.load(shared_data / "uci_har.npz") as file:
        mine = ~file["is_test"] & (file["y"] == SIX.index(activity) + 1)
        real_6B = _band_power(file["x"][mine])
    made = simulated_windows(people=12, minutes=6.0, seed=900)
    simulated_6B = _band_power(made.imu_NTC[made.label_N == SIX.index(activity)])
    apart_6B = np.abs(simulated_6B - real_6B)
    print(f"\n{activity}: simulated - real, log10\n{(simulated_6B - real_6B).round(1)}")
    assert apart_6B.max() < np.log10(20)
    assert apart_6B.mean() < np.log10(4)


def test_sitting_tilts_the_belt_as_far_as_in_real_people(shared_data: Path) -> None:
    """Mean angle over people between gravity when standing and when sitting: 22 degrees."""

    def tilt_deg(standing_NTC: Float32, sitting_NTC: Float32) -> float:
        up, back = (rows[..., :3].mean(axis=(0, 1)) for rows in (standing_NTC, sitting_NTC))
        cosine = up @ back / np.linalg.norm(up) / np.linalg.norm(back)
        return float(np.degrees(np.arccos(cosine)))

    with np.load(shared_data / "uci_har.npz") as file:
        known = ~file["is_test"]
        imu, label, subject = file["x"][known], file["y"][known], file["subject"][known]
    real = [
        tilt_deg(imu[(subject == who) & (label == 5)], imu[(subject == who) & (label == 4)])
        for who in np.unique(subject)
    ]
    schedule = with_transitions([Bout("standing", 8), Bout("sitting", 8)])
    days = [simulate_recording(500 + seed, schedule) for seed in range(40)]
    simulated = [
        tilt_deg(
            *(day.imu_TC[None, day.label_T == SIX.index(name)] for name in ("standing", "sitting"))
        )
        for day in days
    ]
    assert np.mean(simulated) == pytest.approx(np.mean(real), abs=2.5)
    assert np.std(simulated) == pytest.approx(np.std(real), abs=2.5)


@pytest.mark.parametrize("activity", MOVING)
def test_simulated_people_differ_as_real_people_do(
    real: dict[str, Float64], simulated: dict[str, Float64], activity: str
) -> None:
    """Spread over people between a third of and three times the real one."""
    ratio = simulated[activity].std(axis=0) / real[activity].std(axis=0)
    assert ratio.min() > 1 / 3
    assert ratio.max() < 3
