"""Feet on the ground, feet in the air, and knees between them: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.records import Float64
from edgehuman.simulate.body.feet import bend_leg, carry_foot, plan_plants
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.plan import make_plan
from edgehuman.simulate.body.schedule import Bout, with_transitions

BONE_M = {"ankle_height": 0.07, "toe": 0.2, "heel": 0.06}
LEFT = np.array([[0.0], [1.0], [0.0]])


def column(x: float, y: float, z: float) -> Float64:
    return np.array([[x], [y], [z]], np.float64)


@pytest.mark.parametrize("height_m", [0.5, 0.6, 0.75])
def test_a_knee_is_where_the_two_bones_meet(height_m: float) -> None:
    hip, ankle = column(0, 0, height_m), column(0, 0, 0)
    knee, reached, thigh, shank = bend_leg(hip, ankle, LEFT, 0.4, 0.45)
    assert np.linalg.norm(hip - knee) == pytest.approx(0.4)
    assert np.linalg.norm(knee - reached) == pytest.approx(0.45)
    assert reached == pytest.approx(ankle)
    assert knee[0, 0] > 0.0  # forward of the line, never behind
    assert knee[1, 0] == pytest.approx(0.0)
    # The third axis of a frame points up along its bone.
    assert thigh[:, 2] == pytest.approx((hip - knee) / 0.4)
    assert shank[:, 2] == pytest.approx((knee - reached) / 0.45)


def test_an_ankle_out_of_reach_is_drawn_towards_the_hip() -> None:
    _, reached, *_ = bend_leg(column(0, 0, 1.0), column(0, 0, 0), LEFT, 0.4, 0.45)
    long = 1.0 - reached[2, 0]
    assert 0.94 * 0.85 < long < 0.85
    _, farther, *_ = bend_leg(column(0, 0, 2.0), column(0, 0, 0), LEFT, 0.4, 0.45)
    assert long < 2.0 - farther[2, 0] < 0.85


def carried(phase: list[float], climb_m: float = 0.0) -> tuple[Float64, Float64]:
    """Ankle (3, T) and pitch of a foot that steps a metre ahead."""
    ones = np.ones(len(phase))
    controls = {"duty": 0.6 * ones, "moving": ones, "clearance": 0.05 * ones, "heel": 0.6 * ones,
                "strike": -0.3 * ones}  # fmt: skip
    here = np.zeros((3, len(phase)))
    there = here + np.array([[1.0], [0.0], [climb_m]])
    level = np.zeros(len(phase))
    foot = carry_foot(here, there, (level, level), np.array(phase), BONE_M, controls)
    return foot.ankle_3T, foot.pitch_T


def test_a_planted_foot_stands_flat_where_it_was_put() -> None:
    ankle, pitch = carried([0.0, 0.05])
    assert pitch == pytest.approx(0.0)
    assert ankle == pytest.approx(np.array([[0.0, 0.0], [0.0, 0.0], [0.07, 0.07]]))


def test_a_foot_rolls_off_over_its_toe_which_stays_where_it_is() -> None:
    ankle, pitch = carried([0.2, 0.29])
    assert (pitch > 0.2).all()
    # Where the toe is: ahead and below the ankle, turned down by the pitch.
    toe_x = ankle[0] + 0.2 * np.cos(pitch) - 0.07 * np.sin(pitch)
    toe_z = ankle[2] - 0.2 * np.sin(pitch) - 0.07 * np.cos(pitch)
    assert toe_x == pytest.approx(0.2, abs=1e-9)
    assert toe_z == pytest.approx(0.0, abs=1e-9)


def test_a_foot_strikes_with_the_heel_and_stands_a_stride_ahead() -> None:
    ankle, pitch = carried([0.7, 0.72, 0.999])
    assert pitch[0] < -0.2
    heel_z = ankle[2] + 0.06 * np.sin(pitch) - 0.07 * np.cos(pitch)
    assert heel_z == pytest.approx(0.0, abs=5e-3)
    assert ankle[:, 2] == pytest.approx([1.0, 0.0, 0.07], abs=1e-3)


def test_a_foot_in_the_air_is_above_the_stair_before_it_is_over_it() -> None:
    flat, _ = carried([0.5])
    up, _ = carried([0.5], climb_m=0.17)
    down, _ = carried([0.5], climb_m=-0.17)
    assert flat[2, 0] > 0.07 + 0.05 - 0.01
    assert up[2, 0] - flat[2, 0] > 0.5 * 0.17
    assert flat[2, 0] - down[2, 0] < 0.5 * 0.17


def test_footholds_are_half_a_stride_apart_and_end_where_the_walk_ends() -> None:
    person = sample_person(2)
    schedule = with_transitions([Bout("standing", 3), Bout("walking", 8), Bout("standing", 3)])
    plan = make_plan(person, schedule, 100.0, np.random.default_rng(0))
    plants = plan_plants(plan, person)
    place = plants.place_3N[:2]
    apart_m = np.linalg.norm(np.diff(place, axis=1), axis=0)
    walking = apart_m[(apart_m > 0.1)]
    step_m = 0.5 * person.gaits["walking"].stride_m
    assert np.median(walking) == pytest.approx(step_m, rel=0.15)
    assert not plants.place_3N[2].any()  # level ground
    end = plan.place_2T[:, -1]
    assert np.linalg.norm(place[:, -1] - end) < 0.1
