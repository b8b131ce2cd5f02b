"""The film of the demo shows the motion that its sensor felt."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.demo.day import day_schedule, simulated_day
from edgehuman.runtime.demo.walker import JOINTS, Film, film

SEED = 2


@pytest.fixture(scope="module")
def shown() -> Film:
    return film(SEED, day_schedule(60.0, SEED))


def up_m(shown: Film, joint: str, at_s: float) -> float:
    """Height of a joint at a time, metres."""
    return float(shown.joint_TJ2[round(at_s * shown.rate_hz), JOINTS.index(joint), 1]) / 1000.0


def middle_s(activity: str) -> float:
    """The middle of the first bout of an activity."""
    at_s = 0.0
    for bout in day_schedule(60.0, SEED):
        if bout.activity == activity:
            return at_s + bout.duration_s / 2
        at_s += bout.duration_s
    raise AssertionError(activity)


def test_it_is_as_long_as_the_recording(shown: Film) -> None:
    day = simulated_day(60.0, SEED)
    assert len(shown.joint_TJ2) / shown.rate_hz == pytest.approx(day.duration_s, abs=0.2)


def test_heads_are_up_when_standing_and_low_when_lying(shown: Film) -> None:
    assert 1.4 < up_m(shown, "head_top", middle_s("standing")) < 2.1
    assert 0.7 < up_m(shown, "head_top", middle_s("sitting")) < 1.6
    assert up_m(shown, "head_top", middle_s("laying")) < 0.95


def test_the_feet_are_on_the_ground_even_on_stairs(shown: Film) -> None:
    for activity in ("standing", "walking", "walking_upstairs", "walking_downstairs"):
        at_s = middle_s(activity)
        lowest = min(
            up_m(shown, joint, at_s + k / shown.rate_hz)
            for joint in ("l_heel", "r_heel", "l_toe", "r_toe")
            for k in range(12)
        )
        assert abs(lowest) < 0.25, activity


def test_the_ground_moves_while_walking_alone(shown: Film) -> None:
    def speed_ms(activity: str) -> float:
        first = round(middle_s(activity) * shown.rate_hz)
        return float(shown.ground_T[first + 12] - shown.ground_T[first]) * shown.rate_hz / 12

    assert speed_ms("walking") > 0.6
    assert abs(speed_ms("sitting")) < 0.1


def test_the_pelvis_rises_and_falls_with_the_steps(shown: Film) -> None:
    """Level walking lifts the belt by a few centimetres with every step."""
    first = round((middle_s("walking") - 0.8) * shown.rate_hz)
    high_T = shown.joint_TJ2[first : first + 20, JOINTS.index("pelvis"), 1].astype(float)
    assert 5.0 < np.ptp(high_T) < 150.0


def test_a_chair_and_a_bed_come_and_go(shown: Film) -> None:
    chair, bed = shown.seats
    assert (chair.kind, bed.kind) == ("chair", "bed")
    assert chair.start_s < middle_s("sitting") < chair.end_s
    assert 0.2 < chair.height_m < 0.7
    assert min(chair.comes_s, chair.goes_s, bed.comes_s, bed.goes_s) > 1.0
