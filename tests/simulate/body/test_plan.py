"""Schedules as curves: clocks that stop on the ground, runs, labels, moves between postures."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.records import Float64
from edgehuman.simulate.body.activities import ACTIVITIES
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.plan import CONTROL_HZ, Plan, make_plan
from edgehuman.simulate.body.posture import ROW, posture
from edgehuman.simulate.body.schedule import Bout, Schedule

PERSON = sample_person(5)
WALK = [Bout("standing", 4), Bout("walking", 9), Bout("walking_upstairs", 6), Bout("standing", 4)]
SIT = [Bout("standing", 6), Bout("stand_to_sit", 3), Bout("sitting", 6)]


def planned(schedule: Schedule, rate_hz: float = 100.0, settled: bool = False) -> Plan:
    return make_plan(PERSON, schedule, rate_hz, np.random.default_rng(7), settled)


def knot(plan: Plan, control: str, at_s: float) -> float:
    return float(plan.knots_PM[ROW[control], round(at_s * plan.rate_hz / plan.per_knot)])


def test_labels_change_where_bouts_do() -> None:
    plan = planned(WALK)
    assert plan.num_frames == 2300
    edges = np.flatnonzero(np.diff(plan.label_T)) + 1
    assert edges.tolist() == [400, 1300, 1900]
    assert [ACTIVITIES[plan.label_T[i]] for i in (0, 400, 1300, 1900)] == [b.activity for b in WALK]


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 120.0])
def test_there_are_about_ten_knots_a_second(rate_hz: float) -> None:
    plan = planned(WALK, rate_hz)
    assert plan.per_knot == rate_hz / CONTROL_HZ
    assert plan.knots_PM.shape[1] == plan.num_frames // plan.per_knot + 4


def test_gaits_that_follow_each_other_are_one_run() -> None:
    plan = planned(WALK)
    assert (plan.run_start_s.tolist(), plan.run_end_s.tolist()) == ([4.0], [19.0])
    twice = planned([*WALK[:2], Bout("standing", 5), *WALK[1:]])
    assert twice.run_start_s.tolist() == [4.0, 18.0]
    assert twice.run_end_s.tolist() == [13.0, 33.0]


def test_the_clock_runs_while_walking_and_stops_with_both_feet_down() -> None:
    plan = planned(WALK)
    assert plan.stride_T[0] == pytest.approx(0.25, abs=1e-9)
    # A quarter or three quarters of a stride: the feet are side by side.
    assert (plan.stride_T[-1] * 2.0) % 1.0 == pytest.approx(0.5, abs=0.02)
    assert np.ptp(plan.stride_T[-200:]) < 1e-9
    strides = plan.stride_T[1200] - plan.stride_T[500]
    assert strides / 7.0 == pytest.approx(PERSON.gaits["walking"].stride_hz, rel=0.1)


def test_the_way_is_as_long_as_the_strides() -> None:
    plan = planned([Bout("standing", 4), Bout("walking", 20), Bout("standing", 4)])
    way_m = np.linalg.norm(np.diff(plan.place_2T, axis=1), axis=0).sum()
    strides = plan.stride_T[-1] - plan.stride_T[0]
    assert way_m / strides == pytest.approx(PERSON.gaits["walking"].stride_m, rel=0.06)
    ahead = np.diff(plan.place_2T[:, 1000:1100], axis=1)
    heading = np.arctan2(ahead[1], ahead[0])
    turned = np.angle(np.exp(1j * (heading - plan.heading_T[1001:1100])))
    assert np.abs(turned).max() < 1e-6


def test_sitting_down_lowers_the_hips_and_leans_on_the_way() -> None:
    plan = planned(SIT, settled=True)
    seat = posture(PERSON, "sitting")[ROW["drop"]]
    assert knot(plan, "drop", 1.0) == pytest.approx(0.0, abs=0.01)
    assert 0.1 * seat < knot(plan, "drop", 7.5) < 0.9 * seat
    assert knot(plan, "drop", 14.9) == pytest.approx(seat, abs=0.01)
    lean = plan.knots_PM[ROW["trunk_pitch"], 60:90].max()
    assert lean > plan.knots_PM[ROW["trunk_pitch"], :55].max() + 0.15


def test_a_settled_plan_begins_and_ends_in_the_average_posture() -> None:
    plan = planned(SIT, settled=True)
    for column, name in ((0, "standing"), (-1, "sitting")):
        assert plan.knots_PM[:, column] == pytest.approx(posture(PERSON, name), abs=1e-9)
    free = planned(SIT)
    assert np.abs(free.knots_PM[:, 0] - posture(PERSON, "standing")).max() > 1e-3


def test_nobody_stands_quite_still() -> None:
    plan = planned([Bout("standing", 30)])
    roll = plan.knots_PM[ROW["roll"]]
    assert 0.001 < roll.std() < 0.05
    assert np.ptp(plan.stride_T) == pytest.approx(0.0, abs=1e-9)


def test_a_day_is_seeded() -> None:
    def place(seed: int) -> Float64:
        return make_plan(PERSON, WALK, 100.0, np.random.default_rng(seed)).place_2T

    assert np.array_equal(place(1), place(1))
    assert not np.array_equal(place(1), place(2))
