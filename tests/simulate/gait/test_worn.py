"""Scenes with sensors: what the camera and the sensors have is of the same bodies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.simulate.gait.worn import Conditions, simulate_worn
from edgehuman.simulate.skeleton.detector import Detector

EASY = Conditions(
    missed=0.0, lost=0.0, offset_s=0.0, drift_ppm=0.0, detector=Detector(0, 0, 0, 0, 0)
)


def test_a_scene_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    scene, again, other = (simulate_worn(2, 1, 6.0, seed, EASY) for seed in (4, 4, 5))
    assert [frame.t_s for frame in scene.frames[:3]] == [0.0, 0.04, 0.08]
    assert len(scene.frames) == 150
    for frame, same in zip(scene.frames, again.frames, strict=True):
        for one, two in zip(frame.seen, same.seen, strict=True):
            np.testing.assert_array_equal(one.joint_J3, two.joint_J3)
    np.testing.assert_array_equal(scene.sensors[0].imu_TC, again.sensors[0].imu_TC)
    assert not np.array_equal(scene.sensors[0].imu_TC, other.sensors[0].imu_TC)


def test_who_leaves_for_long_comes_back_on_another_track_and_no_track_is_of_two() -> None:
    scene = simulate_worn(6, 0, 40.0, 1)
    persons: dict[str, set[int]] = {}
    tracks: dict[int, set[str]] = {}
    for frame in scene.frames:
        for one in frame.seen:
            persons.setdefault(one.track, set()).add(one.person)
            tracks.setdefault(one.person, set()).add(one.track)
    assert all(len(found) == 1 for found in persons.values())
    assert max(map(len, tracks.values())) > 1


def test_heads_are_above_ankles_and_a_person_is_as_tall_as_the_distance_says() -> None:
    scene = simulate_worn(1, 0, 20.0, 2, EASY)
    joint_NJ3 = np.stack([one.joint_J3 for frame in scene.frames for one in frame.seen])
    tall_px_N = joint_NJ3[:, 15:17, 1].mean(axis=1) - joint_NJ3[:, 0, 1]
    # A head of 1.5 m at 4 to 30 m and a focal length of 1000 px: 50 to 400 px.
    assert tall_px_N.min() > 30
    assert tall_px_N.max() < 450


def test_a_sensors_clock_is_late_and_fast_as_it_says() -> None:
    hard = replace(EASY, offset_s=0.5, drift_ppm=100.0)
    true, late = (
        simulate_worn(1, 1, 10.0, 0, EASY).sensors[0],
        simulate_worn(1, 1, 10.0, 0, hard).sensors[0],
    )
    np.testing.assert_array_equal(true.imu_TC, late.imu_TC)
    gap_s_T = late.stamp_s_T - true.stamp_s_T
    assert gap_s_T[0] == pytest.approx(late.offset_s, abs=1e-3)
    assert 0 < abs(late.offset_s) <= 0.5
    slope = (gap_s_T[-1] - gap_s_T[0]) / (true.stamp_s_T[-1] - true.stamp_s_T[0])
    assert slope * 1e6 == pytest.approx(late.drift_ppm, rel=1e-3)


def test_breaks_take_the_share_that_was_asked_for() -> None:
    lossy = replace(EASY, lost=0.3)
    whole = simulate_worn(1, 1, 120.0, 0, EASY).sensors[0]
    rest = simulate_worn(1, 1, 120.0, 0, lossy).sensors[0]
    # Breaks that begin within others overlap: 1 - exp(-0.3) = 0.26 of the time.
    assert 1 - len(rest.stamp_s_T) / len(whole.stamp_s_T) == pytest.approx(0.26, abs=0.08)


def test_two_in_step_have_the_same_readings_and_an_absent_one_is_nobody_before_the_camera() -> None:
    scene = simulate_worn(2, 2, 5.0, 0, replace(EASY, in_step=True, absent=1))
    body = [sensor.imu_TC[:, :3] for sensor in scene.sensors]
    assert np.abs(body[0] - body[1]).mean() < 0.1 < np.abs(body[0] - body[2]).mean()
    assert scene.sensors[2].person == 2
    assert {one.person for frame in scene.frames for one in frame.seen} <= {0, 1}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((41, 0, 10.0), "people is 41; it must be 0 to 40"),
        ((1, 2, 10.0), "worn is 2; it must be 0 to 1"),
        ((1, 0, 3.0), "seconds is 3.0; it must be 4.0"),
    ],
)
def test_wrong_numbers_are_named(words: tuple[int, int, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate_worn(*words, 0)


def test_an_unknown_placement_is_named() -> None:
    with pytest.raises(UsageError, match="unknown placement 'hat'; valid: waist"):
        simulate_worn(1, 1, 5.0, 0, Conditions(placements=("hat",)))
