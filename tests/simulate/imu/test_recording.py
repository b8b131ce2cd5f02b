"""Recordings, streams and windows: seeded, labelled, the same in blocks, flat in memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from edgehuman.errors import UsageError
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
        ({"minutes": 0.0}, "minutes=0.0"),
        ({"minutes": float("nan")}, "minutes=nan"),
        ({"minutes": 1.0, "placement": "hat"}, "'hat'"),
        ({"minutes": 1.0, "rate_hz": 1.0}, "rate_hz=1.0"),
        ({"minutes": 1.0, "rate_hz": float("nan")}, "rate_hz=nan"),
    ],
)
def test_wrong_words_are_told(words: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate_recording(0, **words)  # type: ignore[arg-type]


def test_windows_refuse_what_gives_none() -> None:
    with pytest.raises(UsageError, match="people=0"):
        simulated_windows(people=0)
    with pytest.raises(UsageError, match="one window needs"):
        simulated_windows(people=1, minutes=0.02)
