"""Who wears which sensor: the formula, and decisions over time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import COCO_17
from edgehuman.runtime.together.steps import Likeness
from edgehuman.runtime.together.wearers import (
    NOBODY,
    NOT_SURE,
    STANDS,
    Wearers,
    Worn,
    evidence,
    levelled,
    probabilities,
)
from tests.runtime.together.test_steps import sensor, times, walker


def played(
    cadences: dict[str, float], worn_hz: float, seconds: int = 20, bound_s: float = 0.6
) -> list[Worn]:
    """What is said each second of one sensor beside people of these cadences."""
    wearers = Wearers(["anna"], bound_s)
    frames, samples = times(0, seconds, 0.04), times(0, seconds, 0.02)
    joints = {track: walker(frames, hz) for track, hz in cadences.items()}
    imu_TC = sensor(samples, worn_hz) if worn_hz else sensor(samples, 0.0)
    said = []
    for second in range(1, seconds + 1):
        for at in np.flatnonzero((frames >= second - 1) & (frames < second)).tolist():
            wearers.see(frames[at], [(n, joints[n][at]) for n in joints], COCO_17)
        fresh = (samples >= second - 1) & (samples < second)
        wearers.feel("anna", samples[fresh], imu_TC[fresh])
        said.append(wearers.decide(float(second))["anna"])
    return said


def test_the_formula_by_hand() -> None:
    # z = atanh(tanh(1)) = 1, span 10 s: u = 0, so L = a + b + c.
    pair = Likeness(math.tanh(1.0), 0.0, 8.0, 10.0)
    assert evidence(pair, (-3.0, 4.0, 0.5, 9, 9, 9, 9, 9)) == pytest.approx(1.5)
    # u = 1: everything else counts once.
    pair = Likeness(math.tanh(1.0), 0.0, 8.0, 10 * math.e)
    assert evidence(pair, (0, 0, 0, 1, 0.5, 0.25, 0.125, 0.0625)) == pytest.approx(1.9375)
    assert evidence(pair, (100, 0, 0, 0, 0, 0, 0, 0)) == 6.0
    assert evidence(pair, (-100, 0, 0, 0, 0, 0, 0, 0)) == -6.0


def test_too_little_says_nothing() -> None:
    assert evidence(Likeness(0.9, 0.0, 1.9, 10.0)) == 0.0
    assert evidence(Likeness(0.9, 0.0, 2.5, 2.9)) == 0.0


@pytest.mark.parametrize("span_s", [4.0, 8.0, 15.0, 30.0])
def test_more_alike_is_never_less_likely(span_s: float) -> None:
    found = [evidence(Likeness(r, 0.0, span_s, span_s)) for r in np.linspace(0.3, 0.99, 40)]
    assert np.all(np.diff(found) > -0.05)
    assert found[-1] > found[0]


def test_probabilities_by_hand() -> None:
    shares = probabilities({"1": math.log(8), "2": 0.0})
    assert shares == {"": pytest.approx(0.1), "1": pytest.approx(0.8), "2": pytest.approx(0.1)}
    assert probabilities({}) == {"": 1.0}


def test_what_speaks_for_one_in_step_speaks_for_the_other() -> None:
    assert levelled({"1": 5.0, "2": 0.0, "3": -2.0}, [("1", "2")]) == {
        "1": 5.0,
        "2": 5.0,
        "3": -2.0,
    }


def test_the_wearer_is_found_among_others_and_stays() -> None:
    said = played({"7": 1.8, "8": 1.6, "9": 2.0}, 1.8)
    assert said[0].reason == NOT_SURE
    first = next(n for n, one in enumerate(said) if one.track)
    assert 5 <= first <= 15
    assert [one.track for one in said[first:]] == ["7"] * (20 - first)
    assert said[-1].confidence > 0.95
    assert said[-1].cadence_hz == pytest.approx(1.8, abs=0.05)


def test_one_person_alone_is_told_only_if_the_steps_are_hers() -> None:
    assert played({"1": 1.8}, 1.8)[-1].track == "1"
    assert played({"1": 1.8}, 1.95)[-1].track == ""


def test_too_few_frames_a_second_show_no_steps() -> None:
    wearers = Wearers(["anna"], 0.6)
    frames, samples = times(0, 20, 0.4), times(0, 20, 0.02)
    for t_s, joint_J3 in zip(frames.tolist(), walker(frames, 1.8), strict=True):
        wearers.see(t_s, [("1", joint_J3)], COCO_17)
    wearers.feel("anna", samples, sensor(samples, 1.8))
    assert wearers.decide(20.0)["anna"].track == ""


def test_two_in_step_are_not_told() -> None:
    said = played({"1": 1.8, "2": 1.8, "3": 2.1}, 1.8)
    assert not any(one.track for one in said)
    assert said[-1].reason == NOT_SURE
    assert said[-1].confidence < 0.6


def test_who_is_not_in_view_is_nobody() -> None:
    said = played({"1": 1.6, "2": 2.1}, 1.85)
    assert not any(one.track for one in said)
    assert said[-1].reason == NOBODY
    assert said[-1].confidence > 0.95


def test_nobody_in_view_is_nobody() -> None:
    assert played({}, 1.8)[-1].reason == NOBODY


def test_who_stands_is_not_told() -> None:
    said = played({"1": 1.8}, 0.0)
    assert not any(one.track for one in said)
    assert said[-1].reason == STANDS


def test_a_wearer_who_leaves_is_not_known_any_more() -> None:
    wearers = Wearers(["anna"])
    frames, samples = times(0, 18, 0.04), times(0, 24, 0.02)
    joint_TJ3, imu_TC = walker(frames, 1.8), sensor(samples, 1.8)
    for at, t_s in enumerate(frames.tolist()):
        wearers.see(t_s, [("7", joint_TJ3[at])], COCO_17)
    wearers.feel("anna", samples, imu_TC)
    for second in (16.0, 17.0):
        now = wearers.decide(second)["anna"]
    assert now.track == "7"
    assert wearers.decide(22.0)["anna"].track == ""
    assert not wearers._tracks  # nothing is kept of who is gone


def test_memory_is_bounded_and_a_clock_that_was_set_back_begins_anew() -> None:
    wearers = Wearers(["anna"], 1.0)
    for begin in range(0, 300, 10):
        samples = times(begin, begin + 10, 0.02)
        wearers.feel("anna", samples, sensor(samples, 1.8))
        wearers.see(begin + 9.0, [("7", walker(samples[:1], 1.8)[0])], COCO_17)
    one = wearers._sensors["anna"]
    assert one.t_s_T[-1] - one.t_s_T[0] < 40
    assert len(wearers._tracks["7"].t_s) <= 4
    early = times(0, 5, 0.02)
    wearers.feel("anna", early, sensor(early, 1.8))
    np.testing.assert_array_equal(one.t_s_T, early)


def test_joints_without_legs_and_repeated_frames_are_left_out() -> None:
    wearers = Wearers(["anna"])
    joint_J3 = walker(np.zeros(1), 1.8)[0]
    wearers.see(1.0, [("7", joint_J3[:11])], COCO_17[:11])
    assert not wearers._tracks
    for t_s in (1.0, 1.0, 0.5, 1.1):
        wearers.see(t_s, [("7", joint_J3)], COCO_17)
    assert list(wearers._tracks["7"].t_s) == [1.0, 1.1]


@pytest.mark.parametrize("bound_s", [-0.1, 5.1, math.nan])
def test_a_bound_out_of_range_is_named(bound_s: float) -> None:
    with pytest.raises(UsageError, match="give 0 to 5, and a larger known difference as an offset"):
        Wearers(["anna"], bound_s)
