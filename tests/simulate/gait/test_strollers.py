"""Who walks past and how: identities that stay, days that change them, bags and coats."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.body.crowd import BONES, Walks
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.posture import ROW, posture
from edgehuman.simulate.body.seeding import child_seed
from edgehuman.simulate.gait.strollers import (
    CONDITIONS,
    KNOT_S,
    NUM_DAY_NORMALS,
    NUM_DAY_UNIFORMS,
    Stroller,
    num_knots,
    plan_walks,
    sample_stroller,
)

FRAMES, RATE_HZ = 49, 24.0


def planned(
    who: Stroller, condition: str = "nm", day: float = 0.0, uniform: tuple[float, ...] = (0.5,) * 4
) -> Walks:
    """One walk without sway; `day` is every normal number of it."""
    return plan_walks(
        [who],
        np.array([CONDITIONS.index(condition)]),
        np.full((1, NUM_DAY_NORMALS), day),
        np.array([uniform]),
        np.zeros((1, num_knots(FRAMES, RATE_HZ))),
        FRAMES,
        RATE_HZ,
    )


def control(walks: Walks, name: str) -> float:
    assert np.ptp(walks.controls[name]) < 1e-12  # without sway it stays
    return float(walks.controls[name][0, 0])


def test_an_identity_is_its_number_s_alone() -> None:
    one = sample_stroller(3, 7)
    sample_stroller.cache_clear()
    again, other = sample_stroller(3, 7), sample_stroller(3, 8)
    assert np.array_equal(one.control_C, again.control_C)
    assert np.array_equal(one.bone_m_B, again.bone_m_B)
    assert not np.array_equal(one.bone_m_B, other.bone_m_B)


def test_a_build_changes_bones_and_leaves_the_rest_of_the_person() -> None:
    who, one = sample_person(child_seed(3, 0x5E1, 7)), sample_stroller(3, 7)
    bone = dict(zip(BONES, one.bone_m_B.tolist(), strict=True))
    assert bone["toe"] == who.bone_m["toe"]
    assert bone["hip_half"] != who.bone_m["hip_half"]
    assert np.array_equal(one.pelvis_6K, who.gaits["walking"].pelvis_6K)
    walking = posture(who, "walking")
    assert one.control_C[ROW["cadence"]] == walking[ROW["cadence"]]


def test_builds_differ_by_their_spread() -> None:
    people = [(sample_person(child_seed(0, 0x5E1, i)), sample_stroller(0, i)) for i in range(400)]
    for name, spread in (("hip_half", 0.103), ("thigh", 0.029)):
        ratio = [one.bone_m_B[BONES.index(name)] / who.bone_m[name] for who, one in people]
        assert np.log(ratio).std() == pytest.approx(spread, rel=0.15)


def test_the_clock_is_nought_in_the_middle_of_the_walk() -> None:
    who = sample_stroller(0, 1)
    clock = planned(who).clock_NT[0]
    assert clock[FRAMES // 2] == pytest.approx(0.0)
    cadence = who.control_C[ROW["cadence"]]
    assert clock[-1] - clock[0] == pytest.approx(cadence * (FRAMES - 1) / RATE_HZ)
    early = planned(who, uniform=(0.75, 0.5, 0.5, 0.5)).clock_NT[0]
    assert early - clock == pytest.approx(0.25)


def test_a_day_changes_pace_and_habits_a_little() -> None:
    who = sample_stroller(0, 2)
    usual, other = planned(who), planned(who, day=1.0)
    assert usual.stride_m_N[0] == pytest.approx(0.93 * who.control_C[ROW["stride"]])
    assert other.stride_m_N / usual.stride_m_N == pytest.approx(np.exp(0.035))
    assert control(other, "elbow_r") - control(usual, "elbow_r") == pytest.approx(0.2 * 0.24)
    assert other.swing_N4 / usual.swing_N4 == pytest.approx(np.exp(0.2 * 0.288))
    assert np.array_equal(other.pelvis_N6K, usual.pelvis_N6K)
    assert all(np.array_equal(other.bone_m[name], usual.bone_m[name]) for name in BONES)


@pytest.mark.parametrize("left", [False, True])
def test_a_bag_stills_the_arm_that_carries_it(left: bool) -> None:
    who = sample_stroller(0, 3)
    # The third kind of bag hangs from a hand; its size is 1 at a third number of 0.5.
    uniform = (0.5, 0.6, 0.2 if left else 0.8, 0.5)
    bare, bag = planned(who, uniform=uniform), planned(who, "bg", uniform=uniform)
    near, far = ("l", "r") if left else ("r", "l")
    swing = (bag.swing_N4 / bare.swing_N4)[0]
    assert swing == pytest.approx([0.3, 0.3, 1, 1] if left else [1, 1, 0.3, 0.3])
    assert control(bag, f"elbow_{near}") - control(bare, f"elbow_{near}") == pytest.approx(-0.25)
    assert control(bag, f"elbow_{far}") == control(bare, f"elbow_{far}")
    rolled = control(bag, "trunk_roll") - control(bare, "trunk_roll")
    assert rolled == pytest.approx(-0.05 if left else 0.05)


def test_a_coat_spreads_both_arms_and_shortens_strides() -> None:
    who = sample_stroller(0, 4)
    bare, coat = planned(who), planned(who, "cl")
    assert coat.stride_m_N / bare.stride_m_N == pytest.approx(0.95)
    assert coat.swing_N4 / bare.swing_N4 == pytest.approx(0.75)
    for side in "rl":
        wider = control(coat, f"abduct_{side}") - control(bare, f"abduct_{side}")
        assert wider == pytest.approx(0.09)


def test_a_body_sways_about_its_average() -> None:
    who = sample_stroller(0, 5)
    still = planned(who)
    rng = np.random.default_rng(0)
    swaying = plan_walks(
        [who],
        np.array([0]),
        np.zeros((1, NUM_DAY_NORMALS)),
        np.full((1, NUM_DAY_UNIFORMS), 0.5),
        rng.standard_normal((1, num_knots(2400, RATE_HZ))),
        2400,
        RATE_HZ,
    )
    roll = swaying.controls["roll"][0] - control(still, "roll")
    assert roll.std() == pytest.approx(0.0070, rel=0.3)
    # Nothing faster than the knots allow.
    power = np.abs(np.fft.rfft(roll - roll.mean())) ** 2
    hz = np.fft.rfftfreq(2400, 1 / RATE_HZ)
    assert power[hz > 1.5 / KNOT_S].sum() < 0.02 * power.sum()
    assert np.ptp(swaying.controls["duty"]) < 1e-12
